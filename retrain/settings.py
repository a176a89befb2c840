"""The retrain station's settings; `make settings` prints them."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RetrainSettings(BaseSettings):
    """How the timetable keeps up with the products."""

    model_config = SettingsConfigDict(env_prefix="RETRAIN_", frozen=True, extra="ignore", use_attribute_docstrings=True)

    products_interval_s: float = Field(default=10.0, gt=0)
    """Seconds between two looks at the products' recipes: a new product has its night without a restart."""

    tidy_from_hour: int = Field(default=2, ge=0, le=23)
    """UTC hour from which old rows and pictures are removed (see the RETAIN_ settings): when most lines rest."""

    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of /metrics, /healthz and /readyz. 0: none, for the demo and a development machine need none;
    docker-compose.yml opens one."""

"""The retrain station's settings; `make settings` prints them."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RetrainSettings(BaseSettings):
    """How the timetable keeps up with the products, and what training may take of this machine."""

    model_config = SettingsConfigDict(
        env_prefix="RETRAIN_",
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    products_interval_s: float = Field(default=10.0, gt=0)
    """Seconds between two looks at the products' recipes: a new product has its night without a restart."""

    requests_interval_s: float = Field(default=1.0, gt=0)
    """Seconds between two looks at what pages ask for: whoever presses a button sees soon that it was heard."""

    folder: Path = Path(".line/retrain")
    """Folder of pictures and candidates while a run goes on, and of runs of the last week, to look at. May be emptied
    while none does; then pictures are fetched again."""

    threads: int = Field(default=1, ge=1)
    """Threads of the training process: one leaves the other cores to the line."""

    memory_gib: float = Field(default=8.0, ge=0)
    """GiB of memory that the training process may take; 0 for no bound. Beyond it the run fails and says so, instead of
    the machine ending a worker. A large encoder on 600 pictures takes about 5."""

    device: str = Field(default="cpu", pattern=r"cpu|cuda(:\d+)?")
    """Where training runs: the GPU belongs to the line unless you say otherwise."""

    encoder: str = "wide_resnet50_2"
    """The timm backbone that first models begin with: the method's own, as in `python -m model train`. On a line
    without a GPU a small one (mobilenetv2_100) judges several times as many parts a second. Later trainings keep the
    encoder of the model they go on from."""

    weights: str = "hub"
    """What the encoder knows before it sees a part: `hub` fetches its ImageNet weights from timm's hub, as
    `python -m model train` does. Without a way out, name a safetensors file. `random`: it learns from the product's
    pictures alone and finds fewer defects; the run's log then says so."""

    first_minutes: float = Field(default=0.0, ge=0)
    """Minutes that the training of a first model may take; 0: as many as it needs, for nothing waits but that product,
    and what is learned within a time depends on the machine's speed."""

    yield_above: int = Field(default=64, ge=0)
    """Frames waiting on the bus above which training is held until they are judged: four batches of a worker. 0: never
    held."""

    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of /metrics, /healthz and /readyz. 0: none, for the demo and a development machine need none;
    docker-compose.yml opens one."""

"""What all stations share. Every field says its unit and why this default; `make settings` prints them."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = Path("/run/secrets")
"""Where containers find secrets as files named after the setting: a URL with a password is never in an environment."""


class LineSettings(BaseSettings):
    """Where the line's servers are. Nothing set: everything embedded, in one folder."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # what is refused may be a secret
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    database_url: str = Field(default="", repr=False)
    """Postgres, e.g. postgresql+psycopg2://user@host/line. Empty: an embedded PostgreSQL in LINE_HOME."""

    kafka_bootstrap_servers: str = ""
    """host:port, comma separated. Empty: frames travel through a durable queue in the same Postgres."""

    kafka_session_s: float = Field(default=12.0, ge=1)
    """Seconds until a killed worker's partitions go to others. Shorter takes a long pause for a death; drills do."""

    redis_url: str = Field(default="", repr=False)
    """e.g. redis://host:6379/0. Empty: the live board is an unlogged table in the same Postgres."""

    artifact_url: str = Field(default="", repr=False)
    """A folder or s3://bucket/prefix for frames and bundles worth keeping. Empty: a folder in LINE_HOME."""

    line_home: Path = Field(default=Path(".line"))
    """Folder of everything embedded. Relative to where the station starts, so that a clone keeps to itself."""

    embedded: bool = Field(default=True, validation_alias="LINE_EMBEDDED")
    """Whether an unset DATABASE_URL starts the embedded Postgres. The container image says no: it must be named."""

    log_format: str = Field(default="console", pattern=r"^(console|json)$")
    """How a station writes its log to stderr: `console` for people, `json`, one object per line, for machines."""

    metrics_address: str = "127.0.0.1"
    """Where a station with a metrics port listens: this machine alone. It has no login and tells of cameras, products
    and counts, so whoever opens it wider (a container does) fences it by the network."""

    @property
    def artifacts(self) -> str:
        """The artifact store's URL, with the embedded default filled in."""
        return self.artifact_url or str((self.line_home / "artifacts").absolute())

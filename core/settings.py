"""What all stations share. Every field says its unit and why this default; `make settings` prints them."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = Path("/run/secrets")
"""Where containers find secrets as files named after the setting: a URL with a password is never in an environment."""


class LineSettings(BaseSettings):
    """Where the line's servers are. Nothing set: everything embedded, in one folder."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    database_url: str = ""
    """Postgres, e.g. postgresql+psycopg2://user@host/line. Empty: an embedded PostgreSQL in LINE_HOME."""

    kafka_bootstrap_servers: str = ""
    """host:port, comma separated. Empty: frames travel through a durable queue in the same Postgres."""

    kafka_session_s: float = Field(default=12.0, ge=1)
    """Seconds until a killed worker's partitions go to others. Shorter takes a long pause for a death; drills do."""

    kafka_security_protocol: str = Field(default="PLAINTEXT", pattern=r"^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$")
    """How the broker is spoken to. SASL_SSL in a plant: encrypted, and every client has a name. PLAINTEXT, the default,
    is for a broker that nobody else can reach."""

    kafka_sasl_mechanism: str = Field(default="SCRAM-SHA-512", pattern=r"^SCRAM-SHA-(256|512)$")
    """How a client proves who it is: SCRAM, which never sends the password."""

    kafka_sasl_username: str = ""
    """Who this station is to the broker: each camera and worker a user of its own, made by `python -m core.kafka_user`.
    Empty: the broker does not ask."""

    kafka_sasl_password: SecretStr = SecretStr("")
    """Its password; in containers a secret file of this name in lower case, never an environment variable."""

    kafka_ssl_cafile: str = ""
    """File with the certificate of whoever signed the broker's (PEM). Empty: the system's own authorities."""

    redis_url: str = ""
    """e.g. redis://host:6379/0. Empty: the live board is an unlogged table in the same Postgres."""

    artifact_url: str = ""
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

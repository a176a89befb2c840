"""What all stations share. Every field says its unit and why this default; `make settings` prints them."""

from pathlib import Path

from pydantic import Field, SecretStr, model_validator
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
        hide_input_in_errors=True,  # what is refused may be a secret
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    database_url: str = Field(default="", repr=False)
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

    redis_url: str = Field(default="", repr=False)
    """e.g. redis://host:6379/0. Empty: the live board is an unlogged table in the same Postgres."""

    artifact_url: str = Field(default="", repr=False)
    """A folder or s3://bucket/prefix for frames and bundles worth keeping. Empty: a folder in LINE_HOME. On a mounted
    disk a folder within the mount: `python -m core migrate` makes it for a new line, and where it is missing later,
    frames wait."""

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


MOST_DAYS = 36_500
"""A century: for ever, and still a date."""


class RetentionSettings(BaseSettings):
    """How long things are kept. Reviews, golden parts and their pictures, models, limits and the audit are for ever.

    Days are those of UTC, and whole: what was captured on a day goes with that day.
    """

    model_config = SettingsConfigDict(
        env_prefix="RETAIN_",
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    inspections_days: int = Field(default=365, ge=15, le=MOST_DAYS)
    """Rows of verdicts: a year, for a complaint comes months after the part. At least the two weeks around today that
    workers keep open."""

    maps_days: int = Field(default=90, ge=15, le=MOST_DAYS)
    """Small score maps in Postgres: a tenth of a megabyte of rows a minute, looked at while a part is still news."""

    full_maps_days: int = Field(default=30, ge=1, le=MOST_DAYS)
    """Full maps in the artifact store (.npz), the largest thing a part leaves: for whoever tunes a model this month."""

    ok_frames_days: int = Field(default=60, ge=1, le=MOST_DAYS)
    """Kept pictures of parts judged OK: retraining learns from those of the last weeks."""

    review_frames_days: int = Field(default=180, ge=1, le=MOST_DAYS)
    """Pictures of parts that a person was asked about: as long as their lot may come back."""

    ng_frames_days: int = Field(default=180, ge=1, le=MOST_DAYS)
    """Pictures of rejected parts: the same."""

    error_frames_days: int = Field(default=90, ge=1, le=MOST_DAYS)
    """Pictures of frames that nobody could judge although nothing was wrong with them."""

    quarantine_days: int = Field(default=90, ge=7, le=MOST_DAYS)
    """Quarantined records with what came of them: time to find out who sent them. Not below the week that frames may
    wait on the bus, for a frame that is sent again is known by its row."""

    claims_days: int = Field(default=7, ge=2, le=MOST_DAYS)
    """Contents of frames too large for the bus: longer than Kafka keeps the record that claims them. The queue in
    Postgres keeps records until they are judged, and no claim goes that is newer than the oldest of them."""

    previews_days: int = Field(default=3, ge=1, le=MOST_DAYS)
    """Synthetic defects drawn to be looked at: whoever asked has looked by then, and drawing them again takes
    seconds."""

    outbox_days: int = Field(default=7, ge=1, le=MOST_DAYS)
    """Verdicts that the plant never fetched: after a week nobody waits for them, and their inspections stay."""

    minutes_days: int = Field(default=90, ge=1, le=MOST_DAYS)
    """Counts by the minute; those by the hour and by the day are few and stay."""

    camera_runs_days: int = Field(default=730, ge=30, le=MOST_DAYS)
    """Counters of a camera's former starts: a row each, so kept beyond their inspections. The newest always stays."""

    from_hour: int = Field(default=2, ge=0, le=23)
    """UTC hour from which the day's removal is due: when most lines rest."""

    @model_validator(mode="after")
    def _rows_outlive_what_they_name(self) -> "RetentionSettings":
        """Else the store would fill with pictures that nobody can find any more."""
        named = ("maps_days", "full_maps_days", "ok_frames_days", "review_frames_days", "ng_frames_days")
        for name in (*named, "error_frames_days"):
            if getattr(self, name) > self.inspections_days:
                raise ValueError(
                    f"RETAIN_{name.upper()} may not exceed RETAIN_INSPECTIONS_DAYS ({self.inspections_days})"
                )
        return self

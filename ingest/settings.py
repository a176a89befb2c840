"""What a camera's process can be told beside its command line; `make settings` prints it."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.settings import SECRETS

MIB = 1024 * 1024


class IngestSettings(BaseSettings):
    """Bounds of one camera process."""

    model_config = SettingsConfigDict(
        env_prefix="INGEST_",
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    waiting_bytes: int = Field(default=64 * MIB, gt=0)
    """Bytes of frames that may wait for the bus: half a minute of 400 kB pictures at 5/s, then the drop policy acts."""

    in_flight_bytes: int = Field(default=32 * MIB, gt=0)
    """Bytes handed to the bus and not acknowledged yet. The Kafka client has no bound of its own; this is it."""

    report_interval_s: float = Field(default=1.0, gt=0)
    """Seconds between two reports of the counters: what a person on the live page notices, and no load for Postgres."""

    drain_s: float = Field(default=4.0, ge=0)
    """Seconds a stopped camera waits for the bus to acknowledge what is in flight: well within a supervisor's ten."""

    first_reopen_s: float = Field(default=0.5, gt=0)
    """Seconds until a video source that failed is opened again; doubled after every further failure."""

    longest_reopen_s: float = Field(default=15.0, gt=0)
    """Seconds beyond which the wait for a reopened source does not grow: a camera that came back is used soon."""

    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of /metrics, /healthz and /readyz. 0: none, for each camera is a process, and two on one machine would
    want the same one; --from-database opens it once for all cameras. docker-compose.yml opens one per container."""

    stuck_after_s: float = Field(default=120.0, gt=0)
    """Seconds without a round of the loop, while nothing waits for the bus, until /healthz asks for a restart: far
    beyond a source's own timeout, so that only a driver that hangs is meant. At slow rates it is three parts."""

    source_timeout_s: float = Field(default=3.0, gt=0)
    """Seconds after which opening or reading a network source counts as failed instead of being waited for."""

    gentl_producer: str = ""
    """The .cti file (GenTL producer) that the maker of a genicam: camera installs, where its source names none of its
    own. Empty: none."""

    silent_after_s: float = Field(default=10.0, gt=0)
    """Seconds without a picture after which a source is closed and opened again. Longer than the pause between two
    pictures of the slowest camera, and than INGEST_SOURCE_TIMEOUT_S."""

    source_stuck_after_s: float = Field(default=300.0, gt=0)
    """Seconds that calls to a source may hang before the camera's process ends, so that its supervisor starts a fresh
    one: a file server restarts within minutes; a driver that hangs for longer is only freed by the end."""

    rows_interval_s: float = Field(default=2.0, gt=0)
    """Seconds between two looks of --from-database at the cameras' rows: how soon a change is followed."""

    signing_key: SecretStr = SecretStr("")
    """This camera's key, 64 hexadecimal digits from `python -m ingest camera key NAME`: what it publishes is signed, so
    that nobody else who may write to the bus can speak in its name. Empty: not signed. In containers a secret file."""

    signing_keys: str = ""
    """The same for --from-database, where there are many: a file with a line `NAME KEY` per camera, of which the last
    counts. Empty: not signed. It belongs to the cameras' user alone (mode 600)."""

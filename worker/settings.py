"""The worker's settings; `make settings` prints them."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkerSettings(BaseSettings):
    """How a worker batches, waits and loads."""

    model_config = SettingsConfigDict(
        env_prefix="WORKER_", frozen=True, extra="ignore", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    batch_frames: int = Field(default=16, ge=1, le=512)
    """Frames per batch at most: enough to fill a small network, few enough that a crash repeats little."""

    batch_wait_ms: float = Field(default=50.0, ge=0)
    """Milliseconds from a batch's first frame until it is judged, full or not: what a part waits at most for others."""

    poll_wait_ms: float = Field(default=250.0, ge=0, le=2000)
    """Milliseconds one look at an empty bus takes: how fast an idle worker hears of a stop or a new model."""

    retry_deadline_s: float = Field(default=180.0, ge=0)
    """Seconds a worker insists while Postgres, the bus or the artifact store is away. Then it ends with the reason,
    so that its supervisor sees it; the frames wait on the bus."""

    model_wait_s: float = Field(default=90.0, ge=0)
    """Seconds a starting worker, and the parts of a new product, wait for a first model that is loading; then these
    parts are ERROR. Reading a network takes seconds, on a busy machine most of a minute."""

    cache: Path = Path(".line/cache/bundles")
    """Folder of fetched bundles, one subfolder per hash: a restart needs no download. May be emptied at any time."""

    device: str = Field(default="auto", pattern=r"auto|cpu|cuda(:\d+)?")
    """Where the network runs: `auto` takes a GPU where there is one."""

    engine: str = Field(
        default="auto",
        pattern=r"^(auto|torch-(cpu|cuda)-(float32|bfloat16)|(inductor|openvino)-cpu-(float32|bfloat16)|inductor-cuda-bfloat16)$",
    )
    """What runs the network: `auto` takes the fastest that this machine has; a name like `torch-cpu-float32` forces
    one. Whatever it is, it serves only after its answers matched the reference's on the bundle's own pictures."""

    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of /metrics, /healthz and /readyz. 0: none, for several workers on one machine would want the same one.
    docker-compose.yml opens one per container."""

    stuck_after_s: float = Field(default=600.0, gt=0)
    """Seconds without a round of the loop until /healthz asks for a restart: beyond all that a worker waits for by
    itself (a model, and each dependency until its deadline), so that only a detector that hangs is meant."""

    judged_log: str = ""
    """A file that gets a line per attempt to record, for drills that count frames judged again. Empty: none."""

    freeze_at: str = Field(default="", pattern=r"^(judged|recorded)?$")
    """For drills: the worker freezes itself (SIGSTOP), once, between artifacts and transaction (`judged`) or between
    the commit and the bus hearing of it (`recorded`). Refused without WORKER_JUDGED_LOG. Empty: never."""

    camera_keys: str = ""
    """A file with a line `NAME KEY` per camera, two while a key is changed; read at the start. With it, a record that
    is not signed by the camera it names is ERROR "signature". Empty, the default: whoever may write is believed."""

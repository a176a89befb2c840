"""Compiled graphs kept on disk: under which name, and how half a graph is never taken for one. No torch."""

import fcntl
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.frame import SHA256, check_match
from model.engines.choice import EngineName

DEFAULT_GRAPHS = Path(".line/cache/bundles/graphs")
"""Where a worker without settings of its own looks: below its `WORKER_CACHE`."""
BUNDLE_LETTERS = 24
"""Of the bundle's sha256, with which a graph's name begins."""
HALF_MADE = ".part"
"""How the name of a graph ends that is being made, or whose maker was killed."""


@dataclass(frozen=True, slots=True)
class GraphKey:
    """What a kept graph is good for: one bundle, on one kind of processor, by one version of one engine."""

    bundle_sha256: str
    engine: EngineName
    version: str
    capability: str
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        check_match("bundle_sha256", SHA256, self.bundle_sha256)
        if not self.sizes or min(self.sizes) < 1:
            raise ValueError(f"a graph takes at least one image, got sizes {self.sizes}")

    @property
    def folder_name(self) -> str:
        """All of it, in letters a folder's name may have."""
        sizes = "+".join(map(str, self.sizes))
        text = f"{self.bundle_sha256[:BUNDLE_LETTERS]}-{self.engine}-{self.version}-{self.capability}-batch{sizes}"
        return re.sub(r"[^A-Za-z0-9.+_-]", "_", text)


def kept_graph(graphs: Path, key: GraphKey) -> Path | None:
    """The folder of this graph where it is there, whole."""
    folder = graphs / key.folder_name
    return folder if folder.is_dir() else None


def keep_graph(graphs: Path, key: GraphKey, write: Callable[[Path], None]) -> Path:
    """Write a graph unless it is there; whoever comes second waits for the first instead of doing it again.

    Args:
        graphs: The folder of all kept graphs.
        key: Which one.
        write: Fills the folder it is given. That gets its own name last, so that a crash leaves no half graph behind.
    """
    graphs.mkdir(parents=True, exist_ok=True)
    with _alone(graphs / f"{key.folder_name}.lock"):
        if (found := kept_graph(graphs, key)) is not None:
            return found
        passing = graphs / f"{key.folder_name}.{uuid.uuid4().hex}{HALF_MADE}"
        passing.mkdir()
        try:
            write(passing)
            return passing.rename(graphs / key.folder_name)
        finally:
            shutil.rmtree(passing, ignore_errors=True)


def forget_graph(graphs: Path, key: GraphKey) -> None:
    """A graph that cannot be opened makes room for a new one."""
    shutil.rmtree(graphs / key.folder_name, ignore_errors=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """The lock is the system's and ends with the process that holds it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

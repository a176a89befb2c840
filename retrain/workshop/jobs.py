"""What the station asks of its workshop, as files: a job in, a result out. Plain values, no torch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from core.regions import Regions, regions_of
from model.again.lessons import Beginning, FirstLesson, Lesson

JOB, RESULT, PROGRESS, LOG = "job.json", "result.json", "progress.json", "log.txt"
TRAIN, MEASURE, SCORE, FIRST = "train", "measure", "score", "first"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a job may take: threads, GiB of memory (0 for no bound), the device; `idle`: only what nobody else wants."""

    threads: int = 1
    memory_gib: float = 0.0
    device: str = "cpu"
    idle: bool = True


@dataclass(frozen=True, slots=True)
class TrainJob:
    """Go on from a bundle, as the lesson says."""

    bounds: Bounds
    lesson: Lesson


@dataclass(frozen=True, slots=True)
class FirstJob:
    """Train from nothing, as the lesson says."""

    bounds: Bounds
    lesson: FirstLesson


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to be scored: its file, and the file of the mask that a person drew (empty: none)."""

    name: str
    path: str
    mask: str = ""


@dataclass(frozen=True, slots=True)
class MeasureJob:
    """Score these pictures by each bundle, and `drawn` synthetic defects on the pictures of `ground`.

    As the line does: what lies in the regions of `ignore` does not count.
    """

    bounds: Bounds
    bundles: Sequence[str]
    pictures: Sequence[Picture]
    ground: Sequence[str]
    drawn: int
    seed: int
    object_mask: str = "automatic"
    ignore: Regions = ()


@dataclass(frozen=True, slots=True)
class ScoreJob:
    """Score these pictures by one bundle, as the line does, and nothing else."""

    bounds: Bounds
    bundle: str
    pictures: Sequence[Picture]
    ignore: Regions = ()


Job = TrainJob | MeasureJob | ScoreJob | FirstJob
KINDS: Mapping[str, type[TrainJob] | type[MeasureJob] | type[ScoreJob] | type[FirstJob]] = {
    TRAIN: TrainJob,
    MEASURE: MeasureJob,
    SCORE: ScoreJob,
    FIRST: FirstJob,
}


@dataclass(frozen=True, slots=True)
class BundleFindings:
    """What one bundle made of a MeasureJob, in the order of its pictures; `aupr` is negative where no mask is known."""

    scores: Sequence[float]
    with_defects: Sequence[float]
    without: Sequence[float]
    aupr: float
    ms_per_image: float
    parity_error: float
    parity_bound: float

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """As the workshop wrote it."""
        return cls(**values)


def write_job(folder: Path, job: Job) -> None:
    """Where the workshop finds it."""
    kind = next(name for name, kind in KINDS.items() if isinstance(job, kind))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JOB).write_text(json.dumps({"kind": kind} | asdict(job)))


def read_job(folder: Path) -> Job:
    """As it was written."""
    stored = json.loads((folder / JOB).read_text())
    kind = KINDS[stored.pop("kind")]
    stored["bounds"] = Bounds(**stored["bounds"])
    told = stored.get("lesson", stored)
    told["ignore"] = regions_of(told["ignore"])
    if kind is TrainJob:
        stored["lesson"] = Lesson(**stored["lesson"])
    if kind is FirstJob:
        begins = Beginning(**stored["lesson"].pop("beginning"))
        stored["lesson"] = FirstLesson(begins, **stored["lesson"])
    if "pictures" in stored:
        stored["pictures"] = [Picture(**picture) for picture in stored["pictures"]]
    return kind(**stored)

"""What a drill is made of: one scenario is one value. Nothing here runs anything."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What goes wrong."""

    KILL_WORKER = "kill -9 of a worker"
    FREEZE_WORKER = "worker frozen, then woken"
    TERMINATE_WORKER = "SIGTERM to a worker"
    KILL_BROKER = "kill -9 of the broker"
    STOP_POSTGRES = "Postgres stopped hard"
    PROMOTE = "another model promoted"


class Point(StrEnum):
    """Where exactly it goes wrong."""

    ANYWHERE = "a moment drawn from the seed, most often close to a commit"
    JUDGED = "between artifact and transaction"
    RECORDED = "between commit and offset commit"
    REBALANCE = "while the group gives partitions away"
    SWAP = "while a promoted model is loaded"
    MIDNIGHT = "while the day's partitions are created, half of them made"
    LANE_LOCKED = "while the embedded bus has a camera's row locked"


class Course(StrEnum):
    """How a scenario runs."""

    UNDER_FIRE = "cameras and workers run, faults strike"
    WITHOUT_REDIS = "the same frames with and without Redis"
    POISONED = "frames that no worker should ever be sent"
    SLOTS = "four schedulers, one timetable"


class Judge(StrEnum):
    """Who judges: the brightness detector that a new product starts with, or a small trained network."""

    BRIGHTNESS = "brightness"
    BUNDLE = "bundle"


@dataclass(frozen=True, slots=True)
class Fault:
    """One blow, struck once this share of the frames has been judged. `for_s` is how long it lasts."""

    kind: Kind
    at: float
    point: Point = Point.ANYWHERE
    for_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.at < 1 or self.for_s < 0:
            raise ValueError(f"a fault strikes at a share in 0..1 and lasts no negative time, got {self}")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the findings must show besides nothing lost, doubled, strange, missing or out of order."""

    fenced_at_least: int = 0
    judged_again_at_most: float = float("inf")
    versions_at_least: int = 0
    same_workers: bool = False
    stopped_within_s: float = 10.0
    throughput_drop_below: float = float("inf")
    memory_below_mb: float = float("inf")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One drill. The same seed strikes after the same numbers of frames; what happens then is up to the machine."""

    name: str
    bus: str
    frames: int
    faults: tuple[Fault, ...] = ()
    course: Course = Course.UNDER_FIRE
    judge: Judge = Judge.BRIGHTNESS
    cameras: int = 2
    rate: float = 40.0
    workers: int = 1
    seed: int = 1
    deadline_s: float = 240.0
    expect: Expectation = field(default_factory=Expectation)
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.frames < self.cameras or self.cameras < 1 or self.workers < 1 or self.rate <= 0:
            raise ValueError(f"a drill needs cameras, a frame for each, a worker and a rate, got {self}")
        if [fault.at for fault in self.faults] != sorted(fault.at for fault in self.faults):
            raise ValueError(f"faults strike in order, got {[fault.at for fault in self.faults]}")

    @property
    def title(self) -> str:
        """What names it among the others, e.g. `A1 kafka bundle`."""
        words = (self.name, self.bus, self.judge.value if self.judge is not Judge.BRIGHTNESS else "")
        return " ".join(word for word in words if word)

    def camera_names(self) -> list[str]:
        """Its cameras."""
        return [f"camera-{number}" for number in range(1, self.cameras + 1)]

    def frames_of(self, number: int) -> int:
        """How many frames the camera of this number captures."""
        return self.frames // self.cameras + (number < self.frames % self.cameras)

    def draws(self, fault: int) -> random.Random:
        """The dice of one fault."""
        return random.Random(f"{self.seed}/{fault}")  # noqa: S311  a drill, not a secret


def scattered(kind: Kind, count: int, seed: int, for_s: float = 0.0) -> tuple[Fault, ...]:
    """So many faults at shares drawn from the seed, in order."""
    drawn = random.Random(seed)  # noqa: S311  a drill, not a secret
    return tuple(Fault(kind, at, for_s=for_s) for at in sorted(drawn.uniform(0.005, 0.9) for _ in range(count)))


def in_order(*faults: Fault) -> tuple[Fault, ...]:
    """By the share at which they strike."""
    return tuple(sorted(faults, key=lambda fault: fault.at))

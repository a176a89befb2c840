"""What a station says of itself: measured values, why it should be restarted, why it cannot work yet. All pure."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")

NAME = re.compile(r"[a-z][a-z0-9_]*")
LATENCY_BOUNDS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""From a fast camera's beat to an outage: the places where a line's deadline may lie are the dense ones."""


class Kind(StrEnum):
    """How a value moves: a counter only grows while the process lives, a gauge goes up and down."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many values fell up to each bound, and their sum; the last count is of those beyond all bounds."""

    bounds: tuple[float, ...] = LATENCY_BOUNDS_S
    counts: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS_S) + 1)
    total: float = 0.0

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.bounds) + 1 or sorted(set(self.bounds)) != list(self.bounds):
            raise ValueError(f"growing bounds and one count more, got {self.bounds} and {self.counts}")

    def with_value(self, value: float) -> "Distribution":
        """With one more value; one that equals a bound falls under it."""
        place = bisect_left(self.bounds, value)
        counts = (*self.counts[:place], self.counts[place] + 1, *self.counts[place + 1 :])
        return Distribution(self.bounds, counts, self.total + value)


Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """Values under one name, one per combination of labels."""

    name: str
    meaning: str
    kind: Kind
    label_names: Labels
    values: Mapping[Labels, float]

    def __post_init__(self) -> None:
        check_labels(self.name, self.label_names, self.values)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Distributions under one name, one per combination of labels."""

    name: str
    meaning: str
    label_names: Labels
    values: Mapping[Labels, Distribution]

    def __post_init__(self) -> None:
        check_labels(self.name, self.label_names, self.values)


Measured = Metric | Histogram


def check_labels(name: str, label_names: Labels, values: Iterable[Labels]) -> None:
    """Raise ValueError unless all names are plain and every value has as many labels as there are names."""
    if not all(NAME.fullmatch(each) for each in (name, *label_names)):
        raise ValueError(f"names of metrics and labels match {NAME.pattern}, got {name} {label_names}")
    if wrong := [labels for labels in values if len(labels) != len(label_names)]:
        raise ValueError(f"{name} has the labels {label_names}, got {wrong[0]}")


def counter(name: str, meaning: str, value: float) -> Metric:
    """A single count."""
    return Metric(name, meaning, Kind.COUNTER, (), {(): value})


def counters(name: str, meaning: str, values: Mapping[Labels, float], *label_names: str) -> Metric:
    """Counts by labels."""
    return Metric(name, meaning, Kind.COUNTER, label_names, values)


def gauge(name: str, meaning: str, value: float) -> Metric:
    """A single value of this moment."""
    return Metric(name, meaning, Kind.GAUGE, (), {(): value})


def gauges(name: str, meaning: str, values: Mapping[Labels, float], *label_names: str) -> Metric:
    """Values of this moment by labels."""
    return Metric(name, meaning, Kind.GAUGE, label_names, values)


@dataclass(frozen=True, slots=True)
class StationHealth:
    """Three questions to a running station, each answered from any thread and without waiting for the line.

    `reasons_to_restart`: it is stuck and only a restart helps. `reasons_to_wait`: it lives, but cannot do its work
    just now; a restart would not help. Both are empty where all is well.
    """

    measured: Callable[[], Sequence[Measured]]
    reasons_to_restart: Callable[[], Sequence[str]]
    reasons_to_wait: Callable[[], Sequence[str]]


class Recent(Generic[Value]):
    """An answer that is asked for at most every few seconds, however many want it; any thread may."""

    def __init__(self, ask: Callable[[], Value], monotonic: Callable[[], float], lasts_s: float = 2.0) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._lasts_s = lasts_s
        self._asked_at = float("-inf")
        self._answer: Value | None = None
        self._one_at_a_time = Lock()

    def __call__(self) -> Value:
        """The answer, asked anew where it is too old; raises what asking raises, and then asks again next time."""
        with self._one_at_a_time:
            if self._answer is None or self._monotonic() - self._asked_at > self._lasts_s:
                self._answer = self._ask()
                self._asked_at = self._monotonic()
            return self._answer


class Pulse:
    """When a loop last went round: beaten by its own thread, felt by others."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._started_at = monotonic()
        self._beaten_at: float | None = None

    def beat(self) -> None:
        """The loop goes round."""
        self._beaten_at = self._monotonic()

    @property
    def has_begun(self) -> bool:
        """Whether it ever beat."""
        return self._beaten_at is not None

    @property
    def age_s(self) -> float:
        """Seconds since the last beat, or since the start where there was none."""
        return self._monotonic() - (self._started_at if self._beaten_at is None else self._beaten_at)


def stuck(pulse: Pulse, limit_s: float) -> list[str]:
    """Why the loop behind this pulse should be restarted, if it should."""
    if pulse.age_s <= limit_s:
        return []
    return [f"the loop has not gone round for {pulse.age_s:.0f} s, allowed are {limit_s:.0f} s"]

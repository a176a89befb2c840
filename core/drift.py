"""Whether a camera's parts have left what a model was calibrated on: hourly counts of how they look, and alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from core.frame import check_utc


class DriftKind(StrEnum):
    """What has drifted: the scores a model gives, or how parts look to its encoder whatever it makes of them."""

    SCORES = "scores"
    LOOKS = "looks"


@dataclass(frozen=True, slots=True)
class KeptLook:
    """A good part whose maps are kept, the pooled features with them."""

    captured_at: datetime
    camera: str
    lot: str
    maps_uri: str


@dataclass(frozen=True, slots=True, order=True)
class LookCount:
    """Of one hour, camera and lot: parts looked at, and those that lie beyond the calibration's upper quartile."""

    begins_at: datetime
    camera: str
    lot: str
    parts: int
    beyond: int

    def __post_init__(self) -> None:
        check_utc("begins_at", self.begins_at)
        if not 0 <= self.beyond <= self.parts:
            raise ValueError(f"{self.beyond} of {self.parts} parts")


@dataclass(frozen=True, slots=True)
class DriftFound:
    """One camera has drifted, in one way, since this moment and lot; the sentence says it with its numbers."""

    camera: str
    kind: DriftKind
    since: datetime
    lot: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DriftAlarm:
    """What was found and still is, under one model; raised when it was found first. `over_at` is None while it is."""

    product: str
    model_version_id: int
    found: DriftFound
    raised_at: datetime
    over_at: datetime | None = None


class Looks(Protocol):
    """How parts look, hour by hour."""

    def kept_looks(
        self, product: str, model_version_id: int, since: datetime, until: datetime, most: int
    ) -> Sequence[KeptLook]:
        """OK parts of this version captured from `since` until before `until` whose maps are kept, oldest first.

        At most `most` of each camera and hour, drawn by their names: the same ones every time.
        """
        ...

    def keep_looks(self, product: str, model_version_id: int, counts: Sequence[LookCount]) -> None:
        """Write down an hour's counts; what is there already is replaced, for it was counted from the same parts."""
        ...

    def look_counts(self, product: str, model_version_id: int) -> Sequence[LookCount]:
        """All counts of this version, oldest first."""
        ...


class DriftAlarms(Protocol):
    """What has drifted, since when."""

    def tell_drift(self, product: str, model_version_id: int, found: Sequence[DriftFound], at: datetime) -> None:
        """This is all that drifts now: new alarms are raised, known ones brought up to date, all others are over.

        Alarms of models that judge no longer are over too.
        """
        ...

    def drift_alarms(self, product: str) -> Sequence[DriftAlarm]:
        """Those that are not over, by camera and kind."""
        ...

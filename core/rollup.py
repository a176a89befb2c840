"""Counts of inspections by minute, hour and day: any span of time is drawn from them, without reading inspections."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import asinh, floor, sinh
from typing import Protocol

from core.inspection import Failure, Inspection, Late, Refusal, Result
from core.verdict import Decision

BIN_WIDTH = 0.02
"""Bins of scores are 2 % wide: finer than anybody sets a limit, and a product's scores fill a few dozen."""
LINEAR_BELOW = 0.01
"""Below this score bins have one width of 2 % of it instead, through zero to negative scores."""
NO_BIN = -32768
"""What was not judged has no score."""
NO_MODEL = 0
"""What was not judged has no model either; ids begin at 1."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Grain(StrEnum):
    """How long the spans are that are counted together, all beginning at UTC's."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def span(self) -> timedelta:
        """How long one is."""
        return {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}[self.value]

    def begin_of(self, moment: datetime) -> datetime:
        """When the span began that holds this moment."""
        return EPOCH + (moment - EPOCH) // self.span * self.span


@dataclass(frozen=True, slots=True, order=True)
class RollupKey:
    """What is counted together. `score_bin` is NO_BIN and `model_version_id` NO_MODEL where nothing was judged."""

    grain: Grain
    begins_at: datetime
    product: str
    camera: str
    decision: Decision
    model_version_id: int
    score_bin: int


def score_bin(score: float) -> int:
    """The bin that holds this score; one formula for all scores, so that counts of different days can be added."""
    return floor(asinh(score / LINEAR_BELOW) / BIN_WIDTH)


def bin_edge(number: int) -> float:
    """The lowest score of a bin; the next bin's is its end."""
    return LINEAR_BELOW * sinh(number * BIN_WIDTH)


def rolled_up(results: Iterable[Result]) -> dict[RollupKey, int]:
    """How much these results add to each count, in the one order in which every writer takes them.

    A refused record belongs to no product and no camera, and is counted nowhere.
    """
    frames = [result for result in results if not isinstance(result, Refusal)]
    counts = Counter(key for result in frames for key in _keys(result))
    return {key: counts[key] for key in sorted(counts)}


def _keys(result: Inspection | Failure | Late) -> list[RollupKey]:
    moment = _filed_at(result)
    model, number = NO_MODEL, NO_BIN
    if isinstance(result, Inspection):
        model, number = result.judge.model_version_id, score_bin(result.verdict.score)
    place = (result.frame.product, result.frame.id.camera, result.decision, model, number)
    return [RollupKey(grain, grain.begin_of(moment), *place) for grain in Grain]


@dataclass(frozen=True, slots=True, order=True)
class LotKey:
    """Of a lot, what is counted together; NO_MODEL where nothing was judged."""

    product: str
    lot: str
    camera: str
    decision: Decision
    model_version_id: int


@dataclass(frozen=True, slots=True)
class LotCount:
    """How many parts, and when the first and the last of them were seen."""

    frames: int
    first_at: datetime
    last_at: datetime

    def and_also(self, other: "LotCount") -> "LotCount":
        """Both together."""
        first, last = min(self.first_at, other.first_at), max(self.last_at, other.last_at)
        return LotCount(self.frames + other.frames, first, last)


def lots_of(results: Iterable[Result]) -> dict[LotKey, LotCount]:
    """How much these results add to each lot, in order; parts without a lot are counted nowhere."""
    found: dict[LotKey, LotCount] = {}
    for result in results:
        if not isinstance(result, Refusal) and result.frame.lot:
            model = result.judge.model_version_id if isinstance(result, Inspection) else NO_MODEL
            frame, moment = result.frame, _filed_at(result)
            key = LotKey(frame.product, frame.lot, frame.id.camera, result.decision, model)
            one = LotCount(1, moment, moment)
            found[key] = found[key].and_also(one) if key in found else one
    return {key: found[key] for key in sorted(found)}


def _filed_at(result: Inspection | Failure | Late) -> datetime:
    return result.filed_at if isinstance(result, Failure) else result.frame.captured_at


class Rollups(Protocol):
    """The counts as they stand."""

    def rollups(self, grain: Grain, product: str, since: datetime, until: datetime) -> dict[RollupKey, int]:
        """All counts of a product whose spans begin at or after `since` and before `until`."""
        ...

    def lots(self, product: str, since: datetime) -> dict[LotKey, LotCount]:
        """All counts of the product's lots of which a part was seen at or after `since`."""
        ...

"""From counts to what is drawn: quantile bands, rates per thousand and limits over time. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.rollup import NO_BIN, bin_edge
from core.verdict import Decision, Threshold
from dashboard.trends.read_models import LimitsSet, Promoted, StepCount

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class StepTrend:
    """One step: its parts by decision, and the scores below which the QUANTILES of them lie; none where none were."""

    begins_at: datetime
    frames: dict[Decision, int]
    quantiles: tuple[float, ...]

    @property
    def total(self) -> int:
        """All parts of this step."""
        return sum(self.frames.values())

    def rate(self, decision: Decision) -> float:
        """Parts of this decision per thousand."""
        return 1000 * self.frames.get(decision, 0) / self.total


@dataclass(frozen=True, slots=True)
class LimitsHeld:
    """From when to when which limits held."""

    begins_at: datetime
    ends_at: datetime
    limits: Threshold


def trends(counts: Iterable[StepCount]) -> list[StepTrend]:
    """One entry for each step that has parts, in the order given."""
    steps: dict[datetime, list[StepCount]] = {}
    for count in counts:
        steps.setdefault(count.begins_at, []).append(count)
    return [_trend(begins_at, of_step) for begins_at, of_step in steps.items()]


def _trend(begins_at: datetime, counts: Sequence[StepCount]) -> StepTrend:
    frames: dict[Decision, int] = {}
    bins: dict[int, int] = {}
    for count in counts:
        frames[count.decision] = frames.get(count.decision, 0) + count.frames
        if count.score_bin != NO_BIN:
            bins[count.score_bin] = bins.get(count.score_bin, 0) + count.frames
    return StepTrend(begins_at, frames, quantiles(bins) if bins else ())


def quantiles(bins: dict[int, int], shares: Sequence[float] = QUANTILES) -> tuple[float, ...]:
    """The scores below which these shares of the parts lie, even within a bin; the shares ascend."""
    total, below, found = sum(bins.values()), 0, []
    wanted = list(shares)
    for number in sorted(bins):
        while wanted and below + bins[number] >= wanted[0] * total:
            inside = (wanted.pop(0) * total - below) / bins[number]
            low, high = bin_edge(number), bin_edge(number + 1)
            found.append(low + inside * (high - low))
        below += bins[number]
    return tuple(found)


def limits_held(
    promoted: Sequence[Promoted], limits: Sequence[LimitsSet], since: datetime, now: datetime
) -> list[LimitsHeld]:
    """The limits by which the product was judged from `since` to `now`, oldest first."""
    changed = [*(each.at for each in promoted), *(each.at for each in limits)]
    moments = sorted({since, *(at for at in changed if since < at < now)})
    found: list[LimitsHeld] = []
    for begins_at, ends_at in zip(moments, [*moments[1:], now], strict=True):
        held = _held_at(promoted, limits, begins_at)
        if held is not None:
            found.append(LimitsHeld(begins_at, ends_at, held))
    return found


def limits_that_judged(promoted: Sequence[Promoted], limits: Sequence[LimitsSet]) -> list[LimitsSet]:
    """Those that were set while their model judged: what a candidate is registered with changes nothing on the line."""
    return [each for each in limits if _judging_at(promoted, each.at) == each.model_version_id]


def _judging_at(promoted: Sequence[Promoted], moment: datetime) -> int | None:
    return next((each.model_version_id for each in reversed(promoted) if each.at <= moment), None)


def _held_at(promoted: Sequence[Promoted], limits: Sequence[LimitsSet], moment: datetime) -> Threshold | None:
    judging = _judging_at(promoted, moment)
    held = [each.limits for each in limits if each.model_version_id == judging and each.at <= moment]
    return held[-1] if held else None

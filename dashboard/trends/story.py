"""What the trends say in words: alarms, and since when something has been. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.rollup import NO_BIN, score_bin
from core.verdict import Decision
from dashboard.read_models import Part
from dashboard.trends.alarm import Change, change_point
from dashboard.trends.bands import StepTrend, quantiles, trends
from dashboard.trends.read_models import LotSeen, Occurrences, StepCount
from dashboard.words import count_words

NOT_KNOWN = "not known"
TYPICAL = (0.5,)
SUSPICION = (Decision.NG, Decision.REVIEW, Decision.ERROR, Decision.OK)
"""What speaks most against a part comes first; ERROR says little of it."""
RATES = {"rejects": Decision.NG, "parts to review": Decision.REVIEW, "errors": Decision.ERROR}


@dataclass(frozen=True, slots=True)
class Alarm:
    """What changed, and when it most likely began."""

    what: str
    since: datetime
    change: Change


@dataclass(frozen=True, slots=True)
class SinceWhen:
    """First and last occurrence, and what was seen of them: parts known to have it, and parts that went out since."""

    first_at: datetime
    last_at: datetime
    known: int
    lots: tuple[str, ...]
    cameras: tuple[str, ...]
    models: tuple[int, ...]
    inspected: int
    went_out: int


@dataclass(frozen=True, slots=True)
class Course:
    """How a product or one of its cameras went: its steps, oldest first, and what changed meanwhile."""

    steps: tuple[StepTrend, ...]
    alarms: tuple[Alarm, ...]

    def rejected_since(self, moment: datetime) -> int:
        """Rejects from the step on that begins then."""
        return sum(step.frames.get(Decision.NG, 0) for step in self.steps if step.begins_at >= moment)


def course_of(counts: Sequence[StepCount]) -> Course:
    """What these counts tell."""
    steps = trends(counts)
    return Course(tuple(steps), tuple(alarms(steps, counts)))


def alarms(steps: Sequence[StepTrend], counts: Sequence[StepCount]) -> list[Alarm]:
    """Rejects and errors that rose, and scores that moved either way."""
    totals = [step.total for step in steps]
    found = []
    for what, decision in RATES.items():
        hits = [step.frames.get(decision, 0) for step in steps]
        change = change_point(hits, totals)
        if change is not None and change.rose:
            found.append(Alarm(what, steps[change.place].begins_at, change))
    return found + _drift(steps, counts)


def _drift(steps: Sequence[StepTrend], counts: Sequence[StepCount]) -> list[Alarm]:
    """Whether more or fewer scores than half lie above the middle of all."""
    judged = [count for count in counts if count.score_bin != NO_BIN]
    bins: dict[int, int] = {}
    for count in judged:
        bins[count.score_bin] = bins.get(count.score_bin, 0) + count.frames
    if not bins:
        return []
    middle_bin = score_bin(quantiles(bins, TYPICAL)[0])
    above = {step.begins_at: 0 for step in steps}
    totals = dict(above)
    for count in judged:
        totals[count.begins_at] += count.frames
        above[count.begins_at] += count.frames if count.score_bin > middle_bin else 0
    change = change_point(list(above.values()), list(totals.values()))
    return [Alarm("scores above the usual", steps[change.place].begins_at, change)] if change is not None else []


def suspect(views: Sequence[Part]) -> Part:
    """Of a part's views the one that speaks most against it."""
    return min(views, key=lambda view: SUSPICION.index(view.decision))


def since_when(found: Sequence[Occurrences], lots: Sequence[LotSeen]) -> SinceWhen | None:
    """The story of parts that people say have the same defect; None where there are none.

    Affected are the lots of these parts, with all their parts from the first occurrence on: what nobody has looked at
    may have it as well.
    """
    if not found:
        return None
    names = tuple(dict.fromkeys(each.lot for each in found if each.lot))
    cameras = tuple(sorted({each.camera for each in found}))
    affected = [lot for lot in lots if lot.lot in names and lot.camera in cameras]
    models = {each.model_version_id for each in found if each.model_version_id is not None}
    return SinceWhen(
        min(each.first_at for each in found), max(each.last_at for each in found), sum(each.parts for each in found),
        names, cameras, tuple(sorted(models)),
        sum(lot.frames for lot in affected), sum(lot.went_out for lot in affected),
    )  # fmt: skip


def since_words(found: SinceWhen) -> dict[str, str]:
    """Its numbers by name. Parts without a lot are counted nowhere: of those it is not known how many went out."""
    return {
        "known parts": count_words(found.known),
        "lots": str(len(found.lots)),
        "parts of these lots": count_words(found.inspected) if found.lots else NOT_KNOWN,
        "of them went out": count_words(found.went_out) if found.lots else NOT_KNOWN,
        "models": ", ".join(map(str, found.models)) or "none",
    }


def since_change(since: datetime, lots: Sequence[LotSeen], camera: str, known: int, now: datetime) -> SinceWhen:
    """The story of a change on one camera, of which no part was confirmed: all its lots since then are affected."""
    affected = [lot for lot in lots if lot.camera == camera and lot.last_at >= since]
    return SinceWhen(
        since, max((lot.last_at for lot in affected), default=now), known,
        tuple(dict.fromkeys(lot.lot for lot in affected)), (camera,),
        tuple(sorted({lot.model_version_id for lot in affected if lot.model_version_id})),
        sum(lot.frames for lot in affected), sum(lot.went_out for lot in affected),
    )  # fmt: skip

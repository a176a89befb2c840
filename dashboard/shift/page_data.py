"""The words of a shift's start: pure."""

from collections.abc import Sequence
from datetime import datetime

from core.shift import CheckStep, MasterPart, Seen, ShiftCheck, still_to_run
from dashboard.read_models import Judgement, Part
from dashboard.review.bookings import frame_key
from dashboard.words import moment_words

MARKS = {True: "\u2713", False: "\u2717", None: "\u2013"}


def seen_of(part: Part) -> Seen:
    """What the line said of a part."""
    score = part.outcome.score if isinstance(part.outcome, Judgement) else None
    return Seen(frame_key(part.key), part.decision, score)


def known_words(master: MasterPart) -> str:
    """`known bad` or `known good`."""
    return "known bad" if master.is_bad else "known good"


def master_rows(
    masters: Sequence[MasterPart], check: ShiftCheck | None, now: datetime, zone: str
) -> list[dict[str, str]]:
    """One row per master part: what it is, and what the line said of it in this check."""
    return [_row(master, check.newest_of(master) if check else None, now, zone) for master in masters]


def state_words(masters: Sequence[MasterPart], check: ShiftCheck | None, now: datetime, zone: str) -> str:
    """How far the check is, in a sentence."""
    if check is None:
        return "This camera was never checked with this product's master parts."
    begun = f"begun by {check.who}, {moment_words(check.started_at, now, zone)}"
    left = len(still_to_run(check, list(masters)))
    if left:
        return f"{len(masters) - left} of {len(masters)} master parts were judged as known; check {begun}."
    return f"All {len(masters)} master parts were judged as known; check {begun}."


def step_words(step: CheckStep) -> str:
    """What came of one try."""
    name, decision = step.master.name, step.seen.decision.value
    if step.passed:
        return f"{name}: {decision}, as known."
    if step.seen.score is None:
        return f"{name}: {decision}. The frame could not be judged, which shows nothing: run it again."
    if step.master.is_bad:
        return f"{name} is bad and was {decision}. An alarm stands on the Live page. {_REMEDY}"
    return f"{name} is good and was {decision}. Clean it and the lens and run it again; see Thresholds if it stays so."


_REMEDY = "Do not start the shift on this camera before the reason is found."


def _row(master: MasterPart, step: CheckStep | None, now: datetime, zone: str) -> dict[str, str]:
    passed = step.passed if step else None
    return {
        "": MARKS[passed],
        "master part": master.name,
        "is": known_words(master),
        "the line said": step.seen.decision.value if step else "not run yet",
        "when": moment_words(step.at, now, zone) if step else "",
    }

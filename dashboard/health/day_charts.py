"""The last 24 hours as SVG text: pure functions of numbers, on one time axis. Colours come from the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape

from core.verdict import Decision
from dashboard.health.read_models import BUCKET, DAY, DayRow
from dashboard.words import count_words, span_words

PLACES = int(DAY / BUCKET)
WIDTH = PLACES * 5
BAR = 4
STRIP_HEIGHT = 26
HOURS_APART = 4
ORDER = (Decision.OK, Decision.REVIEW, Decision.NG, Decision.ERROR)
"""From the ground up."""


@dataclass(frozen=True, slots=True)
class DayAxis:
    """Quarters of an hour up to now; the last one has begun and is not over."""

    ends_at: datetime
    zone: tzinfo

    @classmethod
    def until(cls, now: datetime, zone: tzinfo) -> "DayAxis":
        """The axis whose last quarter holds this moment."""
        begun = int(now.timestamp() // BUCKET.total_seconds()) * BUCKET.total_seconds()
        return cls(datetime.fromtimestamp(begun, now.tzinfo) + BUCKET, zone)

    def place_of(self, begins_at: datetime) -> int | None:
        """Which quarter, 0 for the oldest; None for one outside."""
        place = PLACES - round((self.ends_at - begins_at) / BUCKET)
        return place if 0 <= place < PLACES else None

    def begins_at(self, place: int) -> datetime:
        """When this quarter begins."""
        return self.ends_at - (PLACES - place) * BUCKET


def time_axis(axis: DayAxis) -> str:
    """The hours, in the viewer's zone."""
    marks = [place for place in range(PLACES) if _is_marked(axis.begins_at(place).astimezone(axis.zone))]
    words = "".join(
        f'<text x="{100 * place / PLACES:.2f}%" y="11">{axis.begins_at(place).astimezone(axis.zone):%H:%M}</text>'
        for place in marks
    )
    return f'<svg class="day axis" role="img" aria-label="the last 24 hours">{words}</svg>'


def decisions_strip(rows: Sequence[DayRow], axis: DayAxis, tallest: int) -> str:
    """A camera's frames by decision in each quarter; `tallest` frames reach the top, the same for all cameras.

    A quarter without a frame stays empty; one with any has at least a line, so that a single defect is seen.
    """
    counts = _counts(rows, axis)
    bars = "".join(_bar(place, counts[place], axis, tallest) for place in sorted(counts))
    label = escape(_spoken(rows), quote=True)
    return (
        f'<svg class="day" viewBox="0 0 {WIDTH} {STRIP_HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{label}"><path class="ground" d="M0 {STRIP_HEIGHT - 0.5}H{WIDTH}"/>{bars}</svg>'
    )


def delay_strip(rows: Sequence[DayRow], axis: DayAxis, longest_s: float) -> str:
    """How long the slowest frame of each quarter took from the bus to its verdict; `longest_s` reaches the top."""
    slowest: dict[int, float] = {}
    for row in rows:
        if (place := axis.place_of(row.begins_at)) is not None:
            slowest[place] = max(slowest.get(place, 0.0), row.longest_s)
    bars = "".join(
        _column("delay", place, 0.0, seconds / longest_s * STRIP_HEIGHT if longest_s > 0 else 0.0).replace(
            "/>", f"><title>{_when(place, axis)} slowest {_seconds(seconds)}</title></rect>"
        )
        for place, seconds in sorted(slowest.items())
    )
    return (
        f'<svg class="day" viewBox="0 0 {WIDTH} {STRIP_HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="slowest verdict {_seconds(max(slowest.values(), default=0.0))}">'
        f'<path class="ground" d="M0 {STRIP_HEIGHT - 0.5}H{WIDTH}"/>{bars}</svg>'
    )


def tallest_quarter(rows: Sequence[DayRow]) -> int:
    """The most frames that any camera had in one quarter."""
    totals: dict[tuple[str, datetime], int] = {}
    for row in rows:
        key = (row.camera, row.begins_at)
        totals[key] = totals.get(key, 0) + row.frames
    return max(totals.values(), default=0)


def _counts(rows: Sequence[DayRow], axis: DayAxis) -> dict[int, dict[Decision, int]]:
    counts: dict[int, dict[Decision, int]] = {}
    for row in rows:
        if (place := axis.place_of(row.begins_at)) is not None:
            here = counts.setdefault(place, {})
            here[row.decision] = here.get(row.decision, 0) + row.frames
    return counts


def _bar(place: int, counts: Mapping[Decision, int], axis: DayAxis, tallest: int) -> str:
    drawn, ground = "", 0.0
    for decision in ORDER:
        if count := counts.get(decision, 0):
            height = max(1.2, count / max(1, tallest) * (STRIP_HEIGHT - 4))
            drawn += _column(decision.lower(), place, ground, height)
            ground += height
    told = ", ".join(f"{count_words(counts[decision])} {decision}" for decision in ORDER if counts.get(decision))
    return f"<g><title>{_when(place, axis)} {told}</title>{drawn}</g>"


def _column(name: str, place: int, ground: float, height: float) -> str:
    top = max(0.0, STRIP_HEIGHT - ground - height)
    return (
        f'<rect class="{name}" fill="currentColor" x="{5 * place}" y="{top:.1f}" width="{BAR}" height="{height:.1f}"/>'
    )


def _when(place: int, axis: DayAxis) -> str:
    begins_at = axis.begins_at(place).astimezone(axis.zone)
    return f"{begins_at:%H:%M} to {begins_at + BUCKET:%H:%M}:"


def _is_marked(moment: datetime) -> bool:
    return moment.minute == 0 and moment.hour % HOURS_APART == 0


def _seconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 10 else span_words(seconds)


def _spoken(rows: Sequence[DayRow]) -> str:
    totals = {decision: sum(row.frames for row in rows if row.decision is decision) for decision in ORDER}
    told = ", ".join(f"{count_words(total)} {decision}" for decision, total in totals.items() if total)
    return f"the last {DAY // timedelta(hours=1)} hours: {told or 'no frames'}"

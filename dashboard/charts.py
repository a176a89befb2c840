"""Small drawings as SVG text: pure functions of numbers and decisions, so that no message can speak through them.

Colours come from the page: classes `ok`, `review`, `ng`, `error` set `currentColor`.
"""

from collections.abc import Sequence
from html import escape

from core.verdict import Decision, Threshold

SHAPES = {
    Decision.OK: '<circle cx="8" cy="8" r="5.5"/>',
    Decision.REVIEW: '<path d="M8 1.2 14.8 8 8 14.8 1.2 8Z"/>',
    Decision.NG: '<path d="M3 1 8 6 13 1 15 3 10 8 15 13 13 15 8 10 3 15 1 13 6 8 1 3Z"/>',
    Decision.ERROR: '<path d="M8 1.5 15 14.5H1Z"/>',
}
"""Each decision has a shape of its own in a 16 x 16 box: disc, diamond, cross, triangle."""

GAUGE_WIDTH = 120
GAUGE_HEIGHT = 14
STEP = 13


def decision_class(decision: Decision) -> str:
    """The CSS class that colours a decision."""
    return decision.value.lower()


def decision_mark(decision: Decision) -> str:
    """The decision's shape, with its word for whoever hears the page."""
    label = escape(decision.value, quote=True)
    return (
        f'<svg class="mark {decision_class(decision)}" viewBox="0 0 16 16" role="img" aria-label="{label}"'
        f' fill="currentColor">{SHAPES[decision]}</svg>'
    )


def history_strip(decisions: Sequence[Decision], places: int = 20) -> str:
    """The last decisions as shapes, oldest on the left, newest on the right; free places are faint dots."""
    newest = list(decisions)[-places:]
    free = places - len(newest)
    dots = [f'<circle class="free" cx="{STEP * place + 6}" cy="8" r="1.5"/>' for place in range(free)]
    shapes = [_small(decision, free + number) for number, decision in enumerate(newest)]
    label = f"the last {len(newest)} decisions: {' '.join(decision.value for decision in newest)}"
    return (
        f'<svg class="history" viewBox="0 0 {STEP * places} 16" role="img" aria-label="{escape(label, quote=True)}"'
        f' fill="currentColor">{"".join(dots + shapes)}</svg>'
    )


def score_gauge(score: float, threshold: Threshold) -> str:
    """A bar from zero to twice the reject limit, with a tick at both limits and the score as a needle."""
    full = 2 * threshold.reject_from
    if full <= 0:
        return ""
    review, reject, needle = (_place(value, full) for value in (threshold.review_from, threshold.reject_from, score))
    bands = [("ok", 0.0, review), ("review", review, reject), ("ng", reject, float(GAUGE_WIDTH))]
    bars = "".join(_bar(name, start, end) for name, start, end in bands)
    label = f"score {score:.4g}, review from {threshold.review_from:.4g}, reject from {threshold.reject_from:.4g}"
    return (
        f'<svg class="gauge" viewBox="0 0 {GAUGE_WIDTH} {GAUGE_HEIGHT}" role="img"'
        f' aria-label="{escape(label, quote=True)}">{bars}'
        f'<path class="needle" d="M{needle - 4:.1f} 0H{needle + 4:.1f}L{needle:.1f} 8Z"/></svg>'
    )


def _small(decision: Decision, place: int) -> str:
    return (
        f'<g class="{decision_class(decision)}" fill="currentColor"'
        f' transform="translate({STEP * place} 2.5) scale(.7)">{SHAPES[decision]}</g>'
    )


def _bar(name: str, start: float, end: float) -> str:
    width = max(0.0, end - start - 1)
    return f'<rect class="{name}" fill="currentColor" x="{start:.1f}" y="9" width="{width:.1f}" height="4"/>'


def _place(value: float, full: float) -> float:
    return min(max(value / full, 0.0), 1.0) * GAUGE_WIDTH

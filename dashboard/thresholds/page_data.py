"""From read models to the histogram with its two limits, as the component in the browser takes it: pure."""

from collections.abc import Sequence
from typing import Any

from core.rollup import bin_edge
from core.verdict import Threshold
from dashboard.thresholds.read_models import MOST_REVIEWS, BinCount, Confirmed
from dashboard.thresholds.what_if import tails


def limits_data(
    token: str, current: Threshold, proposed: Threshold, counts: Sequence[BinCount], said: Sequence[Confirmed]
) -> dict[str, Any]:
    """Bars, tail and marks. With another `token` the browser forgets what was dragged and takes `proposed`."""
    return {
        "token": token,
        "current": _limits(current),
        "proposed": _limits(proposed),
        "bars": [[bin_edge(each.score_bin), bin_edge(each.score_bin + 1), each.frames] for each in counts],
        "tail": [[tail.score, tail.share] for tail in tails(counts)],
        "said": [[each.score, each.is_defect] for each in said],
        "most": MOST_REVIEWS,
        "range": _range(current, proposed, counts),
    }


def proposal_of(state: Any, token: str, otherwise: Threshold) -> Threshold:
    """What was dragged or typed; what a browser says of other limits than these, or nonsense, is left out."""
    try:
        if state["token"] == token:
            return Threshold(float(state["review"]), float(state["reject"]))
    except (TypeError, KeyError, ValueError):
        pass
    return otherwise


def _limits(limits: Threshold) -> dict[str, float]:
    return {"review": limits.review_from, "reject": limits.reject_from}


def _range(current: Threshold, proposed: Threshold, counts: Sequence[BinCount]) -> list[float]:
    """From the lowest score, or nothing, to where both limits can be moved upwards by half."""
    lowest = bin_edge(counts[0].score_bin) if counts else current.review_from
    highest = bin_edge(counts[-1].score_bin + 1) if counts else current.reject_from
    limit = max(abs(current.reject_from), abs(proposed.reject_from), 1e-6)
    return [
        min(0.0, lowest, proposed.review_from),
        max(highest, current.reject_from + limit / 2, proposed.reject_from + limit / 2),
    ]

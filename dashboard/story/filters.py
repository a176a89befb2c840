"""From what somebody chose in the filters to what is asked of Postgres, and the words for it: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.verdict import Decision
from dashboard.story.read_models import NOT_OK, DefectFilter

PERIODS = {
    "any time": None,
    "last hour": timedelta(hours=1),
    "last 8 hours": timedelta(hours=8),
    "last 24 hours": timedelta(days=1),
    "last 7 days": timedelta(days=7),
    "last 30 days": timedelta(days=30),
}
WHOLE = (0.0, 3.0)
"""The range of scores that the slider offers, as shares of the limit; its upper end means all above too."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters as they stand on the page."""

    decisions: tuple[str, ...] = ()
    product: str = ""
    camera: str = ""
    period: str = "any time"
    lot: str = ""
    kind: str = ""
    model: int | None = None
    shares: tuple[float, float] = WHOLE


def wanted(chosen: Chosen, now: datetime) -> DefectFilter:
    """The filter to ask with; without any decision chosen, everything that was not OK."""
    since = PERIODS[chosen.period]
    low, high = chosen.shares
    return DefectFilter(
        tuple(Decision(name) for name in chosen.decisions) or NOT_OK,
        chosen.product,
        chosen.camera,
        chosen.lot.strip(),
        chosen.kind,
        chosen.model,
        now - since if since else None,
        low if low > WHOLE[0] else None,
        high if high < WHOLE[1] else None,
    )


def further(chosen: Chosen) -> int:
    """How many of the filters that are folded away are set."""
    plain = Chosen(chosen.decisions, chosen.product, chosen.camera, chosen.period)
    return sum(getattr(chosen, name) != getattr(plain, name) for name in ("lot", "kind", "model", "shares"))

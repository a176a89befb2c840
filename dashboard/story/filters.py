"""From what somebody chose in the filters to what is asked of Postgres, and the words for it: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from core.frame import check_utc
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


@dataclass(frozen=True, slots=True)
class Linked:
    """Parts of a stretch of time, as another page's link to Defects names them; what is empty means all."""

    since: datetime
    until: datetime
    product: str = ""
    camera: str = ""
    decisions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_utc("since", self.since)
        check_utc("until", self.until)

    @property
    def address(self) -> str:
        """The link, from any page of the dashboard."""
        moments = {name: f"{getattr(self, name):%Y-%m-%dT%H:%M:%S.%fZ}" for name in ("since", "until")}
        told = moments | {"product": self.product, "camera": self.camera, "decision": ",".join(self.decisions)}
        return f"defects?{urlencode({name: words for name, words in told.items() if words})}"


def linked(query: Mapping[str, str], products: Sequence[str], cameras: Sequence[str]) -> Linked | None:
    """What the address asks for; None where it asks for nothing that a page of this line could have linked to."""
    known = [decision.value for decision in (*NOT_OK, Decision.OK)]
    decisions = tuple(name for name in query.get("decision", "").split(",") if name)
    product, camera = query.get("product", ""), query.get("camera", "")
    if not (product in ("", *products) and camera in ("", *cameras) and set(decisions) <= set(known)):
        return None
    try:
        since, until = (datetime.fromisoformat(query[name]) for name in ("since", "until"))
        return Linked(since, until, product, camera, decisions)
    except (KeyError, ValueError):
        return None

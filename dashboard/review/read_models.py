"""Which parts wait for a person, read-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Select, and_, exists, func, or_, select

from core.adapters.ledger_reviews import STANDS
from core.adapters.schema import inspection
from core.adapters.schema_reviews import review
from core.review import Judgement
from core.verdict import Decision
from dashboard.read_models import KEY, Part, PartKey, part_of, reading

ASKED = (Decision.REVIEW.value, Decision.NG.value)
SETTLES = (Judgement.GOOD.value, Judgement.DEFECT.value)
_SAME = and_(*(review.c[column.name] == column for column in KEY))
_SAID = exists(select(review.c.id)).where(_SAME, STANDS, review.c.judgement.in_(SETTLES))
_UNSURE = (
    select(review.c.who).where(_SAME, STANDS, review.c.judgement == Judgement.UNSURE.value).scalar_subquery()
).label("unsure")
_DRAWN_LETTERS = 8
"""Letters of a picture's hash by which the sample of OK parts is drawn: behind those that choose golden parts."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A part that waits for a person; `unsure` is who could not tell, so that somebody else has to."""

    part: Part
    unsure: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits; of more than are read at once, the newest: then `is_cut`."""

    waiting: tuple[Waiting, ...]
    is_cut: bool

    def of(self, who: str) -> list[Part]:
        """Those that this person can settle: not those of which they were unsure."""
        return [each.part for each in self.waiting if each.unsure != who]


def waiting_parts(engine: Engine, since: datetime, ok_shares: Mapping[str, float], product: str, limit: int) -> Queue:
    """The newest parts of which nobody was sure yet: REVIEW, NG, and each product's share of OK ones."""
    asked = _unsaid(since, product).where(inspection.c.decision.in_(ASKED))
    drawn = [_drawn(name, share) for name, share in ok_shares.items() if share > 0 and product in ("", name)]
    queries = [asked.limit(limit)]
    if drawn:
        sample = _unsaid(since, product).where(inspection.c.decision == Decision.OK.value, or_(*drawn))
        queries.append(sample.limit(limit))
    with reading(engine) as connection:
        found = [connection.execute(query).all() for query in queries]
    rows = [row for each in found for row in each]
    return Queue(
        tuple(Waiting(part_of(row), row.unsure or "") for row in rows), any(len(each) == limit for each in found)
    )


def one_part(engine: Engine, key: PartKey) -> Part | None:
    """The part of this key, whatever was decided."""
    values = (key.captured_at, key.camera, key.start_id, key.sequence)
    query = select(*inspection.c).where(*(column == value for column, value in zip(KEY, values, strict=True)))
    with reading(engine) as connection:
        row = connection.execute(query).first()
    return part_of(row) if row else None


def kept_good_parts(engine: Engine, product: str, since: datetime, limit: int) -> list[Part]:
    """The newest parts that the line itself passed and whose picture and features are kept."""
    of_product = (inspection.c.product == product, inspection.c.captured_at >= since)
    kept = (inspection.c.decision == Decision.OK.value, inspection.c.maps_uri != "", inspection.c.frame_uri != "")
    query = select(*inspection.c).where(*of_product, *kept).order_by(inspection.c.captured_at.desc()).limit(limit)
    with reading(engine) as connection:
        return [part_of(row) for row in connection.execute(query)]


def _unsaid(since: datetime, product: str) -> Select[tuple[object, ...]]:
    query = select(*inspection.c, _UNSURE).where(inspection.c.captured_at >= since, ~_SAID)
    if product:
        query = query.where(inspection.c.product == product)
    return query.order_by(inspection.c.captured_at.desc())


def _drawn(product: str, share: float) -> ColumnElement[bool]:
    """Drawn by the picture's hash, so that everybody sees the same sample."""
    edge = f"{min(int(share * 16**_DRAWN_LETTERS), 16**_DRAWN_LETTERS - 1):0{_DRAWN_LETTERS}x}"
    letters = func.substr(inspection.c.sha256, 9, _DRAWN_LETTERS)
    return and_(inspection.c.product == product, letters <= edge)

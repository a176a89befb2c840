"""Reviews and ReviewDesk on Postgres. Reviews are only ever appended; of two who saw the same state one is first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, exists, insert, select
from sqlalchemy.exc import IntegrityError

from core.adapters.database import translated
from core.adapters.ledger_audit import note
from core.adapters.ledger_golden import keep_golden, lock_picture
from core.adapters.review_rows import COPIED, Row, key_row, opinion_row, review_of, told_row
from core.adapters.schema import inspection
from core.adapters.schema_reviews import review
from core.errors import ReviewConflict, UnknownPart
from core.review import Judgement, Opinion, PartKey, Review

UNIQUE_VIOLATION = "23505"
KEY = ("captured_at", "camera", "start_id", "sequence")

_newer = review.alias("newer")
STANDS = ~exists().where(and_(*(_newer.c[name] == review.c[name] for name in KEY), _newer.c.replaces == review.c.id))
"""Nobody has said anything of the part since; the unique constraint's index answers it."""


@dataclass(frozen=True)
class PostgresReviews:
    """Reviews and ReviewDesk."""

    engine: Engine

    def add_review(self, part: PartKey, opinion: Opinion, expected: int, at: datetime, who: str) -> Review:
        """One more row, and nothing else."""
        with translated(), self.engine.begin() as connection:
            return _append(connection, part, opinion, expected, at, who)

    def settle(self, part: PartKey, opinion: Opinion, expected: int, at: datetime, who: str) -> Review:
        """One more row, the golden set, and the audit, in one transaction.

        1. A lock on the picture, so that two reviews of the same picture see each other's rows when they count.
        2. The row; the unique constraint makes whoever comes second with the same state fail here.
        3. What the picture is now, from every standing review of it.
        """
        with translated(), self.engine.begin() as connection:
            facts = _facts(connection, part)
            lock_picture(connection, facts["sha256"])
            before = _of_part(connection, part)
            said = _append(connection, part, opinion, expected, at, who)
            old = told_row(before[0].opinion) if before else None
            note(connection, at, who, opinion.note, f"review {part.frame_id}", old, told_row(opinion))
            keep_golden(connection, said, _standing_of_picture(connection, said), at)
            return said

    def reviews_of(self, part: PartKey) -> list[Review]:
        """Newest first."""
        with translated(), self.engine.connect() as connection:
            return _of_part(connection, part)

    def accepted(self, product: str, after: int) -> Sequence[Review]:
        """Oldest first."""
        good = (review.c.judgement == Judgement.GOOD.value, review.c.frame_uri != "", review.c.id > after)
        return self._standing(product, *good)

    def defects(self, product: str) -> Sequence[Review]:
        """Oldest first."""
        return self._standing(product, review.c.judgement == Judgement.DEFECT.value)

    def doubted(self, product: str) -> Sequence[Review]:
        """Oldest first."""
        clear = (Judgement.GOOD.value, Judgement.DEFECT.value)
        return self._standing(product, review.c.judgement.not_in(clear))

    def _standing(self, product: str, *conditions: ColumnElement[bool]) -> list[Review]:
        query = select(review).where(review.c.product == product, STANDS, *conditions).order_by(review.c.id)
        with translated(), self.engine.connect() as connection:
            return _all(connection, query)


def _append(connection: Connection, part: PartKey, opinion: Opinion, expected: int, at: datetime, who: str) -> Review:
    facts = _facts(connection, part)
    newest = next((said.id for said in _of_part(connection, part)), 0)
    if newest != expected:
        raise ReviewConflict(f"{part.frame_id} is at review {newest}, not {expected}")
    row = key_row(part) | {"replaces": expected, "who": who, "at": at} | opinion_row(opinion) | facts
    try:
        found = connection.execute(insert(review).values(row).returning(review)).mappings().one()
    except IntegrityError as error:
        if getattr(error.orig, "pgcode", "") == UNIQUE_VIOLATION:
            raise ReviewConflict(str(part.frame_id)) from error
        raise
    return review_of(dict(found))


def _facts(connection: Connection, part: PartKey) -> Row:
    """What the inspection was, as the review keeps it; locked, for retention may be about to let its picture go."""
    query = select(*(inspection.c[name] for name in COPIED)).where(*_is(part, inspection.c))
    found = connection.execute(query.with_for_update(read=True)).mappings().first()
    if found is None:
        raise UnknownPart(str(part.frame_id))
    return dict(found)


def _of_part(connection: Connection, part: PartKey) -> list[Review]:
    return _all(connection, select(review).where(*_is(part, review.c)).order_by(review.c.id.desc()))


def _standing_of_picture(connection: Connection, said: Review) -> list[Review]:
    same = (review.c.product == said.product, review.c.sha256 == said.sha256)
    return _all(connection, select(review).where(*same, STANDS))


def _is(part: PartKey, columns: Any) -> list[ColumnElement[bool]]:
    return [columns[name] == value for name, value in key_row(part).items()]


def _all(connection: Connection, query: Select[Any]) -> list[Review]:
    return [review_of(dict(row)) for row in connection.execute(query).mappings()]

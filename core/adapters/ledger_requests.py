"""Requests on Postgres: what pages ask of a station, taken by one replica each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, and_, insert, or_, select, update

from core.adapters.database import translated
from core.adapters.ledger_audit import note
from core.adapters.schema_retraining import request
from core.request import TAKEN_FOR, Request, RequestKind, RequestState

_REQUEST = (
    request.c.id,
    request.c.kind,
    request.c.product,
    request.c.details,
    request.c.asked_at,
    request.c.who,
    request.c.why,
    request.c.state,
    request.c.answer,
    request.c.answered_at,
)


@dataclass(frozen=True)
class PostgresRequests:
    """Requests. Replicas step over each other's rows, so none waits and none takes what another has."""

    engine: Engine

    def ask(
        self, kind: RequestKind, product: str, details: Mapping[str, Any], at: datetime, who: str, why: str
    ) -> Request:
        """The row and the audit's, together."""
        row = {"kind": kind.value, "product": product, "details": dict(details), "asked_at": at, "who": who, "why": why}
        with translated(), self.engine.begin() as connection:
            written = insert(request).values(row | {"state": RequestState.WAITING.value}).returning(*_REQUEST)
            asked = _request(connection.execute(written).one())
            note(connection, at, who, why, f"request {kind.value} {product}", None, {"id": asked.id, **details})
            return asked

    def take_request(self, at: datetime, who: str) -> Request | None:
        """Locked for the moment of taking; a row that is being taken is stepped over."""
        oldest = (
            select(request.c.id)
            .where(or_(request.c.state == RequestState.WAITING.value, _is_left_lying(at)))
            .order_by(request.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        taken = {"state": RequestState.TAKEN.value, "taken_by": who, "taken_at": at}
        with translated(), self.engine.begin() as connection:
            found = connection.execute(
                update(request).where(request.c.id == oldest).values(taken).returning(*_REQUEST)
            ).first()
            return _request(found) if found else None

    def answer(self, request_id: int, state: RequestState, answer: str, at: datetime) -> None:
        """Once: who was thought dead and answers late changes nothing."""
        unanswered = request.c.state.in_((RequestState.WAITING.value, RequestState.TAKEN.value))
        said = {"state": state.value, "answer": answer, "answered_at": at}
        with translated(), self.engine.begin() as connection:
            connection.execute(update(request).where(request.c.id == request_id, unanswered).values(said))

    def requests(self, product: str, limit: int) -> list[Request]:
        """By an index on product and id."""
        newest = select(*_REQUEST).where(request.c.product == product).order_by(request.c.id.desc()).limit(limit)
        with translated(), self.engine.connect() as connection:
            return [_request(row) for row in connection.execute(newest)]


def _is_left_lying(at: datetime) -> Any:
    return and_(request.c.state == RequestState.TAKEN.value, request.c.taken_at < at - TAKEN_FOR)


def _request(row: Row[*tuple[Any, ...]]) -> Request:
    number, kind, product, details, asked_at, who, why, state, answer, answered_at = row
    asked = (number, RequestKind(kind), product, details, asked_at, who, why)
    return Request(*asked, RequestState(state), answer, answered_at)

"""Requests: asked by pages, taken by one station each, answered once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.adapters.ledger import PostgresLedger
from core.adapters.schema import audit
from core.request import TAKEN_FOR, Request, RequestKind, RequestState
from tests.contracts.ledgers import TODAY, Ledger

pytestmark = pytest.mark.server

LATER = TODAY + TAKEN_FOR + timedelta(seconds=1)


def ask(ledger: Ledger, product: str = "disc", kind: RequestKind = RequestKind.TRAIN, **details: int) -> Request:
    return ledger.ask(kind, product, details, TODAY, "ada", "new material")


def ids(found: Sequence[Request]) -> list[int]:
    return [request.id for request in found]


def test_a_request_waits_as_it_was_asked(ledger: Ledger) -> None:
    """With its details, for a page to show."""
    asked = ask(ledger, "disc", RequestKind.PROMOTE, model_version_id=7)
    assert asked == Request(
        asked.id, RequestKind.PROMOTE, "disc", {"model_version_id": 7}, TODAY, "ada", "new material"
    )
    assert ledger.requests("disc", 10) == [asked]


def test_the_oldest_is_taken_first_and_each_once(ledger: Ledger) -> None:
    """Whatever product it is for; then nobody finds any."""
    first, second = ask(ledger), ask(ledger, "plate")
    taken = [ledger.take_request(TODAY, f"station {number}") for number in range(3)]
    assert [request and (request.id, request.state) for request in taken] == [
        (first.id, RequestState.TAKEN),
        (second.id, RequestState.TAKEN),
        None,
    ]


def test_of_many_stations_each_takes_another(ledger: Ledger) -> None:
    """All at once."""
    asked = [ask(ledger).id for _ in range(8)]
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda number: ledger.take_request(TODAY, f"station {number}"), range(8)))
    assert sorted(request.id for request in taken if request) == asked


def test_what_a_dead_station_took_is_taken_again_after_a_while(ledger: Ledger) -> None:
    """Not before, for it may only be slow; and then it is the new taker's for as long."""
    asked = ask(ledger)
    assert ledger.take_request(TODAY, "dead")
    assert ledger.take_request(TODAY + TAKEN_FOR, "eager") is None
    again = ledger.take_request(LATER, "patient")
    assert again
    assert again.id == asked.id
    assert ledger.take_request(LATER + TAKEN_FOR, "eager") is None


def test_the_first_answer_stands_and_what_is_answered_is_never_taken(ledger: Ledger) -> None:
    """Who was thought dead may still come back."""
    asked = ask(ledger)
    ledger.take_request(TODAY, "station")
    ledger.answer(asked.id, RequestState.DONE, "run 3 began", LATER)
    ledger.answer(asked.id, RequestState.REFUSED, "too late", LATER + TAKEN_FOR)
    (found,) = ledger.requests("disc", 10)
    assert (found.state, found.answer, found.answered_at) == (RequestState.DONE, "run 3 began", LATER)
    assert ledger.take_request(LATER + 2 * TAKEN_FOR, "station") is None


def test_a_products_requests_come_newest_first(ledger: Ledger) -> None:
    """As many as asked for, and no other product's."""
    asked = [ask(ledger), ask(ledger), ask(ledger)]
    ask(ledger, "plate")
    assert ids(ledger.requests("disc", 2)) == [asked[2].id, asked[1].id]


def test_what_is_asked_is_in_the_audit(postgres_ledger: PostgresLedger) -> None:
    """Who, what and why."""
    asked = postgres_ledger.ask(RequestKind.ROLLBACK, "disc", {"to": 3}, TODAY, "ada", "too strict")
    with postgres_ledger.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(select(audit.c.who, audit.c.what, audit.c.new, audit.c.why))]
    assert rows == [("ada", "request rollback disc", {"id": asked.id, "to": 3}, "too strict")]

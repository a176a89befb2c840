"""What is asked of the retrain station: by whom, and never without a reason."""

from collections.abc import Callable

import pytest

from core.access import Person, Role
from core.adapters.in_memory_ledger import MemoryLedger
from core.asking import ask_preview, ask_promotion, ask_rollback, ask_training
from core.errors import AccessDenied, ReasonMissing
from core.request import Request, RequestKind
from tests.contracts.ledgers import TODAY

ENGINEER = Person("ada", frozenset({Role.ENGINEER}))
ASKED: dict[RequestKind, Callable[[MemoryLedger, Person, str], Request]] = {
    RequestKind.PROMOTE: lambda ledger, person, why: ask_promotion(ledger, person, "nut", 3, TODAY, why),
    RequestKind.ROLLBACK: lambda ledger, person, why: ask_rollback(ledger, person, "nut", 4, TODAY, why),
    RequestKind.TRAIN: lambda ledger, person, why: ask_training(ledger, person, "nut", TODAY, why, ["memory:a"]),
}


@pytest.mark.parametrize("kind", ASKED)
def test_an_engineer_asks_with_a_reason(kind: RequestKind) -> None:
    """The station finds who, why and what."""
    ledger = MemoryLedger()
    asked = ASKED[kind](ledger, ENGINEER, " because ")
    assert (asked.kind, asked.product, asked.who, asked.why) == (kind, "nut", "ada", "because")
    expected: dict[RequestKind, dict[str, object]] = {
        RequestKind.PROMOTE: {"model_version_id": 3},
        RequestKind.ROLLBACK: {"from_model": 4},
        RequestKind.TRAIN: {"images": ["memory:a"]},
    }
    assert dict(asked.details) == expected[kind]
    assert ledger.requests("nut", 5) == [asked]


@pytest.mark.parametrize("kind", ASKED)
def test_others_and_those_without_a_reason_ask_nothing(kind: RequestKind) -> None:
    """No row is written."""
    ledger = MemoryLedger()
    with pytest.raises(AccessDenied):
        ASKED[kind](ledger, Person("omar", frozenset({Role.OPERATOR, Role.QUALITY})), "because")
    with pytest.raises(ReasonMissing):
        ASKED[kind](ledger, ENGINEER, " ")
    assert ledger.requests("nut", 5) == []


def test_whoever_answers_for_a_product_may_have_defects_drawn() -> None:
    """It changes nothing, so it asks for no reason; the audit knows of it all the same."""
    ledger, quality = MemoryLedger(), Person("petra", frozenset({Role.QUALITY}))
    asked = ask_preview(ledger, quality, "nut", ["memory:a"], TODAY)
    assert (asked.kind, asked.who, dict(asked.details)) == (
        RequestKind.PREVIEW_DEFECTS, "petra", {"images": ["memory:a"]},
    )  # fmt: skip
    with pytest.raises(AccessDenied):
        ask_preview(ledger, Person("omar", frozenset({Role.OPERATOR})), "nut", ["memory:a"], TODAY)
    assert ledger.requests("nut", 5) == [asked]

"""Who may change a model's limits, and that nobody does without a reason."""

import pytest

from core.access import Person, Role
from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import AccessDenied, ReasonMissing
from core.limits import set_limits
from core.verdict import Threshold
from tests.contracts.ledgers import BAND, TODAY, bundle

LIMITS = Threshold(1.0, 2.0)
QUALITY = Person("petra", frozenset({Role.QUALITY}))


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.promote(ledger.register("nut", bundle(), BAND, TODAY, "test").id, TODAY, "test", "test")
    return ledger


def test_quality_sets_limits_with_a_reason(ledger: MemoryLedger) -> None:
    """They hold at once."""
    set_limits(QUALITY, 1, LIMITS, " fewer rejects ", TODAY, ledger)
    assert ledger.active()["nut"].threshold == LIMITS


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ENGINEER])
def test_nobody_else_does(ledger: MemoryLedger, role: Role) -> None:
    """And nothing has changed then."""
    with pytest.raises(AccessDenied, match="needs the role quality"):
        set_limits(Person("omar", frozenset({role})), 1, LIMITS, "why not", TODAY, ledger)
    assert ledger.active()["nut"].threshold == BAND


def test_without_a_reason_nothing_changes(ledger: MemoryLedger) -> None:
    """Space is none."""
    with pytest.raises(ReasonMissing):
        set_limits(QUALITY, 1, LIMITS, "  ", TODAY, ledger)
    assert ledger.active()["nut"].threshold == BAND

"""What a night could learn from: the same answer from the twin and from Postgres."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.inspection import Batch, Evidence, KeptGood
from core.ports import InspectionLedger, LearningSource
from core.verdict import Decision
from tests.contracts.ledgers import TODAY, frame, fresh_postgres_ledger, inspected


class Ledger(InspectionLedger, LearningSource, Protocol):
    """What this test asks for."""


@pytest.fixture(params=["twin", "postgres"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return MemoryLedger() if request.param == "twin" else fresh_postgres_ledger(date(2026, 11, 24), 2, 2)


def test_good_parts_are_counted_from_a_moment_on_and_the_kept_ones_apart(ledger: Ledger) -> None:
    kept = replace(inspected(frame(0)), evidence=Evidence("memory:frame", ""))
    others = [
        inspected(frame(1)),
        inspected(frame(2), Decision.NG),
        inspected(frame(3, captured_at=TODAY - timedelta(hours=1))),
    ]
    ledger.record(Batch((kept, *others), ()))
    assert ledger.kept_good("ballscrew", TODAY) == KeptGood(kept=1, judged_ok=2)
    assert ledger.kept_good("cookie", TODAY) == KeptGood(kept=0, judged_ok=0)

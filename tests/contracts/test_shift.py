"""What every ledger promises about a shift's start: one body for the twin and for Postgres."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.access import Person, Role
from core.adapters.ledger import PostgresLedger
from core.adapters.schema import audit
from core.errors import AccessDenied, ReasonMissing, UnknownAlarm, UnknownPart
from core.review import PartKey
from core.shift import MasterPart, Seen, still_to_run
from core.shift_service import acknowledge, add_master, begin_check, record_step, retire_master
from core.verdict import Decision
from tests.contracts.ledgers import TODAY, Ledger, frame

ADA = Person("ada", frozenset({Role.OPERATOR}))
QUINN = Person("quinn", frozenset({Role.QUALITY}))
BAD = MasterPart(0, "nut", "cracked nut 3", True)
GOOD = MasterPart(0, "nut", "good nut 1", False, "M-1")


def seen(decision: Decision, number: int = 0) -> Seen:
    score = None if decision is Decision.ERROR else 0.5
    return Seen(PartKey(TODAY, frame(number).id), decision, score)


def test_a_check_keeps_every_step_in_order(ledger: Ledger) -> None:
    """The newest check of a camera and product is the one that counts."""
    bad, good = (add_master(ledger, QUINN, master, TODAY) for master in (BAD, GOOD))
    assert ledger.masters("nut") == [bad, good]
    assert ledger.masters("bolt") == []
    assert ledger.last_check("nut", "line1-top") is None
    begin_check(ledger, ADA, "nut", "line1-top", TODAY)
    check = begin_check(ledger, ADA, "nut", "line1-top", TODAY + timedelta(hours=8))
    begin_check(ledger, ADA, "nut", "line1-side", TODAY + timedelta(hours=9))
    steps = [
        record_step(ledger, ADA, check, bad, seen(Decision.NG, 1), TODAY),
        record_step(ledger, ADA, check, good, seen(Decision.ERROR, 2), TODAY),
    ]
    assert [step.passed for step in steps] == [True, False]
    found = ledger.last_check("nut", "line1-top")
    assert found
    assert (found.id, found.steps) == (check.id, tuple(steps))
    assert still_to_run(found, ledger.masters("nut")) == [good]


@pytest.mark.parametrize(
    ("master", "decision", "passed", "alarms"),
    [
        (BAD, Decision.NG, True, 0),
        (BAD, Decision.OK, False, 1),
        (BAD, Decision.REVIEW, False, 1),
        (BAD, Decision.ERROR, False, 0),
        (GOOD, Decision.OK, True, 0),
        (GOOD, Decision.NG, False, 0),
    ],
)
def test_only_a_bad_part_that_was_not_rejected_raises_an_alarm(
    ledger: Ledger, master: MasterPart, decision: Decision, passed: bool, alarms: int
) -> None:
    """An ERROR rejects too, but proves nothing."""
    known = add_master(ledger, QUINN, master, TODAY)
    check = begin_check(ledger, ADA, "nut", "line1-top", TODAY)
    assert record_step(ledger, ADA, check, known, seen(decision), TODAY).passed is passed
    assert len(ledger.open_alarms()) == alarms


def test_an_alarm_stays_until_somebody_says_why_it_may_go(ledger: Ledger) -> None:
    """Once, and never without a reason."""
    bad = add_master(ledger, QUINN, BAD, TODAY)
    check = begin_check(ledger, ADA, "nut", "line1-top", TODAY)
    for _ in range(2):
        record_step(ledger, ADA, check, bad, seen(Decision.OK), TODAY)
    first, second = ledger.open_alarms()
    assert (first.camera, first.product, first.raised_at) == ("line1-top", "nut", TODAY)
    assert "cracked nut 3" in first.what
    with pytest.raises(ReasonMissing):
        acknowledge(ledger, ADA, first.id, TODAY, "  ")
    acknowledge(ledger, ADA, first.id, TODAY, "lamp replaced")
    assert ledger.open_alarms() == [second]
    for number in (first.id, second.id + 100):
        with pytest.raises(UnknownAlarm):
            acknowledge(ledger, ADA, number, TODAY, "again")


def test_a_retired_master_part_is_asked_for_no_more(ledger: Ledger) -> None:
    """With a reason, for it outlives the shift."""
    bad = add_master(ledger, QUINN, BAD, TODAY)
    retire_master(ledger, QUINN, bad.id, TODAY, "lost")
    assert ledger.masters("nut") == []
    with pytest.raises(UnknownPart):
        retire_master(ledger, QUINN, bad.id + 100, TODAY, "never was")


def test_operators_check_and_quality_answers_for_the_master_parts(ledger: Ledger) -> None:
    """Neither does the other's work."""
    nobody = Person("eve", frozenset())
    with pytest.raises(AccessDenied):
        add_master(ledger, ADA, BAD, TODAY)
    bad = add_master(ledger, QUINN, BAD, TODAY)
    with pytest.raises(AccessDenied):
        begin_check(ledger, nobody, "nut", "line1-top", TODAY)
    check = begin_check(ledger, ADA, "nut", "line1-top", TODAY)
    with pytest.raises(AccessDenied):
        record_step(ledger, nobody, check, bad, seen(Decision.OK), TODAY)
    assert ledger.open_alarms() == []


@pytest.mark.server
def test_the_audit_keeps_a_check_and_its_alarm(postgres_ledger: PostgresLedger) -> None:
    """Who, what and why."""
    bad = add_master(postgres_ledger, QUINN, BAD, TODAY)
    check = begin_check(postgres_ledger, ADA, "nut", "line1-top", TODAY)
    record_step(postgres_ledger, ADA, check, bad, seen(Decision.OK), TODAY)
    acknowledge(postgres_ledger, ADA, postgres_ledger.open_alarms()[0].id, TODAY, "lamp replaced")
    with postgres_ledger.engine.connect() as connection:
        rows = connection.execute(select(audit.c.who, audit.c.why).order_by(audit.c.id)).all()
    assert rows == [("quinn", "added"), ("ada", "begun"), ("ada", "cracked nut 3"), ("ada", "lamp replaced")]

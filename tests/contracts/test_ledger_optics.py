"""What every ledger promises about baselines of optics: one body for the twin and for Postgres."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from core.adapters.ledger import PostgresLedger
from core.adapters.schema import audit
from core.inspection import Evidence
from core.verdict import Decision
from tests.contracts.ledgers import TODAY, Ledger, batch, frame, inspected
from tests.core.test_optics import CHECK


def test_the_newest_baseline_of_a_camera_and_product_counts(ledger: Ledger) -> None:
    """Other cameras and products have their own."""
    assert ledger.optics() == {}
    wider = CHECK.with_limit("exposure", None, 2.0)
    ledger.save_optics("line1-top", "nut", CHECK, TODAY, "ada", "first")
    ledger.save_optics("line1-top", "bolt", CHECK, TODAY, "ada", "first")
    ledger.save_optics("line1-top", "nut", replace(wider, reference=b"new"), TODAY, "ada", "new lamp")
    assert ledger.optics() == {
        ("line1-top", "nut"): replace(wider, reference=b"new"),
        ("line1-top", "bolt"): CHECK,
    }


def test_a_camera_that_is_not_to_be_checked_has_no_baseline(ledger: Ledger) -> None:
    """Until another one is learned."""
    ledger.save_optics("line1-top", "nut", CHECK, TODAY, "ada", "first")
    ledger.save_optics("line1-top", "nut", None, TODAY, "ada", "new lens")
    assert ledger.optics() == {}
    ledger.save_optics("line1-top", "nut", CHECK, TODAY, "ada", "again")
    assert ledger.optics() == {("line1-top", "nut"): CHECK}


def test_the_good_frames_are_the_newest_kept_ones_judged_ok(ledger: Ledger) -> None:
    """Of this camera and product only."""

    def kept(number: int, decision: Decision = Decision.OK, uri: str = "memory:{}", camera: str = "line1-top"):  # type: ignore[no-untyped-def]
        header = frame(number, camera=camera, captured_at=TODAY + timedelta(seconds=number))
        return replace(inspected(header, decision), evidence=Evidence(uri.format(number), ""))

    results = [kept(0), kept(1), kept(2, Decision.NG), kept(3, uri=""), kept(4, camera="line1-side"), kept(5)]
    ledger.record(batch(*results))
    assert ledger.good_frames("line1-top", "ballscrew", 9) == ["memory:5", "memory:1", "memory:0"]
    assert ledger.good_frames("line1-top", "ballscrew", 2) == ["memory:5", "memory:1"]
    assert ledger.good_frames("line1-top", "nut", 9) == []


def test_a_change_of_limits_is_audited(postgres_ledger: PostgresLedger) -> None:
    """Both states, who and why."""
    postgres_ledger.save_optics("line1-top", "nut", CHECK, TODAY, "ada", "first")
    wider = CHECK.with_limit("exposure", None, 2.0)
    postgres_ledger.save_optics("line1-top", "nut", wider, TODAY, "bob", "too many refused")
    with postgres_ledger.engine.connect() as connection:
        first, second = connection.execute(select(audit).order_by(audit.c.id)).mappings()
    assert (first["old"], first["what"]) == (None, "optics line1-top nut")
    assert (second["who"], second["why"]) == ("bob", "too many refused")
    assert (second["old"]["exposure"]["high"], second["new"]["exposure"]["high"]) == (1.1, 2.0)

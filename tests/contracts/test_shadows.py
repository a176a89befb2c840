"""Shadows: counts add up, disagreements are kept, one closes a run."""

from datetime import timedelta

import pytest

from core.review import PartKey
from core.shadow import Disagreement, Seen, Shadow, ShadowKind
from core.verdict import Threshold
from tests.contracts.ledgers import TODAY, Ledger, bundle, frame

pytestmark = pytest.mark.server

LATER = TODAY + timedelta(hours=1)


def begin(ledger: Ledger, product: str = "disc", name: str = "a") -> Shadow:
    version = ledger.register(product, bundle(name), Threshold(1, 2), TODAY, "ada")
    return ledger.begin_shadow(Shadow(0, product, ShadowKind.CANDIDATE, version.id, 7, TODAY, LATER, 100))


def disagreement(shadow: Shadow, sequence: int, score: float = 2.5) -> Disagreement:
    header = frame(sequence, captured_at=TODAY + timedelta(seconds=sequence))
    return Disagreement(shadow.id, PartKey(header.captured_at, header.id), "OK", 0.5, "NG", score, "memory:x")


def test_an_open_shadow_is_known_with_its_model_and_newest_threshold(ledger: Ledger) -> None:
    """That is what a worker loads and judges by."""
    shadow = begin(ledger)
    ledger.set_threshold(shadow.model_version_id, Threshold(1, 3), LATER, "ada", "wider")
    (found,) = ledger.open_shadows()
    assert (found.shadow, found.model.id, found.threshold) == (shadow, shadow.model_version_id, Threshold(1, 3))


def test_what_batches_saw_adds_up_and_a_part_seen_twice_is_one_disagreement(ledger: Ledger) -> None:
    """Oldest first."""
    shadow = begin(ledger)
    ledger.note_seen([Seen(shadow.id, 16, 2, 1)], [disagreement(shadow, 5), disagreement(shadow, 3)])
    ledger.note_seen([Seen(shadow.id, 4, 0, 1)], [disagreement(shadow, 5, score=9.0)])
    (found,) = ledger.open_shadows()
    assert (found.shadow.seen, found.shadow.active_rejected, found.shadow.shadow_rejected) == (20, 2, 2)
    assert ledger.disagreements(shadow.id, 10) == [disagreement(shadow, 3), disagreement(shadow, 5)]
    assert ledger.disagreements(shadow.id, 1) == [disagreement(shadow, 3)]


def test_one_of_many_closes_a_shadow(ledger: Ledger) -> None:
    """So one promotes."""
    shadow = begin(ledger)
    assert [ledger.end_shadow(shadow.id, LATER) for _ in range(3)] == [True, False, False]
    assert ledger.open_shadows() == []


def test_a_product_has_one_shadow_at_a_time(ledger: Ledger) -> None:
    """A new one ends the old; another product's goes on."""
    other, first = begin(ledger, "plate"), begin(ledger)
    second = begin(ledger, name="b")
    assert [one.shadow for one in ledger.open_shadows()] == [second, other]
    assert not ledger.end_shadow(first.id, LATER)


def test_the_shadow_of_a_run_is_known_when_it_is_over(ledger: Ledger) -> None:
    """Its candidate's newest, not what watched it later."""
    first = begin(ledger)
    second = begin(ledger, name="b")
    ledger.note_seen([Seen(second.id, 20, 2, 1)], [])
    watch = Shadow(0, "disc", ShadowKind.EARLIER, first.model_version_id, 7, LATER, LATER, 100)
    ledger.begin_shadow(watch)
    found = ledger.shadow_of(7)
    assert found is not None
    assert (found.id, found.shadow_share) == (second.id, 0.05)
    assert ledger.shadow_of(8) is None

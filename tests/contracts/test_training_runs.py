"""TrainingRuns, Snapshots and PromotionHistory: what a night did, what it learned from, who judged when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.adapters.ledger import PostgresLedger
from core.errors import UnknownModel
from core.frame import sha256_of
from core.retraining import LearnedPart, Origin, Promotion, RunState, RunStep, TrainingRun, Use
from core.verdict import Threshold
from tests.contracts.ledgers import TODAY, Ledger, bundle

pytestmark = pytest.mark.server

NIGHT = "2026-11-24"
LATER = TODAY + timedelta(hours=1)


def begin(ledger: Ledger, product: str = "disc", slot: str = NIGHT) -> TrainingRun:
    return ledger.begin_run(product, slot, TODAY, "station", "nightly")


def part(name: str, use: Use = Use.TRAIN) -> LearnedPart:
    sha256 = sha256_of(name.encode())
    return LearnedPart(sha256, f"memory:{name}", TODAY, "lot 7", "line1-top", Origin.ACCEPTED, use)


def test_a_run_is_kept_as_it_was_saved(ledger: Ledger) -> None:
    """Every field of it."""
    run = begin(ledger)
    kept = ledger.keep_snapshot("disc", [part("a")], TODAY)
    saved = replace(
        run,
        state=RunState.REFUSED,
        ended_at=LATER,
        incumbent_id=1,
        candidate_id=2,
        snapshot_id=kept.id,
        reasons=("150 newly accepted parts",),
        doubts=("drift",),
        before={"image_auroc": 0.99},
        after={"image_auroc": 0.91},
        verdict=("would miss 2 of 31",),
        passes=4.5,
        outcome="refused",
    )
    ledger.save_run(saved)
    assert ledger.training_runs("disc", 10) == [saved]


def test_a_run_that_was_begun_again_is_not_written_by_who_began_it_first(ledger: Ledger) -> None:
    """That one has lost its lock and does not know it."""
    first = begin(ledger)
    again = ledger.begin_run("disc", NIGHT, LATER, "other", "nightly")
    assert again.id == first.id
    assert not ledger.save_run(replace(first, state=RunState.PROMOTED))
    assert ledger.save_run(replace(again, state=RunState.REFUSED))
    assert ledger.training_runs("disc", 1) == [replace(again, state=RunState.REFUSED)]


def test_what_was_cancelled_stays_so_until_it_is_begun_again(ledger: Ledger) -> None:
    """Whoever still works on the run holds a copy that knows nothing of it."""
    run = begin(ledger)
    cancelled = replace(run, state=RunState.CANCELLED, outcome="cancelled by ada")
    assert ledger.save_run(cancelled)
    assert not ledger.save_run(replace(run, state=RunState.PROMOTED))
    assert ledger.training_runs("disc", 10) == [cancelled]
    begin(ledger)
    assert ledger.save_run(replace(run, state=RunState.SKIPPED))


def test_a_run_is_written_only_in_the_place_of_the_state_that_was_asked_for(ledger: Ledger) -> None:
    """Of two who end it the later one finds it ended."""
    run = begin(ledger)
    assert ledger.save_run(replace(run, state=RunState.SHADOWING))
    assert ledger.save_run(replace(run, state=RunState.PROMOTED), instead_of=RunState.SHADOWING)
    assert not ledger.save_run(replace(run, state=RunState.AWAITING), instead_of=RunState.SHADOWING)
    assert ledger.training_runs("disc", 10)[0].state is RunState.PROMOTED


def test_a_slot_begun_again_is_the_same_run(ledger: Ledger) -> None:
    """What the killed station had written is replaced, its log stays."""
    run = begin(ledger)
    ledger.save_run(replace(run, reasons=("stale",)))
    ledger.note_step(run.id, TODAY, "began")
    again = ledger.begin_run("disc", NIGHT, LATER, "other", "nightly")
    assert again == TrainingRun(run.id, "disc", NIGHT, "other", "nightly", LATER)
    assert ledger.training_runs("disc", 10) == [again]
    assert ledger.steps(run.id) == [RunStep(TODAY, "began")]


def test_runs_come_newest_first_and_by_product(ledger: Ledger) -> None:
    """As many as asked for."""
    begin(ledger, "plate")
    runs = [begin(ledger, slot=slot) for slot in ("1", "2", "3")]
    assert ledger.training_runs("disc", 2) == [runs[2], runs[1]]


def test_a_runs_log_is_in_the_order_in_which_it_was_noted(ledger: Ledger) -> None:
    """And no other run's."""
    one, other = begin(ledger), begin(ledger, "plate")
    for number in range(3):
        ledger.note_step(one.id, TODAY, f"step {number}")
    ledger.note_step(other.id, TODAY, "else")
    assert [step.text for step in ledger.steps(one.id)] == ["step 0", "step 1", "step 2"]


def test_the_same_pictures_are_the_same_snapshot(ledger: Ledger) -> None:
    """In whatever order they come; another use of one makes another."""
    one = ledger.keep_snapshot("disc", [part("a"), part("b")], TODAY)
    assert ledger.keep_snapshot("disc", [part("b"), part("a")], LATER) == one
    other = ledger.keep_snapshot("disc", [part("a"), part("b", Use.CALIBRATE)], LATER)
    assert ledger.snapshots("disc") == [one, other]
    assert {each.sha256 for each in one.of_use(Use.TRAIN)} == {part("a").sha256, part("b").sha256}


def test_a_snapshot_cannot_be_changed(postgres_ledger: PostgresLedger) -> None:
    """Not even with a statement of one's own."""
    postgres_ledger.keep_snapshot("disc", [part("a")], TODAY)
    for statement in ("update data_snapshot set product = 'plate'", "delete from data_snapshot"):
        with pytest.raises(DBAPIError, match="never changed"), postgres_ledger.engine.begin() as connection:
            connection.execute(text(statement))


def test_who_judged_when_is_known_newest_first(ledger: Ledger) -> None:
    """Also a model that was promoted twice."""
    first, second = (ledger.register("disc", bundle(name), Threshold(1, 2), TODAY, "ada") for name in "ab")
    for version in (first, second, first):
        ledger.promote(version.id, LATER, "bob", "better")
    assert [each.model_version_id for each in ledger.promotions("disc", 10)] == [first.id, second.id, first.id]
    assert ledger.promotions("disc", 1) == [Promotion(first.id, LATER, "bob", "better")]


def test_a_version_is_known_with_its_newest_threshold(ledger: Ledger) -> None:
    """Whoever is active; a number nobody drew is refused."""
    version = ledger.register("disc", bundle(), Threshold(1, 2), TODAY, "ada")
    ledger.set_threshold(version.id, Threshold(1, 3), LATER, "ada", "wider")
    assert ledger.model_version(version.id) == (version, Threshold(1, 3))
    with pytest.raises(UnknownModel):
        ledger.model_version(version.id + 1)

"""Parts that came by themselves: whose teaching they taint, and what a rollback makes of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.frame import sha256_of
from core.product import BundleRef, Product, Recipe
from core.retraining import LearnedPart, Origin, Promotion, RunState, Snapshot, TrainingRun, Use
from core.verdict import Threshold
from retrain.automatic import anchor_of
from retrain.gathering import gathered

NIGHT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
FIRST = Promotion(1, NIGHT, "ada", "first")
SECOND = Promotion(3, NIGHT + timedelta(days=2), "station", "run 2")


def part(name: str, origin: Origin) -> LearnedPart:
    return LearnedPart(sha256_of(name.encode()), f"memory:{name}", NIGHT, "lot 7", "top", origin, Use.TRAIN)


def snapshot(number: int, *parts: LearnedPart) -> Snapshot:
    return Snapshot(number, "disc", NIGHT, str(number) * 64, parts)


def run(number: int, state: RunState, candidate_id: int) -> TrainingRun:
    """From model 1, with the snapshot of its number."""
    made = TrainingRun(number, "disc", f"night {number}", "station", "nightly", NIGHT, state)
    return replace(made, incumbent_id=1, candidate_id=candidate_id, snapshot_id=number)


@pytest.mark.parametrize(("origin", "anchor"), [(Origin.REPLAY, 1), (Origin.AUTOMATIC, 1), (Origin.ACCEPTED, 3)])
def test_the_anchor_does_not_move_to_a_model_that_learned_a_part_which_once_came_by_itself(
    origin: Origin, anchor: int
) -> None:
    """It is replayed from a run that nobody promoted; once a person accepts it, it is like any other."""
    snapshots = [snapshot(1, part("a", Origin.AUTOMATIC)), snapshot(2, part("a", origin))]
    runs = [run(1, RunState.AWAITING, 2), run(2, RunState.PROMOTED, 3)]
    assert anchor_of([SECOND, FIRST], runs, snapshots) == anchor


@pytest.fixture
def ledger() -> MemoryLedger:
    """Model 1 judges; a run that was rolled back had learned part a, which came by itself, and part b."""
    made = MemoryLedger()
    made.save_product(Product("disc", Recipe()), NIGHT, "ada", "test")
    made.register("disc", BundleRef("memory:a/bundle.json", "a" * 64), Threshold(1, 2), NIGHT, "ada")
    made.promote(1, NIGHT, "ada", "first")
    learn(made, RunState.ROLLED_BACK, part("a", Origin.AUTOMATIC), part("b", Origin.ACCEPTED))
    return made


def learn(ledger: MemoryLedger, state: RunState, *parts: LearnedPart) -> None:
    kept = ledger.keep_snapshot("disc", parts, NIGHT)
    begun = ledger.begin_run("disc", f"night {kept.id}", NIGHT, "station", "nightly")
    ledger.save_run(replace(begun, state=state, snapshot_id=kept.id))


def learned(ledger: MemoryLedger) -> list[str]:
    return sorted(one.frame_uri for one in gathered(ledger.active()["disc"], ledger, NIGHT).learned)


def test_what_came_by_itself_into_a_model_that_was_rolled_back_is_learned_no_more(ledger: MemoryLedger) -> None:
    """What people accepted for it stays learned."""
    assert learned(ledger) == ["memory:b"]


def test_a_person_who_accepts_such_a_part_lets_it_be_learned(ledger: MemoryLedger) -> None:
    """From the night that takes it up it is replayed like any other."""
    learn(ledger, RunState.PROMOTED, part("a", Origin.ACCEPTED), part("c", Origin.ACCEPTED))
    assert learned(ledger) == ["memory:a", "memory:b", "memory:c"]

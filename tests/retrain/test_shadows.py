"""What shadow runs lead to."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.product import BundleRef, Product, Recipe
from core.retraining import RunState
from core.review import Judgement, PartKey
from core.shadow import Disagreement, Seen, ShadowKind
from core.verdict import Threshold
from retrain.shadows import make_room, opened, settle
from retrain.station_verbs import promote_version, roll_back
from retrain.watching import Alarm, Rollback, judged_after_promotion
from tests.retrain.nights import NightLine, good_part, spoiled

NIGHT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
SOON, TOMORROW = NIGHT + timedelta(hours=1), NIGHT + timedelta(hours=25)
RECIPE = Recipe(shadow_parts=100, shadow_hours=24)


@dataclass(kw_only=True)
class Meanwhile(MemoryLedger):
    """Where `is_quick`, somebody rolls back between the end of a watch and what it leads to."""

    is_quick: bool = False

    def end_shadow(self, shadow_id: int, at: datetime) -> bool:
        """And they."""
        is_ours = super().end_shadow(shadow_id, at)
        if self.is_quick:
            roll_back(self, "disc", at, "ada", "quicker")
        return is_ours


@pytest.fixture
def ledger() -> Meanwhile:
    """Model 1 judges, model 2 is the candidate of run 1 and scores beside it."""
    made = Meanwhile()
    made.save_product(Product("disc", RECIPE), NIGHT, "ada", "test")
    for name in "ab":
        made.register("disc", BundleRef(f"memory:{name}/bundle.json", name * 64), Threshold(1, 2), NIGHT, "ada")
    made.promote(1, NIGHT, "ada", "first")
    run = made.begin_run("disc", "2026-11-25", NIGHT, "one", "nightly")
    made.save_run(replace(run, state=RunState.SHADOWING, incumbent_id=1, candidate_id=2))
    made.begin_shadow(opened(run, 2, RECIPE, NIGHT))
    return made


def seen(ledger: MemoryLedger, parts: int, active: int, shadow: int) -> None:
    (one,) = ledger.open_shadows()
    ledger.note_seen([Seen(one.shadow.id, parts, active, shadow)], [])


def state(ledger: MemoryLedger) -> RunState:
    return ledger.training_runs("disc", 1)[0].state


def active(ledger: MemoryLedger) -> int:
    return ledger.active()["disc"].model.id


def test_a_candidate_is_promoted_once_it_has_seen_enough(ledger: MemoryLedger) -> None:
    """Not before; then the earlier model watches the new one, with what its shadow run predicts."""
    seen(ledger, 99, 5, 2)
    settle(ledger, SOON, "one")
    assert (state(ledger), active(ledger)) == (RunState.SHADOWING, 1)
    seen(ledger, 1, 0, 0)
    for who in ("one", "two"):
        settle(ledger, SOON, who)
    assert (state(ledger), active(ledger)) == (RunState.PROMOTED, 2)
    (watch,) = ledger.open_shadows()
    assert (watch.shadow.kind, watch.model.id, watch.shadow.expected) == (ShadowKind.EARLIER, 1, 0.02)
    assert len(ledger.promotions("disc", 10)) == 2


def test_a_candidate_that_would_reject_far_more_awaits_a_person(ledger: MemoryLedger) -> None:
    """With its numbers; so does one that it scored no part for."""
    seen(ledger, 100, 1, 20)
    settle(ledger, SOON, "one")
    found = ledger.training_runs("disc", 1)[0]
    assert (found.state, active(ledger)) == (RunState.AWAITING, 1)
    assert "20 of 100 parts, the active model 1" in found.outcome


def test_hours_end_a_shadow_run_as_well(ledger: MemoryLedger) -> None:
    """Without a single part nothing is known."""
    settle(ledger, TOMORROW, "one")
    assert state(ledger) is RunState.AWAITING
    assert "it scored no part" in ledger.training_runs("disc", 1)[0].outcome


def test_what_the_gate_left_to_a_person_stays_with_a_person(ledger: MemoryLedger) -> None:
    """However well the shadow run went."""
    run = ledger.training_runs("disc", 1)[0]
    ledger.save_run(replace(run, doubts=("4 confirmed defects prove little: with fewer than 10 a person promotes",)))
    seen(ledger, 100, 0, 0)
    settle(ledger, SOON, "one")
    assert (state(ledger), active(ledger)) == (RunState.AWAITING, 1)


def test_a_person_who_changed_the_model_meanwhile_is_not_overruled(ledger: MemoryLedger) -> None:
    """The candidate was held against a model that judges no longer: it awaits a person, with both numbers."""
    ledger.register("disc", BundleRef("memory:c/bundle.json", "c" * 64), Threshold(1, 2), NIGHT, "ada")
    ledger.promote(3, NIGHT, "ada", "better")
    seen(ledger, 100, 0, 0)
    settle(ledger, SOON, "one")
    assert (state(ledger), active(ledger)) == (RunState.AWAITING, 3)
    outcome = ledger.training_runs("disc", 1)[0].outcome
    assert "model 3 was promoted meanwhile, this was held against model 1" in outcome


def test_a_cancelled_run_ends_its_shadow(ledger: MemoryLedger) -> None:
    """And promotes nothing."""
    ledger.save_run(replace(ledger.training_runs("disc", 1)[0], state=RunState.CANCELLED))
    seen(ledger, 100, 0, 0)
    settle(ledger, SOON, "one")
    assert (ledger.open_shadows(), active(ledger)) == ([], 1)


def promoted(ledger: MemoryLedger) -> None:
    seen(ledger, 100, 2, 2)
    settle(ledger, SOON, "one")


def test_more_rejects_than_predicted_are_rolled_back_where_the_earlier_model_disagrees(ledger: MemoryLedger) -> None:
    """At once, not at the end of the watch."""
    promoted(ledger)
    seen(ledger, 40, 12, 1)
    settle(ledger, SOON, "one")
    assert (state(ledger), active(ledger)) == (RunState.ROLLED_BACK, 1)
    assert "12 of 40 parts are rejected, 2.0% were predicted" in ledger.training_runs("disc", 1)[0].outcome
    assert ledger.open_shadows() == []


def test_where_the_earlier_model_agrees_it_is_the_parts(ledger: MemoryLedger) -> None:
    """An alarm says so, and the model stays."""
    promoted(ledger)
    seen(ledger, 40, 12, 11)
    settle(ledger, SOON, "one")
    assert (state(ledger), active(ledger)) == (RunState.PROMOTED, 2)
    assert any("it is the parts, not the model" in step.text for step in ledger.steps(1))


def test_as_many_rejects_as_predicted_end_the_watch_quietly(ledger: MemoryLedger) -> None:
    """A few bad parts in a row are a day like any other."""
    promoted(ledger)
    (watch,) = ledger.open_shadows()
    few = replace(watch.shadow, seen=20, active_rejected=10, shadow_rejected=0)
    assert judged_after_promotion(few) is None
    assert isinstance(judged_after_promotion(replace(few, seen=60)), Rollback)
    assert isinstance(judged_after_promotion(replace(few, seen=60, shadow_rejected=9)), Alarm)
    seen(ledger, 100, 3, 1)
    settle(ledger, SOON, "one")
    assert (ledger.open_shadows(), active(ledger)) == ([], 2)


def test_a_run_whose_shadow_another_candidate_took_awaits_a_person(ledger: MemoryLedger) -> None:
    """It is not left in shadow for ever; nor is one whose station was killed after it had ended the shadow run."""
    other = ledger.begin_run("disc", "asked 1", NIGHT, "ada", "now")
    make_room("disc", ledger, NIGHT, "one")
    ledger.begin_shadow(opened(other, 2, RECIPE, NIGHT))
    settle(ledger, SOON, "one")
    first = ledger.all_runs[0]
    assert (first.state, first.outcome) == (
        RunState.AWAITING,
        "its shadow run was cut short: it awaits a person",
    )
    assert "another candidate begins its own" in ledger.steps(1)[0].text


def test_a_run_whose_station_was_killed_after_the_promotion_is_promoted(ledger: MemoryLedger) -> None:
    """Its candidate judges already."""
    (one,) = ledger.open_shadows()
    ledger.end_shadow(one.shadow.id, NIGHT)
    ledger.promote(2, NIGHT, "one", "run 1 passed gate and shadow run")
    settle(ledger, SOON, "two")
    assert (state(ledger), ledger.all_runs[0].outcome) == (RunState.PROMOTED, "model 2 is active")


def test_what_a_watch_has_seen_is_heard_before_another_candidate_takes_its_place(ledger: MemoryLedger) -> None:
    """A model that rejects far too much is rolled back first."""
    promoted(ledger)
    seen(ledger, 40, 12, 1)
    make_room("disc", ledger, SOON, "one")
    assert (state(ledger), active(ledger), ledger.open_shadows()) == (RunState.ROLLED_BACK, 1, [])


def test_fewer_rejects_than_predicted_leave_the_band_as_well(ledger: MemoryLedger) -> None:
    """A model that has gone blind rejects nothing: where the earlier one still does, it judges again."""
    seen(ledger, 100, 12, 10)
    settle(ledger, SOON, "one")
    seen(ledger, 90, 0, 11)
    settle(ledger, SOON, "one")
    assert (state(ledger), active(ledger)) == (RunState.ROLLED_BACK, 1)
    assert "0 of 90 parts are rejected, 10.0% were predicted" in ledger.training_runs("disc", 1)[0].outcome


def test_where_both_reject_fewer_it_is_the_parts(ledger: MemoryLedger) -> None:
    """A good day is an alarm at most."""
    seen(ledger, 100, 12, 10)
    settle(ledger, SOON, "one")
    (watch,) = ledger.open_shadows()
    assert isinstance(judged_after_promotion(replace(watch.shadow, seen=90, shadow_rejected=0)), Alarm)
    assert judged_after_promotion(replace(watch.shadow, seen=90, active_rejected=8, shadow_rejected=20)) is None


def test_a_candidate_that_missed_what_people_confirmed_during_its_shadow_run_is_refused(
    ledger: MemoryLedger, tmp_path: Path
) -> None:
    """The gate could not know those defects yet; one that quality has retired from the golden set counts no more."""
    line = NightLine(tmp_path, ledger)
    parts = [line.inspect(spoiled(seed), score=0.9) for seed in range(2)] + [line.inspect(good_part(3), score=0.9)]
    ledger.note_seen([Seen(1, 100, 3, 0)], [passed(part) for part in parts])
    line.say(parts[0], Judgement.DEFECT, "blot")
    line.say(parts[1], Judgement.DEFECT, "dent")
    line.say(parts[2], Judgement.GOOD)
    retired = next(part for part in ledger.golden("disc") if part.kind == "dent")
    ledger.retire_golden(retired.id, NIGHT, "ada", "no defect at all")
    settle(ledger, SOON, "one")
    found = ledger.training_runs("disc", 1)[0]
    assert (found.state, active(ledger)) == (RunState.REFUSED, 1)
    assert "it missed 1 confirmed defects that model 1 catches: blot" in found.verdict[0]


def passed(part: PartKey) -> Disagreement:
    """What the active model rejects, and the candidate calls good."""
    return Disagreement(1, part, "NG", 0.9, "OK", 0.1, "memory:x")


def test_a_promotion_whose_station_was_killed_right_behind_it_is_watched_all_the_same(ledger: MemoryLedger) -> None:
    """Begun by whoever finds it, and only once."""
    seen(ledger, 100, 2, 4)
    ledger.end_shadow(1, NIGHT)
    ledger.promote(2, NIGHT, "one", "run 1 passed gate and shadow run")
    for who in ("two", "three"):
        settle(ledger, SOON, who)
    (watch,) = ledger.open_shadows()
    assert (watch.shadow.kind, watch.model.id, watch.shadow.expected) == (ShadowKind.EARLIER, 1, 0.04)
    assert (state(ledger), len(ledger.all_shadows)) == (RunState.PROMOTED, 2)


def test_a_promotion_by_a_person_is_watched_like_any_other(ledger: MemoryLedger) -> None:
    """With what its shadow run predicted, whether that is over or was cut short."""
    seen(ledger, 50, 2, 1)
    promote_version(ledger, "disc", 2, SOON, "ada", "it is good")
    (watch,) = ledger.open_shadows()
    assert (watch.shadow.kind, watch.model.id, watch.shadow.expected) == (ShadowKind.EARLIER, 1, 0.02)
    seen(ledger, 40, 12, 1)
    settle(ledger, SOON, "one")
    assert (state(ledger), active(ledger)) == (RunState.ROLLED_BACK, 1)


def test_a_watch_that_saw_nothing_does_not_say_that_all_is_as_predicted(ledger: MemoryLedger) -> None:
    """Perhaps no worker can load the new model."""
    promoted(ledger)
    settle(ledger, SOON + timedelta(hours=25), "one")
    assert ledger.open_shadows() == []
    assert ledger.steps(1)[-1].text.startswith("alarm: no part by model 2 was seen after its promotion")


def test_a_person_who_rolls_back_first_is_not_undone_by_the_watch(ledger: Meanwhile) -> None:
    """The bad model does not come back."""
    promoted(ledger)
    seen(ledger, 40, 12, 1)
    ledger.is_quick = True
    settle(ledger, SOON, "one")
    assert active(ledger) == 1

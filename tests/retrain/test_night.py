"""A night from its reasons to its outcome."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import BusUnavailable, LedgerUnavailable, NightFailed, NightInterrupted
from core.product import BundleRef, Recipe
from core.retraining import Origin, RunState, TrainingRun, Use
from core.review import Judgement, Opinion
from core.verdict import Threshold
from retrain.night import run_night
from retrain.station_verbs import cancel
from retrain.workshop.jobs import FirstJob, Job, MeasureJob, TrainJob
from retrain.workshop_door import Watch, WorkshopFailed, WorkshopStopped
from tests.retrain import small_workshop
from tests.retrain.nights import NightLine, encoded, good_part, order, spoiled

BUDGET = 1 / 20
RECIPE = Recipe(retrain_fewest_new=20, false_reject_budget=BUDGET, review_budget=BUDGET, shadow_parts=0)
GOOD, MORE_GOOD, DEFECTS = range(60), range(1000, 1060), range(2000, 2012)


def run(line: NightLine, slot: str = "2026-11-25", is_asked: bool = False, **changes: Any) -> TrainingRun:
    parts = {"work": small_workshop.work, "read_bundle": small_workshop.read_bundle} | changes
    return run_night(order(slot, is_asked), line.shop(**parts))


@pytest.fixture
def line(tmp_path: Path) -> NightLine:
    """With a first model of sixty good parts, and twelve confirmed defects that it catches."""
    made = NightLine(tmp_path)
    made.save(RECIPE)
    files = [tmp_path / f"{seed}.png" for seed in GOOD]
    for seed, file in zip(GOOD, files, strict=True):
        file.write_bytes(encoded(good_part(seed)))
    bundle = tmp_path / "first"
    small_workshop.teach(bundle, [str(file) for file in files[:40]], [str(file) for file in files[40:]], BUDGET)
    made.promote(bundle, small_workshop.read_bundle)
    made.confirm([spoiled(seed) for seed in DEFECTS])
    return made


def said(line: NightLine, run: TrainingRun) -> str:
    return "\n".join(step.text for step in line.ledger.steps(run.id))


def test_a_good_night_is_promoted_by_itself(line: NightLine) -> None:
    """With its own threshold; the row tells reasons, pictures, figures before and after, and the outcome."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    found = run(line)
    assert (found.state, found.outcome) == (RunState.PROMOTED, "model 2 is active")
    assert line.ledger.active()["disc"].model.id == found.candidate_id == 2
    assert found.reasons[0].endswith("newly accepted parts since model 1: 20 are enough")
    assert found.before is not None
    assert found.after is not None
    assert found.after["confirmed defects"] == 12
    assert found.after["confirmed defects missed"] <= found.before["confirmed defects missed"]
    (snapshot,) = line.ledger.snapshots("disc")
    assert found.snapshot_id == snapshot.id
    assert {part.origin for part in snapshot.parts} == {Origin.ACCEPTED}


def test_nothing_golden_is_learned(line: NightLine) -> None:
    """Not a confirmed defect, though somebody accepted the same picture before; and nothing twice."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    line.accept([spoiled(seed) for seed in DEFECTS])
    run(line)
    learned = {part.sha256 for snapshot in line.ledger.snapshots("disc") for part in snapshot.parts}
    golden = {part.sha256 for part in line.ledger.golden("disc")}
    assert golden
    assert not learned & golden


def test_a_night_of_mislabelled_parts_is_refused_with_numbers(line: NightLine) -> None:
    """One accepted part in five is really defective: the candidate would let confirmed defects through."""
    line.accept([good_part(seed) if seed % 5 else spoiled(seed) for seed in MORE_GOOD])
    found = run(line)
    assert found.state is RunState.REFUSED
    assert "confirmed defects that model 1 catches: parts blot" in found.verdict[0]
    assert line.ledger.active()["disc"].model.id == 1
    assert found.candidate_id is None


def test_what_was_refused_once_is_not_tried_again_unchanged(line: NightLine) -> None:
    """The next night says so and saves its hours."""
    line.accept([good_part(seed) if seed % 5 else spoiled(seed) for seed in MORE_GOOD])
    run(line)
    again = run(line, "2026-11-26")
    assert (again.state, "was refused on 2026-11-25" in again.outcome) == (RunState.SKIPPED, True)


def test_what_was_refused_is_tried_again_once_quality_has_retired_a_golden_part(line: NightLine) -> None:
    """And at once where a person asks for it: who asks knows what has changed."""
    line.accept([good_part(seed) if seed % 5 else spoiled(seed) for seed in MORE_GOOD])
    run(line)
    assert run(line, "asked 1", is_asked=True).state is RunState.REFUSED
    retired = line.ledger.golden("disc")[0]
    line.ledger.retire_golden(retired.id, line.now, "ada", "no defect at all")
    assert run(line, "2026-11-26").state is RunState.REFUSED
    assert run(line, "2026-11-27").state is RunState.SKIPPED


@pytest.mark.parametrize("judgement", [Judgement.WITHDRAWN, Judgement.UNSURE])
def test_what_people_accept_no_longer_is_not_replayed(line: NightLine, judgement: Judgement) -> None:
    """Though a model has learned it before."""
    parts = [line.inspect(good_part(seed)) for seed in MORE_GOOD]
    for part in parts:
        line.say(part, Judgement.GOOD)
    run(line)
    learned = {part.sha256: part for part in line.ledger.snapshots("disc")[0].parts}
    (doubted,) = [one for one in line.ledger.accepted("disc", 0) if one.sha256 in learned][:1]
    line.ledger.settle(doubted.part, Opinion(judgement), doubted.id, line.now, "ada")
    line.accept([good_part(seed) for seed in range(3000, 3060)])
    line.save(replace(RECIPE, replay_share=0.9))
    run(line, "2026-11-26")
    again = {part.sha256 for part in line.ledger.snapshots("disc")[1].parts}
    assert len(again & learned.keys()) > 30
    assert doubted.sha256 not in again


def test_regions_that_do_not_count_on_the_line_count_in_no_step_of_a_night(line: NightLine) -> None:
    """Neither for the candidate's limits nor for the gate."""
    corner = (((0.0, 0.0), (0.2, 0.0), (0.0, 0.2)),)
    line.save(replace(RECIPE, ignore=corner))
    line.accept([good_part(seed) for seed in MORE_GOOD])
    asked = []

    def noted(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        asked.append(job.lesson.ignore if isinstance(job, TrainJob | FirstJob) else job.ignore)
        return small_workshop.work(job, folder, watch)

    run(line, work=noted)
    assert asked == [corner, corner]


def test_a_quiet_night_says_why_it_did_nothing(line: NightLine) -> None:
    """Unless somebody asks for it."""
    line.accept([good_part(seed) for seed in MORE_GOOD[:15]])
    quiet = run(line)
    assert (quiet.state, quiet.outcome[:11]) == (RunState.SKIPPED, "not trained")
    assert "20 would be a reason" in quiet.doubts[0]
    assert run(line, "asked 1", is_asked=True).state is not RunState.SKIPPED


def test_with_a_shadow_run_the_candidate_first_scores_beside_the_active_model(line: NightLine) -> None:
    """The night is over, the run is not."""
    line.save(replace(RECIPE, shadow_parts=100))
    line.accept([good_part(seed) for seed in MORE_GOOD])
    found = run(line)
    (shadow,) = line.ledger.open_shadows()
    assert (found.state, shadow.model.id, shadow.shadow.run_id) == (RunState.SHADOWING, found.candidate_id, found.id)
    assert line.ledger.active()["disc"].model.id == 1


def test_a_model_that_somebody_promotes_during_the_night_stays(line: NightLine) -> None:
    """The candidate was held against the one before: it awaits a person."""
    line.accept([good_part(seed) for seed in MORE_GOOD])

    def meanwhile(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        if isinstance(job, MeasureJob):
            bundle = BundleRef("memory:other/bundle.json", "d" * 64)
            other = line.ledger.register("disc", bundle, Threshold(1, 2), line.now, "ada")
            line.ledger.promote(other.id, line.now, "ada", "better")
        return small_workshop.work(job, folder, watch)

    found = run(line, work=meanwhile)
    assert (found.state, line.ledger.active()["disc"].model.id) == (RunState.AWAITING, 2)
    assert "model 2 was promoted meanwhile, this was held against model 1" in found.outcome


def test_the_gate_knows_what_was_confirmed_while_the_candidate_was_trained(line: NightLine) -> None:
    """A training takes hours, and people go on reviewing."""
    line.accept([good_part(seed) for seed in MORE_GOOD])

    def meanwhile(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        if isinstance(job, TrainJob):
            line.confirm([spoiled(2500)])
        return small_workshop.work(job, folder, watch)

    found = run(line, work=meanwhile)
    assert found.after is not None
    assert found.after["confirmed defects"] == 13


def test_with_few_confirmed_defects_a_person_promotes(line: NightLine) -> None:
    """The candidate is registered and waits."""
    for golden in list(line.ledger.golden("disc"))[:5]:
        line.ledger.retire_golden(golden.id, line.now, "ada", "worn out")
    line.accept([good_part(seed) for seed in MORE_GOOD])
    found = run(line)
    assert (found.state, found.candidate_id) == (RunState.AWAITING, 2)
    assert "7 confirmed defects prove little" in found.outcome
    assert line.ledger.active()["disc"].model.id == 1


def test_the_next_night_replays_what_was_learned_and_counts_from_there(line: NightLine) -> None:
    """What calibrated once never trains."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    run(line)
    line.accept([good_part(seed) for seed in range(3000, 3060)])
    found = run(line, "2026-11-26")
    first, second = line.ledger.snapshots("disc")
    assert found.snapshot_id == second.id
    replayed = [part for part in second.parts if part.origin is Origin.REPLAY]
    assert replayed
    calibrated = {part.sha256 for part in first.of_use(Use.CALIBRATE)}
    assert not calibrated & {part.sha256 for part in second.of_use(Use.TRAIN)}


def failing(error: Exception) -> Callable[..., Any]:
    def work(job: object, folder: Path, watch: object) -> Any:
        if isinstance(job, TrainJob):
            raise error
        return None

    return work


def test_a_crash_leaves_the_line_untouched_and_its_reason_in_the_row(line: NightLine) -> None:
    """And fails the slot."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    with pytest.raises(NightFailed):
        run(line, work=failing(WorkshopFailed("killed by SIGKILL: it said nothing")))
    (found,) = line.ledger.training_runs("disc", 1)
    assert (found.state, "killed by SIGKILL" in found.outcome) == (RunState.FAILED, True)
    assert line.ledger.active()["disc"].model.id == 1


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("passes"), OverflowError("large")])
def test_what_nobody_foresaw_fails_the_run_as_well(line: NightLine, error: Exception) -> None:
    """With its name in the row, which would else be under way for ever."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    with pytest.raises(NightFailed):
        run(line, work=failing(error))
    (found,) = line.ledger.training_runs("disc", 1)
    assert (found.state, found.outcome) == (RunState.FAILED, f"{type(error).__name__}: {error}")


def test_a_cancelled_run_ends_with_who_cancelled_it(line: NightLine) -> None:
    """The watch finds it in the row."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    found = run(line, work=failing(WorkshopStopped("cancelled by ada: wrong lamp")))
    assert (found.state, found.outcome) == (RunState.CANCELLED, "cancelled by ada: wrong lamp")


def test_a_run_cancelled_where_no_training_looks_promotes_nothing(line: NightLine) -> None:
    """While both models are measured: the row stays as whoever cancelled it left it."""
    line.accept([good_part(seed) for seed in MORE_GOOD])

    def cancelled(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        found = small_workshop.work(job, folder, watch)
        if isinstance(job, MeasureJob):
            cancel(line.ledger, "disc", line.now, "ada", "wrong lamp")
        return found

    found = run(line, work=cancelled)
    (row,) = line.ledger.training_runs("disc", 1)
    assert (found.state, row.state, row.outcome) == (
        RunState.CANCELLED,
        RunState.CANCELLED,
        "cancelled by ada: wrong lamp",
    )
    assert line.ledger.active()["disc"].model.id == 1


def test_a_bus_that_is_away_for_a_moment_ends_no_training(line: NightLine) -> None:
    """How many frames wait is not known then: nothing is held."""
    line.accept([good_part(seed) for seed in MORE_GOOD])

    def away() -> int:
        raise BusUnavailable("test")

    def work(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        assert not watch.must_yield()
        return small_workshop.work(job, folder, watch)

    assert run(line, work=work, waiting=away, yield_above=1).state is RunState.PROMOTED


def away_after_training(line: NightLine, monkeypatch: pytest.MonkeyPatch, tries: float) -> Callable[..., Any]:
    """A workshop after which the ledger does not answer that often."""
    note_step, left = line.ledger.note_step, tries

    def away(*step: Any) -> None:
        nonlocal left
        if left > 0:
            left -= 1
            raise LedgerUnavailable("test")
        note_step(*step)

    def work(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        found = small_workshop.work(job, folder, watch)
        monkeypatch.setattr(line.ledger, "note_step", away)
        return found

    return work


def test_a_postgres_that_is_started_again_costs_no_night(line: NightLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an hour's training has found is written down once it answers."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    pauses: list[float] = []
    found = run(line, work=away_after_training(line, monkeypatch, 3), rest=pauses.append)
    assert found.state is RunState.PROMOTED
    assert pauses == [1, 2, 4]


def test_a_postgres_that_stays_away_leaves_the_night_to_be_begun_again(
    line: NightLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has not failed: nothing was found against it."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    with pytest.raises(NightInterrupted), monkeypatch.context() as patch:
        run(line, work=away_after_training(line, patch, float("inf")), rest=lambda _: None)
    assert line.ledger.training_runs("disc", 1)[0].state is RunState.RUNNING
    assert run(line).state is RunState.PROMOTED
    assert len(line.ledger.training_runs("disc", 10)) == 1


def test_a_station_that_is_told_to_stop_waits_for_no_postgres(line: NightLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the first pause."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    work, pauses = away_after_training(line, monkeypatch, float("inf")), []

    def stopped(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        line.is_stopped = True
        return work(job, folder, watch)

    with pytest.raises(NightInterrupted):
        run(line, work=stopped, rest=pauses.append)
    assert pauses == []


def test_a_stopped_station_leaves_its_night_to_be_begun_again(line: NightLine) -> None:
    """Under the same row."""
    line.accept([good_part(seed) for seed in MORE_GOOD])
    with pytest.raises(NightInterrupted):
        run(line, work=failing(NightInterrupted()))
    assert run(line).state is RunState.PROMOTED
    assert len(line.ledger.training_runs("disc", 10)) == 1


def test_a_run_that_another_station_has_begun_again_promotes_nothing(line: NightLine) -> None:
    """A Postgres that was started again took the lock of whoever ran it: row and outcome are the other's."""
    line.accept([good_part(seed) for seed in MORE_GOOD])

    def taken_over(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        found = small_workshop.work(job, folder, watch)
        if isinstance(job, MeasureJob):
            line.ledger.begin_run("disc", "2026-11-25", line.now + timedelta(minutes=5), "two", "nightly")
        return found

    with pytest.raises(NightInterrupted):
        run(line, work=taken_over)
    (row,) = line.ledger.training_runs("disc", 1)
    assert (row.who, row.state, row.incumbent_id) == ("two", RunState.RUNNING, None)
    assert line.ledger.active()["disc"].model.id == 1


def test_a_training_ends_once_another_station_has_begun_its_run_again(line: NightLine) -> None:
    """Whoever watches it is told at the next look."""
    line.accept([good_part(seed) for seed in MORE_GOOD])

    def taken_over(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        line.ledger.begin_run("disc", "2026-11-25", line.now + timedelta(minutes=5), "two", "nightly")
        watch.reason_to_stop()
        raise AssertionError("it goes on")

    with pytest.raises(NightInterrupted):
        run(line, work=taken_over)
    assert said(line, line.ledger.all_runs[0]).endswith("another station has begun this run again")


def test_hours_that_forbid_training_are_kept(line: NightLine) -> None:
    """In the recipe's time zone; the night is at 3:30 UTC."""
    line.save(Recipe(retrain_fewest_new=20, retrain_hours="22-3"))
    line.accept([good_part(seed) for seed in MORE_GOOD])
    assert "outside the hours 22-3" in run(line).outcome


def test_without_a_first_model_there_is_nothing_to_start_from(tmp_path: Path) -> None:
    """And the row says what to do."""
    empty = NightLine(tmp_path)
    empty.save(RECIPE)
    assert run(empty).outcome == "no model yet: nothing to start from; promote a first one"

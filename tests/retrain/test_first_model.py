"""A first model: asked for with good pictures, trained by the station, active at its end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from core.access import Person
from core.adapters.in_memory_ledger import MemoryLedger
from core.adapters.ledger import PostgresLedger
from core.adapters.schema import audit
from core.asking import ask_training
from core.errors import NightInterrupted
from core.product import Product, Recipe
from core.request import Request, RequestKind, RequestState
from core.retraining import RunState, TrainingRun, Use
from model.again.lessons import Beginning, FirstLesson
from model.bundle import read_letter
from model.recipe import FEWEST_IMAGES
from retrain.first_model import FEWEST_PICTURES, NOTHING_BEFORE, run_order
from retrain.night import run_night
from retrain.promotion import fetched_bundle
from retrain.shop import Shop
from retrain.station import Station
from retrain.workshop.jobs import FirstJob, Job
from retrain.workshop_door import Watch, WorkshopFailed
from tests.contracts.ledgers import fresh_postgres_ledger
from tests.retrain import small_workshop
from tests.retrain.nights import NIGHT, READ, NightLine, encoded, good_part, order, spoiled

ADA = Person.at_this_machine("ada")
BUDGET = 1 / 20
RECIPE = Recipe(
    retrain_fewest_new=20, false_reject_budget=BUDGET, review_budget=BUDGET, shadow_parts=0, input_height=64,
    input_width=64, smoothing=0.02, top_share=0.01, minimum_area=0.001,
)  # fmt: skip


class Effects(MemoryLedger):
    """A ledger that remembers in which order it was told things."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def begin_run(self, *facts: Any) -> TrainingRun:
        """Remembered."""
        self.told.append("run")
        return super().begin_run(*facts)

    def keep_snapshot(self, *facts: Any) -> Any:
        """Remembered."""
        self.told.append("snapshot")
        return super().keep_snapshot(*facts)

    def register(self, *facts: Any) -> Any:
        """Remembered."""
        self.told.append("register")
        return super().register(*facts)

    def promote(self, *facts: Any) -> None:
        """Remembered."""
        self.told.append("promote")
        super().promote(*facts)

    def answer(self, *facts: Any) -> None:
        """Remembered."""
        self.told.append("answer")
        super().answer(*facts)


@dataclass
class FirstLine:
    """A station on twins whose product has a recipe and no model; `work` is how its workshop works."""

    line: NightLine
    jobs: list[Job] = field(default_factory=list)
    work: Callable[[Job, Path, Watch], Mapping[str, Any]] = small_workshop.work

    @property
    def ledger(self) -> Effects:
        """With its memory of effects."""
        assert isinstance(self.line.ledger, Effects)
        return self.line.ledger

    def _work(self, job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        self.jobs.append(job)
        self.ledger.told.append("train")
        watch.tell(0.5, "learning")
        return self.work(job, folder, watch)

    def station(self, who: str = "one") -> Station:
        """One replica, which does everything at once."""
        shop = self.line.shop(work=self._work, read_bundle=small_workshop.read_bundle)
        return Station(self.ledger, lambda order: run_order(order, shop), lambda work: work(), shop.clock, who)

    def upload(self, seeds: Sequence[int]) -> list[str]:
        """As the page Products keeps good pictures."""
        return [self.line.artifacts.put(f"good/disc/{seed}.png", encoded(good_part(seed))) for seed in seeds]

    def ask(self, uris: Sequence[str]) -> Request:
        """As the page asks."""
        return ask_training(self.ledger, ADA, "disc", self.line.now, "new product", uris)

    def answered(self, uris: Sequence[str]) -> Request:
        """Asked, and done by the station."""
        asked = self.ask(uris)
        self.station().serve()
        return self.ledger.asked[asked.id]

    def run(self) -> TrainingRun:
        """The newest."""
        return self.ledger.training_runs("disc", 1)[0]


@pytest.fixture
def first(tmp_path: Path) -> FirstLine:
    made = FirstLine(NightLine(tmp_path, ledger=Effects()))
    made.line.save(RECIPE)
    return made


def test_good_pictures_become_the_model_that_judges(first: FirstLine) -> None:
    """In an order in which no crash leaves a model that judges and was not registered, or pictures nobody knows of."""
    answered = first.answered(first.upload(range(30)))
    assert first.ledger.told == ["run", "snapshot", "train", "register", "promote", "answer"]
    assert (answered.state, answered.answer) == (
        RequestState.DONE,
        f"run 1: model 1 is active; {NOTHING_BEFORE}",
    )
    active, run = first.ledger.active()["disc"], first.run()
    assert (run.state, run.who, run.candidate_id, run.incumbent_id) == (RunState.PROMOTED, "ada", active.model.id, None)
    assert first.ledger.promotions("disc", 1)[0].who == "ada"
    assert active.threshold == small_workshop.read_bundle(Path(_lesson(first).out)).threshold
    assert NOTHING_BEFORE in [step.text for step in first.ledger.steps(run.id)]
    assert first.ledger.trainings()[0].share == 1


def test_the_recipe_decides_what_is_trained(first: FirstLine) -> None:
    """Its size, its score and its budgets."""
    first.answered(first.upload(range(30)))
    lesson = _lesson(first)
    assert (lesson.input_height, lesson.smoothing, lesson.top_share, lesson.minimum_area) == (64, 0.02, 0.01, 0.001)
    assert (lesson.false_reject_budget, lesson.review_budget) == (BUDGET, BUDGET)


def test_nights_replay_what_the_first_model_learned(first: FirstLine) -> None:
    """Its pictures lie where no retention takes them away, and what calibrated never trains."""
    uris = first.upload(range(60))
    first.answered(uris)
    for uri in uris:
        first.line.artifacts.delete(uri)
    first.line.accept([good_part(seed) for seed in range(1000, 1060)])
    first.line.confirm([spoiled(seed) for seed in range(2000, 2012)])
    shop = first.line.shop(work=small_workshop.work, read_bundle=small_workshop.read_bundle)
    run_night(order(), shop)
    before, after = first.ledger.snapshots("disc")
    assert {part.sha256 for part in after.of_use(Use.TRAIN)} & {part.sha256 for part in before.of_use(Use.TRAIN)}
    calibrated = {part.sha256 for part in before.of_use(Use.CALIBRATE)}
    assert not calibrated & {part.sha256 for part in after.of_use(Use.TRAIN)}


def test_too_few_pictures_are_refused_with_the_number_that_is_needed(first: FirstLine) -> None:
    """Before anything is begun; the number is the network's own."""
    assert FEWEST_PICTURES == FEWEST_IMAGES
    answered = first.answered(first.upload(range(FEWEST_PICTURES - 1)))
    assert (answered.state, first.ledger.told) == (RequestState.REFUSED, ["answer"])
    assert "7 can be used, at least 8 are needed" in answered.answer


def test_what_cannot_be_learned_from_does_not_count(first: FirstLine) -> None:
    """No picture, not there, there twice, or a confirmed defect: the run says how many of each."""
    artifacts = first.line.artifacts
    first.line.confirm([spoiled(1)])
    broken = artifacts.put("good/disc/broken.png", b"no picture")
    twice = artifacts.put("good/disc/again.png", encoded(good_part(0)))
    defect = artifacts.put("good/disc/defect.png", encoded(spoiled(1)))
    answered = first.answered([*first.upload(range(7)), broken, twice, defect, "memory:gone.png"])
    assert (answered.state, first.run().state) == (RequestState.REFUSED, RunState.FAILED)
    assert "7 can be used, at least 8 are needed" in answered.answer
    left_out = "1 golden, or a confirmed defect; 2 not there, or no picture; 1 there twice"
    assert f"7 pictures; left out: {left_out}" in [step.text for step in first.ledger.steps(1)]


def test_a_failed_training_is_told_in_the_answer_and_in_the_run(first: FirstLine) -> None:
    """And no model judges."""

    def fails(*_: object) -> Mapping[str, Any]:
        raise WorkshopFailed("exit code 1: WeightsRefused: no way out")

    first.work = fails
    answered = first.answered(first.upload(range(30)))
    assert (answered.state, first.run().state) == (RequestState.REFUSED, RunState.FAILED)
    assert "WeightsRefused: no way out" in answered.answer
    assert "WeightsRefused: no way out" in first.run().outcome
    assert first.ledger.trainings()[0].share == 1
    assert first.ledger.active() == {}


def test_a_cancelled_training_promotes_nothing(first: FirstLine) -> None:
    """Though it had come to its end when it was cancelled."""

    def cancelled(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        first.ledger.ask(RequestKind.CANCEL, "disc", {}, NIGHT, "bob", "wrong pictures")
        first.station("two").serve()
        assert watch.reason_to_stop() == "cancelled by bob: wrong pictures"
        return small_workshop.work(job, folder, watch)

    first.work = cancelled
    answered = first.answered(first.upload(range(30)))
    assert (answered.state, first.run().state) == (RequestState.REFUSED, RunState.CANCELLED)
    assert answered.answer.endswith("(run 1: cancelled by bob: wrong pictures)")
    assert first.ledger.active() == {}


def test_a_product_that_has_a_model_is_not_begun_anew(first: FirstLine) -> None:
    """No first model is held against one that judges."""
    uris = first.upload(range(30))
    first.answered(uris)
    again = first.answered(uris)
    assert (again.state, "disc: model 1" in again.answer) == (RequestState.REFUSED, True)


def test_a_product_that_nobody_saved_has_no_recipe_to_train_by(tmp_path: Path) -> None:
    """The answer says where to save it."""
    unknown = FirstLine(NightLine(tmp_path, ledger=Effects()))
    answered = unknown.answered(unknown.upload(range(30)))
    assert (answered.state, "save its recipe" in answered.answer) == (RequestState.REFUSED, True)


def test_two_who_ask_at_once_get_one_training(first: FirstLine) -> None:
    """The second hears which one goes on."""
    uris = first.upload(range(30))

    def meanwhile(job: Job, folder: Path, watch: Watch) -> Mapping[str, Any]:
        second = first.ask(uris)
        first.station("two").serve()
        assert "run 1, 'asked 1'" in first.ledger.asked[second.id].answer
        return small_workshop.work(job, folder, watch)

    first.work = meanwhile
    assert first.answered(uris).state is RequestState.DONE
    assert len(first.jobs) == 1


@pytest.mark.parametrize("by_its_slot", [True, False])
def test_what_a_stopped_replica_left_is_taken_over_and_answered(first: FirstLine, by_its_slot: bool) -> None:
    """By whoever sees the slot first, or the request that nobody answered; with the same pictures."""

    def stop(*_: object) -> Mapping[str, Any]:
        raise NightInterrupted

    first.work = stop
    asked = first.ask(first.upload(range(30)))
    first.station("one").serve()
    assert first.ledger.asked[asked.id].state is RequestState.TAKEN
    first.work = small_workshop.work
    if by_its_slot:
        first.station("two").catch_up(first.ledger.products())
        assert first.ledger.active()["disc"].model.id == 1
    first.line.now += timedelta(minutes=6)
    first.station("three").serve()
    assert first.ledger.asked[asked.id].state is RequestState.DONE
    assert (first.run().state, first.run().who, len(first.ledger.snapshots("disc"))) == (RunState.PROMOTED, "ada", 1)


def test_a_run_killed_after_its_promotion_finds_it_and_trains_no_second_time(first: FirstLine) -> None:
    """Its row says the model is active, with the pictures that it learned from."""
    first.answered(first.upload(range(30)))
    ended = first.run()
    first.ledger.save_run(replace(ended, state=RunState.RUNNING, ended_at=None, candidate_id=None))
    first.ledger.nights["disc", ended.slot] = ("running", 1)
    first.station("two").catch_up(first.ledger.products())
    again = first.ledger.all_runs[0]
    assert (again.state, again.candidate_id, again.snapshot_id) == (RunState.PROMOTED, 1, ended.snapshot_id)
    assert len(first.jobs) == 1


def test_random_weights_say_so(first: FirstLine) -> None:
    """In the run's log, with the setting that asks for them."""
    shop = first.line.shop(
        work=small_workshop.work, read_bundle=small_workshop.read_bundle, beginning=Beginning(weights="random")
    )
    station = Station(first.ledger, lambda order: run_order(order, shop), lambda work: work(), shop.clock, "one")
    first.ask(first.upload(range(30)))
    station.serve()
    said = "\n".join(step.text for step in first.ledger.steps(1))
    assert "wide_resnet50_2 starts from random weights, as RETRAIN_WEIGHTS asks" in said


def _lesson(first: FirstLine) -> FirstLesson:
    (job,) = first.jobs
    assert isinstance(job, FirstJob)
    return job.lesson


@pytest.fixture
def postgres() -> Any:
    ledger = fresh_postgres_ledger(NIGHT.date(), back=1, ahead=1)
    yield ledger
    ledger.close()


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.timeout(900)
def test_the_real_workshop_trains_a_first_model_from_nothing(tmp_path: Path, postgres: PostgresLedger) -> None:
    """On Postgres, in a process of its own, a tiny network for seconds: what it leaves is whole and names who asked."""
    line = NightLine(tmp_path)
    postgres.save_product(Product("disc", RECIPE), NIGHT, "ada", "test")
    shop = _small_shop(line, postgres)
    uris = [line.artifacts.put(f"good/disc/{seed}.png", encoded(good_part(seed))) for seed in range(16)]
    asked = ask_training(postgres, ADA, "disc", NIGHT, "new product", uris)
    Station(postgres, lambda order: run_order(order, shop), lambda work: work(), shop.clock, "one").serve()
    (answered,) = postgres.requests("disc", 1)
    (run,) = postgres.training_runs("disc", 5)
    assert (answered.id, answered.state) == (asked.id, RequestState.DONE), answered.answer
    active = postgres.active()["disc"]
    assert (run.state, run.candidate_id, run.who) == (RunState.PROMOTED, active.model.id, "ada")
    assert run.passes > 0
    letter = read_letter(fetched_bundle(active.model, line.artifacts, tmp_path / "fetched", READ))
    assert (letter.network.height, letter.network.encoder) == (64, "test_resnet")
    assert (letter.score_rule.smoothing, letter.score_rule.top_share) == (0.02, 0.01)
    assert letter.training.encoder_weights == "random"
    assert np.isclose(active.threshold.reject_from, letter.threshold.reject_from)
    (snapshot,) = postgres.snapshots("disc")
    assert (len(snapshot.parts), run.snapshot_id) == (16, snapshot.id)
    assert postgres.trainings()[0].share == 1
    with postgres.engine.connect() as connection:
        told = dict(connection.execute(select(audit.c.what, audit.c.who)).all())  # type: ignore[arg-type]
    assert {told["request train disc"], told["model disc"], told["promotion disc"]} == {"ada"}


def _small_shop(line: NightLine, ledger: PostgresLedger) -> Shop:
    beginning = Beginning("test_resnet", "random", minutes=0.1, engine="torch-cpu-float32")
    return line.shop(ledger=ledger, beginning=beginning)

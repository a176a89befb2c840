"""The station: missed nights, nights of killed replicas, and what people ask for."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from core.access import Person, Role
from core.adapters.in_memory_ledger import MemoryLedger
from core.changes import ask_station
from core.errors import AccessDenied, LedgerUnavailable, NightInterrupted, ReasonMissing, UnknownModel, UnknownPart
from core.ports import SLOT_TRIES
from core.product import BundleRef, Product, Recipe
from core.request import TAKEN_FOR, Request, RequestKind, RequestState
from core.retraining import Promotion, RunState
from core.review import GoldenPart
from core.verdict import Threshold
from retrain.shop import Order
from retrain.station import Station
from retrain.station_verbs import golden_lines, retire, roll_back

DUE = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
LATE = DUE + timedelta(hours=1)
ADA = Person.at_this_machine("ada")


@dataclass
class Line:
    """A station on twins; nights are written down, begun at once, and end as `ending` says."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    ran: list[Order] = field(default_factory=list)
    now: datetime = LATE
    ending: Callable[[], None] = lambda: None

    def night(self, order: Order) -> None:
        run = self.ledger.begin_run(order.product, order.slot, self.now, order.who, order.why)
        self.ran.append(order)
        self.ending()
        self.ledger.save_run(replace(run, state=RunState.SKIPPED))

    def station(self, who: str = "one") -> Station:
        return Station(self.ledger, self.night, lambda work: work(), lambda: self.now, who)

    def ask(self, kind: RequestKind, **details: int) -> Request:
        asked = ask_station(self.ledger, ADA, kind, "disc", details, self.now, "because")
        assert self.station().serve()
        return self.ledger.asked[asked.id]


@pytest.fixture
def line() -> Line:
    """With two models of a product whose night is at 3:30; the second one judges."""
    made = Line()
    made.ledger.save_product(Product("disc", Recipe()), DUE, "ada", "test")
    for name in "ab":
        bundle = BundleRef(f"memory:{name}/bundle.json", name * 64)
        version = made.ledger.register("disc", bundle, Threshold(1, 2), DUE - timedelta(days=1), "ada")
        made.ledger.promote(version.id, DUE - timedelta(days=1), "ada", "test")
    return made


def test_a_night_that_nobody_watched_is_begun_late_and_once(line: Line) -> None:
    """By whichever replica looks first, within the grace."""
    for who in ("one", "two"):
        line.station(who).catch_up(line.ledger.products())
    assert [order.slot for order in line.ran] == ["2026-11-25"]


@pytest.mark.parametrize("hours", [-0.1, 4])
def test_a_night_that_is_not_due_or_long_past_is_left_alone(line: Line, hours: float) -> None:
    """Three hours are the grace."""
    line.now = DUE + timedelta(hours=hours)
    line.station().catch_up(line.ledger.products())
    assert line.ran == []


def test_a_product_whose_first_model_came_after_the_hour_waits_for_its_next_night(line: Line) -> None:
    """It has nothing to catch up with."""
    line.ledger.versions = [replace(version, created_at=LATE) for version in line.ledger.versions]
    line.station().catch_up(line.ledger.products())
    assert line.ran == []


def test_what_a_stopped_replica_left_is_taken_over(line: Line) -> None:
    """Under the same slot, and not again once it is done."""

    def stop() -> None:
        raise NightInterrupted

    line.ending = stop
    line.station("one").catch_up(line.ledger.products())
    line.ending = lambda: None
    for who in ("two", "three"):
        line.station(who).catch_up(line.ledger.products())
    assert [order.slot for order in line.ran] == ["2026-11-25"] * 2
    assert line.ledger.training_runs("disc", 1)[0].state is RunState.SKIPPED


def test_what_is_asked_for_now_has_a_slot_of_its_own(line: Line) -> None:
    """So it takes no night's place; who asks for it is written down."""
    answered = line.ask(RequestKind.TRAIN)
    (order,) = line.ran
    assert (order.slot, order.who, order.is_asked) == (f"asked {answered.id}", "ada", True)
    assert (answered.state, order.slot in answered.answer) == (RequestState.DONE, True)


def test_a_person_promotes_a_candidate_and_its_run_says_so(line: Line) -> None:
    """By its number."""
    run = line.ledger.begin_run("disc", "2026-11-24", DUE, "one", "nightly")
    line.ledger.save_run(replace(run, candidate_id=1, state=RunState.AWAITING))
    assert line.ask(RequestKind.PROMOTE, model_version_id=1).state is RequestState.DONE
    assert line.ledger.active()["disc"].model.id == 1
    promoted = line.ledger.training_runs("disc", 1)[0]
    assert (promoted.state, promoted.outcome) == (RunState.PROMOTED, "model 1 is active: promoted by ada: because")


def test_rolling_back_lets_the_earlier_model_judge_and_again_the_later_one(line: Line) -> None:
    """One click and one row each."""
    assert line.ask(RequestKind.ROLLBACK).answer == "model 1 is active again: ada rolled back model 2: because"
    assert line.ledger.active()["disc"].model.id == 1
    line.ask(RequestKind.ROLLBACK)
    assert line.ledger.active()["disc"].model.id == 2


def test_what_was_rolled_back_does_not_come_back_by_another_rollback(line: Line) -> None:
    """After the third model the second judges again; going back from that leads to the first."""
    third = line.ledger.register("disc", BundleRef("memory:c/bundle.json", "c" * 64), Threshold(1, 2), DUE, "ada")
    line.ledger.promote(third.id, DUE, "one", "run 1 passed gate and shadow run")
    line.ask(RequestKind.ROLLBACK, from_model=3)
    assert line.ask(RequestKind.ROLLBACK, from_model=2).answer.startswith("model 1 is active again")


def test_a_promotion_that_a_killed_station_still_owes_an_answer_undoes_no_rollback(line: Line) -> None:
    """Whoever rolled back meanwhile chose later."""
    asked = ask_station(line.ledger, ADA, RequestKind.PROMOTE, "disc", {"model_version_id": 1}, line.now, "because")
    line.ledger.take_request(line.now, "killed")
    line.ledger.promote(1, line.now, "ada", "because")
    line.ledger.promote(2, line.now, "bob", "rolled back from model 1: worse")
    line.now += 2 * TAKEN_FOR
    assert line.station().serve()
    assert line.ledger.asked[asked.id].answer == "model 1 was promoted by ada: because"
    assert line.ledger.active()["disc"].model.id == 2


def test_a_training_asked_for_while_another_goes_on_is_refused_and_not_promised(line: Line) -> None:
    """Its answer names the run that goes on."""
    line.ledger.begin_run("disc", "2026-11-25", DUE, "two", "nightly")
    with line.ledger.claim("disc", "2026-11-25", DUE, "two"):
        answered = line.ask(RequestKind.TRAIN)
    assert (answered.state, line.ran) == (RequestState.REFUSED, [])
    assert "run 1, '2026-11-25'" in answered.answer


def test_a_training_that_was_begun_by_a_killed_station_is_answered_by_the_next(line: Line) -> None:
    """And not begun a second time."""
    asked = ask_station(line.ledger, ADA, RequestKind.TRAIN, "disc", {}, line.now, "because")
    line.ledger.take_request(line.now, "killed")
    line.ledger.begin_run("disc", f"asked {asked.id}", line.now, "ada", "because")
    line.now += 2 * TAKEN_FOR
    line.station().serve()
    assert (line.ledger.asked[asked.id].state, line.ran) == (RequestState.DONE, [])


def test_what_was_run_in_a_terminal_is_taken_over_as_asked_for(line: Line) -> None:
    """Else the night's own reasons would be asked, and it would not be trained."""
    slot = "now 2026-11-25T04:00:00"
    line.ledger.begin_run("disc", slot, line.now, "ada", "new lamp")
    with suppress(NightInterrupted), line.ledger.claim("disc", slot, line.now, "one"):
        raise NightInterrupted
    line.ledger.nights["disc", "2026-11-25"] = ("done", 1)
    line.station("two").catch_up([])
    assert line.ran == [Order("disc", slot, "ada", "new lamp", is_asked=True)]


@pytest.mark.parametrize(("tries", "hours"), [(SLOT_TRIES, 1), (1, 48)])
def test_a_run_that_nobody_takes_over_any_more_has_failed_and_says_so(line: Line, tries: int, hours: float) -> None:
    """Whoever ran it was killed three times, or the stations were away for two days."""
    line.ledger.begin_run("disc", "2026-11-25", DUE, "one", "nightly")
    line.ledger.nights["disc", "2026-11-25"] = ("running", tries)
    line.ledger.nights_claimed["disc", "2026-11-25"] = DUE
    line.now = DUE + timedelta(hours=hours)
    line.station().catch_up([])
    found = line.ledger.training_runs("disc", 1)[0]
    assert (found.state, "ended without a word" in found.outcome) == (RunState.FAILED, True)
    assert line.ledger.nights["disc", "2026-11-25"] == ("failed", tries)


def test_a_run_that_somebody_has_in_hand_is_left_alone(line: Line) -> None:
    """However long it takes, also at its last try."""
    run = line.ledger.begin_run("disc", "2026-11-25", DUE, "one", "nightly")
    with line.ledger.claim("disc", run.slot, DUE, "one"):
        line.ledger.nights["disc", run.slot] = ("running", SLOT_TRIES)
        line.station("two").catch_up([])
    assert line.ledger.training_runs("disc", 1)[0].state is RunState.RUNNING


def test_a_request_that_nobody_foresaw_is_refused_and_the_next_one_is_served(line: Line) -> None:
    """Whoever serves is the only one: a rollback must not wait for a restart."""
    answered = line.ask(RequestKind.PROMOTE)
    assert (answered.state, answered.answer) == (RequestState.REFUSED, "KeyError: 'model_version_id'")
    assert line.ask(RequestKind.ROLLBACK, from_model=2).state is RequestState.DONE


def test_a_rollback_that_is_asked_for_twice_is_done_once(line: Line) -> None:
    """By two people, or by a station that was killed before it could answer: the bad model does not come back."""
    assert line.ask(RequestKind.ROLLBACK, from_model=2).state is RequestState.DONE
    again = line.ask(RequestKind.ROLLBACK, from_model=2)
    assert (again.state, line.ledger.active()["disc"].model.id) == (RequestState.REFUSED, 1)
    assert "model 2 was to be rolled back, model 1 is active" in again.answer


def test_a_request_for_which_the_ledger_is_away_is_done_later(line: Line) -> None:
    """It is not refused for that: it stays taken, and is taken again."""

    class Away(MemoryLedger):
        """Just now."""

        is_away = True

        def promotions(self, product: str, limit: int) -> Sequence[Promotion]:
            """Not yet."""
            if self.is_away:
                raise LedgerUnavailable("test")
            return super().promotions(product, limit)

    away = Away(versions=line.ledger.versions, thresholds=line.ledger.thresholds, promoted=line.ledger.promoted)
    line.ledger = away
    asked = ask_station(away, ADA, RequestKind.ROLLBACK, "disc", {"from_model": 2}, line.now, "because")
    with pytest.raises(LedgerUnavailable):
        line.station().serve()
    assert away.asked[asked.id].state is RequestState.TAKEN
    away.is_away, line.now = False, line.now + 2 * TAKEN_FOR
    line.station().serve()
    assert away.asked[asked.id].state is RequestState.DONE


def test_a_cancelled_run_is_not_taken_over(line: Line) -> None:
    """Its holder finds the row; if that is dead, the run stays cancelled."""

    def cancelled() -> None:
        assert line.ask(RequestKind.CANCEL).answer == "run 1 cancelled by ada: because"
        raise NightInterrupted

    line.ending = cancelled
    line.station().catch_up(line.ledger.products())
    assert line.ledger.training_runs("disc", 1)[0].state is RunState.CANCELLED
    line.station("two").catch_up(line.ledger.products())
    assert len(line.ran) == 1


def test_what_cannot_be_done_is_refused_in_words(line: Line) -> None:
    """And changes nothing."""
    assert "nothing to cancel" in line.ask(RequestKind.CANCEL).answer
    assert line.ask(RequestKind.PROMOTE, model_version_id=9).state is RequestState.REFUSED
    assert line.ledger.active()["disc"].model.id == 2
    with pytest.raises(UnknownModel):
        roll_back(MemoryLedger(), "disc", DUE, "ada", "because")


def test_only_an_engineer_asks(line: Line) -> None:
    """The page is not asked whether it may."""
    operator = Person("bob", frozenset({Role.OPERATOR}))
    with pytest.raises(AccessDenied):
        ask_station(line.ledger, operator, RequestKind.TRAIN, "disc", {}, DUE, "because")
    assert not line.station().serve()


def test_quality_retires_a_golden_part_with_a_reason(line: Line) -> None:
    """It is listed no more; neither without a reason, nor of another product."""
    golden = GoldenPart(0, "disc", "a" * 64, "memory:a", True, "blot", b"", DUE, "bob", "review 7: confirmed defect")
    number = line.ledger.add_golden(golden).id
    assert list(golden_lines(line.ledger, "disc")) == [
        f"{number}: blot aaaaaaaa, 2026-11-25 by bob: review 7: confirmed defect"
    ]
    with pytest.raises(ReasonMissing):
        retire(line.ledger, ADA, "disc", number, DUE, " ")
    with pytest.raises(UnknownPart):
        retire(line.ledger, ADA, "plate", number, DUE, "no defect")
    with pytest.raises(AccessDenied):
        retire(line.ledger, Person("eve", frozenset({Role.OPERATOR})), "disc", number, DUE, "no defect")
    assert "counts no more: no defect" in retire(line.ledger, ADA, "disc", number, DUE, "no defect")
    assert list(golden_lines(line.ledger, "disc")) == []

"""What the station does besides keeping time: nights that were missed or left behind, and what people ask for."""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.errors import LedgerUnavailable, LineError, UnknownModel
from core.ports import NightSlots
from core.product import Product
from core.request import Request, RequestKind, Requests, RequestState
from core.retraining import RunState, TrainingRun
from core.retraining_ports import AbandonedNights
from retrain.first_model import AlreadyTraining, check_first
from retrain.shadows import ShadowLedger, settle
from retrain.shop import Order
from retrain.station_verbs import RECENT, cancel, promote_version, roll_back
from retrain.timetable import MISFIRE_GRACE_S, NightlyJob, due_times, night_of, nightly_jobs, run_claimed

ASKED = "asked "
"""How the slot of a request begins; its number follows."""
NOW = "now "
"""How the slot of a run begins that somebody started in a terminal; the time follows."""
TAKEN_OVER_FOR = timedelta(days=1)
ABANDONED = "whoever ran it ended without a word, more than once or long ago: nobody takes it over any more"
ABANDONED_AFTER = timedelta(minutes=10)
UNANSWERABLE = (ValueError, TypeError, LookupError, ArithmeticError, OSError, RuntimeError)
"""What a request may meet that nobody foresaw: it is refused with that, and the next one is served."""

log = structlog.get_logger("retrain")


class NoFirstModel(LineError):
    """No first model came of it: the run's log on the page Models says more; put that right and ask again."""


class StationLedger(ShadowLedger, NightSlots, AbandonedNights, Requests, Protocol):
    """All that the station asks of the ledger."""


Night = Callable[[Order], object]
"""Runs an order to its end."""

Start = Callable[[Callable[[], object]], None]
"""Runs something beside the loop."""


def not_here(request: Request) -> str:
    """Refuse: of a request that this station has nobody for."""
    raise ValueError(f"this station does not do {request.kind.value!r}")


@dataclass(frozen=True, slots=True)
class Station:
    """One replica. `start` runs nights beside the loop; `who` names it; `running` are the products it trains now.

    `preview` draws synthetic defects for whoever asks, and says where they are.
    """

    ledger: StationLedger
    night: Night
    start: Start
    clock: Callable[[], datetime]
    who: str
    running: set[str] = field(default_factory=set)
    preview: Callable[[Request], str] = not_here

    def run_slot(self, order: Order) -> bool:
        """Run it if the slot is ours; whether it came to an end."""
        return run_claimed(
            self.ledger, order.product, order.slot, self.clock(), self.who, lambda _, __: self.run(order)
        )

    def catch_up(self, products: Iterable[Product]) -> None:
        """Begin what came due while nobody watched, take over what a killed replica left, settle shadow runs."""
        now = self.clock()
        settle(self.ledger, now, self.who)
        for order in (*self._missed(products, now), *self._left_behind(now)):
            if order.product not in self.running:
                self._begin(order)
        for product in self.ledger.products():
            self._fail_abandoned(product.name, now)

    def serve(self) -> bool:
        """Do the oldest thing that somebody asked for; False where nobody asked."""
        request = self.ledger.take_request(self.clock(), self.who)
        if request is None:
            return False
        self._reply(request)
        return True

    def _reply(self, request: Request) -> None:
        """Do it and say what came of it. A long training says so at its end; until then its request stays taken.

        So does one for which the ledger is away: it is taken again later.
        """
        try:
            state, said = RequestState.DONE, self._answers()[request.kind](request)
        except LedgerUnavailable:
            raise
        except LineError as error:
            state, said = RequestState.REFUSED, str(error)
        except UNANSWERABLE as error:
            state, said = RequestState.REFUSED, f"{type(error).__name__}: {error}"
        if said is not None:
            self._answer(request, state, said)

    def _answer(self, request: Request, state: RequestState, said: str) -> None:
        self.ledger.answer(request.id, state, said, self.clock())
        log.info("request_answered", kind=request.kind.value, product=request.product, state=state.value, answer=said)

    def _answers(self) -> Mapping[RequestKind, Callable[[Request], str | None]]:
        return {
            RequestKind.TRAIN: self._train,
            RequestKind.PROMOTE: self._promote,
            RequestKind.ROLLBACK: self._roll_back,
            RequestKind.CANCEL: self._cancel,
            RequestKind.PREVIEW_DEFECTS: self.preview,
        }

    def run(self, order: Order) -> None:
        """Whose slot is ours, to its end."""
        log.info("night_began", product=order.product, slot=order.slot)
        self.running.add(order.product)
        try:
            self.night(order)
        finally:
            self.running.discard(order.product)

    def _begin(self, order: Order) -> None:
        self.start(lambda: self.run_slot(order))

    def _missed(self, products: Iterable[Product], now: datetime) -> list[Order]:
        """Nights due within the grace, of products that had a model by then, without a run of any state."""
        active, found = self.ledger.active(), []
        for job in nightly_jobs(product for product in products if product.name in active):
            due = _last_due(job, now)
            if due is None or active[job.product].model.created_at > due:
                continue
            slot = str(night_of(job, now))
            if slot not in {run.slot for run in self.ledger.training_runs(job.product, RECENT)}:
                found.append(Order(job.product, slot, self.who, f"due at {due:%H:%M} UTC, begun late"))
        return found

    def _left_behind(self, now: datetime) -> list[Order]:
        """Whether their holder lives is told by its lock, when the slot is claimed."""
        orders = []
        for product, slot in self.ledger.unfinished(now - TAKEN_OVER_FOR):
            runs = [run for run in self.ledger.training_runs(product, RECENT) if run.slot == slot]
            is_cancelled = any(run.state is RunState.CANCELLED for run in runs)
            why = runs[0].why if runs else "left behind"
            if is_cancelled:
                continue
            asked = [one for one in self.ledger.requests(product, RECENT) if slot == f"{ASKED}{one.id}"]
            if asked:
                orders.append(_order_of(asked[0]))
            else:
                is_asked = slot.startswith((ASKED, NOW))
                orders.append(Order(product, slot, runs[0].who if runs else self.who, why, is_asked))
        return orders

    def _fail_abandoned(self, product: str, now: datetime) -> None:
        """Runs that nobody has in hand and nobody takes over: they would be shown as under way for ever."""
        taken_over = self.ledger.unfinished(now - TAKEN_OVER_FOR)
        for run in self.ledger.training_runs(product, RECENT):
            is_old = run.state is RunState.RUNNING and run.began_at < now - ABANDONED_AFTER
            if not is_old or (product, run.slot) in taken_over or not self.ledger.give_up(product, run.slot):
                continue
            if self.ledger.save_run(replace(run, state=RunState.FAILED, outcome=ABANDONED, ended_at=now), run.state):
                self.ledger.note_step(run.id, now, ABANDONED)

    def _train(self, request: Request) -> str | None:
        order = _order_of(request)
        if order.images:
            return self._train_first(request, order)
        if self._run_of(order) is not None:
            return _begins(order)  # whoever began it was killed before it could say so
        if request.product not in self.ledger.active():
            raise UnknownModel(f"{request.product} has no active model to start from")
        self.start(lambda: self._run_asked(request, order))
        return None

    def _run_asked(self, request: Request, order: Order) -> None:
        """Says that it begins once the product is ours: while another training of it goes on, it does not."""

        def night(_: str, __: str) -> None:
            with suppress(LedgerUnavailable):  # the request is taken again, and finds the run
                self._answer(request, RequestState.DONE, _begins(order))
            self.run(order)

        if run_claimed(self.ledger, order.product, order.slot, self.clock(), self.who, night):
            return
        with suppress(LedgerUnavailable):
            runs = self.ledger.training_runs(order.product, RECENT)
            others = [run for run in runs if run.state is RunState.RUNNING and run.slot != order.slot]
            if others and self._run_of(order) is None:
                said = AlreadyTraining(f"{order.product}: run {others[0].id}, {others[0].slot!r}")
                self._answer(request, RequestState.REFUSED, str(said))

    def _train_first(self, request: Request, order: Order) -> str | None:
        """What came of it, once it has come to an end; begins it where nobody has, or whoever had is dead.

        A request that lies taken for too long is taken again, by this replica or another: that is when a dead one's
        run is taken over, and when an answer is given that a killed replica still owed.
        """
        run = self._run_of(order)
        if run is not None and run.state.is_over:
            return _outcome(run)
        if run is None:
            check_first(order, self.ledger)
        if order.product not in self.running:
            self.start(lambda: self._run_first(request, order))
        return None

    def _run_first(self, request: Request, order: Order) -> None:
        self.run_slot(order)
        try:
            run = self._run_of(order)
            if run is not None and run.state.is_over:
                self._reply(request)
        except LedgerUnavailable as error:
            log.warning("request_not_answered", request=request.id, error=str(error))  # it is taken again later

    def _run_of(self, order: Order) -> TrainingRun | None:
        runs = self.ledger.training_runs(order.product, RECENT)
        return next((run for run in runs if run.slot == order.slot), None)

    def _promote(self, request: Request) -> str:
        version, _ = self.ledger.model_version(int(request.details["model_version_id"]))
        if self._has_promoted(request, version.id):
            return f"model {version.id} was promoted by {request.who}: {request.why}"
        return promote_version(self.ledger, request.product, version.id, self.clock(), request.who, request.why)

    def _has_promoted(self, request: Request, version_id: int) -> bool:
        """Whether a station did it that was killed before it could answer: who rolled back since is not undone."""
        promotions = self.ledger.promotions(request.product, RECENT)
        own = (version_id, request.who, request.why)
        return any((one.model_version_id, one.who, one.why) == own and one.at >= request.asked_at for one in promotions)

    def _roll_back(self, request: Request) -> str:
        asked = request.details.get("from_model")
        from_model = None if asked is None else int(asked)
        return roll_back(self.ledger, request.product, self.clock(), request.who, request.why, from_model)

    def _cancel(self, request: Request) -> str:
        return cancel(self.ledger, request.product, self.clock(), request.who, request.why)


def _order_of(request: Request) -> Order:
    """What is to be run for it.

    Raises:
        ValueError: Its pictures are no list of URIs.
    """
    images = request.details.get("images") or []
    if not isinstance(images, list) or not all(isinstance(uri, str) for uri in images):
        raise ValueError(f"the pictures of a first model are a list of URIs, got {str(images)[:100]!r}")
    once = tuple(dict.fromkeys(images))
    return Order(request.product, f"{ASKED}{request.id}", request.who, request.why, is_asked=True, images=once)


def _begins(order: Order) -> str:
    return f"training of {order.product} begins; its run is shown as {order.slot!r}"


def _outcome(run: TrainingRun) -> str:
    """How a first model's run ended, for whoever asked.

    Raises:
        NoFirstModel: No model came of it.
    """
    if run.candidate_id is None or run.state is RunState.CANCELLED:
        raise NoFirstModel(f"run {run.id}: {run.outcome}")
    return f"run {run.id}: {run.outcome}"


def _last_due(job: NightlyJob, now: datetime) -> datetime | None:
    times = list(due_times(job, now - timedelta(seconds=MISFIRE_GRACE_S), now))
    return times[-1] if times else None


def beside(work: Callable[[], object]) -> None:
    """In a thread of its own, which never keeps the process from ending: a night is begun again."""
    threading.Thread(target=work, name="night", daemon=True).start()


def serving(station: Station, stop: threading.Event, interval_s: float) -> None:
    """Do what people ask for until told to stop; while Postgres is away nobody can ask."""
    while not stop.wait(interval_s):
        try:
            while station.serve():
                pass
        except LedgerUnavailable as error:
            log.warning("requests_not_read", error=str(error))

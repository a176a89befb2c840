"""What a night works with, passed in, and the diary that it keeps while it works."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import structlog

from core.errors import BusUnavailable, LedgerUnavailable, NightInterrupted
from core.inspection import TrainingProgress
from core.night_rule import hours_of
from core.ports import ArtifactStore, Clock, FrameDecoder
from core.product import Recipe
from core.retraining import RunState, TrainingRun
from core.shadow import Shadows
from model.again.lessons import Beginning
from retrain.gathering import NightLedger
from retrain.promotion import BundleReader
from retrain.workshop.jobs import Bounds, Job
from retrain.workshop_door import Watch, WorkshopStopped, worked

LOOKED_AT = 20
"""Newest runs of a product among which a run that is under way is looked for."""
PAUSES_S = (1, 2, 4, 8, 15, 30, 60, 60, 60, 60)
"""Between two tries to write a step down: Postgres may be started again within a night that took an hour by then."""
TAKEN_OVER = "another station has begun this run again"
Answer = TypeVar("Answer")

log = structlog.get_logger("retrain")


class RunLedger(NightLedger, Shadows, Protocol):
    """What a night's own ledger is asked, and shadow runs."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The station's means. `check_stop` raises NightInterrupted once the station is told to stop.

    `waiting` is how many frames nobody has judged; above `yield_above` (0: never) training is held. `drift` says which
    of a product's cameras have drifted, in sentences; `work` is how a job is done. First models
    begin with `beginning`.
    """

    ledger: RunLedger
    artifacts: ArtifactStore
    decode: FrameDecoder
    read_bundle: BundleReader
    clock: Clock
    folder: Path
    bounds: Bounds
    check_stop: Callable[[], None]
    rest: Callable[[float], object]
    waiting: Callable[[], int] = lambda: 0
    yield_above: int = 0
    drift: Callable[[str], Sequence[str]] = lambda _: ()
    work: Callable[[Job, Path, Watch], Mapping[str, Any]] = worked
    beginning: Beginning = field(default_factory=Beginning)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run: a product's slot, for whom and why. `is_asked`: by a person, now.

    `images` are URIs of the good pictures that a first model is to be trained from; a night has none.
    """

    product: str
    slot: str
    who: str
    why: str
    is_asked: bool = False
    images: tuple[str, ...] = ()


class Diary:
    """One run's row and log; `run` is the row as it was written last.

    A Postgres that is away is waited for, some minutes; then LedgerUnavailable is raised. Where the station is to stop
    meanwhile, NightInterrupted is.
    """

    def __init__(self, order: Order, shop: Shop) -> None:
        self._shop, self._product = shop, order.product
        self.run = self._insist(
            lambda: shop.ledger.begin_run(order.product, order.slot, shop.clock(), order.who, order.why)
        )
        self.step(f"began: {order.why}")

    def step(self, text: str) -> None:
        """A line of the run's log."""
        self._insist(lambda: self._shop.ledger.note_step(self.run.id, self._shop.clock(), text))
        log.info("night_step", product=self.run.product, run=self.run.id, step=text)

    def save(self, **changes: Any) -> TrainingRun:
        """The row with these changes.

        Raises:
            WorkshopStopped: Somebody cancelled the run: its row stays as they left it.
            NightInterrupted: Another station has begun it again.
        """
        changed = replace(self.run, **changes)
        if not self._insist(lambda: self._shop.ledger.save_run(changed)):
            raise WorkshopStopped(self.was_cancelled())
        self.run = changed
        return self.run

    def end(self, state: RunState, outcome: str) -> TrainingRun:
        """How it ended, in one sentence; no page shows it as under way any more."""
        self.step(outcome)
        done = TrainingProgress(self.run.product, 1.0, state.value, self._shop.clock())
        _unless_away(lambda: self._shop.ledger.report_training(done), None)
        ended = replace(self.run, state=state, outcome=outcome, ended_at=self._shop.clock())
        # A run that was cancelled keeps the row of whoever did that.
        self._insist(lambda: self._shop.ledger.save_run(ended))
        self.run = ended
        return ended

    def was_cancelled(self) -> str:
        """The sentence of whoever cancelled it meanwhile; empty where nobody did.

        Raises:
            NightInterrupted: Another station has begun it again, for this one has lost its lock.
        """
        newest = self._shop.ledger.training_runs(self.run.product, LOOKED_AT)
        own = next((run for run in newest if run.id == self.run.id), self.run)
        if own.began_at != self.run.began_at:
            raise NightInterrupted(TAKEN_OVER)
        return own.outcome if own.state is RunState.CANCELLED else ""

    def check_cancelled(self) -> None:
        """Nothing, where the run may go on; asked before what cannot be taken back.

        Raises:
            WorkshopStopped: Somebody cancelled it.
            NightInterrupted: Another station has begun it again.
        """
        if said := self._insist(self.was_cancelled):
            raise WorkshopStopped(said)

    def _insist(self, ask: Callable[[], Answer]) -> Answer:
        for pause_s in PAUSES_S:
            try:
                return ask()
            except LedgerUnavailable as error:
                log.warning("night_waits_for_postgres", product=self._product, error=str(error), next_try_s=pause_s)
                self._shop.check_stop()
                self._shop.rest(pause_s)
        return ask()


def watch(diary: Diary, shop: Shop, recipe: Recipe) -> Watch:
    """How a run looks after its training process; what gets no answer is asked again at the next look."""
    product = diary.run.product

    def tell(share: float, stage: str) -> None:
        _unless_away(lambda: shop.ledger.report_training(TrainingProgress(product, share, stage, shop.clock())), None)

    def reason_to_stop() -> str:
        shop.check_stop()
        if not is_allowed(recipe, shop.clock()):
            return f"the hours for training are over: {recipe.retrain_hours} {recipe.retrain_time_zone}"
        return _unless_away(diary.was_cancelled, "")

    def must_yield() -> bool:
        return shop.yield_above > 0 and _unless_away(shop.waiting, 0) > shop.yield_above

    return Watch(tell, reason_to_stop, must_yield, shop.rest)


def is_allowed(recipe: Recipe, now: datetime) -> bool:
    """Whether the recipe lets this product be trained at this hour."""
    return now.astimezone(ZoneInfo(recipe.retrain_time_zone)).hour in hours_of(recipe.retrain_hours)


def _unless_away(ask: Callable[[], Answer], otherwise: Answer) -> Answer:
    """A run goes on while Postgres or the bus is away for a moment."""
    try:
        return ask()
    except (LedgerUnavailable, BusUnavailable) as error:
        log.warning("not_asked", error=str(error))
        return otherwise

"""The worker's loop. The order of effects is the algorithm."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol, Self

import structlog

from core.errors import ArtifactsUnavailable, BusUnavailable, Fenced, LedgerUnavailable, LineError, NoOpenDay
from core.inspection import Batch, OpenDays
from core.ports import ArtifactStore, Clock, FrameConsumer, FrameDecoder, InspectionLedger, LiveBoard
from core.signature import Doubts, believe
from core.verdict_message import key_of
from core.wire import FRAME_LIMIT, Delivery
from worker.batching import BatchLimits, collect
from worker.cache_care import CacheCare, NoCache
from worker.counts import Counts
from worker.days import Days
from worker.deadline import held_to_deadlines
from worker.diary import Diary, NoJudgedLog
from worker.judging import Desk, results_of
from worker.meters import Meters
from worker.model_slot import ModelSlot
from worker.opening import Opened, filed_by_place, open_delivery, set_aside
from worker.optics.book import OpticsBook, unchecked
from worker.patience import Patience, StopRequested
from worker.portions import Hands, Portion
from worker.shadowing import NoShadow, Shadowing
from worker.telling import NoHerald, show
from worker.tiles import Thumbnails, last_places, tiles_of
from worker.views.book import ViewBook, no_views
from worker.views.sweep import NoSweep, Sweeping

FILING_TRIES = 3
MODEL_LOOK_S = 0.05

log = structlog.get_logger("worker")


class Telling(Protocol):
    """Who tells the plant."""

    def tell(self, counts: Counts) -> None:
        """Never raises for a plant that does not listen."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything a worker works with: passed in, so that tests pass twins and nothing here knows a library.

    `wait_for_model_s` is how long a batch waits for the first model of its product while that is being loaded.
    """

    consumer: FrameConsumer
    ledger: InspectionLedger
    board: LiveBoard
    artifacts: ArtifactStore
    hands: Hands
    slot: ModelSlot
    days: Days
    decode: FrameDecoder
    patience: Patience
    clock: Clock
    limits: BatchLimits
    optics: OpticsBook = field(default_factory=unchecked)
    views: ViewBook = field(default_factory=no_views)
    sweep: Sweeping = field(default_factory=NoSweep)
    herald: Telling = field(default_factory=NoHerald)
    diary: Diary = field(default_factory=NoJudgedLog)
    meters: Meters = field(default_factory=Meters)
    shadow: Shadowing | NoShadow = field(default_factory=NoShadow)
    doubts: Doubts = believe
    cache: CacheCare | NoCache = field(default_factory=NoCache)
    wait_for_model_s: float = 90.0


@dataclass(frozen=True, slots=True)
class Inspected:
    """A batch ready to be recorded, by when its products want it, and what the live board is shown of it then."""

    batch: Batch
    deadlines: Mapping[str, float]
    thumbnails: Mapping[int, bytes]

    def by(self, now: datetime) -> Self:
        """As it is to be recorded at this moment: what has become late is ERROR."""
        return replace(
            self, batch=replace(self.batch, results=held_to_deadlines(self.batch.results, self.deadlines, now))
        )


def inspect_batch(portion: Portion, bench: Bench, days: OpenDays) -> Inspected:
    """One result per delivery, in order. The one effect is evidence put under names that a repeat overwrites.

    Raises:
        ArtifactsUnavailable: The store did not answer until the deadline; the bus still holds the frames.
        StopRequested: The worker is to end and waits for the store.
    """
    patience, artifacts = bench.patience, bench.artifacts

    def fetch(uri: str) -> bytes:
        return patience.insist(lambda: artifacts.get(uri, FRAME_LIMIT), ArtifactsUnavailable)

    # One after another: a picture is decoded when its chunk is filled, so that a batch of giants is never held at once.
    def open_one(one: Delivery) -> Opened:
        if portion.is_untouchable:
            return filed_by_place(one, days, bench.clock())
        if portion.is_poison:
            return set_aside(one, days, bench.clock(), bench.doubts)
        opened = open_delivery(one, days, bench.clock(), fetch, bench.decode, bench.doubts)
        return bench.optics.checked(bench.views.checked(opened))

    thumbnails = Thumbnails(last_places([one.record.key for one in portion.deliveries]))
    bench.shadow.begin()
    desk = Desk(bench.slot.serving(), bench.slot.absence, artifacts, patience, bench.clock, bench.shadow.witness)
    results = results_of(map(open_one, portion.deliveries), desk, thumbnails.see)
    deadlines = {product: serving.active.recipe.deadline_s for product, serving in desk.serving.items()}
    batch = Batch(tuple(results), portion.progress, bench.views.plans)
    return Inspected(batch, deadlines, thumbnails.by_place)


def run(bench: Bench, counts: Counts, is_over: Callable[[float], bool]) -> None:
    """Inspect until `is_over`, which is told for how long nothing has come.

    Raises:
        LineError: Something did not answer until the deadline. Nothing is lost: whoever restarts this process lets
            it begin again where the ledger stands.
    """
    monotonic = bench.patience.monotonic
    try:
        bench.patience.insist(bench.slot.first_look, LedgerUnavailable)
        bench.patience.insist(bench.optics.first_look, LedgerUnavailable)
        bench.patience.insist(bench.views.first_look, LedgerUnavailable)
        # Before the first poll: frames that wait on the bus are anybody's, frames in our hands are not.
        _await_models(bench, bool)
        last_frame_at = monotonic()
        while not is_over(monotonic() - last_frame_at):
            bench.slot.refresh()
            bench.shadow.refresh()
            bench.optics.refresh()
            bench.views.refresh()
            bench.cache.look()
            deliveries = _next_batch(bench)
            if deliveries:
                inspect_and_record(deliveries, bench, counts)
                last_frame_at = monotonic()
            bench.sweep.sweep(counts)
            bench.herald.tell(counts)
    except StopRequested:
        log.info("stopped_while_waiting")
        bench.hands.let_go()
    except LineError:
        bench.hands.let_go()
        raise


def inspect_and_record(deliveries: Sequence[Delivery], bench: Bench, counts: Counts) -> None:
    """One batch from the bus to everybody who waits for it; in portions where a worker ended with it in hand."""
    products = _products(deliveries)
    _await_models(bench, lambda awaited: not awaited.isdisjoint(products))
    try:
        # 1. Note what is in hand. A crash from here on leaves the note, and its records are taken one at a time.
        for portion in bench.hands.portions(deliveries, bench.patience):
            _inspect_portion(portion, bench, counts)
    except Fenced as error:
        # Another worker has these frames, or an earlier try of ours whose answer was lost: its rows stand.
        counts.fenced += 1
        bench.diary.fenced()
        bench.hands.let_go()
        bench.consumer.rewind()
        log.warning("batch_fenced", error=str(error), frames=len(deliveries))


def _inspect_portion(portion: Portion, bench: Bench, counts: Counts) -> None:
    # 2. Judge, and keep what is worth keeping. A crash leaves files that the next try overwrites.
    # 3. Rows, maps, quarantine, parts, outbox, counters and next offsets: one transaction. A crash before its commit
    #    leaves nothing of it, and the frames are judged again; a crash after it leaves all of it, and the note of
    #    what was in hand lies behind the offsets, where it means nothing any more.
    inspected = _record(portion, bench, counts)
    # 4. Tell the bus. A crash before it leaves lag tools behind and records to clean up; reading begins at the
    #    ledger's offsets either way.
    _settle(inspected.batch, bench, counts)
    # 5. The live board. A crash before it shows these frames late or never: they are in the ledger.
    show(tiles_of(inspected.batch.results, inspected.thumbnails), bench.board, counts)
    # 6. The shadow scores last: nobody waits for it. A crash before it costs its counts of this batch.
    bench.shadow.flush()
    log.info("batch_inspected", frames=len(portion.deliveries), tries=portion.tries, **_decisions(inspected.batch))


def _record(portion: Portion, bench: Bench, counts: Counts) -> Inspected:
    days = bench.patience.insist(bench.days.known, LedgerUnavailable)
    for tries_left in reversed(range(FILING_TRIES)):
        inspected = inspect_batch(portion, bench, days)
        bench.diary.judged(key_of(result) for result in inspected.batch.results)
        try:
            return bench.patience.insist(partial(_record_in_time, inspected, bench, counts), LedgerUnavailable)
        except NoOpenDay:
            # Midnight, or retention, has moved the days since we looked: file again by the new ones.
            if not tries_left:
                raise
            counts.refiled += 1
            days = bench.patience.insist(bench.days.refresh, LedgerUnavailable)
    raise AssertionError("the last try returns or raises")


def _record_in_time(inspected: Inspected, bench: Bench, counts: Counts) -> Inspected:
    """Held to its deadlines at each try anew: a verdict that waited for Postgres may have become late meanwhile."""
    final = inspected.by(bench.clock())
    recorded = bench.ledger.record(final.batch)
    bench.diary.recorded(recorded)
    counts.note_recorded(final.batch.results, recorded)
    bench.meters.note(final.batch.results)
    return final


def _next_batch(bench: Bench) -> list[Delivery]:
    return bench.patience.insist(
        lambda: collect(bench.consumer, bench.limits, bench.patience.monotonic), BusUnavailable
    )


def _products(deliveries: Sequence[Delivery]) -> frozenset[str]:
    return frozenset(dict(one.record.headers).get("product", b"").decode(errors="replace") for one in deliveries)


def _await_models(bench: Bench, needed: Callable[[frozenset[str]], bool]) -> None:
    """A product's first model takes seconds to load: its parts wait for that rather than be rejected."""
    until = bench.patience.monotonic() + bench.wait_for_model_s
    while needed(bench.slot.awaited()) and bench.patience.monotonic() < until:
        if bench.patience.rest(MODEL_LOOK_S):
            raise StopRequested


def _settle(batch: Batch, bench: Bench, counts: Counts) -> None:
    try:
        bench.consumer.settle(batch.progress)
    except BusUnavailable as error:
        # The rows are committed and reading begins at their offsets: the next batch settles these as well.
        counts.settle_unavailable += 1
        bench.consumer.rewind()
        log.warning("batch_not_settled", error=str(error))


def _decisions(batch: Batch) -> dict[str, int]:
    found = [str(result.decision) for result in batch.results]
    return {decision: found.count(decision) for decision in sorted(set(found))}

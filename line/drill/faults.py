"""What goes wrong, each as a small function: wait for a state that can be seen, strike, restore."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.adapters import embedded
from line.drill import models
from line.drill.crew import Crew
from line.drill.held_locks import half_made_day, holds_a_lane, locked_cameras
from line.drill.place import DrillLine, DrillRefused
from line.drill.rebalance import is_rebalancing
from line.drill.scenario import Fault, Kind, Point, Scenario
from line.drill.stored_rows import are_stored
from line.drill.watch import Watch, dismiss_all

LOOK_CLOSELY_S = 0.001
LONGEST_AIM_S = 1.0
LONGEST_JITTER_S = 0.03


@dataclass(frozen=True)
class Strike:
    """One fault about to happen, the how manieth, and whom it can hit."""

    fault: Fault
    number: int
    scenario: Scenario
    crew: Crew
    watch: Watch

    @property
    def line(self) -> DrillLine:
        """Where it happens."""
        return self.crew.line


def strike(blow: Strike) -> None:
    """Do it, and have as many workers as before afterwards."""
    FAULTS[blow.fault.kind, blow.fault.point](blow)
    blow.crew.fill(blow.scenario.workers)


def busy_worker(blow: Strike) -> str:
    """One that has judged something from now on: to hit an idle worker proves little.

    Where workers start so slowly that those before have judged all there is, any one.
    """
    logs, names = blow.crew.logs, blow.crew.names
    before = {name: len(logs.batches(name)) for name in names}
    found: list[str] = []

    def somebody_judged() -> bool:
        all_is_judged = logs.attempts().distinct >= blow.scenario.frames
        found[:] = [name for name in names if all_is_judged or len(logs.batches(name)) > before[name]]
        return bool(found)

    blow.watch.wait_until(somebody_judged, f"no worker judged anything before fault {blow.number + 1}")
    return found[blow.number % len(found)]


def aim(blow: Strike, name: str) -> None:
    """Wait until this worker is about to record a batch, and then a moment that the seed chooses.

    So the blow falls before the commit, into it, between it and the bus, or into the next batch; and not, as a blow
    at any time would mostly do, into a pause between two batches.
    """
    log: Path = blow.crew.logs.path(name)
    size, until = written_to(log), time.monotonic() + LONGEST_AIM_S
    while written_to(log) == size and time.monotonic() < until:
        time.sleep(LOOK_CLOSELY_S)
    # A commit takes milliseconds: most blows fall close to it.
    time.sleep(blow.scenario.draws(blow.number).random() ** 3 * LONGEST_JITTER_S)


def written_to(log: Path) -> int:
    """Bytes; 0 where a worker has written nothing yet."""
    return log.stat().st_size if log.exists() else 0


def alone_and_frozen(blow: Strike, entry: str) -> str:
    """All others asked to end, one worker that stands still right after this entry of its diary."""
    dismiss_all(blow.crew, blow.watch)
    name = blow.crew.start(freeze_at=entry)
    blow.watch.wait_until(lambda: blow.crew.is_frozen(name), f"the worker did not come to `{entry}`")
    return name


def kill_anywhere(blow: Strike) -> None:
    """Close to a commit, the seed says how close."""
    name = busy_worker(blow)
    aim(blow, name)
    blow.crew.kill(name)


def kill_after_judging(blow: Strike) -> None:
    """Its artifacts are kept, its transaction has not begun."""
    blow.crew.kill(alone_and_frozen(blow, "judged"))


def kill_after_commit(blow: Strike) -> None:
    """Its rows stand, the bus has not heard of it."""
    blow.crew.kill(alone_and_frozen(blow, "recorded"))


def kill_in_rebalance(blow: Strike) -> None:
    """A worker joins; one that works is killed while the broker gives partitions away."""
    name = busy_worker(blow)
    newcomer = blow.crew.start()
    with is_rebalancing(blow.line) as is_so:
        blow.watch.wait_until(is_so, f"{newcomer} joined and no partition moved")
        blow.crew.kill(name)


def kill_in_swap(blow: Strike) -> None:
    """Another model is promoted; whoever may be loading it is killed once its files arrive."""
    busy_worker(blow)
    sha256 = models.promote(blow.line, blow.scenario.judge, blow.number + 1)
    folder = blow.line.home / "bundles" / sha256
    blow.watch.wait_until(folder.exists, "nobody began to load the promoted model")
    blow.crew.kill(*blow.crew.names)


def kill_at_midnight(blow: Strike) -> None:
    """Today has no partitions yet, as at midnight with nobody there for two weeks; the worker makes the first half."""
    blow.line.start_cameras(blow.scenario)  # its first batch is what has a worker open the day
    with half_made_day(blow.line) as is_half_made:
        name = blow.crew.start()
        blow.watch.wait_until(is_half_made, "the worker did not come to open the day")
        blow.crew.kill(name)


def kill_with_lane_locked(blow: Strike) -> None:
    """The worker holds cameras' lanes, and a camera is about to write into them."""
    name = alone_and_frozen(blow, "judged")
    if not holds_a_lane(blow.line):
        raise DrillRefused("a worker that judges holds no lane")
    with locked_cameras(blow.line):
        blow.crew.kill(name)


def freeze_anywhere(blow: Strike) -> None:
    """Close to a commit, for longer than the others wait for it."""
    name = busy_worker(blow)
    aim(blow, name)
    blow.crew.freeze(name)
    blow.watch.let_pass(blow.fault.for_s)
    blow.crew.wake(name)


def freeze_after_judging(blow: Strike) -> None:
    """Frozen with a batch in hand until others have recorded that very batch: its transaction must come to nothing."""
    crew = blow.crew
    zombie = alone_and_frozen(blow, "judged")
    crew.fill(blow.scenario.workers)
    in_hand = crew.logs.batches(zombie)[-1]
    blow.watch.wait_until(lambda: are_stored(blow.line.ledger, in_hand), "nobody took over the frozen worker's frames")
    fenced = crew.logs.attempts().fenced
    crew.wake(zombie)
    blow.watch.wait_until(lambda: crew.logs.attempts().fenced > fenced, "the woken worker was not fenced")


def terminate(blow: Strike) -> None:
    """Asked to end in the middle of its work."""
    name = busy_worker(blow)
    aim(blow, name)
    blow.crew.terminate(name)


def kill_broker(blow: Strike) -> None:
    """With frames of the cameras in its hands; it comes back on the same port with what it had on disk."""
    broker = blow.line.servers.broker
    if broker is None:
        raise DrillRefused("the embedded bus has no broker to kill")
    aim(blow, busy_worker(blow))
    broker.kill()
    blow.watch.let_pass(blow.fault.for_s)
    broker.restart()


def stop_postgres(blow: Strike) -> None:
    """In the middle of a batch; it comes back under the same address."""
    aim(blow, busy_worker(blow))
    embedded.stop(blow.line.home, "immediate")
    blow.watch.let_pass(blow.fault.for_s)
    embedded.embedded_url(blow.line.home)


def promote(blow: Strike) -> None:
    """Another model, while frames flow."""
    models.promote(blow.line, blow.scenario.judge, blow.number + 1)


FAULTS: Mapping[tuple[Kind, Point], Callable[[Strike], None]] = {
    (Kind.KILL_WORKER, Point.ANYWHERE): kill_anywhere,
    (Kind.KILL_WORKER, Point.JUDGED): kill_after_judging,
    (Kind.KILL_WORKER, Point.RECORDED): kill_after_commit,
    (Kind.KILL_WORKER, Point.REBALANCE): kill_in_rebalance,
    (Kind.KILL_WORKER, Point.SWAP): kill_in_swap,
    (Kind.KILL_WORKER, Point.MIDNIGHT): kill_at_midnight,
    (Kind.KILL_WORKER, Point.LANE_LOCKED): kill_with_lane_locked,
    (Kind.FREEZE_WORKER, Point.ANYWHERE): freeze_anywhere,
    (Kind.FREEZE_WORKER, Point.JUDGED): freeze_after_judging,
    (Kind.TERMINATE_WORKER, Point.ANYWHERE): terminate,
    (Kind.KILL_BROKER, Point.ANYWHERE): kill_broker,
    (Kind.STOP_POSTGRES, Point.ANYWHERE): stop_postgres,
    (Kind.PROMOTE, Point.ANYWHERE): promote,
}

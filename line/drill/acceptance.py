"""The acceptance scenarios A1 to A9, small (minutes in all) and full. Data only."""

from collections.abc import Sequence

from line.drill.scenario import Course, Expectation, Fault, Judge, Kind, Point, Scenario, in_order, scattered

KILL, FREEZE, TERMINATE = Kind.KILL_WORKER, Kind.FREEZE_WORKER, Kind.TERMINATE_WORKER
SESSION_S = 6.0
"""What drills set KAFKA_SESSION_S to: a killed worker's partitions are given away after this."""
LONGER_THAN_A_SESSION_S = SESSION_S + 3
LONGER_THAN_A_LOCK_S = 33.0
"""A frozen worker of the embedded bus holds its cameras for up to 30 seconds."""


def points_of(bus: str) -> tuple[Fault, ...]:
    """A kill at each point that this bus has."""
    everywhere = (
        Fault(KILL, 0.0, Point.MIDNIGHT),
        Fault(KILL, 0.15, Point.JUDGED),
        Fault(KILL, 0.3, Point.RECORDED),
        Fault(KILL, 0.45, Point.SWAP),
    )
    own = Fault(KILL, 0.6, Point.REBALANCE if bus == "kafka" else Point.LANE_LOCKED)
    return (*everywhere, own)


def kills(bus: str, frames: int, count: int, workers: int, rate: float, deadline_s: float) -> Scenario:
    """A1: kill -9 at random moments and at every named point."""
    faults = in_order(*points_of(bus), *scattered(KILL, count - len(points_of(bus)), seed=1))
    return Scenario("A1", bus, frames, faults, workers=workers, rate=rate, deadline_s=deadline_s)


def kills_with_bundle(bus: str, frames: int, count: int) -> Scenario:
    """A1 with a network: loading takes longer, and so does every batch."""
    faults = in_order(Fault(KILL, 0.2, Point.JUDGED), *scattered(KILL, count - 1, seed=1))
    return Scenario("A1", bus, frames, faults, judge=Judge.BUNDLE, rate=8.0, deadline_s=150 + 60 * count)


def zombies(bus: str, frames: int, count: int, rate: float = 20) -> Scenario:
    """A2: frozen past the session. Every second one between artifact and transaction, so it must be fenced.

    The cameras must last longer than all freezes together, or the last ones find nothing to judge.
    """
    for_s = LONGER_THAN_A_SESSION_S if bus == "kafka" else LONGER_THAN_A_LOCK_S
    points = [Point.JUDGED if number % 2 == 0 else Point.ANYWHERE for number in range(count)]
    faults = tuple(Fault(FREEZE, 0.8 * (n + 1) / (count + 1), point, for_s) for n, point in enumerate(points))
    expect = Expectation(fenced_at_least=(count + 1) // 2)
    deadline_s = 120 + 30 * count + frames / rate
    return Scenario("A2", bus, frames, faults, workers=2, rate=rate, deadline_s=deadline_s, expect=expect)


def broker_away(frames: int, for_s: Sequence[float]) -> Scenario:
    """A3: the broker is killed and comes back while cameras produce, each time after so many seconds."""
    faults = tuple(Fault(Kind.KILL_BROKER, 0.7 * (n + 1) / (len(for_s) + 1), for_s=s) for n, s in enumerate(for_s))
    expect = Expectation(same_workers=True)
    return Scenario("A3", "kafka", frames, faults, rate=20, deadline_s=120 + sum(for_s) + frames / 10, expect=expect)


def postgres_away(bus: str, frames: int, for_s: float) -> Scenario:
    """A4: Postgres ends in the middle of a batch, as in a power cut, and stays away."""
    faults = (Fault(Kind.STOP_POSTGRES, 0.3, for_s=for_s),)
    expect = Expectation(same_workers=True)
    return Scenario("A4", bus, frames, faults, rate=20, deadline_s=150 + for_s + frames / 10, expect=expect)


def redis_away(frames: int, drop: float) -> Scenario:
    """A5: the same frames with Redis and without. A small run on a busy machine cannot tell a third from noise."""
    expect = Expectation(throughput_drop_below=drop)
    course = Course.WITHOUT_REDIS
    return Scenario("A5", "kafka", frames, course=course, rate=400, deadline_s=250 + frames / 20, expect=expect)


def poisoned(bus: str, frames: int) -> Scenario:
    """A6: one frame in a hundred is poison."""
    expect = Expectation(memory_below_mb=500, same_workers=True)
    return Scenario("A6", bus, frames, course=Course.POISONED, deadline_s=150 + frames / 10, expect=expect)


def swaps(bus: str, frames: int, count: int, judge: Judge = Judge.BRIGHTNESS) -> Scenario:
    """A7: models are promoted while frames flow."""
    faults = tuple(Fault(Kind.PROMOTE, 0.8 * (n + 1) / (count + 1)) for n in range(count))
    expect = Expectation(versions_at_least=2, same_workers=True, judged_again_at_most=0)
    rate = 20.0 if judge is Judge.BRIGHTNESS else 4.0
    return Scenario("A7", bus, frames, faults, judge=judge, rate=rate, deadline_s=280 + frames / 10, expect=expect)


def terminations(bus: str, frames: int, count: int) -> Scenario:
    """A8: SIGTERM, a clean end within ten seconds, and nothing is judged again."""
    faults = tuple(Fault(TERMINATE, 0.8 * (n + 1) / (count + 1)) for n in range(count))
    expect = Expectation(judged_again_at_most=0)
    return Scenario("A8", bus, frames, faults, rate=20, deadline_s=120 + 30 * count, expect=expect)


def one_run_per_slot(products: int) -> Scenario:
    """A9: four schedulers watch one timetable. `frames` counts the slots that come due."""
    return Scenario("A9", "postgres", products, course=Course.SLOTS, workers=4, deadline_s=240)


SMALL = (
    kills("kafka", 1500, 9, workers=2, rate=20, deadline_s=280),
    kills("postgres", 1500, 12, workers=2, rate=30, deadline_s=240),
    kills_with_bundle("postgres", 160, 2),
    zombies("kafka", 600, 2),
    zombies("postgres", 400, 1),
    broker_away(600, (2, 2)),
    postgres_away("kafka", 500, for_s=8),
    postgres_away("postgres", 500, for_s=8),
    redis_away(1500, drop=0.5),
    poisoned("kafka", 600),
    poisoned("postgres", 600),
    swaps("kafka", 600, 3),
    swaps("postgres", 200, 1, Judge.BUNDLE),
    terminations("kafka", 500, 2),
    terminations("postgres", 500, 3),
    one_run_per_slot(10),
)

FULL = (
    kills("kafka", 30_000, 110, workers=2, rate=15, deadline_s=7200),
    kills("postgres", 30_000, 110, workers=2, rate=15, deadline_s=7200),
    kills_with_bundle("postgres", 2000, 20),
    zombies("kafka", 4000, 8),
    zombies("postgres", 2000, 6, rate=3),
    broker_away(6000, (2, 2, 2, 2, 2, 75)),
    postgres_away("kafka", 4000, for_s=60),
    postgres_away("postgres", 4000, for_s=60),
    redis_away(12_000, drop=0.05),
    poisoned("kafka", 6000),
    poisoned("postgres", 6000),
    swaps("kafka", 6000, 20),
    swaps("postgres", 600, 3, Judge.BUNDLE),
    terminations("kafka", 3000, 10),
    terminations("postgres", 3000, 10),
    one_run_per_slot(40),
)

SIZES = {"small": SMALL, "full": FULL}

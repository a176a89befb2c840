"""What only the durable queue in Postgres has to prove: lanes, frozen workers, sessions that are cut."""

import time
from collections.abc import Iterator, Sequence
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update

from core.adapters.database import open_engine
from core.adapters.postgres_bus import PostgresFramePublisher
from core.adapters.postgres_lanes import pack_headers, unpack_headers
from core.adapters.schema import bus_record
from core.errors import BusUnavailable
from core.inspection import Position
from core.wire import RECORD_LIMIT, Record
from tests import servers
from tests.contracts.buses import PATIENCE_S, PostgresBus, publish, record, take
from tests.contracts.test_frame_bus import records, values_by_key


@pytest.fixture
def bus() -> Iterator[PostgresBus]:
    opened = PostgresBus()
    yield opened
    opened.close()


def cut_all_sessions(bus: PostgresBus) -> None:
    """What a restarted server does to its clients."""
    with bus.engine().connect() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )


@given(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=50)), max_size=10).map(tuple))
def test_headers_unpack_to_what_was_packed(headers: tuple[tuple[str, bytes], ...]) -> None:
    """Any names, any bytes."""
    assert unpack_headers(pack_headers(headers)) == headers


@pytest.mark.server
def test_a_worker_that_holds_is_not_taken_for_a_frozen_one(bus: PostgresBus) -> None:
    """The artifact store may be away for longer than the limit: its lane stays its own."""
    publish(bus.publisher(), records(3))
    consumer, other = bus.consumer(idle_limit_s=1), bus.consumer()
    taken = take(consumer, 3)
    until, pause = time.monotonic() + 3, Event()
    while time.monotonic() < until:
        consumer.hold()
        assert other.poll(9, 0) == []
        pause.wait(0.2)
    record(bus, consumer, taken)
    assert bus.backlog().waiting() == 0


@pytest.mark.server
def test_a_frozen_worker_loses_its_lane_to_another(bus: PostgresBus) -> None:
    """It says nothing for longer than the limit: what it held goes to the next worker."""
    publish(bus.publisher(), records(3))
    frozen, other = bus.consumer(idle_limit_s=1), bus.consumer()
    first = take(frozen, 3)
    assert other.poll(10, 0.1) == [], "its limit is not over"
    assert [one.position for one in take(other, 3)] == [one.position for one in first]


@pytest.mark.server
def test_a_worker_that_was_taken_for_dead_hears_of_it_and_goes_on(bus: PostgresBus) -> None:
    """Settling says nothing, the next poll says BusUnavailable, and after a rewind it works again."""
    publish(bus.publisher(), records(4))
    zombie, other = bus.consumer(idle_limit_s=1), bus.consumer()
    held = take(zombie, 4)
    record(bus, other, take(other, 4))
    zombie.settle(())
    with pytest.raises(BusUnavailable):
        zombie.poll(10, 0.1)
    zombie.rewind()
    assert zombie.poll(10, 0.1) == []
    publish(bus.publisher(), records(1))
    assert [one.position.offset for one in take(zombie, 1)] == [held[-1].position.offset + 1]


@pytest.mark.server
def test_a_camera_goes_on_writing_while_its_lane_is_held(bus: PostgresBus) -> None:
    """A slow worker must not make the camera drop frames."""
    publisher, consumer = bus.publisher(), bus.consumer()
    publish(publisher, records(2))
    take(consumer, 2)
    publish(publisher, records(2))
    assert len(take(consumer, 2)) == 2, "and its own worker gets them, in order, without settling first"


@pytest.mark.server
def test_one_look_takes_at_most_half_of_the_lanes(bus: PostgresBus) -> None:
    """The other half is for other workers, however much room there is."""
    publish(bus.publisher(), records(2, b"a", b"b", b"c", b"d"))
    one, other = bus.consumer(), bus.consumer()
    lanes = [{delivery.record.key for delivery in consumer.poll(100, 1)} for consumer in (one, other)]
    assert [len(keys) for keys in lanes] == [2, 2]
    assert not lanes[0] & lanes[1]


@pytest.mark.server
def test_a_worker_without_company_takes_the_rest_with_its_next_looks(bus: PostgresBus) -> None:
    """Half of the rest each time."""
    publish(bus.publisher(), records(1, b"a", b"b", b"c", b"d"))
    consumer = bus.consumer()
    assert [len(consumer.poll(100, 0.1)) for _ in range(4)] == [2, 1, 1, 0]


@pytest.mark.server
def test_a_busy_camera_leaves_room_for_the_others(bus: PostgresBus) -> None:
    """Each lane gets its share of a batch, and the lane served longest ago comes first."""
    publisher, consumer = bus.publisher(), bus.consumer()
    publish(publisher, records(200, b"busy"))
    publish(publisher, records(1, b"calm"))
    batches = []
    for _ in range(3):
        batches.append(consumer.poll(10, 1))
        record(bus, consumer, batches[-1])
    assert b"calm" in {one.record.key for batch in batches for one in batch}


@pytest.mark.server
def test_settled_records_leave_the_table(bus: PostgresBus) -> None:
    """The queue is as large as what waits, not as what ever passed."""
    publish(bus.publisher(), records(5, b"a", b"b"))
    consumer = bus.consumer()
    record(bus, consumer, take(consumer, 10))
    with bus.engine().connect() as connection:
        assert connection.scalar(select(func.count()).select_from(bus_record)) == 0


@pytest.mark.server
def test_a_poll_that_finds_nothing_holds_nothing(bus: PostgresBus) -> None:
    """An idle worker's session is not in a transaction, so nothing takes it for frozen."""
    consumer = bus.consumer(idle_limit_s=0.5)
    consumer.poll(10, 0.1)
    with bus.engine().connect() as connection:
        states = connection.scalars(
            text("select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        )
        assert "idle in transaction" not in set(states)


@pytest.mark.server
def test_cut_sessions_lose_nothing_that_was_published(bus: PostgresBus) -> None:
    """The writer tries again in order; a batch may come twice, but none is missing and none is out of turn."""
    publisher = bus.publisher()
    told = []
    for number, one in enumerate(records(400)):
        told.append(publisher.publish(one))
        if number % 100 == 50:
            cut_all_sessions(bus)
    places: list[Position] = [one.result(PATIENCE_S) for one in told]
    assert places == sorted(places)
    values = values_by_key(take(bus.consumer(), places[-1].offset + 1))[b"top"]
    assert sorted(set(values)) == list(range(400))


@pytest.mark.server
def test_a_cut_reader_says_so_once_and_reads_on(bus: PostgresBus) -> None:
    """Calling again later is safe."""
    publish(bus.publisher(), records(3))
    consumer = bus.consumer()
    take(consumer, 3)
    cut_all_sessions(bus)
    with pytest.raises(BusUnavailable):
        consumer.poll(10, 0.1)
    assert len(take(consumer, 3)) == 3


@pytest.mark.parametrize(
    "packed",
    [b"junk", b"\xff", b"{}", b"null", b'[["1"]]', b'[[1, "eA=="]]', b'[["a", 1]]', b'[["a", "?"]]', b"[" * 100_000],
)
def test_headers_that_nobody_of_ours_has_packed_are_refused_by_one_error(packed: bytes) -> None:
    """Whatever their kind."""
    with pytest.raises((ValueError, RecursionError)):
        unpack_headers(packed)


@pytest.mark.server
@pytest.mark.parametrize("foreign", [{"headers": b"junk"}, {"value": b"x" * (RECORD_LIMIT + 1)}])
def test_a_record_of_somebody_else_stops_no_lane(bus: PostgresBus, foreign: dict[str, bytes]) -> None:
    """It is handed out as one that cannot be read, and nothing of it is held."""
    publish(bus.publisher(), records(3))
    with bus.engine().begin() as connection:
        connection.execute(update(bus_record).where(bus_record.c.offset == 1).values(foreign))
    taken = take(bus.consumer(), 3)
    names = [[name for name, _ in one.record.headers] for one in taken]
    assert names[1] == ["unreadable"]
    assert "unreadable" not in names[0] + names[2]
    assert [one.position.offset for one in taken] == [0, 1, 2]


@pytest.mark.server
def test_a_frame_that_cannot_be_written_fails_in_time() -> None:
    """Here the tables are missing; the error names the remedy."""
    engine = open_engine(servers.postgres())
    publisher = PostgresFramePublisher(engine, delivery_s=0.5)
    with pytest.raises(BusUnavailable, match="migrate"):
        publisher.publish(Record(b"top", (), b"")).result(PATIENCE_S)
    publisher.close(1)
    engine.dispose()


IN_THE_PLACE = "insert into bus_record values ('inspection.frames.v1', 0, 1, '', '')"
REFUSE = (
    "create function refuse() returns trigger language plpgsql as"
    " $$ begin raise exception 'no right' using errcode = 'insufficient_privilege'; end $$;"
    " create trigger refuse before insert on bus_record for each row execute function refuse()"
)


@pytest.mark.server
@pytest.mark.parametrize(
    ("breaks", "mends"),
    [
        (REFUSE, "drop trigger refuse on bus_record"),
        (IN_THE_PLACE, "delete from bus_record where value = ''"),
        ("delete from bus_lane", "select 1"),
    ],
    ids=["a right is revoked", "a row lies in the place", "the lane was removed"],
)
def test_records_wait_in_their_order_whatever_keeps_them_from_being_written(
    bus: PostgresBus, breaks: str, mends: str
) -> None:
    """Once it is mended they are written: nobody restarts the camera for it."""
    publisher = bus.publisher()
    publish(publisher, records(1))
    with bus.engine().begin() as connection:
        connection.execute(text(breaks))
    told = [publisher.publish(one) for one in records(100)]
    Event().wait(0.3)
    with bus.engine().begin() as connection:
        connection.execute(text(mends))
    places = [one.result(PATIENCE_S) for one in told]
    assert places == sorted(places)


class BrokenPublisher(PostgresFramePublisher):
    """With a defect that nobody foresaw."""

    def _write(self, records: Sequence[Record]) -> list[Position]:
        raise ZeroDivisionError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_of_the_writing_thread_is_told_to_whoever_waits() -> None:
    """Now and later: a camera whose frames nobody writes says so instead of waiting for ever."""
    engine = open_engine("postgresql://nobody@127.0.0.1:9/nowhere")
    publisher = BrokenPublisher(engine)
    for _ in range(2):
        with pytest.raises(BusUnavailable):
            publisher.publish(Record(b"top", (), b"")).result(PATIENCE_S)
    engine.dispose()


@pytest.mark.server
def test_closing_fails_what_cannot_be_written() -> None:
    """Within its time, and whoever waits for a frame hears of it."""
    engine = open_engine(servers.postgres())
    publisher = PostgresFramePublisher(engine, delivery_s=60)
    told = [publisher.publish(one) for one in records(100)]
    started = time.monotonic()
    publisher.close(0.5)
    assert time.monotonic() - started < 3
    assert all(isinstance(one.exception(PATIENCE_S), BusUnavailable) for one in told)
    with pytest.raises(BusUnavailable):
        publisher.publish(records(1)[0]).result(0)
    engine.dispose()

"""What every ledger promises about inspections: one body for the twin and for Postgres."""

from datetime import timedelta

import pytest

from core.errors import Fenced, NoOpenDay
from core.inspection import Batch, Progress
from core.verdict import Decision, ErrorReason
from tests.contracts.ledgers import TODAY, TOPIC, Ledger, batch, failed, frame, inspected, late, refused


def told_sequences(ledger: Ledger) -> list[str]:
    """Which new rows there are, seen through the outbox."""
    return [message.payload.split('"sequence": ')[1].split(",")[0] for message in ledger.pending(1000)]


def test_a_batch_moves_the_offsets_and_counts_its_new_rows(ledger: Ledger) -> None:
    """Three frames and their offsets are recorded together."""
    recorded = ledger.record(batch(*(inspected(frame(number)) for number in range(3))))
    assert (recorded.new, recorded.already_there) == (3, 0)
    assert ledger.next_offsets(TOPIC) == {0: 3}


def test_a_ledger_that_knows_nothing_has_no_offsets(ledger: Ledger) -> None:
    """A topic nobody read stands nowhere, so that a reader starts at its beginning."""
    assert ledger.next_offsets("never read") == {}


def test_the_days_that_are_open_are_told(ledger: Ledger) -> None:
    """Both ends are included."""
    assert all(TODAY + timedelta(days=days) in ledger.open_days() for days in (-1, 0, 1))
    assert not any(TODAY + timedelta(days=days) in ledger.open_days() for days in (-2, 2))


@pytest.mark.parametrize("days", [-2, 2, 4000])
def test_one_result_without_an_open_day_stops_the_whole_batch(ledger: Ledger, days: int) -> None:
    """Neither the good frames of the batch nor its offsets are written."""
    wrong = inspected(frame(1, captured_at=TODAY + timedelta(days=days)))
    with pytest.raises(NoOpenDay):
        ledger.record(batch(inspected(frame(0)), wrong))
    assert ledger.next_offsets(TOPIC) == {}
    assert ledger.pending(10) == []
    assert ledger.record(batch(inspected(frame(0)))).new == 1


def test_a_frame_sent_again_is_left_as_it_was(ledger: Ledger) -> None:
    """The second judgement of one frame, at another place on the bus, changes nothing and is told nobody."""
    ledger.record(batch(inspected(frame(0), Decision.OK)))
    recorded = ledger.record(batch(inspected(frame(0), Decision.NG), inspected(frame(1)), first=1))
    assert (recorded.new, recorded.already_there) == (1, 1)
    assert told_sequences(ledger) == ["0", "1"]
    assert '"OK"' in ledger.pending(1)[0].payload


def test_of_a_frame_twice_in_one_batch_the_first_counts(ledger: Ledger) -> None:
    """A camera that sends a frame twice in a row is no reason for two rows."""
    recorded = ledger.record(batch(inspected(frame(0), Decision.NG), inspected(frame(0), Decision.OK)))
    assert (recorded.new, recorded.already_there) == (1, 1)
    assert '"NG"' in ledger.pending(1)[0].payload


def test_a_failed_frame_sent_again_is_left_as_it_was(ledger: Ledger) -> None:
    """Quarantine does not pile up either."""
    ledger.record(batch(failed(frame(0))))
    recorded = ledger.record(batch(failed(frame(0)), first=1))
    assert (recorded.new, recorded.already_there) == (0, 1)


@pytest.mark.parametrize("first", [0, 2, 4])
def test_a_batch_that_does_not_start_where_the_partition_stands_is_fenced(ledger: Ledger, first: int) -> None:
    """A worker that was overtaken, or that jumped ahead, writes nothing."""
    ledger.record(batch(*(inspected(frame(number)) for number in range(3))))
    with pytest.raises(Fenced):
        ledger.record(batch(inspected(frame(9)), first=first))
    assert ledger.next_offsets(TOPIC) == {0: 3}
    assert told_sequences(ledger) == ["0", "1", "2"]


def test_one_fenced_partition_stops_the_whole_batch(ledger: Ledger) -> None:
    """The partition that stood right does not move either."""
    ledger.record(batch(inspected(frame(0)), partition=1))
    both = (Progress(TOPIC, 0, 0, 1), Progress(TOPIC, 1, 0, 1))
    with pytest.raises(Fenced):
        ledger.record(Batch((inspected(frame(1)),), both))
    assert ledger.next_offsets(TOPIC) == {1: 1}


def test_a_late_verdict_is_an_error_row_like_any_other(ledger: Ledger) -> None:
    """Told to the plant with its reason, and left as it was when it comes again."""
    assert ledger.record(batch(late(frame(0)))).new == 1
    assert '"reason": "late"' in ledger.pending(1)[0].payload
    assert ledger.record(batch(inspected(frame(0)), first=1)).already_there == 1


def test_offsets_may_jump_over_holes(ledger: Ledger) -> None:
    """The bus may have holes: the batch says where the reader stood and where it stands now."""
    ledger.record(batch(inspected(frame(0)), next_offset=10))
    ledger.record(batch(inspected(frame(1)), first=10, next_offset=17))
    assert ledger.next_offsets(TOPIC) == {0: 17}


def test_a_first_batch_may_start_anywhere(ledger: Ledger) -> None:
    """A broker forgets its oldest records, so a first reader may not begin at nought."""
    ledger.record(batch(inspected(frame(0)), first=1000))
    assert ledger.next_offsets(TOPIC) == {0: 1001}


def test_topics_do_not_mix(ledger: Ledger) -> None:
    """Each topic has partitions of its own."""
    ledger.record(Batch((), (Progress("other", 0, 0, 5),)))
    assert ledger.next_offsets(TOPIC) == {}
    assert ledger.next_offsets("other") == {0: 5}


def test_a_batch_without_results_moves_the_offsets(ledger: Ledger) -> None:
    """Records that became no result (there are none today) still count as settled."""
    assert ledger.record(batch(first=0, next_offset=3)).new == 0
    assert ledger.next_offsets(TOPIC) == {0: 3}


def test_a_frame_with_a_wrong_clock_is_filed_under_the_brokers_time(ledger: Ledger) -> None:
    """It never stalls the line, however wrong the clock is."""
    long_ago = frame(0, captured_at=TODAY.replace(year=1970))
    assert ledger.record(batch(failed(long_ago, ErrorReason.CLOCK))).new == 1


def test_a_frame_with_a_wrong_clock_sent_again_is_not_filed_twice(ledger: Ledger) -> None:
    """Though each arrival has another time of the broker."""
    wrong = frame(0, captured_at=TODAY + timedelta(days=400))
    ledger.record(batch(failed(wrong, ErrorReason.CLOCK)))
    again = failed(wrong, ErrorReason.CLOCK, arrived_at=TODAY + timedelta(minutes=1))
    recorded = ledger.record(batch(again, inspected(frame(1)), first=1))
    assert (recorded.new, recorded.already_there) == (1, 1)


def test_a_frame_once_filed_for_its_clock_is_not_judged_when_its_day_has_come(ledger: Ledger) -> None:
    """What was ERROR stays ERROR, even if the same frame comes again when its day is open."""
    ledger.record(batch(failed(frame(0), ErrorReason.CLOCK)))
    assert ledger.record(batch(inspected(frame(0)), first=1)).already_there == 1


def test_a_refused_record_never_shadows_a_frame(ledger: Ledger) -> None:
    """It is keyed by its place on the bus, whatever it claims to be; the frame itself is recorded as ever."""
    recorded = ledger.record(batch(refused(0), inspected(frame(0)), refused(1), first=0, next_offset=3))
    assert (recorded.new, recorded.already_there) == (3, 0)
    assert ledger.record(batch(refused(0), first=3)).already_there == 1


def test_words_from_strangers_are_stored_whatever_they_hold(ledger: Ledger) -> None:
    """A NUL, a lone surrogate or a megabyte in a detail is no reason to stall the line."""
    words = ("\x00 before and after \x00", "\ud800", "x" * 1_000_000)
    results = [refused(number, detail=detail) for number, detail in enumerate(words)]
    assert ledger.record(batch(*results)).new == len(words)


def test_the_outbox_tells_new_rows_in_their_order(ledger: Ledger) -> None:
    """Per camera the plant hears verdicts as the bus carried the frames, whatever order the rows were written in."""
    ledger.record(batch(*(inspected(frame(number)) for number in (5, 3, 9, 1))))
    ledger.record(batch(inspected(frame(0)), failed(frame(3)), first=4))
    assert told_sequences(ledger) == ["5", "3", "9", "1", "0"]
    ids = [message.id for message in ledger.pending(1000)]
    assert ids == sorted(set(ids))


def test_what_was_told_is_not_pending_any_more(ledger: Ledger) -> None:
    """Telling the ledger twice is safe, and so is telling it nothing."""
    ledger.record(batch(*(inspected(frame(number)) for number in range(4))))
    first_two = [message.id for message in ledger.pending(2)]
    for _ in range(2):
        ledger.told(first_two)
    ledger.told([])
    assert told_sequences(ledger) == ["2", "3"]

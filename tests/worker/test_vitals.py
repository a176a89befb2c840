"""What a worker tells of its health, from a line of twins."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import pytest

from core.health import Histogram, Measured, Pulse
from core.wire import Record
from tests.worker.in_memory_line import NOON, Line, frame, png
from worker.forward_clock import REMEDY
from worker.meters import CAMERA_LIMIT, Meters
from worker.vitals import FRESH_S, WorkerState, reasons_to_restart, reasons_to_wait, worker_metrics


def state_of(line: Line, meters: Meters, waiting: int | None = 0, beaten: bool = True) -> WorkerState:
    slot = line.bench().slot
    slot.first_look()
    slot.refresh()
    slot.refresh()
    pulse = Pulse(line.clock.monotonic)
    if beaten:
        pulse.beat()
    return WorkerState(line.counts, meters, slot.serving(), slot.missing(), waiting, pulse, line.clock.now(), 0.0)


def values(measured: Sequence[Measured], name: str) -> Mapping[tuple[str, ...], object]:
    return next(each.values for each in measured if each.name == name)


def worked(*greys: int) -> tuple[Line, Meters]:
    line = Line()
    line.promote()
    line.publish(*(frame(number, content=png(grey)) for number, grey in enumerate(greys)))
    bench = line.bench()
    line.work(bench)
    return line, bench.meters


def test_frames_are_counted_by_camera_product_and_decision() -> None:
    """Those of the ledger, not those that were tried."""
    line, meters = worked(40, 40, 250)
    found = values(worker_metrics(state_of(line, meters)), "line_frames_judged_total")
    assert found == {("cam", "disc", "OK"): 2, ("cam", "disc", "NG"): 1}


def test_what_could_not_be_judged_is_counted_by_its_reason() -> None:
    """A record that is not trusted belongs to no camera."""
    line = Line()
    line.promote()
    line.publish(frame(1, content=b""))
    line.bus.publish(Record(b"cam", (("who", b"me"),), b"x"))
    bench = line.bench()
    line.work(bench)
    found = values(worker_metrics(state_of(line, bench.meters)), "line_frame_errors_total")
    assert found == {("cam", "no content"): 1, ("?", "envelope not trusted"): 1}


def test_latency_counts_every_frame_from_its_shutter_and_from_the_bus() -> None:
    """A frame that waited a minute in its camera, and not at all on the bus."""
    line = Line()
    line.promote()
    line.publish(frame(1, captured_at=NOON - timedelta(seconds=45)))
    bench = line.bench()
    line.work(bench)
    measured = worker_metrics(state_of(line, bench.meters))
    captured = values(measured, "line_capture_to_verdict_seconds")["cam",]
    arrived = values(measured, "line_arrival_to_verdict_seconds")["cam",]
    assert 45 < captured.total < 46  # type: ignore[attr-defined]
    assert arrived.total < 1  # type: ignore[attr-defined]
    assert sum(captured.counts) == sum(arrived.counts) == 1  # type: ignore[attr-defined]


def test_the_model_that_serves_is_told_with_its_engine() -> None:
    """Its version is the value, so that a change is a step."""
    line, meters = worked(40)
    line.promote()
    assert values(worker_metrics(state_of(line, meters)), "line_model_version") == {("disc", "grey"): 2}


def test_a_bus_that_does_not_say_what_waits_is_told_as_such_and_not_as_nothing() -> None:
    """No lag and no answer are two things."""
    line, meters = worked(40)
    said, silent = worker_metrics(state_of(line, meters, 7)), worker_metrics(state_of(line, meters, None))
    assert values(said, "line_bus_waiting_records") == {(): 7}
    assert values(said, "line_bus_reachable") == {(): True}
    assert "line_bus_waiting_records" not in [each.name for each in silent]
    assert values(silent, "line_bus_reachable") == {(): False}


def test_names_invented_on_the_bus_do_not_make_series_without_end() -> None:
    """Beyond the limit they are counted together."""
    line = Line()
    line.promote()
    line.publish(*(frame(1, camera=f"cam-{number}") for number in range(CAMERA_LIMIT + 5)))
    bench = line.bench(frames=64)
    line.work(bench)
    found = values(worker_metrics(state_of(line, bench.meters)), "line_frames_judged_total")
    assert len(found) == CAMERA_LIMIT + 1
    assert found["?", "?", "OK"] == 5


def test_the_age_of_a_camera_is_that_of_its_newest_frame() -> None:
    """However late an older one was judged."""
    line = Line()
    line.promote()
    line.publish(frame(2), frame(1, captured_at=NOON - timedelta(hours=1)))
    bench = line.bench()
    line.work(bench)
    (age,) = values(worker_metrics(state_of(line, bench.meters)), "line_newest_judged_age_seconds").values()
    assert age < 60  # type: ignore[operator]


def test_a_worker_is_ready_once_its_loop_goes_round() -> None:
    """Before, it waits for Postgres and models."""
    line, meters = worked(40)
    assert reasons_to_wait(state_of(line, meters, beaten=False)) == [
        "the first round waits for Postgres and for models"
    ]
    assert reasons_to_wait(state_of(line, meters)) == []


def test_a_worker_whose_round_takes_long_is_not_ready_and_much_later_stuck() -> None:
    """First it waits for something; beyond all patience only a restart helps."""
    line, meters = worked(40)
    state = state_of(line, meters)
    line.clock.seconds += FRESH_S + 1
    assert "the round in hand takes 31 s" in reasons_to_wait(state)[0]
    assert reasons_to_restart(state.pulse, 600) == []
    line.clock.seconds += 600
    assert "has not gone round" in reasons_to_restart(state.pulse, 600)[0]


def test_a_product_whose_first_model_is_loading_keeps_the_worker_from_being_ready() -> None:
    """It says which."""
    line = Line()
    line.promote()
    slot = line.bench(start=lambda _: Future()).slot
    slot.first_look()
    slot.refresh()
    state = replace(state_of(line, Meters()), missing=slot.missing())
    assert reasons_to_wait(state) == ["the first model of disc is loading"]


@pytest.mark.parametrize("name", ["line_worker_fenced_total", "line_worker_batches_total", "line_worker_told_total"])
def test_what_a_worker_counts_is_measured(name: str) -> None:
    """All of it starts at nought."""
    assert name in [each.name for each in worker_metrics(state_of(Line(), Meters()))]


def test_histograms_carry_the_camera() -> None:
    """One series per camera."""
    line, meters = worked(40)
    found = [each for each in worker_metrics(state_of(line, meters)) if isinstance(each, Histogram)]
    assert {each.label_names for each in found} == {("camera",)}


def test_a_clock_that_was_set_back_asks_for_a_person_and_not_for_a_supervisor() -> None:
    """A worker that is restarted while the clock is wrong would believe it, and call the late in time."""
    line, meters = worked(40)
    state = replace(state_of(line, meters), clock_behind_s=3600.0)
    (reason,) = reasons_to_wait(state)
    assert reason.startswith("the machine's clock was set back by 3600 s")
    assert REMEDY in reason
    assert reasons_to_restart(state.pulse, 600) == []
    assert values(worker_metrics(state), "line_worker_clock_behind_seconds") == {(): 3600.0}

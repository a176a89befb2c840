"""Where a worker has its cameras' keys, nobody speaks in a camera's name but the camera."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from core.errors import SettingRefused
from core.frame import DroppedFrame
from core.inspection import Inspection, Refusal
from core.signature import CameraKey, believe, doubts_of, signed
from core.verdict import ErrorReason
from core.wire import Record, to_record
from tests.worker.in_memory_line import START, Line, frame, header, png
from worker.__main__ import _doubts
from worker.loop import Bench
from worker.meters import NOBODY
from worker.settings import WorkerSettings

KEY, STRANGERS = CameraKey(b"k" * 32), CameraKey(b"s" * 32)


def line_with_keys() -> tuple[Line, Bench]:
    line = Line()
    line.promote()
    return line, replace(line.bench(), doubts=partial(doubts_of, keyring={"cam": (KEY,), "other": (STRANGERS,)}))


FORGERIES: dict[str, Record] = {
    "unsigned": to_record(frame(1, content=png(250))),
    "signed by another camera": signed(to_record(frame(1, content=png(250))), STRANGERS),
    "unsigned drop": to_record(DroppedFrame(header(1), "never seen")),
    "a true code on another number": replace(
        signed(to_record(frame(2)), KEY),
        headers=(*to_record(frame(1)).headers, signed(to_record(frame(2)), KEY).headers[-1]),
    ),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_record_is_quarantined_and_never_takes_the_real_frames_place(kind: str) -> None:
    """Though it came first: the real one has its row, its picture and its verdict."""
    line, bench = line_with_keys()
    line.bus.publish(FORGERIES[kind])
    line.bus.publish(signed(to_record(frame(1)), KEY))
    line.work(bench)
    refusal, real = sorted(line.ledger.results.values(), key=lambda result: isinstance(result, Inspection))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is ErrorReason.SIGNATURE
    assert isinstance(real, Inspection)
    assert line.ledger.results["cam", START, 1] is real
    if FORGERIES[kind].value:
        assert line.artifacts.get(refusal.evidence.frame_uri) == FORGERIES[kind].value
    assert bench.meters.errors == {(NOBODY, "signature"): 1}
    assert line.board.newest["cam"].decision == real.decision


def test_a_record_that_was_heard_and_sent_again_changes_nothing() -> None:
    """It is the same frame, and the ledger has its row."""
    line, bench = line_with_keys()
    record = signed(to_record(frame(1)), KEY)
    line.bus.publish(record)
    line.work(bench)
    before = dict(line.ledger.results)
    line.bus.publish(record)
    line.work(bench)
    assert line.ledger.results == before
    assert line.counts.already_there == 1


def test_a_camera_signs_only_its_own_frames() -> None:
    """Its key opens no other camera's name, whatever it calls itself."""
    line, bench = line_with_keys()
    line.bus.publish(signed(to_record(frame(1, camera="other")), STRANGERS))
    line.bus.publish(signed(to_record(frame(2, camera="other")), KEY))
    line.work(bench)
    assert isinstance(line.ledger.results["other", START, 1], Inspection)
    assert [type(result) for result in line.ledger.results.values()].count(Refusal) == 1


def test_without_keys_everybody_is_believed() -> None:
    """As long as no file is named."""
    assert _doubts(WorkerSettings()) is believe
    line = Line()
    line.promote()
    line.bus.publish(FORGERIES["unsigned"])
    line.work()
    assert isinstance(line.ledger.results["cam", START, 1], Inspection)


def test_the_worker_reads_its_file_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"cam {KEY.secret.hex()}\n")
    doubts = _doubts(WorkerSettings(camera_keys=str(path)))
    assert doubts(signed(to_record(frame(1)), KEY)) == ""
    assert doubts(to_record(frame(1)))


def test_a_file_of_keys_that_cannot_be_read_stops_the_worker(tmp_path: Path) -> None:
    """It would otherwise believe everybody."""
    with pytest.raises(SettingRefused, match="WORKER_CAMERA_KEYS"):
        _doubts(WorkerSettings(camera_keys=str(tmp_path / "nowhere")))

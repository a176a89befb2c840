"""The camera's diary survives what its process does not."""

import json
from pathlib import Path

import pytest

from core.errors import SettingRefused
from ingest.journal import FileJournal, read_journal
from tests.ingest.twins import frame


def written(path: Path) -> None:
    """Three frames: one acknowledged, one dropped, one still on its way."""
    journal = FileJournal(path)
    for number, defect in enumerate((True, False, None)):
        journal.captured(frame(number).header, defect)
    journal.acknowledged(frame(0).header.id, None)
    journal.acknowledged(frame(1).header.id, "drop-oldest")
    journal.close()


def test_the_sets_come_back(tmp_path: Path) -> None:
    """Captured, acknowledged, dropped, and the truth of each."""
    path = tmp_path / "new folder" / "camera.jsonl"
    written(path)
    summary = read_journal(path)
    ids = [frame(number).header.id for number in range(3)]
    assert summary.captured == set(ids)
    assert summary.acknowledged == set(ids[:2])
    assert summary.dropped == {ids[1]}
    assert summary.defects == dict(zip(ids, (True, False, None), strict=True))
    assert summary.torn == 0


def test_a_captured_line_holds_what_a_comparison_needs(tmp_path: Path) -> None:
    """As its readers expect it."""
    written(tmp_path / "camera.jsonl")
    line = json.loads((tmp_path / "camera.jsonl").read_text().splitlines()[0])
    assert set(line) == {"camera", "start_id", "sequence", "captured_at", "sha256", "part_id", "defect"}


def test_a_torn_last_line_is_counted_and_believed_nowhere(tmp_path: Path) -> None:
    """What kill -9 in the middle of a write leaves, at every length."""
    path = tmp_path / "camera.jsonl"
    written(path)
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        summary = read_journal(path)
        assert summary.torn == 1
        assert summary.acknowledged == {frame(0).header.id}


def test_the_next_process_does_not_continue_a_torn_line(tmp_path: Path) -> None:
    """It would swallow the first frame of its run."""
    path = tmp_path / "camera.jsonl"
    written(path)
    path.write_bytes(path.read_bytes()[:-5])
    again = FileJournal(path)
    again.captured(frame(7).header, None)
    again.close()
    summary = read_journal(path)
    assert frame(7).header.id in summary.captured
    assert summary.torn == 1


def test_several_journals_are_read_as_one_and_an_absent_one_is_empty(tmp_path: Path) -> None:
    """A camera that has not started has captured nothing."""
    written(tmp_path / "one.jsonl")
    assert len(read_journal(tmp_path / "one.jsonl", tmp_path / "absent.jsonl").captured) == 3


def test_a_line_after_closing_is_refused_without_an_error(tmp_path: Path) -> None:
    """An acknowledgement may come late; the camera's last steps must not fail on it."""
    journal = FileJournal(tmp_path / "camera.jsonl")
    journal.close()
    journal.acknowledged(frame(0).header.id, None)
    journal.close()
    assert read_journal(tmp_path / "camera.jsonl").acknowledged == frozenset()


def test_a_journal_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    """With the option and the remedy in the message."""
    with pytest.raises(SettingRefused, match=r"--journal .* name a file that can be written"):
        FileJournal(tmp_path)

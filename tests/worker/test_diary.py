"""The diary of a drill: it freezes the worker once, exactly where it is told to, and never outside a drill."""

import json
from pathlib import Path

import pytest

from core.errors import SettingRefused
from core.inspection import Recorded
from tests.worker.in_memory_line import Line, frame
from worker.diary import FreezingDiary, JudgedLog, NoJudgedLog, open_diary

KEYS = [("cam", "0123456789ab", 1)]


def events(path: Path) -> list[str]:
    return [json.loads(line)["event"] for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize(
    ("at", "rows", "written"), [("judged", 0, ["judged"]), ("recorded", 1, ["judged", "recorded"])]
)
def test_a_worker_freezes_between_two_effects(tmp_path: Path, at: str, rows: int, written: list[str]) -> None:
    """Before the transaction no row stands; after the commit it does, and the bus has not been told."""
    seen: list[tuple[int, int]] = []
    line = Line()
    line.promote()
    line.publish(frame(1))
    path = tmp_path / "judged.jsonl"

    def freeze() -> None:
        assert events(path) == written
        seen.append((len(line.ledger.results), len(line.bus.owners)))

    line.work(line.bench(diary=open_diary(str(path), at, freeze)))
    assert seen == [(rows, 1)]


def test_it_freezes_once(tmp_path: Path) -> None:
    """The woken worker goes on."""
    frozen: list[str] = []
    diary = FreezingDiary(JudgedLog(tmp_path / "log"), "recorded", lambda: frozen.append("now"))
    for _ in range(3):
        diary.judged(KEYS)
        diary.recorded(Recorded(1, 0))
        diary.fenced()
    assert frozen == ["now"]
    assert events(tmp_path / "log") == ["judged", "recorded", "fenced"] * 3


def test_a_worker_outside_a_drill_cannot_be_told_to_freeze() -> None:
    with pytest.raises(SettingRefused, match="WORKER_JUDGED_LOG"):
        open_diary("", "judged", lambda: None)


def test_without_a_log_nothing_is_written() -> None:
    assert isinstance(open_diary("", "", lambda: None), NoJudgedLog)

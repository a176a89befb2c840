"""What a worker tried, written down beside Postgres: for drills, which count what a killed worker judged in vain."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import structlog

from core.errors import SettingRefused
from core.inspection import Recorded

log = structlog.get_logger("worker")


class Diary(Protocol):
    """Who writes down what was tried."""

    def judged(self, keys: Iterable[tuple[str, str, int]]) -> None:
        """About to be recorded."""
        ...

    def recorded(self, recorded: Recorded) -> None:
        """Recorded."""
        ...

    def fenced(self) -> None:
        """Refused by the ledger's fence."""
        ...


class JudgedLog:
    """A file beside Postgres that says what was tried: frames judged again by a killed worker stand in it twice.

    One line of JSON per event, appended unbuffered before the transaction begins; for drills, off by default.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def judged(self, keys: Iterable[tuple[str, str, int]]) -> None:
        """These results are about to be recorded."""
        self._append({"event": "judged", "keys": list(keys)})

    def recorded(self, recorded: Recorded) -> None:
        """They are."""
        self._append({"event": "recorded", "new": recorded.new, "already_there": recorded.already_there})

    def fenced(self) -> None:
        """They were another worker's, or an earlier try's."""
        self._append({"event": "fenced"})

    def _append(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")


class NoJudgedLog:
    """Where nobody asked for one."""

    def judged(self, keys: Iterable[tuple[str, str, int]]) -> None:
        """Nothing."""

    def recorded(self, recorded: Recorded) -> None:
        """Nothing."""

    def fenced(self) -> None:
        """Nothing."""


class FreezingDiary:
    """A diary whose process freezes, once, right after the first entry of one kind.

    So a drill has a worker stand still exactly between two effects, where it can be killed, or woken when others have
    taken over: a kill from outside would have to be lucky to fall into that millisecond.
    """

    def __init__(self, diary: Diary, at: str, freeze: Callable[[], None]) -> None:
        self._diary = diary
        self._at = at
        self._freeze = freeze

    def judged(self, keys: Iterable[tuple[str, str, int]]) -> None:
        """Evidence is kept, the transaction has not begun."""
        self._diary.judged(keys)
        self._freeze_if("judged")

    def recorded(self, recorded: Recorded) -> None:
        """The transaction is committed, the bus has not been told."""
        self._diary.recorded(recorded)
        self._freeze_if("recorded")

    def fenced(self) -> None:
        """Never a reason to freeze."""
        self._diary.fenced()

    def _freeze_if(self, entry: str) -> None:
        if entry == self._at:
            self._at = ""
            log.warning("worker_freezes", at=entry, wake_it_with="SIGCONT")
            self._freeze()


def open_diary(judged_log: str, freeze_at: str, freeze: Callable[[], None]) -> Diary:
    """The diary that the settings ask for.

    Raises:
        SettingRefused: A worker that keeps no diary is not part of a drill, and must not be told to freeze.
    """
    if not judged_log:
        if freeze_at:
            raise SettingRefused("WORKER_FREEZE_AT is for drills: it needs WORKER_JUDGED_LOG")
        return NoJudgedLog()
    diary = JudgedLog(Path(judged_log))
    return FreezingDiary(diary, freeze_at, freeze) if freeze_at else diary

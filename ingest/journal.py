"""The camera's own diary, outside Postgres: against it the line's rows are compared. One JSON object per line."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

import structlog

from core.errors import SettingRefused
from core.frame import FrameHeader, FrameId

log = structlog.get_logger()


class Journal(Protocol):
    """What the loop writes down. Called from two threads; never raises."""

    def captured(self, header: FrameHeader, defect: bool | None) -> None:
        """A frame exists; written before anything else happens to it."""
        ...

    def acknowledged(self, frame_id: FrameId, dropped: str | None) -> None:
        """The bus holds the frame durably, or the announcement that it was dropped for this reason."""
        ...

    def close(self) -> None:
        """Nothing more will be written. Safe to call twice."""
        ...


class FileJournal:
    """Appends each line with one unbuffered write: what was written survives a kill of this process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._healthy = True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab+", buffering=0)
            self._end_torn_line()
        except OSError as error:
            raise SettingRefused(f"--journal {path}: {error.strerror}; name a file that can be written") from error

    def captured(self, header: FrameHeader, defect: bool | None) -> None:
        """One line with everything a comparison needs."""
        self._append(
            _key(header.id)
            | {
                "captured_at": header.captured_at.isoformat(),
                "sha256": header.sha256,
                "part_id": header.part_id,
                "defect": defect,
            }
        )

    def acknowledged(self, frame_id: FrameId, dropped: str | None) -> None:
        """One short line."""
        told: dict[str, object] = {"acknowledged": True}
        self._append(_key(frame_id) | told | ({} if dropped is None else {"dropped": True, "reason": dropped}))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _end_torn_line(self) -> None:
        """A killed predecessor may have left half a line: it must not swallow our first one."""
        if self._file.seek(0, 2) and self._file.seek(-1, 2) >= 0 and self._file.read(1) != b"\n":
            self._file.write(b"\n")

    def _append(self, line: dict[str, object]) -> None:
        try:
            with self._lock:
                self._file.write(json.dumps(line).encode() + b"\n")
            self._healthy = True
        except (OSError, ValueError) as error:  # a full disk, or a late acknowledgement after close
            if self._healthy:
                log.warning("journal_refused", path=str(self._path), error=str(error))
            self._healthy = False


class NoJournal:
    """For a camera that keeps no diary."""

    def captured(self, header: FrameHeader, defect: bool | None) -> None:
        """Nothing."""

    def acknowledged(self, frame_id: FrameId, dropped: str | None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class JournalSummary:
    """What cameras wrote down. `acknowledged` includes the dropped frames whose announcement the bus holds.

    `defects` holds the truth of every captured frame, None where the camera does not know it; `parts` its part
    id; `torn` counts lines that a killed camera left unfinished.
    """

    captured: frozenset[FrameId] = frozenset()
    acknowledged: frozenset[FrameId] = frozenset()
    dropped: frozenset[FrameId] = frozenset()
    defects: Mapping[FrameId, bool | None] = field(default_factory=dict)
    parts: Mapping[FrameId, str] = field(default_factory=dict)
    torn: int = 0


def read_journal(*paths: Path) -> JournalSummary:
    """Everything in these journals; one that does not exist yet is empty."""
    lines = [line for path in paths if path.exists() for line in path.read_bytes().split(b"\n") if line]
    return summarise(lines)


def summarise(lines: Iterable[bytes]) -> JournalSummary:
    """The sets that a comparison needs. Lines that are not whole are counted, not believed."""
    parsed = [_parse(line) for line in lines]
    whole = [entry for entry in parsed if entry is not None]
    acknowledged = [(key, fields) for key, fields in whole if fields.get("acknowledged")]
    captured = [(key, fields) for key, fields in whole if "sha256" in fields]
    return JournalSummary(
        captured=frozenset(key for key, _ in captured),
        acknowledged=frozenset(key for key, _ in acknowledged),
        dropped=frozenset(key for key, fields in acknowledged if fields.get("dropped")),
        defects={key: fields.get("defect") for key, fields in captured},
        parts={key: str(fields.get("part_id", "")) for key, fields in captured},
        torn=len(parsed) - len(whole),
    )


def _key(frame_id: FrameId) -> dict[str, object]:
    return {"camera": frame_id.camera, "start_id": frame_id.start_id, "sequence": frame_id.sequence}


def _parse(line: bytes) -> tuple[FrameId, dict[str, bool | None]] | None:
    try:
        fields = json.loads(line)
        return FrameId(fields["camera"], fields["start_id"], fields["sequence"]), fields
    except (ValueError, KeyError, TypeError):
        return None

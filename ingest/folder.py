"""FolderCamera: replays the pictures in a folder, byte for byte as they are."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

from core.errors import SettingRefused
from core.wire import FRAME_LIMIT
from ingest.cameras import CameraSilent, Capture, Oversized, Taken
from ingest.parts import UNKNOWN_PART, read_parts

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def pictures_in(folder: Path) -> list[Path]:
    """Every picture in the folder and below it, by name; empty where the folder is away."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


class FolderCamera:
    """Plays a folder in rounds, by name or shuffled anew each round from a seed; looks for new files every round.

    The truth about defects is not known here: a folder's name is not trusted to say it.
    """

    def __init__(self, folder: Path, seed: int | None = None) -> None:
        """Refuse a folder that is not there or holds no picture.

        Raises:
            SettingRefused: Nothing to replay, or a parts.csv that cannot be used.
        """
        if not folder.is_dir():
            raise SettingRefused(f"--source folder:{folder}: no such folder; name one that holds pictures")
        if not pictures_in(folder):
            raise SettingRefused(f"--source folder:{folder}: no picture in it ({', '.join(sorted(SUFFIXES))})")
        self._folder = folder
        self._parts = read_parts(folder)
        self._random = None if seed is None else random.Random(seed)  # noqa: S311 - an order, not a secret
        self._round: Iterator[Path] = iter(())

    def grab(self) -> Taken:
        """The next picture. A file that vanished or cannot be read is this part's silence, not the end."""
        path = next(self._round, None) or self._first_of_next_round()
        part = self._parts.get(path.relative_to(self._folder).as_posix(), UNKNOWN_PART)
        try:
            if (size := path.stat().st_size) > FRAME_LIMIT:
                return Oversized(size, _sha256_of_file(path), part.part_id, part.lot)
            return Capture(path.read_bytes(), part.part_id, part.lot)
        except OSError as error:
            raise CameraSilent(f"{path}: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is held open."""

    def _first_of_next_round(self) -> Path:
        try:
            found = pictures_in(self._folder)
        except OSError as error:
            raise CameraSilent(f"{self._folder}: {error.strerror}") from error
        if not found:
            raise CameraSilent(f"{self._folder} holds no picture any more")
        if self._random is not None:
            self._random.shuffle(found)
        self._round = iter(found)
        return next(self._round)


def _sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

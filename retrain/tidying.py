"""The station's folder does not grow for ever: what no run has touched for a week goes."""

import os
from pathlib import Path

import structlog

UNUSED_FOR_S = 7 * 24 * 3600.0
"""Whoever asks why a run of this week failed finds its files; pictures are fetched again when a night wants them."""

log = structlog.get_logger("retrain")


def tidy(folder: Path, now: float) -> int:
    """Remove the files that nobody has written or asked for since a week before `now` (seconds since 1970); how many.

    What cannot be removed stays, and the log says so: a run that needs the room will say it too.
    """
    gone, emptied = 0, set[Path]()
    for place, _, files in os.walk(folder, topdown=False):
        here = Path(place)
        removed = [name for name in files if _is_removed(here / name, now)]
        gone += len(removed)
        # An empty folder that is not of our making may be about to be filled.
        if (removed or here in emptied) and here != folder and _is_removed_if_empty(here):
            emptied.add(here.parent)
    if gone:
        log.info("old_files_removed", folder=str(folder), files=gone)
    return gone


def _is_removed(path: Path, now: float) -> bool:
    try:
        if path.stat().st_mtime > now - UNUSED_FOR_S:
            return False
        path.unlink()
    except OSError as error:
        log.warning("old_file_not_removed", path=str(path), error=str(error))
        return False
    return True


def _is_removed_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True

"""The folder of fetched bundles and compiled graphs does not grow for ever: each night may bring new ones."""

import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from threading import Thread

import structlog

from model.engines.kept import BUNDLE_LETTERS, HALF_MADE
from worker.compiling import GRAPHS

EVERY_S = 24 * 3600.0
UNUSED_FOR_S = 7 * EVERY_S
"""A week after its model left the line a bundle goes, with its graphs: until then a step back finds both."""
OURS = re.compile(rf"[0-9a-f]{{{BUNDLE_LETTERS}}}")
"""How names of bundles and graphs begin. Nothing else is touched, whatever the folder is."""

log = structlog.get_logger("worker")


def beside_the_line(tidy: Callable[[], None]) -> None:
    """In a thread of its own: removing a year's graphs takes seconds, in which frames would wait."""
    Thread(target=tidy, name="cache-care", daemon=True).start()


class CacheCare:
    """Looks once a day. `in_use` tells the sha256 of every bundle that judges or runs in the shadow."""

    def __init__(
        self,
        cache: Path,
        in_use: Callable[[], Iterable[str]],
        monotonic: Callable[[], float],
        now: Callable[[], float],
        start: Callable[[Callable[[], None]], None] = beside_the_line,
    ) -> None:
        self._cache = cache
        self._in_use = in_use
        self._monotonic = monotonic
        self._now = now
        self._start = start
        self._next_at = float("-inf")

    def look(self) -> None:
        """Mark what is in use, for other workers may share the folder; remove what nobody has marked for a week."""
        if self._monotonic() < self._next_at:
            return
        self._next_at = self._monotonic() + EVERY_S
        used = {sha256[:BUNDLE_LETTERS] for sha256 in self._in_use()}
        self._start(lambda: self._tidy(used))

    def _tidy(self, used: Collection[str]) -> None:
        for path in [*_ours(self._cache), *_ours(self._cache / GRAPHS)]:
            try:
                self._mark_or_remove(path, path.name[:BUNDLE_LETTERS] in used and path.suffix != HALF_MADE)
            except OSError as error:
                log.warning("cache_not_tidied", path=str(path), error=str(error))

    def _mark_or_remove(self, path: Path, is_used: bool) -> None:
        if is_used:
            os.utime(path, (self._now(), self._now()))
        elif path.stat().st_mtime < self._now() - UNUSED_FOR_S:
            # Under another name first: whoever opens a bundle or a graph right now finds all of it, or none.
            gone = path.rename(path.with_name(f"{path.name}.gone"))
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
            log.info("unused_bundle_removed", path=str(path))


class NoCache:
    """Where nothing is fetched."""

    def look(self) -> None:
        """Nothing."""


def _ours(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if OURS.match(path.name))

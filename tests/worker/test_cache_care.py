"""The worker's folder of bundles and graphs holds what serves and what served this week."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from model.engines.choice import EngineName
from model.engines.kept import GraphKey
from tests.worker.in_memory_line import GreyDetector, Line, frame
from tests.worker.test_shadowing import begin
from worker.cache_care import EVERY_S, UNUSED_FOR_S, CacheCare
from worker.compiling import GRAPHS

NOW = 1_800_000_000.0
SERVING, LEFT, RECENT = "a" * 64, "b" * 64, "c" * 64
KEY = GraphKey(SERVING, EngineName("inductor", "cpu", "float32"), "torch2.14", "x86_64 AVX2", (1, 8))


def at_once(tidy: Callable[[], None]) -> None:
    tidy()


class Care:
    """A cache, whose bundles judge, and what time it is."""

    def __init__(self, cache: Path) -> None:
        self.cache, self.now, self.asked = cache, NOW, 0
        self.care = CacheCare(cache, self.in_use, lambda: self.now - NOW, lambda: self.now, at_once)

    def in_use(self) -> set[str]:
        self.asked += 1
        return {SERVING}

    def put(self, name: str, age_s: float) -> Path:
        """A folder with a file, of that age."""
        folder = self.cache / name
        folder.mkdir(parents=True)
        (folder / "content").write_bytes(b"x")
        os.utime(folder, (NOW - age_s, NOW - age_s))
        return folder

    def graph(self, sha256: str, age_s: float) -> Path:
        """As a compiler keeps it."""
        return self.put(f"{GRAPHS}/{replace(KEY, bundle_sha256=sha256).folder_name}", age_s)


@pytest.fixture
def care(tmp_path: Path) -> Care:
    return Care(tmp_path / "cache")


def test_a_bundle_goes_with_its_graphs_a_week_after_its_model_left(care: Care) -> None:
    """What serves stays however old it is, and what left this week stays for a step back."""
    old = UNUSED_FOR_S + 1
    gone = [care.put(LEFT, old), care.graph(LEFT, old), care.put(f"{GRAPHS}/{SERVING[:24]}-x.0123.part", old)]
    kept = [care.put(SERVING, 9 * old), care.graph(SERVING, 9 * old), care.put(RECENT, EVERY_S), care.graph(RECENT, 0)]
    care.care.look()
    assert [path for path in gone if path.exists()] == []
    assert all((path / "content").exists() for path in kept)


def test_what_serves_is_marked_for_other_workers_of_the_machine(care: Care) -> None:
    """One for whose products it does not judge sees that somebody uses it."""
    folder, graph = care.put(SERVING, UNUSED_FOR_S + 1), care.graph(SERVING, UNUSED_FOR_S + 1)
    care.care.look()
    CacheCare(care.cache, lambda: (), lambda: 0.0, lambda: NOW, at_once).look()
    assert (folder / "content").exists()
    assert (graph / "content").exists()


def test_nothing_else_is_touched_whatever_the_folder_is(care: Care) -> None:
    """A cache set to somebody's home is no reason to empty it."""
    others = [care.put(name, 9 * UNUSED_FOR_S) for name in ("photographs", "0123", f"{GRAPHS}/notes")]
    care.care.look()
    assert all((path / "content").exists() for path in others)


def test_it_looks_once_a_day(care: Care) -> None:
    for _ in range(3):
        care.care.look()
    assert care.asked == 1
    care.now += EVERY_S
    care.care.look()
    assert care.asked == 2


def test_what_cannot_be_removed_is_told_and_the_rest_goes(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line does not stop for it."""
    stuck, gone = care.put(LEFT, UNUSED_FOR_S + 1), care.graph(LEFT, UNUSED_FOR_S + 1)
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path == stuck:
            raise PermissionError(path)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    care.care.look()
    assert stuck.exists()
    assert not gone.exists()


def test_judging_does_not_wait_for_what_is_removed(tmp_path: Path) -> None:
    """It is removed in a thread of its own."""
    begun, may_go_on = Event(), Event()

    def now() -> float:
        begun.set()
        assert may_go_on.wait(30)
        return NOW

    cache = Care(tmp_path / "cache")
    gone = cache.put(LEFT, UNUSED_FOR_S + 1)
    CacheCare(cache.cache, lambda: (), lambda: 0.0, now).look()
    assert begun.wait(30)
    assert gone.exists()
    (thread,) = (each for each in threading.enumerate() if each.name == "cache-care")
    may_go_on.set()
    thread.join(30)
    assert not gone.exists()


def test_a_worker_keeps_what_judges_and_what_runs_in_the_shadow(care: Care) -> None:
    """While it judges."""
    line = Line()
    line.promote()
    line.publish(frame(0))
    shadow = begin(line, GreyDetector())
    slot = line.bench().slot
    care.care = CacheCare(care.cache, lambda: slot.bundles() | shadow.bundles(), lambda: 0.0, lambda: NOW, at_once)
    (active,) = line.ledger.active().values()
    kept = [care.put(sha256, UNUSED_FOR_S + 1) for sha256 in (active.model.bundle.sha256, "c" * 64)]
    gone = care.put(LEFT, UNUSED_FOR_S + 1)
    line.work(line.bench(slot=slot, shadow=shadow, cache=care.care))
    assert len(line.ledger.results) == 1
    assert not gone.exists()
    assert all(path.exists() for path in kept)


def test_a_cache_that_is_not_there_yet_needs_no_care(care: Care) -> None:
    care.care.look()
    assert not care.cache.exists()

"""Promotions and thresholds are taken between batches; a bundle that is refused changes nothing."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from core.adapters.in_memory import MemoryArtifacts
from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import ArtifactMissing, ArtifactsUnavailable, BundleRefused
from core.frame import sha256_of
from core.inspection import Failure, Inspection
from core.ports import Detector
from core.product import BundleRef, ModelVersion
from core.verdict import Decision, Threshold
from core.wire import OBJECT_LIMIT
from tests.worker.in_memory_line import NOON, START, GreyDetector, Line, frame, png
from worker.brightness.__main__ import commission
from worker.brightness.detector import BrightnessDetector
from worker.bundle_loader import BundleLoader
from worker.model_slot import LONGEST_PAUSE_S, in_background


class Later:
    """Loading that ends when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Detector], Future[Detector]]] = []

    def __call__(self, load: Callable[[], Detector]) -> "Future[Detector]":
        self.waiting.append((load, Future()))
        return self.waiting[-1][1]

    def finish(self) -> None:
        for load, loading in self.waiting:
            loading.set_result(load())
        self.waiting.clear()


def judged_by(line: Line, sequence: int) -> int:
    result = line.ledger.results["cam", START, sequence]
    assert isinstance(result, Inspection)
    return result.judge.model_version_id


def test_a_promotion_is_taken_within_two_seconds_of_the_workers_clock() -> None:
    line = Line()
    first = line.promote()
    bench = line.bench()
    line.publish(frame(1))
    line.work(bench)
    second = line.promote(detector=GreyDetector("other"))
    line.clock.seconds += 1.9
    line.publish(frame(2))
    line.work(bench)
    assert (judged_by(line, 1), judged_by(line, 2)) == (first, second)


def test_the_old_model_judges_while_the_new_one_loads() -> None:
    line = Line()
    first = line.promote()
    later = Later()
    bench = line.bench(start=later)
    bench.slot.first_look()
    bench.slot.refresh()
    later.finish()
    bench.slot.refresh()
    second = line.promote()
    line.clock.seconds += 2
    line.publish(frame(1))
    line.work(bench)
    later.finish()
    line.publish(frame(2))
    line.work(bench)
    assert (judged_by(line, 1), judged_by(line, 2)) == (first, second)


def test_a_batch_never_sees_a_swap() -> None:
    """The promotion and its loading fall into the middle of a batch: all of it is judged by the old model."""
    line = Line()

    class Promoting(GreyDetector):
        def score(self, images):  # type: ignore[no-untyped-def]
            if not self.batches:
                line.promote()
                line.clock.seconds += 5
                bench.slot.refresh()
                bench.slot.refresh()
            return super().score(images)

    first = line.promote(detector=Promoting())
    bench = line.bench(frames=4)
    line.publish(*(frame(number) for number in range(8)))
    line.work(bench)
    assert [judged_by(line, number) for number in range(8)] == [first] * 4 + [first + 1] * 4


def test_a_new_threshold_is_taken_without_loading_anything() -> None:
    line = Line()
    version = line.promote()
    later = Later()
    bench = line.bench(start=later)
    bench.slot.first_look()
    bench.slot.refresh()
    later.finish()
    line.publish(frame(1, content=png(100)))
    line.work(bench)
    line.ledger.set_threshold(version, Threshold(0.1, 0.2), NOON, "test", "stricter")
    line.clock.seconds += 1.1
    line.publish(frame(2, content=png(100)))
    line.work(bench)
    decisions = [line.ledger.results["cam", START, number].decision for number in (1, 2)]
    assert decisions == [Decision.REVIEW, Decision.NG]
    assert later.waiting == []


@pytest.mark.parametrize("refusal", [BundleRefused("torn"), RuntimeError("does not fit")])
def test_a_refused_bundle_keeps_the_old_model_running(refusal: Exception) -> None:
    line = Line()
    first = line.promote()
    bench = line.bench()
    line.publish(frame(1))
    line.work(bench)
    line.promote(detector=_Refused(refusal))  # type: ignore[arg-type]
    line.clock.seconds += 2
    tries: list[ModelVersion] = []
    line.load = lambda model: _raise(refusal, tries, model)  # type: ignore[method-assign]
    bench.slot._load = line.load
    for number in range(2, 9):
        line.clock.seconds += 2
        line.publish(frame(number))
        line.work(bench)
    assert {judged_by(line, number) for number in range(1, 9)} == {first}
    assert len(tries) == 1


def test_a_bundle_that_was_not_there_is_looked_for_again_ever_more_rarely() -> None:
    """Its folder may not have been mounted yet; meanwhile no frame waits for it, and each says what is missing."""
    line = Line()
    line.promote()
    real, tries = line.load, []
    bench = line.bench()
    bench.slot._load = lambda model: _raise(ArtifactMissing("gone"), tries, model)
    for number in range(30):
        line.clock.seconds += 4
        line.publish(frame(number))
        line.work(bench)
    assert 5 <= len(tries) <= 10
    failed = line.ledger.results["cam", START, 29]
    assert isinstance(failed, Failure)
    assert "gone" in failed.detail
    bench.slot._load = real
    line.clock.seconds += LONGEST_PAUSE_S
    line.publish(frame(30))
    line.work(bench)
    assert judged_by(line, 30) == 1


def test_a_store_that_is_away_is_not_asked_without_a_pause() -> None:
    """The frames wait for it all the while."""
    line = Line()
    line.promote()
    tries: list[ModelVersion] = []
    bench = line.bench()
    bench.slot._load = lambda model: _raise(ArtifactsUnavailable("away"), tries, model)
    bench.slot.first_look()
    for _ in range(1000):
        assert bench.slot.awaited() == {"disc"}
        line.clock.seconds += 0.05
    assert len(tries) <= 10
    assert "could not be loaded yet" in bench.slot.absence("disc")


class _Refused:
    def __init__(self, refusal: Exception) -> None:
        self.refusal = refusal


def _raise(refusal: Exception, tries: list[ModelVersion], model: ModelVersion) -> Detector:
    tries.append(model)
    raise refusal


def test_a_store_that_is_away_while_loading_is_asked_again() -> None:
    line = Line()
    line.promote()
    answers: list[Exception] = [ArtifactsUnavailable("away"), ArtifactsUnavailable("away")]
    real = line.load

    def load(model: ModelVersion) -> Detector:
        if answers:
            raise answers.pop()
        return real(model)

    line.load = load  # type: ignore[method-assign]
    line.publish(frame(1))
    line.work()
    assert judged_by(line, 1) == 1


def test_the_first_parts_wait_for_a_model_that_is_loading() -> None:
    """A worker that has just started must not reject parts because its network is still being read."""
    line = Line()
    line.promote()
    later = Later()
    bench = line.bench(start=later)
    rest = line.clock.rest

    def rest_and_finish(pause_s: float) -> bool:
        later.finish()
        return rest(pause_s)

    object.__setattr__(bench.patience, "rest", rest_and_finish)
    line.publish(frame(1))
    line.work(bench)
    assert judged_by(line, 1) == 1


def test_loading_in_the_background_ends_with_the_reason() -> None:
    def load() -> Detector:
        raise BundleRefused("torn")

    with pytest.raises(BundleRefused, match="torn"):
        in_background(load).result(5)
    assert isinstance(in_background(GreyDetector).result(5), GreyDetector)


def test_the_loader_fetches_once_and_mends_a_damaged_copy(tmp_path: Path) -> None:
    artifacts, ledger = MemoryArtifacts(), MemoryLedger()
    version = commission("disc", Threshold(0.5, 0.6), ledger, artifacts)
    fetched: list[str] = []

    class Counting(MemoryArtifacts):
        def get(self, uri: str, most_bytes: int = OBJECT_LIMIT) -> bytes:
            fetched.append(uri)
            return artifacts.get(uri)

    def open_bundle(folder: Path, sha256: str) -> Detector:
        if b"brightness" not in (folder / "bundle.json").read_bytes():
            raise BundleRefused("damaged")
        return BrightnessDetector()

    loader = BundleLoader(Counting(), tmp_path, open_bundle)
    loader(version)
    loader(version)
    assert len(fetched) == 2
    (tmp_path / version.bundle.sha256 / "bundle.json").write_bytes(b"torn")
    assert loader(version).engine == "brightness"
    assert len(fetched) == 4


def test_two_products_with_the_same_bundle_fetch_it_at_the_same_time(tmp_path: Path) -> None:
    """Both stand in the store's door at once, and neither takes the other's file away."""
    artifacts, ledger = MemoryArtifacts(), MemoryLedger()
    versions = [commission(name, Threshold(0.5, 0.6), ledger, artifacts) for name in ("disc", "ring")]
    door = Barrier(2, timeout=10)

    class Slow(MemoryArtifacts):
        def get(self, uri: str, most_bytes: int = OBJECT_LIMIT) -> bytes:
            door.wait()
            return artifacts.get(uri)

    loader = BundleLoader(Slow(), tmp_path, lambda folder, sha256: BrightnessDetector())
    loading = [in_background(partial(loader, version)) for version in versions]
    assert [one.result(10).engine for one in loading] == ["brightness"] * 2


def test_a_bundle_whose_name_is_not_a_letter_is_refused(tmp_path: Path) -> None:
    loader = BundleLoader(MemoryArtifacts(), tmp_path, lambda folder, sha256: BrightnessDetector())
    with pytest.raises(BundleRefused):
        loader(ModelVersion(1, "disc", BundleRef("memory:other", sha256_of(b"")), NOON))

"""Graphs are compiled beside the line and taken between batches; no frame waits, and none is left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.inspection import Inspection
from core.ports import Detector
from core.product import BundleRef, ModelVersion
from model.engines.choice import KNOWN
from model.engines.kept import DEFAULT_GRAPHS
from tests.worker.in_memory_line import NOON, START, GreyDetector, Line, at_once, frame
from worker.compiling import AGAIN_AFTER_S, GRAPHS, Compilation, Compilations
from worker.model_slot import ModelSlot, once_per_version
from worker.settings import WorkerSettings

SHA256 = "a" * 64
BETTER = "openvino-cpu-float32"


@dataclass
class TwinProcess:
    """A compiler that ends when the test says so."""

    status: int | None = None
    terminated: bool = False

    def poll(self) -> int | None:
        return self.status

    def terminate(self) -> None:
        self.terminated = True
        self.status = -15

    def wait(self, timeout: float) -> int:
        assert self.status is not None
        return self.status


@dataclass
class TwinSystem:
    """Starts twins of processes, and remembers their commands."""

    started: list[TwinProcess] = field(default_factory=list)
    commands: list[Sequence[str]] = field(default_factory=list)

    def __call__(self, words: Sequence[str]) -> TwinProcess:
        self.commands.append(words)
        self.started.append(TwinProcess())
        return self.started[-1]


def missing(sha256: str = SHA256) -> Compilation:
    return Compilation(Path("bundle"), sha256, BETTER, "cpu", Path("graphs"))


def version(number: int = 1, sha256: str = SHA256) -> ModelVersion:
    return ModelVersion(number, "disc", BundleRef("memory:bundle.json", sha256), NOON)


def test_the_setting_takes_every_engine_there_is_and_nothing_else() -> None:
    for parts in KNOWN:
        assert WorkerSettings(engine="-".join(parts)).engine == "-".join(parts)
    for wrong in ("automatic", "torch-cpu", "openvino-cuda-float32", "inductor-cuda-float32", ""):
        with pytest.raises(ValidationError):
            WorkerSettings(engine=wrong)


def test_a_graph_is_compiled_by_the_models_own_command_once_per_bundle() -> None:
    system = TwinSystem()
    compilations = Compilations(system)
    for _ in range(3):
        compilations.begin(missing())
    assert len(system.commands) == 1
    assert list(system.commands[0][1:5]) == ["-m", "model", "compile", "--bundle"]
    assert BETTER in system.commands[0]


def test_a_better_engine_is_told_once_per_version_when_its_graph_is_kept() -> None:
    system = TwinSystem()
    compilations = Compilations(system)
    compilations.begin(missing())
    slow = GreyDetector("torch-cpu-float32")
    is_news, for_the_shadow = (once_per_version(compilations.is_better_ready) for _ in range(2))
    assert not is_news(version(), slow)
    system.started[0].status = 0
    assert is_news(version(), slow)
    assert not is_news(version(), slow)
    assert is_news(version(2), slow)
    assert not is_news(version(3), GreyDetector(BETTER))
    assert not is_news(version(4, "b" * 64), slow)
    assert for_the_shadow(version(), slow), "whoever loads models asks for itself"


def test_a_compiler_that_fails_changes_nothing_and_is_not_tried_again() -> None:
    system = TwinSystem()
    compilations = Compilations(system)
    compilations.begin(missing())
    system.started[0].status = 1
    assert not compilations.is_better_ready(version(), GreyDetector())
    compilations.begin(missing())
    assert len(system.started) == 1


def test_a_graph_that_has_gone_is_made_anew_and_told_again() -> None:
    """A step back to a model that left the line so long ago that its files were removed."""
    system, now = TwinSystem(), 0.0
    compilations = Compilations(system, lambda: now)
    is_news = once_per_version(compilations.is_better_ready)
    slow = GreyDetector("torch-cpu-float32")
    for made in range(1, 3):
        now += AGAIN_AFTER_S
        compilations.begin(missing())
        compilations.begin(missing())
        assert len(system.started) == made
        assert not is_news(version(), slow)
        system.started[-1].status = 0
        assert is_news(version(), slow)
        assert not is_news(version(), slow)


def test_a_worker_that_ends_ends_its_compilers() -> None:
    system = TwinSystem()
    compilations = Compilations(system)
    compilations.begin(missing())
    compilations.close()
    assert system.started[0].terminated


def test_a_better_engine_is_taken_between_batches_and_no_frame_is_left_unscored() -> None:
    """The same version is loaded again while it judges; the next batch's rows name the new engine."""
    line = Line()
    line.promote(detector=GreyDetector("torch-cpu-float32"))
    system = TwinSystem()
    compilations = Compilations(system)

    def load(model: ModelVersion) -> Detector:
        compilations.begin(missing(model.bundle.sha256))
        kept = system.started[0].status == 0
        return GreyDetector(BETTER if kept else "torch-cpu-float32")

    slot = ModelSlot(line.ledger, load, line.clock.monotonic, at_once, compilations.is_better_ready)
    bench = replace(line.bench(), slot=slot)
    line.publish(*(frame(number) for number in range(4)))
    line.work(bench)
    system.started[0].status = 0
    slot.refresh()
    line.publish(*(frame(number) for number in range(4, 12)))
    line.work(bench)
    results = [line.ledger.results["cam", START, number] for number in range(12)]
    assert all(isinstance(result, Inspection) for result in results)
    engines = [result.judge.engine for result in results if isinstance(result, Inspection)]
    assert engines == ["torch-cpu-float32"] * 4 + [BETTER] * 8
    assert len({result.judge.model_version_id for result in results if isinstance(result, Inspection)}) == 1


def test_a_better_engine_that_cannot_be_loaded_leaves_the_old_one_judging() -> None:
    line = Line()
    line.promote(detector=GreyDetector("torch-cpu-float32"))
    loads: list[ModelVersion] = []

    def load(model: ModelVersion) -> Detector:
        loads.append(model)
        if len(loads) > 1:
            raise RuntimeError("not enough memory")
        return line.load(model)

    asked = iter([True])
    slot = ModelSlot(line.ledger, load, line.clock.monotonic, at_once, lambda model, detector: next(asked, False))
    bench = replace(line.bench(), slot=slot)
    line.publish(*(frame(number) for number in range(8)))
    line.work(bench)
    results = [line.ledger.results["cam", START, number] for number in range(8)]
    assert len(loads) == 2
    assert {result.judge.engine for result in results if isinstance(result, Inspection)} == {"torch-cpu-float32"}
    assert all(isinstance(result, Inspection) for result in results)


def test_a_graph_that_somebody_compiles_lies_where_the_worker_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKER_CACHE", raising=False)
    assert WorkerSettings().cache / GRAPHS == DEFAULT_GRAPHS

"""The engine is chosen from what the machine has, and the choice says why."""

from pathlib import Path

import pytest

from model.engines.choice import (
    KNOWN,
    EngineName,
    EngineUnavailable,
    EngineUnknown,
    Machine,
    chosen,
    engine_named,
    runnable,
)
from model.engines.machine import flags_in, has_bfloat16, has_compiler


def machine(bfloat16: bool = False, compiler: bool = False, openvino: bool = False, cuda: bool = False) -> Machine:
    return Machine(bfloat16, compiler, openvino, cuda, "x86_64 AVX2")


@pytest.mark.parametrize(
    ("has", "engine"),
    [
        (machine(), "torch-cpu-float32"),
        (machine(compiler=True), "inductor-cpu-float32"),
        (machine(openvino=True), "openvino-cpu-float32"),
        (machine(openvino=True, compiler=True), "openvino-cpu-float32"),
        (machine(bfloat16=True), "torch-cpu-bfloat16"),
        (machine(bfloat16=True, openvino=True), "openvino-cpu-bfloat16"),
        (machine(bfloat16=True, openvino=True, compiler=True), "inductor-cpu-bfloat16"),
    ],
)
def test_a_processor_gets_the_fastest_engine_it_can_run(has: Machine, engine: str) -> None:
    choice = chosen(has, "cpu")
    assert str(choice.engine) == engine
    assert engine.split("-")[2] in choice.reason
    assert choice.engine in runnable(has, "cpu")


def test_a_gpu_is_served_in_bfloat16_compiled_where_there_is_a_compiler() -> None:
    assert str(chosen(machine(cuda=True), "cuda").engine) == "torch-cuda-bfloat16"
    assert str(chosen(machine(cuda=True, compiler=True), "cuda").engine) == "inductor-cuda-bfloat16"


def test_an_engine_asked_for_by_name_is_taken_where_it_can_run() -> None:
    """Also one that is slow here: bfloat16 on a processor that has none is how its answers are looked at."""
    choice = chosen(machine(), "cpu", "torch-cpu-bfloat16")
    assert str(choice.engine) == "torch-cpu-bfloat16"
    assert "asked for" in choice.reason


@pytest.mark.parametrize(
    ("wanted", "lacking"),
    [
        ("openvino-cpu-float32", "OpenVINO is not installed"),
        ("inductor-cpu-float32", "C\\+\\+ compiler"),
        ("torch-cuda-bfloat16", "cpu"),
    ],
)
def test_an_engine_the_machine_cannot_run_is_refused_with_what_is_missing(wanted: str, lacking: str) -> None:
    with pytest.raises(EngineUnavailable, match=lacking):
        chosen(machine(), "cpu", wanted)


@pytest.mark.parametrize("wanted", ["", "fast", "torch-cpu", "torch-cpu-int3", "openvino-cuda-float32"])
def test_an_unknown_engine_is_refused_by_name(wanted: str) -> None:
    with pytest.raises(EngineUnknown):
        chosen(machine(), "cpu", wanted)


def test_a_name_survives_being_written() -> None:
    for parts in KNOWN:
        name = EngineName(*parts)
        assert engine_named(str(name)) == name


def test_what_runs_here_begins_with_the_reference_and_leaves_out_emulated_bfloat16() -> None:
    names = list(map(str, runnable(machine(compiler=True, openvino=True), "cpu")))
    assert names == ["torch-cpu-float32", "inductor-cpu-float32", "openvino-cpu-float32"]


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 fma\n", False),
        ("processor : 0\nflags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n", True),
        ("processor : 0\nFeatures\t: fp asimd sve bf16\n", True),
        ("processor : 0\nflags : avx512f\nbugs : amx_bf16\n", False),
        ("", False),
    ],
)
def test_bfloat16_is_read_from_the_processors_flags(text: str, has: bool) -> None:
    assert has_bfloat16(text) is has
    assert "processor" not in flags_in(text)


def test_only_the_compiler_that_inductor_calls_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It calls g++ unless `CXX` says otherwise, and looks for no other."""
    other = tmp_path / "clang++"
    other.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert not has_compiler()
    monkeypatch.setenv("CXX", f"{other} -stdlib=libc++")
    assert has_compiler()

"""The parity gate: what passes, what does not and why, and which engine serves in the end."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from core.frame import Image
from core.verdict import Threshold
from model import parity_evidence as evidence_of_parity
from model.bundle import load_bundle, save_bundle
from model.detector import filled_network, load_detector
from model.engines.choice import EngineName
from model.letter import Parity, from_json, to_json
from model.parity import (
    Answers,
    ParityPictures,
    answers_of,
    as_tensors,
    chosen_pictures,
    compared,
    parity_pictures,
    reasons_to_refuse,
    without_parity,
)
from model.parity_evidence import parity_evidence
from model.serving import NothingToCompile, compile_bundle, opened, serve
from tests.model.bundles import letter, write_bundle
from tests.model.pictures import part

torch.set_num_threads(1)
EXACT, ROUNDED = EngineName("inductor", "cpu", "float32"), EngineName("inductor", "cpu", "bfloat16")
THRESHOLD = Threshold(1.0, 2.0)


def answers(*scores: float, shift: float = 0.0) -> Answers:
    """A map from 0 to 10 for each score, all values shifted."""
    ramp = np.linspace(0, 10, 16, dtype=np.float32).reshape(4, 4)
    return Answers(tuple(ramp + np.float32(shift) for _ in scores), scores)


def test_equal_answers_pass() -> None:
    found = compared(answers(0.5, 1.5), answers(0.5, 1.5), THRESHOLD, EXACT)
    assert found == Parity("inductor-cpu-float32", 1e-4, 0.0, 0, 2, passed=True)
    assert reasons_to_refuse(found) == ()


@pytest.mark.parametrize(("engine", "shift"), [(EXACT, 0.002), (ROUNDED, 0.2)])
def test_a_map_beyond_the_bound_of_its_numbers_is_refused(engine: EngineName, shift: float) -> None:
    """The same error as a share of the range: 2e-4 is too much for float32, 2e-2 for bfloat16."""
    found = compared(answers(0.5), answers(0.5, shift=shift), THRESHOLD, engine)
    assert not found.passed
    assert found.error == pytest.approx(shift / 10, rel=0.1)
    assert "of its range" in reasons_to_refuse(found)[0]


def test_a_decision_far_from_the_thresholds_must_not_change() -> None:
    """The bound is 0.1 in scores here: 0.8 lies further than that from 1.0."""
    found = compared(answers(0.8, 0.5), answers(1.1, 0.5), THRESHOLD, ROUNDED)
    assert (found.passed, found.decisions_changed) == (False, 1)
    assert "1 of 2 parts" in reasons_to_refuse(found)[0]


def test_a_decision_within_the_bound_of_a_threshold_may_change() -> None:
    assert compared(answers(0.95), answers(1.02), THRESHOLD, ROUNDED).passed


def test_a_picture_without_a_finite_answer_is_refused_wherever_it_stands() -> None:
    """Its score, too, may lie within the bound of a threshold."""
    right = answers(0.5, 1.0)
    spoilt = Answers((right.maps[0], np.full((4, 4), np.nan, np.float32)), (0.5, float("nan")))
    found = compared(right, spoilt, THRESHOLD, EXACT)
    assert (found.passed, found.error) == (False, 1.0)
    far = compared(answers(0.5, 1.5), spoilt, THRESHOLD, EXACT)
    assert (far.passed, far.decisions_changed) == (False, 1)


def test_a_map_that_is_not_a_number_is_refused() -> None:
    found = Parity("inductor-cpu-float32", 1e-4, float("nan"), 0, 1, passed=False)
    assert reasons_to_refuse(found) != ()


def test_a_result_of_the_gate_survives_the_letter_and_an_older_letter_has_none() -> None:
    written = replace(letter("a" * 64), parity=Parity("openvino-cpu-float32", 1e-4, 2.1e-6, 0, 16, passed=True))
    assert from_json(to_json(written)) == written
    stored = json.loads(to_json(written))
    del stored["parity"]
    assert from_json(json.dumps(stored)).parity is None


def test_a_bundle_carries_sixteen_pictures_spread_over_all() -> None:
    indices = chosen_pictures([part(0)] * 100)
    assert (len(indices), indices[0], indices[-1]) == (16, 0, 99)
    assert chosen_pictures([part(0)] * 3) == [0, 1, 2]


def test_parity_pictures_come_back_from_tensors_as_they_went() -> None:
    kept = ParityPictures((part(1), part(2)), answers(0.25, 0.75))
    found = parity_pictures(as_tensors(kept))
    assert found is not None
    assert found.answers.scores == kept.answers.scores
    assert all(map(np.array_equal, found.pictures + found.answers.maps, kept.pictures + kept.answers.maps))
    assert without_parity(as_tensors(kept)) == {}
    assert parity_pictures({}) is None


def with_parity(folder: Path, spoil: float = 0.0) -> Path:
    """A bundle with parity pictures, whose stored answers may be spoiled."""
    write_bundle(folder)
    pictures = tuple(part(seed) for seed in range(3))
    right = answers_of(load_detector(folder, "cpu").score([Image(pixels) for pixels in pictures]))
    stored = Answers(tuple(values + np.float32(spoil) for values in right.maps), right.scores)
    tensors = load_bundle(folder)[1] | as_tensors(ParityPictures(pictures, stored))
    save_bundle(folder, tensors, letter)
    return folder


def test_the_gates_pictures_never_reach_the_network(tmp_path: Path) -> None:
    """A bundle with them scores as one without."""
    write_bundle(tmp_path / "bare")
    plain, rich = (load_detector(folder, "cpu") for folder in (tmp_path / "bare", with_parity(tmp_path / "rich")))
    assert plain.score([Image(part(9))])[0].score == rich.score([Image(part(9))])[0].score


def test_a_bundle_from_before_the_gate_is_served_by_the_reference(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    served = serve(opened(tmp_path, "cpu"), "torch-cpu-bfloat16", tmp_path / "graphs")
    assert (served.detector.engine, served.awaits) == ("torch-cpu-float32", "")
    assert "no pictures for the parity gate" in served.reasons[-1]


def test_an_engine_that_fails_the_gate_does_not_serve(tmp_path: Path) -> None:
    """The stored answers say otherwise by far: the reference serves, and the reason is told."""
    served = serve(opened(with_parity(tmp_path, spoil=50.0), "cpu"), "torch-cpu-bfloat16", tmp_path / "graphs")
    assert (served.detector.engine, served.awaits) == ("torch-cpu-float32", "")
    assert any("off by" in reason for reason in served.reasons)


def test_an_engine_that_failed_over_all_calibration_parts_does_not_serve(tmp_path: Path) -> None:
    """It would pass on the few pictures that the bundle carries."""
    bundle = opened(with_parity(tmp_path), "cpu")
    refused = Parity("torch-cpu-bfloat16", 1e-2, 0.004, 1, 75, passed=False)
    at_training = replace(bundle, letter=replace(bundle.letter, parity=refused))
    assert serve(bundle, "torch-cpu-bfloat16", tmp_path / "graphs").detector.engine == "torch-cpu-bfloat16"
    served = serve(at_training, "torch-cpu-bfloat16", tmp_path / "graphs")
    assert (served.detector.engine, served.awaits) == ("torch-cpu-float32", "")
    assert any("over all 75 calibration parts" in reason for reason in served.reasons)


def test_an_engine_whose_graph_is_missing_is_awaited_while_the_reference_serves(tmp_path: Path) -> None:
    bundle = opened(with_parity(tmp_path), "cpu")
    ready = replace(bundle, machine=replace(bundle.machine, bfloat16=False, compiler=True, openvino=False))
    served = serve(ready, "auto", tmp_path / "graphs")
    assert (served.detector.engine, served.awaits) == ("torch-cpu-float32", "inductor-cpu-float32")


def test_a_kept_graph_that_cannot_be_opened_is_forgotten_and_the_reference_serves(tmp_path: Path) -> None:
    bundle = opened(with_parity(tmp_path / "b"), "cpu")
    ready = replace(bundle, machine=replace(bundle.machine, bfloat16=False, compiler=True, openvino=False))
    torn = tmp_path / "graphs" / ready.key(EXACT).folder_name
    torn.mkdir(parents=True)
    served = serve(ready, "auto", tmp_path / "graphs")
    assert (served.detector.engine, served.awaits) == ("torch-cpu-float32", "")
    assert any("fails" in reason for reason in served.reasons)
    assert not torn.exists()


def test_an_engine_the_machine_lacks_is_told_and_the_reference_serves(tmp_path: Path) -> None:
    bundle = opened(with_parity(tmp_path), "cpu")
    bare = replace(bundle, machine=replace(bundle.machine, openvino=False))
    served = serve(bare, "openvino-cpu-float32", tmp_path / "graphs")
    assert served.detector.engine == "torch-cpu-float32"
    assert "not installed" in served.reasons[0]


def test_an_engine_without_a_graph_has_nothing_to_compile(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    with pytest.raises(NothingToCompile):
        compile_bundle(opened(tmp_path, "cpu"), "torch-cpu-float32", tmp_path / "graphs")


def test_training_leaves_the_references_answers_and_the_gates_result(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    found, tensors = load_bundle(tmp_path)
    network, pictures = filled_network(found.network, tensors), [part(seed) for seed in range(20)]
    prove = partial(parity_evidence, network, found, pictures, device=torch.device("cpu"))
    assert prove(wanted="").parity is None
    evidence = prove(wanted="torch-cpu-float32")
    assert evidence.parity == Parity("torch-cpu-float32", 1e-4, 0.0, 0, 20, passed=True)
    kept = parity_pictures(evidence.tensors)
    assert kept is not None
    assert len(kept.pictures) == 16


def test_an_engine_that_fails_takes_no_training_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_asked: object) -> None:
        raise RuntimeError("the graph cannot be opened")

    monkeypatch.setattr(evidence_of_parity, "ready_engine", fails)
    write_bundle(tmp_path)
    found, tensors = load_bundle(tmp_path)
    network, pictures = filled_network(found.network, tensors), [part(0), part(1)]
    evidence = parity_evidence(network, found, pictures, "torch-cpu-float32", torch.device("cpu"))
    assert (evidence.parity, len(evidence.tensors)) == (None, 5)
    assert "cannot be opened; the bundle is written without its verdict" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["openvino-cpu-float32", "inductor-cpu-float32"])
def test_a_compiled_engine_passes_the_gate_and_scores_alike_in_every_batch(tmp_path: Path, engine: str) -> None:
    """Compiled once, kept, opened again: within 1e-4 of the range, alone and in batches that must be padded."""
    if engine.startswith("openvino"):
        pytest.importorskip("openvino", reason="install the extra: uv pip install -c constraints.txt -e '.[openvino]'")
    bundle = opened(with_parity(tmp_path / "b"), "cpu")
    compile_bundle(bundle, engine, tmp_path / "graphs")
    served = serve(bundle, engine, tmp_path / "graphs")
    assert (served.detector.engine, served.awaits) == (engine, ""), served.reasons
    images = [Image(part(seed)) for seed in range(11)]
    alone = [served.detector.score([image])[0] for image in images]
    for size in (2, 5, 8, 11):
        for one, other in zip(alone, served.detector.score(images[:size]), strict=False):
            assert np.abs(one.combined - other.combined).max() <= 1e-4 * np.ptp(one.combined)
            assert abs(one.score - other.score) <= 1e-4 * np.ptp(one.combined)

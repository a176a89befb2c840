"""A first model with the engine that the machine would choose: its graph is made and judged before it is registered."""

import time
from pathlib import Path

import pytest
import torch

from core.access import Person
from core.asking import ask_training
from core.product import Recipe
from core.request import RequestState
from core.retraining import RunState
from model import parity_evidence
from model.again.beginning import begun
from model.again.lessons import Beginning, FirstLesson
from model.bundle import read_letter
from model.engines.choice import chosen
from model.engines.machine import this_machine
from retrain.first_model import run_order
from retrain.promotion import fetched_bundle
from retrain.station import Station
from tests.retrain.nights import READ, NightLine, encoded, good_part

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

BEGINNING = Beginning("test_resnet", "random", minutes=0.05)
ADA = Person.at_this_machine("ada")


def test_a_first_model_asked_for_on_a_page_comes_with_its_engines_verdict(tmp_path: Path) -> None:
    """As RETRAIN_ settings leave it, on `auto`: whatever that engine makes of it, the model judges."""
    assert BEGINNING.engine == Beginning().engine == "auto"
    line = NightLine(tmp_path)
    line.save(Recipe(input_height=64, input_width=64))
    shop = line.shop(beginning=BEGINNING)
    uris = [line.artifacts.put(f"good/disc/{seed}.png", encoded(good_part(seed))) for seed in range(16)]
    asked = ask_training(line.ledger, ADA, "disc", line.now, "new product", uris)
    began = time.monotonic()
    Station(line.ledger, lambda order: run_order(order, shop), lambda work: work(), shop.clock, "one").serve()
    print(f"from the request to the answer: {time.monotonic() - began:.0f} s")
    answered = line.ledger.asked[asked.id]
    assert answered.state is RequestState.DONE, answered.answer
    assert line.ledger.training_runs("disc", 1)[0].state is RunState.PROMOTED
    letter = read_letter(fetched_bundle(line.ledger.active()["disc"].model, line.artifacts, tmp_path / "fetched", READ))
    assert letter.parity is not None
    assert letter.parity.engine == str(chosen(this_machine(), "cpu").engine)


def test_a_compiler_that_hangs_costs_its_engine_and_not_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """After its time the bundle is written without a word on that engine, and the log says so."""
    if not chosen(this_machine(), "cpu").engine.needs_compiling:
        pytest.skip("nothing is compiled on this machine: a C++ compiler (apt-get install g++) would be")
    monkeypatch.setattr(parity_evidence, "COMPILE_WITHIN_S", 0.1)
    torch.set_num_threads(1)
    files = [tmp_path / f"{seed}.png" for seed in range(16)]
    for seed, file in enumerate(files):
        file.write_bytes(encoded(good_part(seed)))
    names = [str(file) for file in files]
    shares = (64, 64, None, None, None, 1 / 20, 1 / 20)
    lesson = FirstLesson(BEGINNING, str(tmp_path / "bundle"), names[:12], names[12:], *shares, seed=1)
    for _ in begun(lesson, "cpu", time.monotonic):
        pass
    assert read_letter(tmp_path / "bundle").parity is None
    assert "no graph after 0.1 s" in capfd.readouterr().err

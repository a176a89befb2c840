"""`python -m model`, as a person types it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from model.__main__ import main
from model.bundle import read_letter
from model.detector import DeviceUnavailable, chosen_device
from model.scoring_folder import MapsClash, NothingToScore, paths_to_score
from tests.model.datasets_on_disk import write_product
from tests.model.pictures import write_parts


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "model", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_train_score_and_benchmark_run_from_end_to_end(tmp_path: Path) -> None:
    write_parts(tmp_path / "good", 20)
    write_parts(tmp_path / "test" / "kind", 3, side=80)
    made = command(
        *("train", "--images", tmp_path / "good", "--out", tmp_path / "bundle", "--encoder", "resnet18"),
        *("--weights", "random", "--input-size", "64x64", "--passes", 2, "--flow-passes", 0.5, "--threads", 1),
        *("--progress", tmp_path / "progress.json", "--engine", "torch-cpu-float32"),
    )
    assert made.returncode == 0, made.stderr
    assert "random weights" in made.stderr
    assert json.loads(made.stdout.splitlines()[-1])["images"] == 14
    assert json.loads((tmp_path / "progress.json").read_text()) == {
        "stage": "trained",
        "share": 1.0,
        "loss": 0.0,
        "passes": 0.0,
    }

    made_again = command(
        *("train", "--images", tmp_path / "good", "--out", tmp_path / "night", "--warm-start", tmp_path / "bundle"),
        *("--passes", 1, "--flow-passes", 0.2, "--threads", 1, "--engine", "torch-cpu-float32"),
    )
    assert made_again.returncode == 0, made_again.stderr
    night, day = read_letter(tmp_path / "night"), read_letter(tmp_path / "bundle")
    assert (night.training.warm_start, night.network) == ("bundle", day.network)
    assert night.training.encoder_weights == "random"

    scored = command(
        *("score", "--bundle", tmp_path / "bundle", "--images", tmp_path / "test", "--maps", tmp_path / "maps"),
        *("--threads", 1),
    )
    assert scored.returncode == 0, scored.stderr
    values = np.load(tmp_path / "maps" / "kind" / "000.npy")
    assert values.dtype == np.float32
    assert values.shape == (64, 64)
    with (tmp_path / "maps" / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == ["kind/000.png", "kind/001.png", "kind/002.png"]
    assert {row["decision"] for row in rows} <= {"OK", "REVIEW", "NG"}
    assert read_letter(tmp_path / "bundle").training.encoder_weights == "random"

    write_parts(tmp_path / "test" / "good", 2)
    judged = command("evaluate", "--bundle", tmp_path / "bundle", "--data", tmp_path, "--threads", 1)
    assert judged.returncode == 0, judged.stderr
    assert json.loads(judged.stdout.splitlines()[-1])["images"] == 5


@pytest.mark.slow
def test_the_benchmark_ends_with_one_line_of_json() -> None:
    size = ("--encoder", "resnet18", "--batch", 2, "--input-size", "64x64", "--pairs", 1)
    done = command("benchmark", *size, "--engine", "torch-cpu-float32")
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["engine"], last["encoder"], last["batch"]) == ("torch-cpu-float32", "resnet18", 2)
    assert last["plain_images_per_s"] > 0 < last["images_per_s"]
    assert last["ratio"] > 0


@pytest.mark.slow
def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"whatever")
    done = command("score", "--bundle", tmp_path / "none", "--images", tmp_path, "--maps", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("score: The bundle is not whole")
    assert "Traceback" not in done.stderr


def test_a_training_that_could_not_be_kept_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before a picture is read or an encoder is made, and in one line."""
    (tmp_path / "bundle").write_text("a file")
    product = write_product(tmp_path / "data" / "plate")
    verbs = (("train", "--images", tmp_path), ("benchmark-dataset", "--data", tmp_path / "data"))
    for words in (*verbs, ("ablate", "--data", product)):
        more = ("--out", tmp_path / "bundle", "--weights", tmp_path / "none", "--threads", 1)
        monkeypatch.setattr(sys, "argv", ["model", *map(str, (*words, *more))])
        assert main() == 1
        told = capsys.readouterr().err
        assert told.startswith(f"{words[0]}: ")
        assert "File exists" in told


@pytest.mark.parametrize(
    ("names", "why"), [((), "no image"), (("a.png", "b.png", "b.jpg"), r"share one map.*\(b\.\*\)")]
)
def test_what_has_no_map_of_its_own_is_refused(tmp_path: Path, names: tuple[str, ...], why: str) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises((NothingToScore, MapsClash), match=why):
        paths_to_score(tmp_path)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "foo", "cpu:x"])
def test_a_device_that_is_not_there_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceUnavailable, match=name):
        chosen_device(name)

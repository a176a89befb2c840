"""What the memory benchmark says of a process is that process's own."""

from pathlib import Path

import cv2
import pytest

from model.arguments import parser
from tests.benchmarks import training_memory
from tests.benchmarks.training_memory import TrainingFailed, draw, training, usage_of

TAKES = "memory = bytearray({mib} * 2**20); memory[::4096] = b'1' * len(memory[::4096])"


def test_the_peak_is_that_of_the_process_alone() -> None:
    """Three hundred mebibytes taken by one program are not found in the next, nor are those of whoever asks."""
    mine = bytearray(400 * 2**20)
    mine[::4096] = b"1" * len(mine[::4096])
    large, small = (usage_of(("-c", TAKES.format(mib=mib))).peak_gib for mib in (300, 1))
    assert 300 / 1024 < large < 300 / 1024 + 0.1
    assert small < 0.1


def test_a_program_that_fails_is_no_measurement() -> None:
    with pytest.raises(TrainingFailed, match="exit status 3"):
        usage_of(("-c", "raise SystemExit(3)"))


def test_as_many_different_pictures_are_drawn_as_asked(tmp_path: Path) -> None:
    """Of the network's own size: nothing is scaled."""
    draw(tmp_path / "good", 3)
    pictures = [cv2.imread(str(path)) for path in sorted((tmp_path / "good").iterdir())]
    assert [picture.shape for picture in pictures] == [(256, 256, 3)] * 3
    assert len({picture.tobytes() for picture in pictures}) == 3


def test_training_understands_what_it_is_asked(tmp_path: Path) -> None:
    """One pass per stage by the reference engine: the command line may not drift away from `train`."""
    asked = parser().parse_args(training(tmp_path, tmp_path, training_memory.parser().parse_args([]))[2:])
    assert (asked.verb, asked.passes, asked.flow_passes, asked.weights) == ("train", 1, 1, "random")
    assert (asked.device, asked.engine) == ("cpu", "torch-cpu-float32")

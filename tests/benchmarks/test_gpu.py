"""The GPU's measurement says so where there is no GPU."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_without_a_gpu_nothing_is_measured_and_the_status_says_so() -> None:
    """Status 2, not the 1 of a target that was missed. GPUs are hidden, so that this holds on any machine."""
    words = [sys.executable, "-m", "tests.benchmarks.gpu"]
    hidden = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(words, env=hidden, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no CUDA GPU" in done.stderr
    assert done.stdout == ""

"""Training as the demo runs it: in a process of its own, its progress told to the dashboard."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from core.errors import LedgerUnavailable, LineError
from core.inspection import TrainingProgress
from core.ports import TrainingBoard

TOLD_EVERY_S = 0.5

log = structlog.get_logger("demo")


class TrainingFailed(LineError):
    """Training ended without a bundle: what it said stands above; mend that and start again."""


def train(product: str, arguments: Sequence[str], progress: Path, board: TrainingBoard, stop: threading.Event) -> bool:
    """Run `python -m model ...` to its end; False where `stop` was set before.

    Raises:
        TrainingFailed: It ended by itself without a bundle.
    """
    command = [sys.executable, "-m", "model", *arguments]
    with subprocess.Popen(command, env=os.environ | {"PYTHONUNBUFFERED": "1"}, start_new_session=True) as process:
        while process.poll() is None:
            tell(board, product, progress)
            if stop.wait(TOLD_EVERY_S):
                process.terminate()
                return False
    if process.returncode != 0:
        raise TrainingFailed(f"exit code {process.returncode}")
    board.report_training(TrainingProgress(product, 1.0, "trained", datetime.now(UTC)))
    return True


def tell(board: TrainingBoard, product: str, progress: Path) -> None:
    """Pass on what the training process last wrote; a page that is late is no reason to stop training."""
    try:
        said = json.loads(progress.read_text())
        board.report_training(TrainingProgress(product, min(said["share"], 0.999), said["stage"], datetime.now(UTC)))
    except (OSError, ValueError, KeyError):
        return
    except LedgerUnavailable as error:
        log.warning("training_not_told", error=str(error))

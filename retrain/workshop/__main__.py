"""`python -m retrain.workshop FOLDER PARENT`: do the job that lies in the folder, and leave the result beside it."""

import json
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import LineError
from core.whole_file import write_whole
from model.again.beginning import begun
from model.again.teaching import taught
from model.letter import Letter
from model.pace import Progress
from model.progress_file import ProgressFile
from retrain.workshop.bounds import end_with, keep_within
from retrain.workshop.jobs import PROGRESS, RESULT, FirstJob, Job, MeasureJob, TrainJob, read_job
from retrain.workshop.measuring import measured, scored


def main(arguments: list[str]) -> int:
    """Do one job; 1 with a line of why where it cannot be done."""
    end_with(int(arguments[1]))
    folder = Path(arguments[0])
    job = read_job(folder)
    keep_within(job.bounds)
    try:
        result = done(job, ProgressFile(folder / PROGRESS, time.monotonic))
    except MemoryError:
        print(f"out of memory: the bound is {job.bounds.memory_gib} GiB (RETRAIN_MEMORY_GIB)", file=sys.stderr)
        return 1
    except (LineError, ValueError, RuntimeError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    write_whole(folder / RESULT, json.dumps(result).encode())
    return 0


def done(job: Job, progress: ProgressFile) -> Mapping[str, Any]:
    """What came of it, as plain values."""
    if isinstance(job, TrainJob):
        return trained(taught(job.lesson, job.bounds.device, time.monotonic), progress)
    if isinstance(job, FirstJob):
        return trained(begun(job.lesson, job.bounds.device, time.monotonic), progress)
    if isinstance(job, MeasureJob):
        return {"findings": [asdict(found) for found in measured(job)]}
    return {"scores": scored(job)}


def trained(training: Generator[Progress, None, Letter], progress: ProgressFile) -> Mapping[str, Any]:
    """Tells its progress, and ends with what the morning's reader is told."""
    while True:
        try:
            progress.tell(next(training))
        except StopIteration as end:
            letter: Letter = end.value
            return {
                "passes": letter.training.passes,
                "flow_passes": letter.training.flow_passes,
                "review_from": letter.threshold.review_from,
                "reject_from": letter.threshold.reject_from,
                "threshold_reasons": list(letter.threshold_reasons),
            }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

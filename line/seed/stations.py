"""What stations say of themselves, as rows."""

from dataclasses import replace
from datetime import datetime, timedelta

from core.inspection import Tile, TrainingProgress
from core.worker_report import WorkerReport
from line.seed.parts import Seeded


def seed_workers(line: Seeded) -> None:
    """One that judges, one that waits, one that fell silent, one that was told to end."""
    models = "gear: model 1 (torch-cpu-float32)"
    for owner, ago_s, still_s, waits_for, ended in (
        ("inspector-4711", 1, 1, "", False),
        ("inspector-4712", 2, 47, "the round in hand takes 47 s: bus, Postgres or artifacts are waited for", False),
        ("inspector-4090", 320, 1, "", False),
        ("inspector-3999", 7200, 1, "", True),
    ):
        told = line.now - timedelta(seconds=ago_s)
        started, turned = line.now - timedelta(hours=5), told - timedelta(seconds=still_s)
        line.ledger.report_worker(WorkerReport(owner, started, told, turned, 12_345, 67, 1, waits_for, models, ended))


def training(line: Seeded, share: float) -> None:
    """A training under way."""
    line.ledger.report_training(TrainingProgress("gear", share, "stage 1: classifier", line.now))


def stale_tile(tile: Tile, captured_at: datetime) -> Tile:
    """The same tile, seen earlier."""
    return replace(tile, captured_at=captured_at)

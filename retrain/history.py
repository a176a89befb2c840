"""What the nights did, in lines for the morning's reader."""

from collections.abc import Iterator

from core.retraining import TrainingRun
from core.retraining_ports import TrainingRuns

COMPARED = ("golden image AUROC", "confirmed defects missed", "held-out good parts rejected", "milliseconds per image")


def history(runs: TrainingRuns, product: str, limit: int) -> Iterator[str]:
    """Newest first: what happened, why, and what the figures were before and after."""
    for run in runs.training_runs(product, limit):
        yield f"run {run.id}, {run.slot}, {run.state}: {run.outcome or 'goes on'}"
        yield from (f"    for: {reason}" for reason in run.reasons)
        yield from (f"    against: {doubt}" for doubt in run.doubts)
        yield from (f"    {line}" for line in figures(run))
        if run.ended_at:
            minutes = (run.ended_at - run.began_at).total_seconds() / 60
            yield f"    took {minutes:.1f} min, {run.passes:.1f} image passes"


def figures(run: TrainingRun) -> Iterator[str]:
    """Those that a reader compares."""
    before, after = run.before or {}, run.after or {}
    for name in COMPARED:
        if name in before and name in after:
            yield f"{name}: {before[name]:g} before, {after[name]:g} after"

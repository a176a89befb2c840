"""The ledger's twin as far as retraining goes: runs, snapshots, nights, and the history of promotions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from core.errors import NightInterrupted, UnknownModel
from core.ports import SLOT_TRIES
from core.product import ModelVersion
from core.retraining import LearnedPart, Promotion, RunState, RunStep, Snapshot, TrainingRun, snapshot_sha256
from core.verdict import Threshold

Slot = tuple[str, str]


@dataclass(kw_only=True)
class MemoryRuns:
    """All in lists. `nights` holds each slot's state and tries; `nights_running` are the products locked just now."""

    versions: list[ModelVersion] = field(default_factory=list)
    thresholds: list[tuple[int, Threshold]] = field(default_factory=list)
    promoted: list[tuple[str, Promotion]] = field(default_factory=list)
    all_runs: list[TrainingRun] = field(default_factory=list)
    run_steps: list[tuple[int, RunStep]] = field(default_factory=list)
    all_snapshots: list[Snapshot] = field(default_factory=list)
    nights: dict[Slot, tuple[str, int]] = field(default_factory=dict)
    nights_claimed: dict[Slot, datetime] = field(default_factory=dict)
    nights_running: set[str] = field(default_factory=set)
    night_lock: Lock = field(default_factory=Lock)

    def begin_run(self, product: str, slot: str, at: datetime, who: str, why: str) -> TrainingRun:
        """Append, or begin again."""
        for known in self.all_runs:
            if (known.product, known.slot) == (product, slot):
                self.all_runs[known.id - 1] = TrainingRun(known.id, product, slot, who, why, at)
                return self.all_runs[known.id - 1]
        self.all_runs.append(TrainingRun(len(self.all_runs) + 1, product, slot, who, why, at))
        return self.all_runs[-1]

    def save_run(self, run: TrainingRun, instead_of: RunState | None = None) -> bool:
        """Replace, unless it is in another state by now."""
        known = self.all_runs[run.id - 1]
        state = known.state
        if known.began_at != run.began_at:
            return False
        if state is RunState.CANCELLED if instead_of is None else state is not instead_of:
            return False
        self.all_runs[run.id - 1] = replace(run)
        return True

    def note_step(self, run_id: int, at: datetime, text: str) -> None:
        """Append."""
        self.run_steps.append((run_id, RunStep(at, text)))

    def steps(self, run_id: int) -> Sequence[RunStep]:
        """Of this run."""
        return [step for owner, step in self.run_steps if owner == run_id]

    def training_runs(self, product: str, limit: int) -> Sequence[TrainingRun]:
        """Newest first."""
        return [run for run in reversed(self.all_runs) if run.product == product][:limit]

    def keep_snapshot(self, product: str, parts: Sequence[LearnedPart], at: datetime) -> Snapshot:
        """Append, or return the known one."""
        sha256 = snapshot_sha256(parts)
        for known in self.all_snapshots:
            if (known.product, known.sha256) == (product, sha256):
                return known
        kept = tuple(sorted(parts, key=lambda part: part.sha256))
        self.all_snapshots.append(Snapshot(len(self.all_snapshots) + 1, product, at, sha256, kept))
        return self.all_snapshots[-1]

    def snapshots(self, product: str) -> Sequence[Snapshot]:
        """Oldest first."""
        return [snapshot for snapshot in self.all_snapshots if snapshot.product == product]

    def promotions(self, product: str, limit: int) -> Sequence[Promotion]:
        """Newest first."""
        return [promotion for name, promotion in reversed(self.promoted) if name == product][:limit]

    def model_version(self, model_version_id: int) -> tuple[ModelVersion, Threshold]:
        """With its newest threshold."""
        for version in self.versions:
            if version.id == model_version_id:
                return version, [each for owner, each in self.thresholds if owner == version.id][-1]
        raise UnknownModel(str(model_version_id))

    @contextmanager
    def claim(self, product: str, slot: str, at: datetime, who: str) -> Iterator[bool]:
        """One run of a product at a time, each slot once, and again where its holder did not end it."""
        with self.night_lock:
            state, tries = self.nights.get((product, slot), ("running", 0))
            ours = product not in self.nights_running and state == "running" and tries < SLOT_TRIES
            if ours:
                self.nights[product, slot] = ("running", tries + 1)
                self.nights_claimed[product, slot] = at
                self.nights_running.add(product)
        if not ours:
            yield False
            return
        end = "failed"
        try:
            yield True
            end = "done"
        except NightInterrupted:
            end = "running"
            raise
        finally:
            self.nights[product, slot] = (end, tries + 1)
            self.nights_running.discard(product)

    def unfinished(self, since: datetime) -> Sequence[Slot]:
        """Those that nobody has ended, whoever holds them."""
        open_ones = [slot for slot, (state, tries) in self.nights.items() if state == "running" and tries < SLOT_TRIES]
        return [slot for slot in open_ones if self.nights_claimed[slot] >= since]

    def give_up(self, product: str, slot: str) -> bool:
        """Unless the product is locked."""
        with self.night_lock:
            if product in self.nights_running:
                return False
            state, tries = self.nights.get((product, slot), ("", 0))
            if state == "running":
                self.nights[product, slot] = ("failed", tries)
        return True

"""What retraining asks of the outside world: its runs, the pictures they learned from, and who was promoted when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.product import ModelVersion
from core.retraining import LearnedPart, Promotion, RunState, RunStep, SeenScore, Snapshot, TrainingRun
from core.verdict import Threshold


class TrainingRuns(Protocol):
    """Every run, kept for good."""

    def begin_run(self, product: str, slot: str, at: datetime, who: str, why: str) -> TrainingRun:
        """A new run; one of this slot that was left behind by a killed station is begun again under its own id."""
        ...

    def save_run(self, run: TrainingRun, instead_of: RunState | None = None) -> bool:
        """Write the run down as it stands now, and say whether that was done.

        What was cancelled stays so; with `instead_of` only a run that is still in this state is written. A run that
        somebody has begun again since is theirs: what is known of it by its earlier beginning is not written.
        """
        ...

    def note_step(self, run_id: int, at: datetime, text: str) -> None:
        """Append a line to the run's log."""
        ...

    def steps(self, run_id: int) -> Sequence[RunStep]:
        """The run's log, oldest first."""
        ...

    def training_runs(self, product: str, limit: int) -> Sequence[TrainingRun]:
        """The newest of a product, newest first."""
        ...


class Snapshots(Protocol):
    """The exact pictures of each run; never changed, never dropped."""

    def keep_snapshot(self, product: str, parts: Sequence[LearnedPart], at: datetime) -> Snapshot:
        """Keep them; the same pictures in the same uses are the same snapshot."""
        ...

    def snapshots(self, product: str) -> Sequence[Snapshot]:
        """All of a product, oldest first."""
        ...


class PromotionHistory(Protocol):
    """Who judged when."""

    def promotions(self, product: str, limit: int) -> Sequence[Promotion]:
        """The newest first: the first is the active one."""
        ...

    def model_version(self, model_version_id: int) -> tuple[ModelVersion, Threshold]:
        """A version and its newest threshold, whoever is active.

        Raises:
            UnknownModel: No such version.
        """
        ...


class AbandonedNights(Protocol):
    """Slots that nobody ends."""

    def give_up(self, product: str, slot: str) -> bool:
        """Mark the slot as failed where it says that it runs; False, and nothing, while somebody runs the product."""
        ...


class UnreviewedParts(Protocol):
    """What the line called good and nobody looked at."""

    def unreviewed_good(self, product: str, since: datetime, until: datetime) -> Sequence[LearnedPart]:
        """OK parts captured from `since` until before `until` that are kept and of which nobody said anything.

        Oldest first; each picture once, as something that might be accepted automatically.
        """
        ...

    def recent_scores(self, product: str, model_version_id: int, limit: int) -> Sequence[SeenScore]:
        """What this version gave the product's newest parts, oldest first; late and failed ones left out."""
        ...

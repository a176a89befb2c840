"""What changes which model judges, or ends a run: one row each, and the run that it concerns says so."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from core.access import Person
from core.changes import retire_golden
from core.errors import LineError, UnknownModel, UnknownPart
from core.retraining import Promotion, RunState
from core.shadow import Shadows
from retrain.gathering import NightLedger
from retrain.watching import begin_watch


class JudgesNoLonger(LineError):
    """Another model judges by now: nothing was changed; look at the page Models, and ask again if it is still wrong."""


RECENT = 200
"""Runs and promotions looked at, newest first."""


class VerbLedger(NightLedger, Shadows, Protocol):
    """All that these verbs ask of the ledger."""


def promote_version(ledger: VerbLedger, product: str, version_id: int, at: datetime, who: str, why: str) -> str:
    """One row; the run that made the candidate says so too, and the model that judged until now watches it.

    Raises:
        UnknownModel: There is no such version of this product.
    """
    version, _ = ledger.model_version(version_id)
    if version.product != product:
        raise UnknownModel(f"model {version_id} is of {version.product}, not of {product}")
    ledger.promote(version_id, at, who, why)
    outcome = f"model {version_id} is active: promoted by {who}: {why}"
    for run in ledger.training_runs(product, RECENT):
        if run.candidate_id == version_id and run.state in (RunState.AWAITING, RunState.SHADOWING):
            begin_watch(run, ledger, at)
            ledger.save_run(replace(run, state=RunState.PROMOTED, outcome=outcome, ended_at=at))
            ledger.note_step(run.id, at, outcome)
    return outcome


def roll_back(
    ledger: NightLedger, product: str, at: datetime, who: str, why: str, from_model: int | None = None
) -> str:
    """The model that judged before the active one judges again: one row, the same path as a promotion.

    With `from_model` only from that one: said twice, it is done once.

    Raises:
        UnknownModel: There is none.
        JudgesNoLonger: `from_model` is not the active one.
    """
    history = ledger.promotions(product, RECENT)
    active = history[0].model_version_id if history else None
    if from_model not in (None, active):
        raise JudgesNoLonger(f"model {from_model} was to be rolled back, model {active} is active")
    earlier = _judged_before(history)
    if active is None or earlier is None:
        raise UnknownModel(f"{product} has no earlier model to go back to")
    ledger.promote(earlier, at, who, f"rolled back from model {active}: {why}")
    outcome = f"model {earlier} is active again: {who} rolled back model {active}: {why}"
    for run in ledger.training_runs(product, RECENT):
        if run.candidate_id == active and run.state is RunState.PROMOTED:
            ledger.save_run(replace(run, state=RunState.ROLLED_BACK, outcome=outcome))
            ledger.note_step(run.id, at, outcome)
    return outcome


def _judged_before(history: Sequence[Promotion]) -> int | None:
    """Which model judged before the active one, without those that were rolled back: they do not come back by that.

    Where nothing is left, the one that was rolled back last: a rollback can be taken back.
    """
    stack: list[int] = []
    for one in reversed(history):
        number = one.model_version_id
        stack = [*(stack[: stack.index(number)] if number in stack else stack), number]
    if len(stack) > 1:
        return stack[-2]
    return next((one.model_version_id for one in history if one.model_version_id not in stack), None)


def cancel(ledger: NightLedger, product: str, at: datetime, who: str, why: str) -> str:
    """Whoever runs it finds the row and ends the training.

    Raises:
        UnknownModel: Nothing of this product runs.
    """
    running = [run for run in ledger.training_runs(product, RECENT) if not run.state.is_over]
    if not running:
        raise UnknownModel(f"nothing of {product} is being trained: there is nothing to cancel")
    outcome = f"cancelled by {who}: {why}"
    for run in running:
        ledger.save_run(replace(run, state=RunState.CANCELLED, outcome=outcome, ended_at=at))
        ledger.note_step(run.id, at, outcome)
    return f"run {running[0].id} {outcome}"


def retire(ledger: NightLedger, person: Person, product: str, number: int, at: datetime, why: str) -> str:
    """A golden part counts no more; raises as `core.changes.retire_golden` does."""
    if number not in {part.id for part in ledger.golden(product)}:
        raise UnknownPart(f"{product} has no golden part {number}")
    retire_golden(ledger, person, number, at, why)
    return f"golden part {number} counts no more: {why}"


def golden_lines(ledger: NightLedger, product: str) -> Iterator[str]:
    """Oldest first: its number, what it shows, and why it is golden."""
    for part in ledger.golden(product):
        kind = (part.kind or "defect") if part.is_defect else "good"
        yield f"{part.id}: {kind} {part.sha256[:8]}, {part.added_at:%Y-%m-%d} by {part.who}: {part.why}"

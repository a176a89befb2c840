"""What shadow runs lead to: a promotion, a person's choice, a rollback, or an alarm that it is the parts.

The decisions are pure and say their numbers; `settle` carries them out, whichever replica comes first.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.night_rule import NightRule
from core.retraining import RunState, TrainingRun
from core.review import Review
from core.shadow import Disagreement, OpenShadow, Shadow, ShadowKind, Shadows
from core.verdict import Decision
from retrain.gate import CHANCE, NAMED, chance_of
from retrain.gathering import NightLedger
from retrain.station_verbs import RECENT, JudgesNoLonger, roll_back
from retrain.watching import LEAST_SHARE, Alarm, Rollback, begin_watch, judged_after_promotion

MOST_APART = 100_000
"""Disagreements that are looked through for defects that people have confirmed meanwhile."""

log = structlog.get_logger("retrain")


class ShadowLedger(NightLedger, Shadows, Protocol):
    """All that settling asks of the ledger."""


def reasons_against_shadow(candidate: Shadow, rule: NightRule, budget: float) -> tuple[str, ...]:
    """Why a candidate that the gate let pass is still not promoted by itself after its shadow run."""
    if candidate.seen == 0:
        return (f"it scored no part in its shadow run of {rule.shadow_hours:g} hours",)
    worse = candidate.shadow_rejected > candidate.active_rejected
    if worse and chance_of(candidate.shadow_rejected, candidate.seen, max(budget, LEAST_SHARE)) < CHANCE:
        count = f"{candidate.shadow_rejected} of {candidate.seen} parts, the active model {candidate.active_rejected}"
        return (f"in its shadow run it would have rejected or sent to review {count}",)
    return ()


def reasons_against_meanwhile(run: TrainingRun, active_id: int) -> tuple[str, ...]:
    """Why a run no longer promotes by itself: the gate held its candidate against a model that judges no longer.

    Whoever promoted or rolled back meanwhile chose newer than the run did.
    """
    if active_id == run.incumbent_id:
        return ()
    return (f"model {active_id} was promoted meanwhile, this was held against model {run.incumbent_id}",)


def reasons_to_refuse_after(apart: Sequence[Disagreement], defects: Sequence[Review], earlier: int) -> tuple[str, ...]:
    """Why a candidate is refused after all: people have confirmed defects since the gate that only it called good."""
    passed = {one.part for one in apart if one.shadow_decision == Decision.OK.value}
    missed = [review for review in defects if review.part in passed]
    if not missed:
        return ()
    named = ", ".join(f"{review.opinion.kind or 'defect'} {review.sha256[:8]}" for review in missed[:NAMED])
    more = f" and {len(missed) - NAMED} more" if len(missed) > NAMED else ""
    return (f"in its shadow run it missed {len(missed)} confirmed defects that model {earlier} catches: {named}{more}",)


def opened(run: TrainingRun, candidate_id: int, rule: NightRule, now: datetime) -> Shadow:
    """The candidate's shadow run, not begun yet."""
    until = now + timedelta(hours=rule.shadow_hours)
    return Shadow(0, run.product, ShadowKind.CANDIDATE, candidate_id, run.id, now, until, rule.shadow_parts)


def settle(ledger: ShadowLedger, now: datetime, who: str) -> None:
    """Look at every open shadow run; end those that have seen enough, and do what they lead to."""
    for one in ledger.open_shadows():
        if one.shadow.kind is ShadowKind.CANDIDATE:
            _settle_candidate(one, ledger, now, who)
        else:
            _settle_watch(one, ledger, now, who)
    _end_stranded(ledger, now)


def make_room(product: str, ledger: ShadowLedger, now: datetime, who: str) -> None:
    """End the product's open shadow run for another candidate's; what it says so far is heard, and its run says so."""
    for one in ledger.open_shadows():
        if one.shadow.product != product:
            continue
        if one.shadow.kind is ShadowKind.EARLIER:
            _settle_watch(one, ledger, now, who)
        if ledger.end_shadow(one.shadow.id, now):
            said = f"its shadow run ended after {one.shadow.seen} parts: another candidate begins its own"
            ledger.note_step(one.shadow.run_id, now, said)


def _end_stranded(ledger: ShadowLedger, now: datetime) -> None:
    """Runs in shadow whose shadow run is over: another candidate's took its place, or whoever ended it was killed.

    Runs are read before shadow runs: one that a night begins meanwhile opens its shadow run first.
    """
    runs = [run for product in ledger.products() for run in ledger.training_runs(product.name, RECENT)]
    in_shadow = [run for run in runs if run.state is RunState.SHADOWING]
    if not in_shadow:
        return
    looked_at, active = {(one.shadow.run_id, one.shadow.kind) for one in ledger.open_shadows()}, ledger.active()
    for run in in_shadow:
        if (run.id, ShadowKind.CANDIDATE) not in looked_at:
            is_watched = (run.id, ShadowKind.EARLIER) in looked_at
            _end_cut_short(run, active[run.product].model.id == run.candidate_id, is_watched, ledger, now)


def _end_cut_short(run: TrainingRun, is_active: bool, is_watched: bool, ledger: ShadowLedger, now: datetime) -> None:
    outcome = "its shadow run was cut short: it awaits a person"
    if is_active:
        outcome = f"model {run.candidate_id} is active"
    state = RunState.PROMOTED if is_active else RunState.AWAITING
    ended = replace(run, state=state, outcome=outcome, ended_at=now)
    # Another replica may be about to say what the shadow run led to: what it says stands.
    if not ledger.save_run(ended, instead_of=RunState.SHADOWING):
        return
    ledger.note_step(run.id, now, outcome)
    if is_active and not is_watched:
        begin_watch(run, ledger, now)


def _settle_candidate(one: OpenShadow, ledger: ShadowLedger, now: datetime, who: str) -> None:
    shadow, run = one.shadow, _run_of(one.shadow, ledger)
    if run is None or run.state is not RunState.SHADOWING:
        ledger.end_shadow(shadow.id, now)  # cancelled, or promoted by a person meanwhile
        return
    if not shadow.is_over(now) or not ledger.end_shadow(shadow.id, now):
        return
    active = ledger.active()[run.product]
    recipe, earlier = active.recipe, active.model.id
    seen = (
        f"{shadow.seen} parts in the shadow: it rejects {shadow.shadow_rejected}, the active {shadow.active_rejected}"
    )
    if missed := _missed(shadow, run.product, earlier, ledger):
        _end(replace(run, verdict=(*run.verdict, *missed)), RunState.REFUSED, f"refused: {missed[0]}", ledger, now)
        return
    against = (
        *reasons_against_shadow(shadow, recipe, recipe.review_budget),
        *reasons_against_meanwhile(run, earlier),
        *_for_a_person(run),
    )
    if against:
        _end(run, RunState.AWAITING, f"{seen}; awaits a person: {'; '.join(against)}", ledger, now)
        return
    ledger.promote(shadow.model_version_id, now, who, f"run {run.id} passed gate and shadow run")
    # The watch before the row: who is killed between the two leaves a run that is still in shadow, and is found.
    begin_watch(run, ledger, now)
    _end(run, RunState.PROMOTED, f"{seen}; model {shadow.model_version_id} is active", ledger, now)


def _missed(shadow: Shadow, product: str, earlier: int, ledger: ShadowLedger) -> tuple[str, ...]:
    """Golden ones alone: what quality has retired counts no more."""
    golden = {part.sha256 for part in ledger.golden(product) if part.is_defect}
    defects = [review for review in ledger.defects(product) if review.sha256 in golden]
    return reasons_to_refuse_after(ledger.disagreements(shadow.id, MOST_APART), defects, earlier)


def _settle_watch(one: OpenShadow, ledger: ShadowLedger, now: datetime, who: str) -> None:
    watch, run = one.shadow, _run_of(one.shadow, ledger)
    found = judged_after_promotion(watch)
    if run is None or ledger.active()[watch.product].model.id != run.candidate_id:
        ledger.end_shadow(watch.id, now)  # another model judges by now
    elif (found is not None or watch.is_over(now)) and ledger.end_shadow(watch.id, now):
        if isinstance(found, Rollback):
            _roll_back(run, ledger, now, who, found.why)
        elif isinstance(found, Alarm):
            ledger.note_step(run.id, now, f"alarm: {found.why}")
            log.warning("parts_changed", product=watch.product, reason=found.why)
        else:
            ledger.note_step(run.id, now, _watched(watch, run))


def _roll_back(run: TrainingRun, ledger: ShadowLedger, now: datetime, who: str, why: str) -> None:
    """Unless somebody was quicker: what they chose stays."""
    with suppress(JudgesNoLonger):
        roll_back(ledger, run.product, now, who, why, run.candidate_id)


def _watched(watch: Shadow, run: TrainingRun) -> str:
    if not watch.seen:
        return f"alarm: no part by model {run.candidate_id} was seen after its promotion: do the workers load it?"
    return f"as predicted: {watch.active_rejected} of {watch.seen} parts rejected"


def _for_a_person(run: TrainingRun) -> tuple[str, ...]:
    """What the gate left to a person, kept in the run's doubts."""
    return tuple(doubt for doubt in run.doubts if "person" in doubt)


def _run_of(shadow: Shadow, ledger: ShadowLedger) -> TrainingRun | None:
    runs = ledger.training_runs(shadow.product, RECENT)
    return next((run for run in runs if run.id == shadow.run_id), None)


def _end(run: TrainingRun, state: RunState, outcome: str, ledger: ShadowLedger, now: datetime) -> None:
    ledger.save_run(replace(run, state=state, outcome=outcome, ended_at=now))
    ledger.note_step(run.id, now, outcome)

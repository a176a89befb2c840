"""What shadow runs lead to: a promotion, a person's choice, a rollback, or an alarm that it is the parts.

The decisions are pure and say their numbers; `settle` carries them out, whichever replica comes first.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.night_rule import NightRule
from core.retraining import RunState, TrainingRun
from core.shadow import OpenShadow, Shadow, ShadowKind, Shadows
from retrain.gate import CHANCE, chance_of
from retrain.gathering import NightLedger
from retrain.station_verbs import RECENT, roll_back

FEWEST_WATCHED = 30
"""Parts without which nothing is rolled back: a handful of bad parts in a row is a day like any other."""
FAR = 0.001
"""So unlikely must a count of rejects be at the predicted share before the share counts as left."""
LEAST_SHARE = 0.005
"""A prediction of none would call the first reject impossible."""

log = structlog.get_logger("retrain")


class ShadowLedger(NightLedger, Shadows, Protocol):
    """All that settling asks of the ledger."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """The promotion is taken back; the sentence says why."""

    why: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """The model stays; the sentence says that it is the parts."""

    why: str


def judged_after_promotion(watch: Shadow) -> Rollback | Alarm | None:
    """What the first parts after a promotion say, with the earlier model beside the new one; None where all is well."""
    share, chance = max(watch.expected, LEAST_SHARE), FAR
    if watch.seen < FEWEST_WATCHED or chance_of(watch.active_rejected, watch.seen, share) >= chance:
        return None
    count = f"{watch.active_rejected} of {watch.seen} parts are rejected, {watch.expected:.1%} were predicted"
    beside = f"model {watch.model_version_id} rejects {watch.shadow_rejected} of the same parts"
    if chance_of(watch.shadow_rejected, watch.seen, share) < chance:
        return Alarm(f"{count}; {beside} too: it is the parts, not the model")
    return Rollback(f"{count}; {beside}: it is the new model")


def reasons_against_shadow(candidate: Shadow, rule: NightRule, budget: float) -> tuple[str, ...]:
    """Why a candidate that the gate let pass is still not promoted by itself after its shadow run."""
    if candidate.seen == 0:
        return (f"no part came by during its shadow run of {rule.shadow_hours:g} hours",)
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
    looked_at, active = {one.shadow.run_id for one in ledger.open_shadows()}, ledger.active()
    for run in in_shadow:
        if run.id not in looked_at:
            _end_cut_short(run, active[run.product].model.id == run.candidate_id, ledger, now)


def _end_cut_short(run: TrainingRun, is_active: bool, ledger: ShadowLedger, now: datetime) -> None:
    outcome = "its shadow run was cut short: it awaits a person"
    if is_active:
        outcome = f"model {run.candidate_id} is active"
    state = RunState.PROMOTED if is_active else RunState.AWAITING
    ended = replace(run, state=state, outcome=outcome, ended_at=now)
    # Another replica may be about to say what the shadow run led to: what it says stands.
    if ledger.save_run(ended, instead_of=RunState.SHADOWING):
        ledger.note_step(run.id, now, outcome)


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
    against = (
        *reasons_against_shadow(shadow, recipe, recipe.review_budget),
        *reasons_against_meanwhile(run, earlier),
        *_for_a_person(run),
    )
    if against:
        _end(run, RunState.AWAITING, f"{seen}; awaits a person: {'; '.join(against)}", ledger, now)
        return
    ledger.promote(shadow.model_version_id, now, who, f"run {run.id} passed gate and shadow run")
    _end(run, RunState.PROMOTED, f"{seen}; model {shadow.model_version_id} is active", ledger, now)
    watching = replace(opened(run, earlier, recipe, now), kind=ShadowKind.EARLIER, expected=shadow.shadow_share)
    ledger.begin_shadow(watching)


def _settle_watch(one: OpenShadow, ledger: ShadowLedger, now: datetime, who: str) -> None:
    watch, run = one.shadow, _run_of(one.shadow, ledger)
    found = judged_after_promotion(watch)
    if run is None or ledger.active()[watch.product].model.id != run.candidate_id:
        ledger.end_shadow(watch.id, now)  # another model judges by now
    elif (found is not None or watch.is_over(now)) and ledger.end_shadow(watch.id, now):
        if isinstance(found, Rollback):
            roll_back(ledger, watch.product, now, who, found.why)
        elif isinstance(found, Alarm):
            ledger.note_step(run.id, now, f"alarm: {found.why}")
            log.warning("parts_changed", product=watch.product, reason=found.why)
        else:
            ledger.note_step(run.id, now, f"as predicted: {watch.active_rejected} of {watch.seen} parts rejected")


def _for_a_person(run: TrainingRun) -> tuple[str, ...]:
    """What the gate left to a person, kept in the run's doubts."""
    return tuple(doubt for doubt in run.doubts if "person" in doubt)


def _run_of(shadow: Shadow, ledger: ShadowLedger) -> TrainingRun | None:
    runs = ledger.training_runs(shadow.product, RECENT)
    return next((run for run in runs if run.id == shadow.run_id), None)


def _end(run: TrainingRun, state: RunState, outcome: str, ledger: ShadowLedger, now: datetime) -> None:
    ledger.save_run(replace(run, state=state, outcome=outcome, ended_at=now))
    ledger.note_step(run.id, now, outcome)

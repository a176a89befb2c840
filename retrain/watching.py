"""The watch after a promotion: the model that judged before scores the same parts, for as long as a shadow run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.night_rule import NightRule
from core.ports import ModelRegistry
from core.retraining import Promotion, TrainingRun
from core.retraining_ports import PromotionHistory
from core.shadow import Shadow, ShadowKind, Shadows
from retrain.gate import chance_of

FEWEST_WATCHED = 30
"""Parts without which nothing is rolled back: a handful of bad parts in a row is a day like any other."""
FAR = 0.001
"""So unlikely must a count of rejects be at the predicted share before the share counts as left."""
LEAST_SHARE = 0.005
"""A prediction of none would call the first reject impossible."""
RECENT = 200


class WatchLedger(ModelRegistry, PromotionHistory, Shadows, Protocol):
    """All that a watch asks of the ledger."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """The promotion is taken back; the sentence says why."""

    why: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """The model stays; the sentence says that it is the parts."""

    why: str


def begin_watch(run: TrainingRun, ledger: WatchLedger, now: datetime) -> None:
    """Let the model that judged before this run's candidate watch it, where a shadow run predicted its rejects."""
    predicted, earlier = ledger.shadow_of(run.id), _earlier(ledger.promotions(run.product, RECENT), run.candidate_id)
    rule: NightRule = ledger.active()[run.product].recipe
    if predicted is None or not predicted.seen or earlier is None or not rule.shadow_parts:
        return
    until, share = now + timedelta(hours=rule.shadow_hours), predicted.shadow_share
    watch = (ShadowKind.EARLIER, earlier, run.id, now, until, rule.shadow_parts, share)
    ledger.begin_shadow(Shadow(0, run.product, *watch))


def judged_after_promotion(watch: Shadow) -> Rollback | Alarm | None:
    """What the first parts after a promotion say, with the earlier model beside the new one; None where all is well.

    Fewer rejects than predicted count as more do: a model that has gone blind rejects none.
    """
    side = _left(watch.active_rejected, watch.seen, watch.expected)
    if watch.seen < FEWEST_WATCHED or not side:
        return None
    count = f"{watch.active_rejected} of {watch.seen} parts are rejected, {watch.expected:.1%} were predicted"
    beside = f"model {watch.model_version_id} rejects {watch.shadow_rejected} of the same parts"
    if _left(watch.shadow_rejected, watch.seen, watch.expected) == side:
        return Alarm(f"{count}; {beside} too: it is the parts, not the model")
    return Rollback(f"{count}; {beside}: it is the new model")


def _left(rejected: int, seen: int, share: float) -> str:
    """On which side so many rejects leave what was predicted; empty where they do not."""
    if chance_of(rejected, seen, max(share, LEAST_SHARE)) < FAR:
        return "more"
    return "fewer" if 1 - chance_of(rejected + 1, seen, share) < FAR else ""


def _earlier(history: Sequence[Promotion], candidate_id: int | None) -> int | None:
    return next((one.model_version_id for one in history if one.model_version_id != candidate_id), None)

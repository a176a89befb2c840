"""Whether tonight is worth training: pure, and said in reasons for and against."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.night_rule import NightRule

LEAST_NEW = 8
"""Newly accepted parts without which nothing is trained: fewer say nothing that the replayed ones do not."""
FEWEST_DISAGREEMENTS = 5
DISAGREEMENT_SHARE = 0.2
"""Of the reviewed parts; below that a person's corrections are single parts, not a model that has fallen behind."""


@dataclass(frozen=True, slots=True)
class Material:
    """What has come since the active model learned.

    `accepted` parts were called good by a person, `automatic` ones wait to be accepted without one; of `reviewed`
    parts a person judged `disagreed` otherwise than the line. `drift` are sentences.
    """

    model: str
    accepted: int
    automatic: int
    days: float
    reviewed: int
    disagreed: int
    drift: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """Reasons to train and doubts; `blocked` where a doubt forbids it."""

    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    blocked: bool

    @property
    def is_worth_it(self) -> bool:
        """Whether to train tonight."""
        return bool(self.reasons) and not self.blocked


def weighed(material: Material, rule: NightRule) -> Weighed:
    """What speaks for training now, and what against."""
    reasons = (*_enough(material, rule), *material.drift, *_disagreement(material), *_age(material, rule))
    new = material.accepted + (material.automatic if rule.accept_automatically else 0)
    if new < LEAST_NEW:
        return Weighed(reasons, (f"{_new(material)}: at least {LEAST_NEW} are needed",), blocked=True)
    few = () if reasons else (f"{_new(material)}: {rule.retrain_fewest_new} would be a reason",)
    return Weighed(reasons, few, blocked=False)


def asked_for(found: Weighed, who: str, why: str) -> Weighed:
    """The same where a person asked for it now: one more reason, which no threshold outweighs."""
    return Weighed((f"{who} asked for it: {why}", *found.reasons), found.doubts, found.blocked)


def _enough(material: Material, rule: NightRule) -> tuple[str, ...]:
    new = material.accepted + (material.automatic if rule.accept_automatically else 0)
    if new < rule.retrain_fewest_new:
        return ()
    return (f"{_new(material)}: {rule.retrain_fewest_new} are enough",)


def _new(material: Material) -> str:
    automatic = f" and {material.automatic} that could be accepted automatically" if material.automatic else ""
    return f"{material.accepted} newly accepted parts{automatic} since {material.model}"


def _disagreement(material: Material) -> tuple[str, ...]:
    few = material.disagreed < FEWEST_DISAGREEMENTS
    if few or material.disagreed < DISAGREEMENT_SHARE * material.reviewed:
        return ()
    return (f"people judged {material.disagreed} of {material.reviewed} reviewed parts otherwise than the line",)


def _age(material: Material, rule: NightRule) -> tuple[str, ...]:
    if material.days < rule.retrain_longest_days:
        return ()
    return (f"{material.model} is {material.days:.0f} days old: {rule.retrain_longest_days:.0f} are the limit",)

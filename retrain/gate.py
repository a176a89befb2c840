"""Whether a candidate may take the active model's place: pure. Refusals are sentences with numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, fsum, lgamma, log, log1p

import numpy as np

from core.verdict import Threshold

FEWEST_DEFECTS = 10
"""Confirmed defects without which the gate proves too little: then a person promotes."""
NAMED = 5
CHANCE = 0.01
"""So unlikely must a count of false rejects be within the budget before it counts as beyond it."""
AUROC_LOSS, AUPR_LOSS, SYNTHETIC_LOSS, CAUGHT_LOSS = 0.01, 0.05, 0.02, 0.10
"""What a figure may lose: about what a second training with another seed moves it by."""
SLOWER = 1.25
FEWEST_FOR_AUROC = 5


class Kind(StrEnum):
    """What a judged part is to the gate."""

    DEFECT = "confirmed defect"
    FALSE_REJECT = "confirmed false reject"
    FIXED = "good part of the fixed sample"
    HELD_OUT = "held-out good part"


@dataclass(frozen=True, slots=True)
class GatePart:
    """One picture the gate judges by; `name` is what a person calls it."""

    sha256: str
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Measured:
    """What one model made of the gate's pictures.

    `scores` by sha256; `with_defects` and `without` are scores of held-out good parts with a synthetic defect and
    without. `aupr` is of the masks that people drew, negative where there are none. `parity_error` and `parity_bound`
    are shares of the map's range, of the bundle read again from disk.
    """

    name: str
    threshold: Threshold
    scores: Mapping[str, float]
    with_defects: Sequence[float]
    without: Sequence[float]
    aupr: float
    ms_per_image: float
    parity_error: float = 0.0
    parity_bound: float = 1e-4

    def catches(self, part: GatePart) -> bool:
        """NG and REVIEW count as caught."""
        return self.scores[part.sha256] >= self.threshold.review_from

    def rejects(self, part: GatePart) -> bool:
        """NG alone."""
        return self.scores[part.sha256] >= self.threshold.reject_from


@dataclass(frozen=True, slots=True)
class GateRule:
    """The budgets of the recipe."""

    false_reject_budget: float
    review_budget: float


def figures(measured: Measured, parts: Sequence[GatePart]) -> dict[str, float]:
    """What a history keeps of a model, by name; what cannot be said is left out."""
    defects, good, held_out = _of(parts, Kind.DEFECT), _golden_good(parts), _of(parts, Kind.HELD_OUT)
    found = {
        "confirmed defects": float(len(defects)),
        "confirmed defects missed": float(sum(not measured.catches(part) for part in defects)),
        "golden good parts": float(len(good)),
        "golden good parts rejected": float(sum(measured.rejects(part) for part in good)),
        "held-out good parts": float(len(held_out)),
        "held-out good parts rejected": float(sum(measured.rejects(part) for part in held_out)),
        "held-out good parts reviewed or rejected": float(sum(measured.catches(part) for part in held_out)),
        "milliseconds per image": round(measured.ms_per_image, 1),
    }
    auroc = _golden_auroc(measured, parts)
    found |= {} if auroc is None else {"golden image AUROC": round(auroc, 4)}
    found |= {} if measured.aupr < 0 else {"golden pixel AUPR": round(measured.aupr, 4)}
    return found | _synthetic(measured)


def reasons_to_refuse(
    incumbent: Measured, candidate: Measured, parts: Sequence[GatePart], rule: GateRule
) -> tuple[str, ...]:
    """Why the candidate may not be promoted; none where it may."""
    return (
        *_misses(incumbent, candidate, parts),
        *_golden_rejects(incumbent, candidate, parts),
        *_fixed_rejects(incumbent, candidate, parts, rule),
        *_beyond_budget(incumbent, candidate, parts, rule),
        *_worse_figures(incumbent, candidate, parts),
        *_slower(incumbent, candidate),
        *_parity(candidate),
    )


def reasons_for_a_person(parts: Sequence[GatePart], promote_automatically: bool) -> tuple[str, ...]:
    """Why a candidate that passed is still not promoted by itself; none where it is."""
    defects = len(_of(parts, Kind.DEFECT))
    asked = () if promote_automatically else ("the recipe leaves promotion to a person",)
    few = (f"{defects} confirmed defects prove little: with fewer than {FEWEST_DEFECTS} a person promotes",)
    return (*asked, *(few if defects < FEWEST_DEFECTS else ()))


def _of(parts: Sequence[GatePart], *kinds: Kind) -> list[GatePart]:
    return [part for part in parts if part.kind in kinds]


def _golden_good(parts: Sequence[GatePart]) -> list[GatePart]:
    return _of(parts, Kind.FALSE_REJECT, Kind.FIXED)


def _named(parts: Sequence[GatePart]) -> str:
    more = f" and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    return ", ".join(part.name for part in parts[:NAMED]) + more


def _misses(incumbent: Measured, candidate: Measured, parts: Sequence[GatePart]) -> tuple[str, ...]:
    caught = [part for part in _of(parts, Kind.DEFECT) if incumbent.catches(part)]
    missed = [part for part in caught if not candidate.catches(part)]
    if not missed:
        return ()
    count = f"{len(missed)} of {len(caught)} confirmed defects that {incumbent.name} catches"
    return (f"would miss {count}: parts {_named(missed)}",)


def _golden_rejects(incumbent: Measured, candidate: Measured, parts: Sequence[GatePart]) -> tuple[str, ...]:
    """What the line once rejected and people called good, of whatever budget."""
    good = _of(parts, Kind.FALSE_REJECT)
    before, after = ([part for part in good if model.rejects(part)] for model in (incumbent, candidate))
    if len(after) <= len(before) + len(good) // 50:
        return ()
    known = f"{len(after)} of {len(good)} golden good parts where {incumbent.name} rejects {len(before)}"
    return (f"would reject {known}: parts {_named(after)}",)


def _fixed_rejects(
    incumbent: Measured, candidate: Measured, parts: Sequence[GatePart], rule: GateRule
) -> tuple[str, ...]:
    """Of the fixed sample only what the budget does not explain: at 1 in 20 one of four is nothing."""
    fixed = _of(parts, Kind.FIXED)
    before, after = ([part for part in fixed if model.rejects(part)] for model in (incumbent, candidate))
    chance = chance_of(len(after), len(fixed), rule.false_reject_budget)
    if len(after) <= len(before) or chance >= CHANCE:
        return ()
    known = f"{len(after)} of {len(fixed)} good parts of the fixed sample where {incumbent.name} rejects {len(before)}"
    return (f"would reject {known}, {rule.false_reject_budget:.1%} are allowed: parts {_named(after)}",)


def _beyond_budget(
    incumbent: Measured, candidate: Measured, parts: Sequence[GatePart], rule: GateRule
) -> tuple[str, ...]:
    """Only where it is no better than the active model: nearer to the budget is better, though not good yet."""
    held_out = _of(parts, Kind.HELD_OUT)
    found = []
    for verb, budget, counts in (
        ("reject", rule.false_reject_budget, Measured.rejects),
        ("reject or review", rule.review_budget, Measured.catches),
    ):
        before, after = (sum(counts(model, part) for part in held_out) for model in (incumbent, candidate))
        if after >= before and chance_of(after, len(held_out), budget) < CHANCE:
            rate = f"{after} of {len(held_out)} held-out good parts ({after / len(held_out):.1%})"
            found.append(f"would {verb} {rate}, {budget:.1%} are allowed; {incumbent.name} does so with {before}")
    return tuple(found)


def chance_of(count: int, parts: int, share: float) -> float:
    """How likely so many or more of these parts are where each is one with a chance of `share`."""
    if count <= 0:
        return 1.0
    if not 0 < share < 1:
        return float(share >= 1 and count <= parts)
    # In logarithms: the number of ways to choose among a thousand parts is beyond any float.
    of_all, yes, no = lgamma(parts + 1), log(share), log1p(-share)
    terms = (
        of_all - lgamma(k + 1) - lgamma(parts - k + 1) + k * yes + (parts - k) * no for k in range(count, parts + 1)
    )
    return min(1.0, fsum(map(exp, terms)))


def _worse_figures(incumbent: Measured, candidate: Measured, parts: Sequence[GatePart]) -> tuple[str, ...]:
    before, after = figures(incumbent, parts), figures(candidate, parts)
    found = []
    for name, loss in (
        ("golden image AUROC", AUROC_LOSS),
        ("golden pixel AUPR", AUPR_LOSS),
        ("synthetic image AUROC", SYNTHETIC_LOSS),
        ("synthetic defects caught", CAUGHT_LOSS),
    ):
        if name in before and name in after and after[name] < before[name] - loss:
            found.append(f"{name} falls from {before[name]:.3f} to {after[name]:.3f}, {loss:.2f} may be lost")
    return tuple(found)


def _slower(incumbent: Measured, candidate: Measured) -> tuple[str, ...]:
    if candidate.ms_per_image <= SLOWER * incumbent.ms_per_image:
        return ()
    return (f"takes {candidate.ms_per_image:.0f} ms per image, {incumbent.name} {incumbent.ms_per_image:.0f} ms",)


def _parity(candidate: Measured) -> tuple[str, ...]:
    if candidate.parity_error <= candidate.parity_bound:
        return ()
    off = f"{candidate.parity_error:.2g} of its range, {candidate.parity_bound:.2g} is accepted"
    return (f"read again from disk, its map is off by {off}",)


def _synthetic(measured: Measured) -> dict[str, float]:
    if not measured.with_defects or not measured.without:
        return {}
    caught = np.mean([score >= measured.threshold.review_from for score in measured.with_defects])
    auroc = auroc_of(measured.with_defects, measured.without)
    return {"synthetic image AUROC": round(auroc, 4), "synthetic defects caught": round(float(caught), 4)}


def _golden_auroc(measured: Measured, parts: Sequence[GatePart]) -> float | None:
    defects, good = _of(parts, Kind.DEFECT), _golden_good(parts)
    if min(len(defects), len(good)) < FEWEST_FOR_AUROC:
        return None
    return auroc_of(*([measured.scores[part.sha256] for part in kind] for kind in (defects, good)))


def auroc_of(defective: Sequence[float], good: Sequence[float]) -> float:
    """Chance that a defective score lies above a good one, ties counted half."""
    difference = np.asarray(defective)[:, None] - np.asarray(good)[None]
    return float((np.sign(difference).mean() + 1) / 2)

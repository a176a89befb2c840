"""What a night has to go by, read from the ledger: what is new, what was learned before, what must never be learned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.golden import is_false_reject
from core.ports import ModelRegistry, TrainingBoard
from core.product import ActiveModel
from core.retraining import LearnedPart, Origin, RunState, Snapshot, TrainingRun, Use
from core.retraining_ports import PromotionHistory, Snapshots, TrainingRuns, UnreviewedParts
from core.review import GoldenPart, Review
from core.review_ports import GoldenSet, Reviews
from retrain.curation import Candidate, Golden, is_fixed_sample
from retrain.gate import GatePart, Kind
from retrain.pictures import Pictures
from retrain.triggers import Material

LEARNED = (RunState.PROMOTED, RunState.SHADOWING, RunState.AWAITING, RunState.ROLLED_BACK)
"""What runs in these states learned from is known; the pictures of all others are new again."""
FIXED_SAMPLE = 100
ALL_RUNS = 100_000
LOOKED_BACK = timedelta(days=14)
"""Beyond the quarantine: older parts say little of what the line makes now."""


class NightLedger(
    ModelRegistry,
    PromotionHistory,
    TrainingRuns,
    Snapshots,
    UnreviewedParts,
    Reviews,
    GoldenSet,
    TrainingBoard,
    Protocol,
):
    """All that a night asks of the ledger."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Of one product, as it stands now. `new` are accepted parts that no model has learned from."""

    active: ActiveModel
    new: Sequence[Review]
    learned: Sequence[LearnedPart]
    golden: Sequence[GoldenPart]
    fixed: Sequence[Review]
    defects: Sequence[Review]
    accepted: Sequence[Review]
    unreviewed: Sequence[LearnedPart]

    def material(self, now: datetime, drift: Sequence[str]) -> Material:
        """For the triggers."""
        since = self.active.model.created_at
        reviewed = [review for review in (*self.accepted, *self.defects) if review.at >= since]
        wrong = [review for review in reviewed if is_false_reject(review) or _is_miss(review)]
        days = (now - since).total_seconds() / 86400
        name = f"model {self.active.model.id}"
        return Material(name, len(self.new), len(self.unreviewed), days, len(reviewed), len(wrong), drift)


def gathered(active: ActiveModel, ledger: NightLedger, now: datetime) -> Gathered:
    """Read once; a few queries."""
    product = active.model.product
    accepted = _one_each(ledger.accepted(product, 0))
    defects = ledger.defects(product)
    wrong = {review.sha256 for review in defects}
    runs, snapshots = ledger.training_runs(product, ALL_RUNS), ledger.snapshots(product)
    taken_back = _taken_back(runs, snapshots) | _doubted(ledger.doubted(product), accepted)
    learned = [part for part in _learned(runs, snapshots) if part.sha256 not in wrong | taken_back]
    known = wrong | {part.sha256 for part in learned}
    fixed = [review for review in accepted if is_fixed_sample(review.sha256)][:FIXED_SAMPLE]
    new = [review for review in accepted if review.sha256 not in known and not is_fixed_sample(review.sha256)]
    unreviewed = [part for part in _unreviewed(active, ledger, now) if part.sha256 not in known | taken_back]
    return Gathered(active, new, learned, ledger.golden(product), fixed, defects, accepted, unreviewed)


def candidates(found: Gathered, pictures: Pictures) -> list[Candidate]:
    """Those whose picture is still there."""
    new = [(_part_of(review), None) for review in found.new]
    earlier = [(part, part.use) for part in found.learned]
    made = (candidate_of(part, use, pictures) for part, use in (*new, *earlier))
    return [one for one in made if one is not None]


def golden_of(found: Gathered, pictures: Pictures) -> Golden:
    """What must never be learned, nor anything like it: golden parts and all confirmed defects."""
    named = [(part.frame_uri, part.sha256) for part in found.golden]
    named += [(review.frame_uri, review.sha256) for review in (*found.defects, *found.fixed)]
    seen = [pictures.thumbnail(uri, sha256) for uri, sha256 in named if uri]
    return Golden(frozenset(sha256 for _, sha256 in named), tuple(one for one in seen if one is not None))


def gate_parts(found: Gathered, snapshot: Snapshot) -> list[tuple[GatePart, str, bytes]]:
    """What the gate judges by, each with its picture's URI and mask."""
    golden = [(_golden_part(part), part.frame_uri, part.mask_png) for part in found.golden]
    fixed = [(GatePart(one.sha256, _name("good", one.sha256), Kind.FIXED), one.frame_uri, b"") for one in found.fixed]
    held_out = [
        (GatePart(part.sha256, _name("good", part.sha256), Kind.HELD_OUT), part.frame_uri, b"")
        for part in snapshot.of_use(Use.HELD_OUT)
    ]
    of_each = {one[0].sha256: one for one in (*held_out, *fixed, *golden)}
    return list(of_each.values())


def refused_before(snapshot: Snapshot, runs: Iterable[TrainingRun], found: Gathered) -> TrainingRun | None:
    """The run in which the gate refused what was learned from these very pictures, as it would again.

    That is, going on from the model that judges now, and held to as many golden parts: quality may have retired some.
    """
    golden = {part.sha256 for part in found.golden} | {review.sha256 for review in found.fixed}
    same = (snapshot.id, RunState.REFUSED, found.active.model.id)
    refused = (run for run in runs if (run.snapshot_id, run.state, run.incumbent_id) == same)
    return next((run for run in refused if _golden_parts(run) == len(golden)), None)


def _golden_parts(run: TrainingRun) -> float:
    known = run.before or {}
    return known.get("confirmed defects", 0.0) + known.get("golden good parts", 0.0)


def _learned(runs: Iterable[TrainingRun], snapshots: Iterable[Snapshot]) -> list[LearnedPart]:
    """Every picture that a model of this product has learned from, in its newest use."""
    learned = {run.snapshot_id for run in runs if run.state in LEARNED}
    found: dict[str, LearnedPart] = {}
    for snapshot in snapshots:
        if snapshot.id in learned:
            found |= {part.sha256: part for part in snapshot.parts}
    return list(found.values())


def _taken_back(runs: Iterable[TrainingRun], snapshots: Sequence[Snapshot]) -> set[str]:
    """Parts that came by themselves into a model that was rolled back: no later one learns them unless people say so.

    Those that a person accepts are new again, and learned once a night has taken them up.
    """
    rolled_back = {run.snapshot_id for run in runs if run.state is RunState.ROLLED_BACK}
    accepted = {part.sha256 for one in snapshots for part in one.parts if part.origin is Origin.ACCEPTED}
    of_those = [part for one in snapshots if one.id in rolled_back for part in one.parts]
    return {part.sha256 for part in of_those if part.origin is Origin.AUTOMATIC} - accepted


def _doubted(doubted: Iterable[Review], accepted: Iterable[Review]) -> set[str]:
    """Pictures of which a person said something that stands no more, or was unsure: accepted by nobody any more."""
    return {review.sha256 for review in doubted} - {review.sha256 for review in accepted}


def _unreviewed(active: ActiveModel, ledger: NightLedger, now: datetime) -> Sequence[LearnedPart]:
    """Out of their quarantine; none where the recipe accepts nothing automatically."""
    if not active.recipe.accept_automatically:
        return ()
    until = now - timedelta(days=active.recipe.quarantine_days)
    return ledger.unreviewed_good(active.model.product, until - LOOKED_BACK, until)


def _one_each(reviews: Iterable[Review]) -> list[Review]:
    """The same picture seen twice is one part."""
    return list({review.sha256: review for review in reviews}.values())


def _is_miss(review: Review) -> bool:
    return review.opinion.judgement == "defect" and review.decision == "OK"


def _part_of(review: Review) -> LearnedPart:
    camera, at = review.part.frame_id.camera, review.part.captured_at
    return LearnedPart(review.sha256, review.frame_uri, at, review.lot, camera, Origin.ACCEPTED, Use.TRAIN)


def candidate_of(part: LearnedPart, earlier: Use | None, pictures: Pictures) -> Candidate | None:
    """What curation looks at; None where the picture is gone."""
    thumbnail = pictures.thumbnail(part.frame_uri, part.sha256)
    origin = Origin.REPLAY if earlier else part.origin
    facts = (part.sha256, part.frame_uri, part.captured_at, part.lot, part.camera, origin)
    return None if thumbnail is None else Candidate(*facts, thumbnail, earlier)


def _golden_part(part: GoldenPart) -> GatePart:
    kind = Kind.DEFECT if part.is_defect else Kind.FALSE_REJECT
    return GatePart(part.sha256, _name(part.kind or ("defect" if part.is_defect else "good"), part.sha256), kind)


def _name(kind: str, sha256: str) -> str:
    return f"{kind} {sha256[:8]}"

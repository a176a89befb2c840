"""A product's night: collect, decide, train, judge, promote or explain. The order is the algorithm.

Each step is written down before the next begins, so that the row of a killed run says how far it came; a run begun
again repeats all of it, for nothing before the promotion changes the line.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from core.errors import LedgerUnavailable, LineError, NightFailed, NightInterrupted
from core.inspection import KeptGood
from core.ports import LearningSource
from core.product import ActiveModel, ModelVersion, Recipe
from core.retraining import RunState, Snapshot, TrainingRun, Use
from core.verdict import Threshold
from model.again.lessons import Lesson
from retrain.automatic import accepted_by_themselves
from retrain.curation import curated
from retrain.gate import GatePart, GateRule, Measured, figures, reasons_for_a_person, reasons_to_refuse
from retrain.gathering import Gathered, candidates, gate_parts, gathered, golden_of, refused_before
from retrain.pictures import Pictures
from retrain.promotion import Change, fetched_bundle, register_bundle
from retrain.shadows import make_room, opened, reasons_against_meanwhile
from retrain.shop import Diary, Order, Shop, is_allowed, watch
from retrain.triggers import LEAST_NEW, Weighed, asked_for, weighed
from retrain.workshop.jobs import BundleFindings, MeasureJob, Picture, TrainJob
from retrain.workshop_door import WorkshopStopped

SYNTHETIC = 48
"""Synthetic defects that the gate draws."""
GROUND = 32
"""Good parts that it draws them on."""
FEWEST_CALIBRATING = 2
REMEMBERED = 50
UNFORESEEN = (OSError, ValueError, ArithmeticError, LookupError)
"""A full disk, a file that is not what it should be: it fails the run, which would else be under way for ever."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is there to learn from since the active model was made."""

    product: str
    model_version_id: int
    since: datetime
    good: KeptGood

    def sentence(self) -> str:
        """For the log."""
        return (
            f"{self.product}: {self.good.kept} kept of {self.good.judged_ok} good parts "
            f"since model {self.model_version_id} of {self.since:%Y-%m-%d %H:%M} UTC"
        )


def outlook(active: ActiveModel, source: LearningSource) -> Outlook:
    """What tonight could use, counted from the moment the active model was registered."""
    model = active.model
    return Outlook(model.product, model.id, model.created_at, source.kept_good(model.product, model.created_at))


def run_night(order: Order, shop: Shop) -> TrainingRun:
    """One run from its reasons to its outcome; what came of it is in the ledger.

    Raises as `in_a_diary` does.
    """
    return in_a_diary(order, shop, _run)


def in_a_diary(order: Order, shop: Shop, steps: Callable[[Order, Shop, Diary], TrainingRun]) -> TrainingRun:
    """The steps of a run, with a row that says how they ended, however they end.

    Raises:
        NightFailed: It ended without a verdict; the run says why.
        NightInterrupted: The station is to stop, another has begun this run again, or Postgres is away for long: its
            slot is begun again.
    """
    try:
        return _written_down(order, shop, steps)
    except LedgerUnavailable as error:
        raise NightInterrupted(str(error)) from error


def _written_down(order: Order, shop: Shop, steps: Callable[[Order, Shop, Diary], TrainingRun]) -> TrainingRun:
    diary = Diary(order, shop)
    try:
        return steps(order, shop, diary)
    except LedgerUnavailable:
        raise  # says nothing against the run, and there is nowhere to say it
    except NightInterrupted as error:
        diary.step(error.detail or "the station was told to stop: this run is begun again")
        raise
    except WorkshopStopped as error:
        return diary.end(RunState.CANCELLED, error.detail)
    except LineError as error:
        diary.end(RunState.FAILED, str(error))
        raise NightFailed(str(error)) from error
    except UNFORESEEN as error:
        said = f"{type(error).__name__}: {error}"
        diary.end(RunState.FAILED, said)
        raise NightFailed(said) from error


def _run(order: Order, shop: Shop, diary: Diary) -> TrainingRun:
    active = shop.ledger.active().get(order.product)
    if active is None:
        return diary.end(RunState.SKIPPED, "no model yet: nothing to start from; promote a first one")
    diary.save(incumbent_id=active.model.id)
    found = gathered(active, shop.ledger, shop.clock())
    weight = _weighed(order, found, shop)
    diary.save(reasons=weight.reasons, doubts=weight.doubts)
    if not weight.is_worth_it:
        return diary.end(RunState.SKIPPED, f"not trained: {'; '.join(weight.doubts) or 'no reason to'}")
    diary.step(f"reasons: {'; '.join(weight.reasons)}")
    if not is_allowed(active.recipe, shop.clock()):
        return diary.end(RunState.SKIPPED, f"not trained: it is outside the hours {active.recipe.retrain_hours}")
    pictures = Pictures(shop.artifacts, shop.folder / "pictures", shop.decode)
    snapshot = _snapshot(order, found, pictures, shop, diary)
    if isinstance(snapshot, str):
        return diary.end(RunState.SKIPPED, snapshot)
    return _candidate_for(Night(found, snapshot, pictures, shop, diary))


def _weighed(order: Order, found: Gathered, shop: Shop) -> Weighed:
    recipe = found.active.recipe
    weight = weighed(found.material(shop.clock(), shop.drift(order.product)), recipe)
    return asked_for(weight, order.who, order.why) if order.is_asked else weight


def _snapshot(order: Order, found: Gathered, pictures: Pictures, shop: Shop, diary: Diary) -> Snapshot | str:
    """The pictures of this run, or why there is none."""
    by_themselves = accepted_by_themselves(found, pictures, shop, diary)
    offered = [*candidates(found, pictures), *by_themselves]
    chosen = curated(offered, golden_of(found, pictures), found.active.recipe)
    diary.step(chosen.sentence())
    counted = Counter(part.use for part in chosen.parts)
    if counted[Use.TRAIN] < LEAST_NEW or counted[Use.CALIBRATE] < FEWEST_CALIBRATING:
        needed = f"at least {LEAST_NEW} to learn from and {FEWEST_CALIBRATING} to calibrate with are needed"
        return f"not trained: too few pictures are left, {needed}"
    product = diary.run.product
    snapshot = shop.ledger.keep_snapshot(product, chosen.parts, shop.clock())
    refused = refused_before(snapshot, shop.ledger.training_runs(product, REMEMBERED), found)
    if refused and not order.is_asked:
        return f"not trained: what these very pictures teach was refused on {refused.began_at:%Y-%m-%d}"
    diary.save(snapshot_id=snapshot.id)
    return snapshot


@dataclass(frozen=True, slots=True)
class Night:
    """A run that is worth it, with all that its steps need."""

    found: Gathered
    snapshot: Snapshot
    pictures: Pictures
    shop: Shop
    diary: Diary

    @property
    def recipe(self) -> Recipe:
        """The product's."""
        return self.found.active.recipe

    @property
    def folder(self) -> Path:
        """Where this run works."""
        return self.shop.folder / self.found.active.model.product / f"run-{self.diary.run.id}"

    def files(self, *uses: Use) -> list[str]:
        """The pictures of these uses, oldest first, on this machine."""
        parts = sorted(
            (part for use in uses for part in self.snapshot.of_use(use)),
            key=lambda part: (part.captured_at, part.sha256),
        )
        return [str(self.pictures.path(part.frame_uri, part.sha256)) for part in parts]


def _candidate_for(night: Night) -> TrainingRun:
    shop, diary = night.shop, night.diary
    incumbent = fetched_bundle(night.found.active.model, shop.artifacts, shop.folder / "bundles", shop.read_bundle)
    candidate = _trained(night, incumbent)
    # People go on reviewing while a candidate is trained: what they confirmed meanwhile counts.
    known = replace(night.found, golden=shop.ledger.golden(diary.run.product))
    parts = gate_parts(known, night.snapshot)
    before, after = _measured(night, incumbent, candidate, parts)
    judged = [part for part, _, _ in parts]
    rule = GateRule(night.recipe.false_reject_budget, night.recipe.review_budget)
    verdict = reasons_to_refuse(before, after, judged, rule)
    diary.save(before=figures(before, judged), after=figures(after, judged), verdict=verdict)
    if verdict:
        return diary.end(RunState.REFUSED, f"refused: {'; '.join(verdict)}")
    diary.step(f"the gate found nothing against it on {len(judged)} parts and {len(after.with_defects)} drawn defects")
    return _settled(night, _registered(night, candidate), judged)


def _trained(night: Night, incumbent: Path) -> Path:
    candidate = night.folder / "candidate"
    lesson = Lesson(
        str(incumbent),
        str(candidate),
        night.files(Use.TRAIN),
        night.files(Use.CALIBRATE),
        night.recipe.retrain_passes,
        night.recipe.retrain_flow_passes,
        night.recipe.false_reject_budget,
        night.recipe.review_budget,
        seed=night.diary.run.id,
        object_mask=night.recipe.object_mask,
        ignore=night.recipe.ignore,
    )
    night.diary.step(f"training on {len(lesson.train)} pictures from {night.found.active.model.id}, in its own process")
    result = night.shop.work(
        TrainJob(night.shop.bounds, lesson), night.folder / "train", watch(night.diary, night.shop, night.recipe)
    )
    night.diary.save(passes=float(result["passes"]))
    said = f"trained: {result['passes']} image passes, {result['flow_passes']} passes of density"
    night.diary.step(f"{said}, rejects from {result['reject_from']:.4g}, reviews from {result['review_from']:.4g}")
    for reason in result["threshold_reasons"]:
        night.diary.step(reason)
    return candidate


def _measured(
    night: Night, incumbent: Path, candidate: Path, parts: Sequence[tuple[GatePart, str, bytes]]
) -> tuple[Measured, Measured]:
    pictures = [
        Picture(part.sha256, str(night.pictures.path(uri, part.sha256)), night.pictures.mask(mask, part.sha256))
        for part, uri, mask in parts
    ]
    ground = night.files(Use.HELD_OUT, Use.CALIBRATE)[-GROUND:]
    both, recipe = [str(incumbent), str(candidate)], night.recipe
    drawn = (ground, SYNTHETIC, 1, recipe.object_mask)
    job = MeasureJob(night.shop.bounds, both, pictures, *drawn, recipe.ignore)
    night.diary.step(f"measuring both models on {len(pictures)} parts and {SYNTHETIC} drawn defects")
    result = night.shop.work(job, night.folder / "measure", watch(night.diary, night.shop, night.recipe))
    before, after = (BundleFindings.from_json(found) for found in result["findings"])
    active = night.found.active
    return (
        _as_measured(f"model {active.model.id}", before, active.threshold, parts),
        _as_measured("the candidate", after, night.shop.read_bundle(candidate).threshold, parts),
    )


def _as_measured(
    name: str, found: BundleFindings, threshold: Threshold, parts: Sequence[tuple[GatePart, str, bytes]]
) -> Measured:
    scores = {part.sha256: score for (part, _, _), score in zip(parts, found.scores, strict=True)}
    drawn = (found.with_defects, found.without, found.aupr, found.ms_per_image)
    return Measured(name, threshold, scores, *drawn, found.parity_error, found.parity_bound)


def _registered(night: Night, candidate: Path) -> ModelVersion:
    shop, run = night.shop, night.diary.run
    change = Change(shop.clock(), run.who, f"run {run.id}")
    bundle = shop.read_bundle(candidate)
    version = register_bundle(run.product, bundle, shop.ledger, shop.artifacts, change)
    night.diary.save(candidate_id=version.id)
    return version


def _settled(night: Night, version: ModelVersion, judged: Sequence[GatePart]) -> TrainingRun:
    """Into the shadow, promoted, or left to a person."""
    shop, diary = night.shop, night.diary
    if night.recipe.shadow_parts:
        make_room(diary.run.product, shop.ledger, shop.clock(), f"run {diary.run.id}")
    active_id = shop.ledger.active()[diary.run.product].model.id
    for_a_person = (
        *reasons_for_a_person(judged, night.recipe.promote_automatically),
        *reasons_against_meanwhile(diary.run, active_id),
    )
    diary.check_cancelled()
    if night.recipe.shadow_parts:
        shop.ledger.begin_shadow(opened(diary.run, version.id, night.recipe, shop.clock()))
        diary.step(f"model {version.id} scores {night.recipe.shadow_parts} parts beside the active model")
        return diary.save(state=RunState.SHADOWING, doubts=(*diary.run.doubts, *for_a_person))
    if for_a_person:
        return diary.end(RunState.AWAITING, f"model {version.id} passed and awaits a person: {'; '.join(for_a_person)}")
    shop.ledger.promote(version.id, shop.clock(), diary.run.who, f"run {diary.run.id} passed the gate")
    return diary.end(RunState.PROMOTED, f"model {version.id} is active")

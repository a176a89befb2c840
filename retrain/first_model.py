"""A product's first model: from good pictures that a person chose to the model that judges. The order is the algorithm.

Nothing before the promotion changes the line, so a run begun again repeats all of it; one that was killed between its
promotion and its last row finds its own promotion, and only says so.
"""

from collections import Counter
from pathlib import Path, PurePosixPath

from core.errors import ArtifactMissing, ArtifactTooLarge, ImageRefused, LineError
from core.product import Recipe
from core.retraining import LearnedPart, RunState, Snapshot, TrainingRun, Use
from model.again.lessons import Beginning, FirstLesson
from model.calibration import split
from retrain.learned import kept_part
from retrain.night import in_a_diary, run_night
from retrain.pictures import Pictures
from retrain.promotion import Change, register_bundle
from retrain.shop import Diary, Order, RunLedger, Shop, is_allowed, watch
from retrain.workshop.jobs import FirstJob

FEWEST_PICTURES = 8
"""As many as the network's own training asks for."""
NOTHING_BEFORE = "first model: there is nothing to hold it against"
RECENT = 20


class UnknownProduct(LineError):
    """No product has this name: save its recipe on the page Products, then ask again."""


class HasModel(LineError):
    """This product has a model already: call parts good on the page Review, and its nights learn from them."""


class TooFewPictures(LineError):
    """These are too few good pictures for a first model: add more on the page Products, then ask again."""


class AlreadyTraining(LineError):
    """This product is being trained: wait for its end, or cancel it, then ask again."""


def run_order(order: Order, shop: Shop) -> TrainingRun:
    """A first model where the order names pictures, else a night; raises as `in_a_diary` does."""
    return in_a_diary(order, shop, _run) if order.images else run_night(order, shop)


def check_first(order: Order, ledger: RunLedger) -> None:
    """Nothing, where this first model may be begun.

    Raises:
        UnknownProduct, HasModel, TooFewPictures, AlreadyTraining: It may not.
    """
    _recipe_of(order.product, ledger)
    active = ledger.active().get(order.product)
    if active is not None:
        raise HasModel(f"{order.product}: model {active.model.id}")
    check_enough(len(set(order.images)))
    others = [run for run in ledger.training_runs(order.product, RECENT) if run.state is RunState.RUNNING]
    if others and others[0].slot != order.slot:
        raise AlreadyTraining(f"{order.product}: run {others[0].id}, {others[0].slot!r}")


def check_enough(pictures: int) -> None:
    """Nothing, where there are enough to learn from and to calibrate with.

    Raises:
        TooFewPictures: There are not; says how many are needed.
    """
    if pictures < FEWEST_PICTURES:
        raise TooFewPictures(f"{pictures} can be used, at least {FEWEST_PICTURES} are needed")


def _run(order: Order, shop: Shop, diary: Diary) -> TrainingRun:
    recipe = _recipe_of(order.product, shop.ledger)
    diary.save(reasons=(f"{order.who} asked for a first model: {order.why}",))
    if not is_allowed(recipe, shop.clock()):
        return diary.end(RunState.SKIPPED, f"not trained: it is outside the hours {recipe.retrain_hours}")
    pictures = Pictures(shop.artifacts, shop.folder / "pictures", shop.decode)
    snapshot = _kept(order, pictures, shop, diary)
    if active := shop.ledger.active().get(order.product):
        return _beside(active.model.id, shop, diary)
    bundle = _trained(snapshot, recipe, pictures, shop, diary)
    diary.check_cancelled()
    return _promoted(bundle, shop, diary)


def _recipe_of(product: str, ledger: RunLedger) -> Recipe:
    found = next((known.recipe for known in ledger.products() if known.name == product), None)
    if found is None:
        raise UnknownProduct(product)
    return found


def _kept(order: Order, pictures: Pictures, shop: Shop, diary: Diary) -> Snapshot:
    """The pictures that can be learned from, each once, drawn into those that teach and those that calibrate."""
    uris = _usable(order, pictures, shop, diary)
    check_enough(len(uris))
    diary.check_cancelled()  # the fetching took its time
    calibrating = set(split(len(uris), diary.run.id).calibration)
    parts: list[LearnedPart] = []
    for number, (sha256, uri) in enumerate(uris.items()):
        content = pictures.path(uri, sha256).read_bytes()
        use = Use.CALIBRATE if number in calibrating else Use.TRAIN
        suffix = PurePosixPath(uri).suffix
        parts.append(kept_part(order.product, content, suffix, use, diary.run.began_at, shop.artifacts))
    snapshot = shop.ledger.keep_snapshot(order.product, parts, shop.clock())
    diary.save(snapshot_id=snapshot.id)
    return snapshot


def _usable(order: Order, pictures: Pictures, shop: Shop, diary: Diary) -> dict[str, str]:
    """URIs by sha256. What is no picture, or was confirmed to show a defect, is left out and counted."""
    wrong = {part.sha256 for part in shop.ledger.golden(order.product)}
    wrong |= {review.sha256 for review in shop.ledger.defects(order.product)}
    found: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    for uri in order.images:
        shop.check_stop()
        try:
            sha256 = pictures.found(uri)
        except (ArtifactMissing, ArtifactTooLarge, ImageRefused):
            left_out["not there, or no picture"] += 1
            continue
        reason = "golden, or a confirmed defect" if sha256 in wrong else "there twice" if sha256 in found else ""
        if reason:
            left_out[reason] += 1
        else:
            found[sha256] = uri
    out = "; ".join(f"{count} {reason}" for reason, count in sorted(left_out.items())) or "none"
    diary.step(f"{len(found)} pictures; left out: {out}")
    return found


def _beside(active: int, shop: Shop, diary: Diary) -> TrainingRun:
    """A model judges already: this run's own, promoted before the run was killed, or one that somebody else brought."""
    newest = shop.ledger.promotions(diary.run.product, 1)[0]
    if newest.why == _why(diary.run):
        diary.save(candidate_id=active)
        return diary.end(RunState.PROMOTED, f"model {active} is active; {NOTHING_BEFORE}")
    return diary.end(RunState.SKIPPED, f"not trained: model {active} judges since {newest.at:%Y-%m-%d %H:%M} UTC")


def _trained(snapshot: Snapshot, recipe: Recipe, pictures: Pictures, shop: Shop, diary: Diary) -> Path:
    folder = shop.folder / diary.run.product / f"run-{diary.run.id}"
    train, calibrate = (
        [str(pictures.path(part.frame_uri, part.sha256)) for part in snapshot.of_use(use)]
        for use in (Use.TRAIN, Use.CALIBRATE)
    )
    lesson = FirstLesson(
        shop.beginning,
        str(folder / "candidate"),
        train,
        calibrate,
        recipe.input_height,
        recipe.input_width,
        recipe.smoothing,
        recipe.top_share,
        recipe.minimum_area,
        recipe.false_reject_budget,
        recipe.review_budget,
        seed=diary.run.id,
        object_mask=recipe.object_mask,
        ignore=recipe.ignore,
    )
    diary.step(f"training on {len(train)} pictures from nothing, in its own process: {_said(lesson.beginning)}")
    result = shop.work(FirstJob(shop.bounds, lesson), folder / "train", watch(diary, shop, recipe))
    diary.save(passes=float(result["passes"]))
    said = f"trained: {result['passes']} image passes, {result['flow_passes']} passes of density"
    diary.step(f"{said}, rejects from {result['reject_from']:.4g}, reviews from {result['review_from']:.4g}")
    for reason in result["threshold_reasons"]:
        diary.step(reason)
    return Path(lesson.out)


def _said(begins: Beginning) -> str:
    if begins.weights == "random":
        alone = "it learns from these pictures alone, and finds less than one that knows ImageNet"
        return f"{begins.encoder} starts from random weights, as RETRAIN_WEIGHTS asks: {alone}"
    return f"{begins.encoder} with weights from {Path(begins.weights).name} (RETRAIN_WEIGHTS)"


def _promoted(bundle: Path, shop: Shop, diary: Diary) -> TrainingRun:
    """Registered, and promoted unless somebody brought a model meanwhile: then the two are for a person to compare."""
    run = diary.run
    change = Change(shop.clock(), run.who, _why(run))
    version = register_bundle(run.product, shop.read_bundle(bundle), shop.ledger, shop.artifacts, change)
    diary.save(candidate_id=version.id)
    if active := shop.ledger.active().get(run.product):
        said = f"model {version.id} awaits a person: model {active.model.id} was promoted meanwhile"
        return diary.end(RunState.AWAITING, said)
    diary.step(NOTHING_BEFORE)
    diary.check_cancelled()
    shop.ledger.promote(version.id, shop.clock(), run.who, _why(run))
    return diary.end(RunState.PROMOTED, f"model {version.id} is active; {NOTHING_BEFORE}")


def _why(run: TrainingRun) -> str:
    return f"{run.why} (run {run.id}, first model)"

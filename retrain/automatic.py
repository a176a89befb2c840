"""Which unreviewed parts may be learned from, where a recipe allows any.

A defect that grows slowly is normal to a model that learned yesterday's stage of it. So these parts are not judged by
the active model but by the anchor: the last one in whose teaching, and whose predecessors' teaching, no part came by
itself. However many nights go by, the anchor does not move until people accept parts.
"""

from collections.abc import Iterable, Sequence
from statistics import median

from core.retraining import Origin, Promotion, Snapshot, TrainingRun, Use
from retrain.curation import Candidate
from retrain.gathering import ALL_RUNS, Gathered, candidate_of
from retrain.pictures import Pictures
from retrain.promotion import fetched_bundle
from retrain.shop import Diary, Shop, watch
from retrain.workshop.jobs import Picture, ScoreJob

REFERENCES = 60
MOST = 1000


def accepted_by_themselves(found: Gathered, pictures: Pictures, shop: Shop, diary: Diary) -> list[Candidate]:
    """Those of the unreviewed parts that the anchor finds far below its review threshold."""
    offered = [one for part in found.unreviewed[-MOST:] if (one := candidate_of(part, None, pictures))]
    references = [part for part in found.learned if part.use is Use.CALIBRATE][-REFERENCES:]
    product, ledger = found.active.model.product, shop.ledger
    taught = (ledger.training_runs(product, ALL_RUNS), ledger.snapshots(product))
    anchor = anchor_of(ledger.promotions(product, ALL_RUNS), *taught)
    if not (offered and references and anchor):
        return []
    version, threshold = ledger.model_version(anchor)
    bundle = fetched_bundle(version, shop.artifacts, shop.folder / "bundles", shop.read_bundle)
    known = [Picture(part.sha256, str(pictures.path(part.frame_uri, part.sha256))) for part in references]
    asked = [Picture(one.sha256, str(pictures.path(one.frame_uri, one.sha256))) for one in offered]
    recipe = found.active.recipe
    job = ScoreJob(shop.bounds, str(bundle), [*known, *asked], recipe.ignore)
    scores = shop.work(job, shop.folder / product / f"run-{diary.run.id}" / "score", watch(diary, shop, recipe))[
        "scores"
    ]
    typical = median(scores[: len(known)])
    limit = typical + recipe.accept_below * (threshold.review_from - typical)
    taken = [one for one, score in zip(offered, scores[len(known) :], strict=True) if score < limit]
    far = f"model {anchor}, taught by people alone, scores them below {limit:.4g}"
    diary.step(f"{len(taken)} of {len(offered)} unreviewed parts may be learned from: {far}")
    return taken


def anchor_of(
    promotions: Sequence[Promotion], runs: Iterable[TrainingRun], snapshots: Iterable[Snapshot]
) -> int | None:
    """The newest model in whose teaching, back to its first ancestor, no part came by itself; None where none is."""
    run_of = {run.candidate_id: run for run in runs if run.candidate_id is not None}
    doubtful = _doubtful(list(snapshots))
    clean: set[int | None] = set()
    for promotion in sorted(promotions, key=lambda promotion: promotion.at):
        run = run_of.get(promotion.model_version_id)
        by_hand = run is None or run.incumbent_id is None
        if by_hand or (run is not None and run.snapshot_id not in doubtful and run.incumbent_id in clean):
            clean.add(promotion.model_version_id)
    return next((one.model_version_id for one in promotions if one.model_version_id in clean), None)


def _doubtful(snapshots: Sequence[Snapshot]) -> set[int]:
    """Those that hold a part which came by itself, in them or in an earlier one that they replay.

    A replayed part says no longer how it came: only its hash, looked up in all snapshots, does.
    """
    by_itself = {part.sha256 for one in snapshots for part in one.parts if part.origin is Origin.AUTOMATIC}
    return {
        one.id
        for one in snapshots
        if any(part.sha256 in by_itself and part.origin is not Origin.ACCEPTED for part in one.parts)
    }

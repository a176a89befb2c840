"""The ledger's twin: every promise of every port that PostgresLedger keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from core.adapters.in_memory_cameras import MemoryCameras
from core.adapters.in_memory_drift import MemoryDrift
from core.adapters.in_memory_leases import MemoryLeases
from core.adapters.in_memory_optics import MemoryOptics
from core.adapters.in_memory_parts import MemoryParts
from core.adapters.in_memory_requests import MemoryRequests
from core.adapters.in_memory_reviews import MemoryReviews
from core.adapters.in_memory_rollups import MemoryRollups
from core.adapters.in_memory_shadows import MemoryShadows
from core.adapters.in_memory_shift import MemoryShift
from core.attempts import Hand, taken_alone, taken_together, tries_before
from core.errors import Fenced, NoOpenDay, UnknownModel
from core.gap import Gap
from core.inspection import (
    Batch,
    Failure,
    Inspection,
    KeptGood,
    OpenDays,
    OutboxMessage,
    Progress,
    Recorded,
    Refusal,
    Result,
    TrainingProgress,
)
from core.product import ActiveModel, BundleRef, ModelVersion, Product, Recipe
from core.retraining import LearnedPart, Origin, Promotion, SeenScore, Use
from core.verdict import Decision, Threshold
from core.verdict_message import key_of, to_verdict_message
from core.worker_report import FORGOTTEN_AFTER, WorkerReport


def filed_at(result: Result) -> datetime:
    """The moment whose day holds the row."""
    if isinstance(result, Failure):
        return result.filed_at
    return result.arrival.arrived_at if isinstance(result, Refusal) else result.frame.captured_at


@dataclass
class MemoryLedger(
    MemoryCameras,
    MemoryDrift,
    MemoryOptics,
    MemoryParts,
    MemoryRequests,
    MemoryReviews,
    MemoryShift,
    MemoryRollups,
    MemoryShadows,
    MemoryLeases,
):
    """All of the ledger in dictionaries."""

    days: OpenDays = field(default_factory=lambda: OpenDays(date.min, date.max))
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    told_ids: set[int] = field(default_factory=set)
    training: dict[str, TrainingProgress] = field(default_factory=dict)
    worker_reports: dict[str, WorkerReport] = field(default_factory=dict)
    hands: dict[tuple[str, int], tuple[Hand, str]] = field(default_factory=dict)
    recipes: dict[str, Product] = field(default_factory=dict)
    active_ids: dict[str, int] = field(default_factory=dict)
    found_gaps: list[Gap] = field(default_factory=list)

    def record(self, batch: Batch) -> Recorded:
        """All or nothing; frames already there stay as they were."""
        self._check(batch)
        new: dict[tuple[str, str, int], Result] = {}
        for result in batch.results:
            if key_of(result) not in self.results:
                new.setdefault(key_of(result), result)
        self.results |= new
        self.count(new.values())
        self.roll_up(new.values())
        self.offsets |= {(step.topic, step.partition): step.next for step in batch.progress}
        self.say((key[0], to_verdict_message(result)) for key, result in new.items())
        self.record_views(new.values(), batch.plans)
        return Recorded(len(new), len(batch.results) - len(new))

    def _check(self, batch: Batch) -> None:
        for step in batch.progress:
            if self.offsets.get((step.topic, step.partition), step.first) != step.first:
                raise Fenced(_where(step))
        for result in batch.results:
            if filed_at(result) not in self.days:
                raise NoOpenDay(filed_at(result).isoformat())

    def cameras_heard_of(self) -> list[str]:
        """By name."""
        return sorted({camera for camera, _ in self.seen})

    def record_gap(self, gap: Gap) -> None:
        """Only where the partition stands at its beginning."""
        self.record(Batch((), (gap.progress(),)))
        self.found_gaps.append(gap)

    def gaps(self, since: datetime) -> list[Gap]:
        """Newest first."""
        return sorted((gap for gap in self.found_gaps if gap.found_at >= since), key=lambda gap: gap.found_at)[::-1]

    def next_offsets(self, topic: str) -> Mapping[int, int]:
        """Per partition of the topic."""
        return {partition: offset for (name, partition), offset in self.offsets.items() if name == topic}

    def open_days(self) -> OpenDays:
        """As set from outside."""
        return self.days

    def save_product(self, product: Product, at: datetime, who: str, why: str) -> None:
        """Keep the newest recipe."""
        self.recipes[product.name] = product

    def products(self) -> list[Product]:
        """By name."""
        return [self.recipes[name] for name in sorted(self.recipes)]

    def register(self, product: str, bundle: BundleRef, threshold: Threshold, at: datetime, who: str) -> ModelVersion:
        """A new version, or the one that has this sha256 already."""
        for version in self.versions:
            if (version.product, version.bundle.sha256) == (product, bundle.sha256):
                return version
        self.recipes.setdefault(product, Product(product, Recipe()))
        version = ModelVersion(len(self.versions) + 1, product, bundle, at)
        self.versions.append(version)
        self.set_threshold(version.id, threshold, at, who, "fitted at training")
        return version

    def promote(self, model_version_id: int, at: datetime, who: str, why: str) -> None:
        """Newest promotion wins."""
        version = self._version(model_version_id)
        self.active_ids[version.product] = version.id
        self.promoted.append((version.product, Promotion(version.id, at, who, why)))

    def set_threshold(self, model_version_id: int, threshold: Threshold, at: datetime, who: str, why: str) -> int:
        """Append."""
        self._version(model_version_id)
        self.thresholds.append((model_version_id, threshold))
        return len(self.thresholds)

    def active(self) -> Mapping[str, ActiveModel]:
        """Promoted version, newest threshold, recipe."""
        found: dict[str, ActiveModel] = {}
        for name, version_id in self.active_ids.items():
            ids = [number for number, (owner, _) in enumerate(self.thresholds, 1) if owner == version_id]
            found[name] = ActiveModel(
                self._version(version_id), ids[-1], self.thresholds[ids[-1] - 1][1], self.recipes[name].recipe
            )
        return found

    def _version(self, model_version_id: int) -> ModelVersion:
        for version in self.versions:
            if version.id == model_version_id:
                return version
        raise UnknownModel(str(model_version_id))

    def report_worker(self, report: WorkerReport) -> None:
        """Keep the newest."""
        known = self.worker_reports.get(report.owner, report)
        newest = report if known.reported_at <= report.reported_at or known.judged < report.judged else known
        kept = {**self.worker_reports, report.owner: newest}
        since = report.reported_at - FORGOTTEN_AFTER
        self.worker_reports = {owner: each for owner, each in kept.items() if each.reported_at >= since}

    def workers(self) -> list[WorkerReport]:
        """Newest report first."""
        return sorted(self.worker_reports.values(), key=lambda report: report.reported_at, reverse=True)

    def take(self, progress: tuple[Progress, ...], owner: str) -> bool:
        """All partitions or none."""
        if any(tries_before(self._hand(step), step.first) for step in progress):
            return False
        self.hands |= {(step.topic, step.partition): (taken_together(step), owner) for step in progress}
        return True

    def take_one(self, progress: Progress, owner: str) -> int:
        """Count and note."""
        hand = taken_alone(self._hand(progress), progress)
        self.hands[progress.topic, progress.partition] = (hand, owner)
        return hand.first_tries

    def let_go(self, owner: str) -> None:
        """Only what is still this owner's."""
        self.hands = {place: noted for place, noted in self.hands.items() if noted[1] != owner}

    def _hand(self, progress: Progress) -> Hand | None:
        return self.hands.get((progress.topic, progress.partition), (None, ""))[0]

    def report_training(self, progress: TrainingProgress) -> None:
        """Keep the newest."""
        self.training[progress.product] = progress

    def trainings(self) -> list[TrainingProgress]:
        """By product name."""
        return [self.training[name] for name in sorted(self.training)]

    def kept_good(self, product: str, since: datetime) -> KeptGood:
        """Counted from the results."""
        ok = [
            result
            for result in self.results.values()
            if isinstance(result, Inspection)
            and (result.decision, result.frame.product) == (Decision.OK, product)
            and result.frame.captured_at >= since
        ]
        return KeptGood(sum(bool(result.evidence.frame_uri) for result in ok), len(ok))

    def unreviewed_good(self, product: str, since: datetime, until: datetime) -> Sequence[LearnedPart]:
        """From the results and what was said of them."""
        said = {review.part.frame_id for review in self.said}
        found = [
            LearnedPart(
                one.frame.sha256,
                one.evidence.frame_uri,
                one.frame.captured_at,
                one.frame.lot,
                one.frame.id.camera,
                Origin.AUTOMATIC,
                Use.TRAIN,
            )
            for one in self.results.values()
            if isinstance(one, Inspection)
            and (one.decision, one.frame.product) == (Decision.OK, product)
            and since <= one.frame.captured_at < until
            and one.evidence.frame_uri
            and one.frame.id not in said
        ]
        return list({part.sha256: part for part in sorted(found, key=lambda part: part.captured_at)}.values())

    def recent_scores(self, product: str, model_version_id: int, limit: int) -> Sequence[SeenScore]:
        """From the results."""
        found = [
            SeenScore(one.frame.captured_at, one.frame.id.camera, one.frame.lot, one.verdict.score)
            for one in self.results.values()
            if isinstance(one, Inspection)
            and (one.frame.product, one.judge.model_version_id) == (product, model_version_id)
        ]
        return sorted(found, key=lambda one: one.captured_at)[-limit:]

    def pending(self, limit: int) -> list[OutboxMessage]:
        """Untold, oldest first."""
        return [message for message in self.messages if message.id not in self.told_ids][:limit]

    def told(self, ids: Sequence[int]) -> None:
        """Remember."""
        self.told_ids |= set(ids)


def _where(step: Progress) -> str:
    return f"{step.topic}/{step.partition} does not stand at {step.first}"

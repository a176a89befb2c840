"""Builders of what a ledger records; each defaults all that its test is not about."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from core.adapters.database import open_engine
from core.adapters.days import prepare_days
from core.adapters.ledger import PostgresLedger
from core.adapters.migrate import upgrade
from core.attempts import Attempts
from core.camera_ports import CameraCounters, CameraDirectory, NewestRuns, OpticsRegistry
from core.drift import DriftAlarms, Looks
from core.frame import FrameHeader, FrameId, sha256_of
from core.gap import GapLedger
from core.inspection import (
    NOT_KEPT,
    Arrival,
    Batch,
    Evidence,
    Failure,
    Inspection,
    Judge,
    Late,
    Position,
    Progress,
    Refusal,
    Result,
    StoredMap,
)
from core.lease import Leases
from core.part_ports import PartDecisions
from core.ports import (
    CameraRegistry,
    InspectionLedger,
    LearningSource,
    ModelRegistry,
    NightSlots,
    Outbox,
    TrainingBoard,
)
from core.product import BundleRef
from core.request import Requests
from core.retraining_ports import AbandonedNights, PromotionHistory, Snapshots, TrainingRuns, UnreviewedParts
from core.review_ports import AcceptedParts, GoldenSet, ReviewDesk, Reviews
from core.shadow import Shadows
from core.shift_ports import Alarms, MasterParts, ShiftChecks
from core.verdict import Decision, ErrorReason, Threshold, judge
from core.worker_report import WorkerRegistry
from tests import servers

TODAY = datetime(2026, 11, 24, 8, 30, 0, 123456, tzinfo=UTC)
TOPIC = "frames"
BAND = Threshold(0.4, 0.8)
SCORES = {Decision.OK: 0.1, Decision.REVIEW: 0.5, Decision.NG: 0.9}


class Ledger(
    InspectionLedger,
    ModelRegistry,
    CameraRegistry,
    CameraCounters,
    CameraDirectory,
    NewestRuns,
    OpticsRegistry,
    WorkerRegistry,
    Attempts,
    TrainingBoard,
    Outbox,
    NightSlots,
    AbandonedNights,
    GapLedger,
    PartDecisions,
    Reviews,
    ReviewDesk,
    AcceptedParts,
    MasterParts,
    ShiftChecks,
    Alarms,
    GoldenSet,
    Requests,
    TrainingRuns,
    Snapshots,
    PromotionHistory,
    UnreviewedParts,
    Shadows,
    Looks,
    DriftAlarms,
    Leases,
    LearningSource,
    Protocol,
):
    """Everything a ledger is asked."""


def fresh_postgres_ledger(today: date, back: int, ahead: int, tells: bool = True) -> PostgresLedger:
    """A migrated, empty database with these days open."""
    engine = open_engine(servers.postgres())
    upgrade(engine)
    prepare_days(engine, today, back, ahead)
    return PostgresLedger(engine, tells)


def frame(
    sequence: int = 0, camera: str = "line1-top", start_id: str = "0123456789ab", captured_at: datetime = TODAY
) -> FrameHeader:
    frame_id = FrameId(camera, start_id, sequence)
    return FrameHeader(frame_id, captured_at, "ballscrew", f"part {sequence}", "lot 7", sha256_of(b"picture"), 7)


def arrival(offset: int = 0, partition: int = 0, arrived_at: datetime = TODAY) -> Arrival:
    return Arrival(Position(TOPIC, partition, offset), arrived_at)


def inspected(header: FrameHeader, decision: Decision = Decision.OK, partition: int = 0) -> Inspection:
    return Inspection(
        header,
        arrival(header.id.sequence, partition),
        judge(SCORES[decision], BAND),
        Judge(1, 1, BAND, "test-engine"),
        StoredMap(b"\x89PNG\x00map", -1.5, 2.5),
        NOT_KEPT,
        TODAY + timedelta(seconds=1),
    )


def failed(
    header: FrameHeader, reason: ErrorReason = ErrorReason.UNDECODABLE, arrived_at: datetime = TODAY, detail: str = ""
) -> Failure:
    kept = Evidence("memory:frame", "")
    return Failure(header, arrival(header.id.sequence, 0, arrived_at), reason, detail, kept, TODAY)


def late(header: FrameHeader) -> Late:
    scores = StoredMap(b"\x89PNG\x00map", -1.5, 2.5)
    return Late(header, arrival(header.id.sequence), "2 s after it came", NOT_KEPT, TODAY, BAND, scores)


def refused(offset: int = 0, partition: int = 0, detail: str = "no version header of ours") -> Refusal:
    return Refusal(arrival(offset, partition), ErrorReason.ENVELOPE, detail, Evidence("memory:record", ""), TODAY)


def batch(*results: Result, first: int = 0, next_offset: int | None = None, partition: int = 0) -> Batch:
    """These results as the records from `first` on; every record became one result unless told otherwise."""
    end = first + max(1, len(results)) if next_offset is None else next_offset
    return Batch(results, (Progress(TOPIC, partition, first, end),))


def bundle(name: str = "a") -> BundleRef:
    return BundleRef(f"memory:bundles/{name}/bundle.json", sha256_of(name.encode()))

"""Seeds a line through its own ports: rendered pictures, verdicts, errors, counters. For tests and for looking.

`python -m tests.dashboard.seed` seeds the database and the artifact store that the environment names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from core.adapters.ledger import PostgresLedger
from core.frame import FrameHeader, FrameId, sha256_of
from core.inspection import (
    NOT_KEPT,
    Arrival,
    Batch,
    CameraRun,
    Evidence,
    Failure,
    Inspection,
    Judge,
    Position,
    Progress,
    Result,
    StoredMap,
    Tile,
    TrainingProgress,
)
from core.ports import ArtifactStore, LiveBoard
from core.product import BundleRef, Product, Recipe
from core.verdict import Decision, ErrorReason, Threshold, judge
from core.worker_report import WorkerReport

START = "0123456789ab"
SIDE = 512
THRESHOLD = Threshold(2.0, 2.6)
CAMERAS = {"line1-top": "gear", "line1-side": "gear"}


@dataclass(frozen=True)
class Seeded:
    """Where to seed, and when it all happened."""

    ledger: PostgresLedger
    board: LiveBoard
    artifacts: ArtifactStore
    now: datetime


def rendered_part(seed: int, defect: bool) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A machined disc with a hole circle, and the map a detector could have made of it."""
    rng = np.random.default_rng(seed)
    ground = np.full((SIDE, SIDE, 3), 42, np.uint8)
    angle = rng.uniform(0, 60)
    cv2.circle(ground, (256, 256), 205, (168, 172, 170), -1, cv2.LINE_AA)
    cv2.circle(ground, (256, 256), 178, (140, 145, 144), 3, cv2.LINE_AA)
    cv2.circle(ground, (256, 256), 62, (42, 42, 42), -1, cv2.LINE_AA)
    for turn in range(6):
        place = np.deg2rad(angle + 60 * turn)
        centre = (int(256 + 120 * np.cos(place)), int(256 + 120 * np.sin(place)))
        cv2.circle(ground, centre, 20, (60, 60, 60), -1, cv2.LINE_AA)
    scores = 0.7 + 0.25 * cv2.resize(rng.random((16, 16), np.float32), (128, 128), interpolation=cv2.INTER_CUBIC)
    if defect:
        scores = scores + _scratch(ground, rng)
    noisy = np.clip(ground + rng.normal(0, 5, ground.shape), 0, 255).astype(np.uint8)
    return noisy, scores.astype(np.float32)


def _scratch(ground: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    turn, radius = rng.uniform(0, 2 * np.pi), rng.uniform(90, 160)
    start = np.array([256 + radius * np.cos(turn), 256 + radius * np.sin(turn)])
    end = start + rng.uniform(-70, 70, 2)
    points = [tuple(int(value) for value in point) for point in (start, end)]
    cv2.line(ground, points[0], points[1], (235, 238, 240), 4, cv2.LINE_AA)
    cv2.line(ground, points[0], points[1], (70, 74, 80), 1, cv2.LINE_AA)
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.line(mask, points[0], points[1], 1.0, 22, cv2.LINE_AA)
    return cv2.GaussianBlur(cv2.resize(mask, (128, 128)), (0, 0), 3).astype(np.float32) * 3.4


def encoded(pixels: NDArray[np.uint8], kind: str = ".png") -> bytes:
    """The picture as a camera would send it."""
    return cv2.imencode(kind, pixels)[1].tobytes()


def stored(scores: NDArray[np.float32]) -> StoredMap:
    """The map as a worker would store it."""
    low, high = float(scores.min()), float(scores.max())
    return StoredMap(encoded(np.rint((scores - low) / (high - low) * 255).astype(np.uint8)), low, high)


def header(camera: str, sequence: int, captured_at: datetime, content: bytes) -> FrameHeader:
    """A header with part id and lot."""
    identity = FrameId(camera, START, sequence)
    part, lot = f"P-{sequence:05d}", f"L-{24000 + sequence // 20}"
    return FrameHeader(identity, captured_at, CAMERAS[camera], part, lot, sha256_of(content), len(content))


def inspected(line: Seeded, camera: str, sequence: int, captured_at: datetime, who: Judge) -> tuple[Inspection, Tile]:
    """One part's inspection and its tile: every fifth has a defect, every eleventh a faint one."""
    defect, faint = sequence % 5 == 3, sequence % 11 == 6
    pixels, scores = rendered_part(hash_of(camera, sequence), defect or faint)
    if faint and not defect:
        scores = (scores * (2.3 / scores.max())).astype(np.float32)
    content, verdict = encoded(pixels), judge(float(scores.max()), THRESHOLD)
    frame, place = header(camera, sequence, captured_at, content), arrival(camera, sequence, captured_at)
    kept = verdict.decision is not Decision.OK
    evidence = NOT_KEPT
    if kept:
        evidence = Evidence(line.artifacts.put(f"frames/{camera}-{sequence}.png", content), "")
    result = Inspection(frame, place, verdict, who, stored(scores), evidence, captured_at + timedelta(milliseconds=180))
    return result, tile_of(result, encoded(pixels, ".jpg"))


def hash_of(camera: str, sequence: int) -> int:
    """A seed of its own for each part."""
    return int(sha256_of(f"{camera}/{sequence}".encode())[:8], 16)


def arrival(camera: str, sequence: int, captured_at: datetime) -> Arrival:
    """One partition per camera."""
    partition = list(CAMERAS).index(camera)
    return Arrival(Position("seeded", partition, sequence), captured_at + timedelta(milliseconds=40))


def tile_of(result: Inspection, thumbnail: bytes) -> Tile:
    """What the worker would put on the board."""
    limits, frame = result.judge.threshold, result.frame
    return Tile(
        frame.id.camera, frame.product, frame.part_id, frame.captured_at, result.decision, "", result.verdict.score,
        limits.review_from, limits.reject_from, result.map.low, result.map.high, thumbnail, result.map.png,
    )  # fmt: skip


def failed(line: Seeded, camera: str, sequence: int, captured_at: datetime, reason: ErrorReason) -> Failure:
    """A frame that could not be judged."""
    content = b"<script>alert('not a picture')</script>"
    frame, place = header(camera, sequence, captured_at, content), arrival(camera, sequence, captured_at)
    evidence = NOT_KEPT
    if reason is ErrorReason.UNDECODABLE:
        evidence = Evidence(line.artifacts.put(f"quarantine/{camera}-{sequence}.bin", content), "")
    detail = "<b>it starts with</b> `<script>`" if reason is ErrorReason.UNDECODABLE else "drop-oldest"
    return Failure(frame, place, reason, detail, evidence, captured_at + timedelta(milliseconds=90))


def model_for(line: Seeded, product: str) -> Judge:
    """A registered and promoted model of the product."""
    line.ledger.save_product(Product(product, Recipe()), line.now, "seed", "seeded")
    bundle = BundleRef(f"memory:bundles/{product}/bundle.json", sha256_of(product.encode()))
    version = line.ledger.register(product, bundle, THRESHOLD, line.now, "seed")
    line.ledger.promote(version.id, line.now, "seed", "seeded")
    active = line.ledger.active()[product]
    return Judge(version.id, active.threshold_id, THRESHOLD, "torch-cpu-float32")


def seed_parts(line: Seeded, count: int = 60, every_s: float = 1.0, ends: datetime | None = None) -> list[Tile]:
    """`count` parts per camera up to `ends` (now); returns the newest tiles, which are also shown."""
    who = {product: model_for(line, product) for product in set(CAMERAS.values())}
    newest = []
    for camera, product in CAMERAS.items():
        results: list[Result] = []
        for sequence in range(count):
            captured_at = (ends or line.now) - timedelta(seconds=every_s * (count - 1 - sequence))
            result, tile = inspected(line, camera, sequence, captured_at, who[product])
            results.append(_spoiled(line, result, camera, sequence, captured_at))
        newest.append(tile)
        record(line, results)
        line.ledger.report(CameraRun(camera, START, product, count + 1, count // 25, line.now))
    line.board.show(newest)
    return newest


def _spoiled(line: Seeded, result: Result, camera: str, sequence: int, captured_at: datetime) -> Result:
    reasons = {9: ErrorReason.DROPPED, 17: ErrorReason.UNDECODABLE}
    reason = reasons.get(sequence % 25)
    return failed(line, camera, sequence, captured_at, reason) if reason else result


def record(line: Seeded, results: Sequence[Result]) -> None:
    """One camera's results in one transaction."""
    positions = [result.arrival.position for result in results]
    first, last = positions[0], positions[-1]
    line.ledger.record(Batch(tuple(results), (Progress(first.topic, first.partition, first.offset, last.offset + 1),)))


def next_part(line: Seeded, camera: str, sequence: int, now: datetime) -> Tile:
    """One more part, as if it had just passed."""
    who = model_for(line, CAMERAS[camera])
    result, tile = inspected(line, camera, sequence, now, who)
    record(line, [result])
    line.board.show([tile])
    line.ledger.report(CameraRun(camera, START, CAMERAS[camera], sequence + 2, 2, now))
    return tile


def seed_day(line: Seeded, per_quarter: int = 4) -> None:
    """A whole day of both cameras, a few frames per quarter of an hour, with a pause and a spell of defects."""
    who = model_for(line, "gear")
    for camera in CAMERAS:
        moments = [line.now - timedelta(minutes=15 * ago + 5) for ago in range(95, 0, -1) if not 40 <= ago < 50]
        results = [
            _quick(line, camera, 10_000 + number, moment + timedelta(seconds=number % 60), who)
            for number, moment in enumerate(each for each in moments for _ in range(per_quarter))
        ]
        line.ledger.record(Batch(tuple(results), (Progress("seeded day", list(CAMERAS).index(camera), 0, 1),)))


def _quick(line: Seeded, camera: str, sequence: int, captured_at: datetime, who: Judge) -> Result:
    """A row without a picture: every seventh is a defect, every twentieth could not be judged."""
    if sequence % 20 == 3:
        return failed(line, camera, sequence, captured_at, ErrorReason.UNDECODABLE)
    frame, place = header(camera, sequence, captured_at, b"x"), arrival(camera, sequence, captured_at)
    verdict = judge(2.8 if sequence % 7 == 1 else 1.0, THRESHOLD)
    took = timedelta(seconds=0.1 + (sequence % 40) / 20)
    return Inspection(frame, place, verdict, who, StoredMap(b"", 0, 1), NOT_KEPT, captured_at + took)


def seed_workers(line: Seeded) -> None:
    """One that judges, one that waits, one that fell silent, one that was told to end."""
    models = "gear: model 1 (torch-cpu-float32)"
    for owner, ago_s, still_s, waits_for, ended in (
        ("inspector-4711", 1, 1, "", False),
        ("inspector-4712", 2, 47, "the round in hand takes 47 s: bus, Postgres or artifacts are waited for", False),
        ("inspector-4090", 320, 1, "", False),
        ("inspector-3999", 7200, 1, "", True),
    ):
        told = line.now - timedelta(seconds=ago_s)
        started, turned = line.now - timedelta(hours=5), told - timedelta(seconds=still_s)
        line.ledger.report_worker(WorkerReport(owner, started, told, turned, 12_345, 67, 1, waits_for, models, ended))


def training(line: Seeded, share: float) -> None:
    """A training under way."""
    line.ledger.report_training(TrainingProgress("gear", share, "stage 1: classifier", line.now))


def stale_tile(tile: Tile, captured_at: datetime) -> Tile:
    """The same tile, seen earlier."""
    return replace(tile, captured_at=captured_at)


def main() -> None:
    """Seed what the environment names."""
    from core.adapters.migrate import upgrade
    from core.adapters.wiring import open_artifacts, open_board, open_ledger
    from core.settings import LineSettings

    settings = LineSettings()
    ledger = open_ledger(settings)
    upgrade(ledger.engine)
    now = datetime.now(UTC)
    ledger.prepare_days(now.date())
    line = Seeded(ledger, open_board(settings), open_artifacts(settings), now)
    seed_day(line)
    seed_parts(line)
    seed_workers(line)


if __name__ == "__main__":
    main()

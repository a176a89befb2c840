"""Parts that passed cameras: verdicts, errors, counters, written through the line's own ports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

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
)
from core.ports import ArtifactStore, LiveBoard
from core.product import BundleRef, Product, Recipe
from core.verdict import Decision, ErrorReason, Threshold, judge
from line.seed.pictures import encoded, maps_npz, rendered_part, stored

START = "0123456789ab"
THRESHOLD = Threshold(2.0, 2.6)
RECIPE = Recipe(defect_kinds=("scratch", "dent", "stain"), review_ok_share=0.05)
KEPT_OK = 10
"""Of so many OK frames one is kept."""

CAMERAS = {"line1-top": "gear", "line1-side": "gear"}


@dataclass(frozen=True)
class Seeded:
    """Where to seed, and when it all happened."""

    ledger: PostgresLedger
    board: LiveBoard
    artifacts: ArtifactStore
    now: datetime
    cameras: Mapping[str, str] = field(default_factory=lambda: CAMERAS)


def header(line: Seeded, camera: str, sequence: int, captured_at: datetime, content: bytes) -> FrameHeader:
    """A header with part id and lot."""
    identity = FrameId(camera, START, sequence)
    part, lot = f"P-{sequence:05d}", f"L-{24000 + sequence // 20}"
    return FrameHeader(identity, captured_at, line.cameras[camera], part, lot, sha256_of(content), len(content))


def inspected(line: Seeded, camera: str, sequence: int, captured_at: datetime, who: Judge) -> tuple[Inspection, Tile]:
    """One part's inspection and its tile: every fifth has a defect, every eleventh a faint one."""
    defect, faint = sequence % 5 == 3, sequence % 11 == 6
    pixels, scores = rendered_part(hash_of(camera, sequence), defect or faint)
    if faint and not defect:
        scores = (scores * (2.3 / scores.max())).astype(np.float32)
    content, verdict = encoded(pixels), judge(float(scores.max()), THRESHOLD)
    frame, place = header(line, camera, sequence, captured_at, content), arrival(line, camera, sequence, captured_at)
    evidence = NOT_KEPT
    if verdict.decision is not Decision.OK or sequence % KEPT_OK == 0:
        frame_uri = line.artifacts.put(f"frames/{camera}-{sequence}.png", content)
        evidence = Evidence(frame_uri, line.artifacts.put(f"maps/{camera}-{sequence}.npz", maps_npz(pixels, scores)))
    result = Inspection(frame, place, verdict, who, stored(scores), evidence, captured_at + timedelta(milliseconds=180))
    return result, tile_of(result, encoded(pixels, ".jpg"))


def hash_of(camera: str, sequence: int) -> int:
    """A seed of its own for each part."""
    return int(sha256_of(f"{camera}/{sequence}".encode())[:8], 16)


def arrival(line: Seeded, camera: str, sequence: int, captured_at: datetime) -> Arrival:
    """One partition per camera."""
    partition = list(line.cameras).index(camera)
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
    frame, place = header(line, camera, sequence, captured_at, content), arrival(line, camera, sequence, captured_at)
    evidence = NOT_KEPT
    if reason is ErrorReason.UNDECODABLE:
        evidence = Evidence(line.artifacts.put(f"quarantine/{camera}-{sequence}.bin", content), "")
    detail = "<b>it starts with</b> `<script>`" if reason is ErrorReason.UNDECODABLE else "drop-oldest"
    return Failure(frame, place, reason, detail, evidence, captured_at + timedelta(milliseconds=90))


def model_for(line: Seeded, product: str) -> Judge:
    """A registered and promoted model of the product."""
    line.ledger.save_product(Product(product, RECIPE), line.now, "seed", "seeded")
    bundle = BundleRef(f"memory:bundles/{product}/bundle.json", sha256_of(product.encode()))
    version = line.ledger.register(product, bundle, THRESHOLD, line.now, "seed")
    line.ledger.promote(version.id, line.now, "seed", "seeded")
    active = line.ledger.active()[product]
    return Judge(version.id, active.threshold_id, THRESHOLD, "torch-cpu-float32")


def seed_parts(line: Seeded, count: int = 60, every_s: float = 1.0, ends: datetime | None = None) -> list[Tile]:
    """`count` parts per camera up to `ends` (now); returns the newest tiles, which are also shown."""
    who = {product: model_for(line, product) for product in set(line.cameras.values())}
    newest = []
    for camera, product in line.cameras.items():
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
    who = model_for(line, line.cameras[camera])
    result, tile = inspected(line, camera, sequence, now, who)
    record(line, [result])
    line.board.show([tile])
    line.ledger.report(CameraRun(camera, START, line.cameras[camera], sequence + 2, 2, now))
    return tile


def seed_day(line: Seeded, per_quarter: int = 4, ago: int = 0) -> None:
    """A whole day of all cameras, a few frames per quarter of an hour, with a pause and a spell of defects.

    It ends now, or so many days ago.
    """
    who = {product: model_for(line, product) for product in set(line.cameras.values())}
    ends, first = line.now - timedelta(days=ago), 10_000 + 1_000 * ago
    moments = [ends - timedelta(minutes=15 * back + 5) for back in range(95, 0, -1) if not 40 <= back < 50]
    for partition, (camera, product) in enumerate(line.cameras.items()):
        results = [
            _quick(line, camera, first + number, moment + timedelta(seconds=number % 60), who[product])
            for number, moment in enumerate(each for each in moments for _ in range(per_quarter))
        ]
        line.ledger.record(Batch(tuple(results), (Progress(f"seeded day {ago}", partition, 0, 1),)))


def _quick(line: Seeded, camera: str, sequence: int, captured_at: datetime, who: Judge) -> Result:
    """A row without a picture: every seventh is a defect, every twentieth could not be judged."""
    if sequence % 20 == 3:
        return failed(line, camera, sequence, captured_at, ErrorReason.UNDECODABLE)
    frame, place = header(line, camera, sequence, captured_at, b"x"), arrival(line, camera, sequence, captured_at)
    noise = float(np.random.default_rng(hash_of(camera, sequence)).standard_normal())
    verdict = judge(2.8 + abs(noise) if sequence % 7 == 1 else min(1.9, 1.2 + 0.2 * noise), THRESHOLD)
    took = timedelta(seconds=0.1 + (sequence % 40) / 20)
    return Inspection(frame, place, verdict, who, StoredMap(b"", 0, 1), NOT_KEPT, captured_at + took)


def parts_now(line: Seeded, sequence: int) -> None:
    """Each camera's next part, at this moment and judged by what is active: the line is seen at work."""
    tiles, active = [], line.ledger.active()
    for camera, product in line.cameras.items():
        judging = active[product]
        who = Judge(judging.model.id, judging.threshold_id, THRESHOLD, "torch-cpu-float32")
        result, tile = inspected(line, camera, sequence, datetime.now(UTC), who)
        record(line, [result])
        tiles.append(tile)
    line.board.show(tiles)

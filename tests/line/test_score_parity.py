"""A frame's score through bus and worker is its own: alone, in any batch, among other products, after a restart."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from sqlalchemy import select

from core.adapters import wiring
from core.adapters.schema import inspection
from core.frame import Frame, FrameHeader, FrameId, sha256_of
from core.product import Product, Recipe
from core.verdict import ScoreMap
from core.wire import to_record
from line.drill.place import PRODUCT, DrillLine, draw_pictures
from model.bundle import bundle_sha256, read_letter
from model.detector import load_detector
from model.images import decode
from retrain.promotion import Change, promote_bundle, read_with
from tests.line.drills import line_on
from tests.model.bundles import write_bundle
from worker.__main__ import _bench
from worker.counts import Counts
from worker.loop import Bench, run
from worker.settings import WorkerSettings

pytestmark = [pytest.mark.server, pytest.mark.slow]

START = "00000000000b"
SIZES = range(1, 17)
TOLERANCE = 1e-4
"""Of the map's range."""


def promote(line: DrillLine, product: str, folder: Path) -> None:
    """A bundle with random weights: parity does not ask whether it is any good. All of its frames are kept."""
    write_bundle(folder)
    change = Change(datetime.now(UTC), "test", "parity")
    line.ledger.save_product(Product(product, Recipe(keep_ok_share=1.0)), change.at, "test", "parity")
    reader = read_with(lambda found: read_letter(found).threshold, bundle_sha256)
    promote_bundle(product, reader(folder), line.ledger, wiring.open_artifacts(line.settings), change)


def publish(line: DrillLine, *frames: Frame) -> None:
    publisher = wiring.open_publisher(line.settings)
    for waiting in [publisher.publish(to_record(frame)) for frame in frames]:
        waiting.result(30)
    publisher.close(10)


def frame(sequence: int, camera: str, product: str, content: bytes) -> Frame:
    header = FrameHeader(
        FrameId(camera, START, sequence), datetime.now(UTC), product, "", "", sha256_of(content), len(content)
    )
    return Frame(header, content)


@contextmanager
def worker_on(line: DrillLine) -> Iterator[Bench]:
    """A worker in this process on the real bus and ledger."""
    settings = line.settings
    chosen = WorkerSettings(cache=line.home / "bundles", device="cpu", batch_wait_ms=10_000, poll_wait_ms=100)
    ledger = wiring.open_ledger(settings, "worker")
    consumer = wiring.open_consumer(settings, ledger, "parity")
    try:
        yield _bench("parity", chosen, settings, ledger, consumer, threading.Event())
    finally:
        consumer.close()
        ledger.close()


def work(bench: Bench, size: int) -> Counts:
    """Judge so many frames in batches of exactly this size."""
    counts, until = Counts(), time.monotonic() + 60
    sized = replace(bench, limits=replace(bench.limits, frames=size))
    run(sized, counts, lambda _idle_s: counts.frames >= size or time.monotonic() > until)
    return counts


def judged(line: DrillLine, sequence: int) -> tuple[float, np.ndarray, np.ndarray]:
    """The score in the row and the maps in the artifact store."""
    columns = (inspection.c.score, inspection.c.maps_uri, inspection.c.reason, inspection.c.detail)
    query = select(*columns).where(inspection.c.camera == "target", inspection.c.sequence == sequence)
    with line.ledger.engine.connect() as connection:
        score, uri, reason, detail = connection.execute(query).one()
    assert not reason, detail
    with np.load(io.BytesIO(wiring.open_artifacts(line.settings).get(uri)), allow_pickle=False) as maps:
        return score, maps["classified"], maps["density"]


def deviations(found: tuple[float, np.ndarray, np.ndarray], alone: ScoreMap) -> dict[str, float]:
    """The largest differences of the score and of both maps, as shares of the range of the map A they make up."""
    score, classified, density = found
    span = float(np.ptp(alone.combined))
    return {
        "score": abs(score - alone.score) / span,
        "classified": float(np.abs(classified - alone.classified).max()) / span,
        "density": float(np.abs(density - alone.density).max()) / span,
    }


def company(size: int, pictures: list[bytes]) -> list[Frame]:
    """All but one of a batch, of three products, from four other cameras."""
    products = ("plate", "other", PRODUCT)
    return [frame(100 * size + n, f"cam-{n % 4}", products[n % 3], pictures[n % 20 + 1]) for n in range(size - 1)]


def test_a_score_is_the_same_alone_in_any_batch_and_after_a_restart(tmp_path: Path) -> None:
    """Each batch holds the part once, among other parts of its product and of two others."""
    torch.set_num_threads(1)
    draw_pictures(tmp_path / "pictures")
    pictures = [path.read_bytes() for path in sorted((tmp_path / "pictures").glob("*.png"))]
    with line_on("postgres") as line:
        promote(line, "plate", tmp_path / "plate")
        promote(line, "other", tmp_path / "other")
        alone = load_detector(tmp_path / "plate", "cpu").score([decode(pictures[0])])[0]
        found: list[dict[str, float]] = []
        with worker_on(line) as bench:
            for size in SIZES:
                publish(line, *company(size, pictures), frame(size, "target", "plate", pictures[0]))
                counts = work(bench, size)
                assert (counts.batches, counts.frames) == (1, size)
                found.append(deviations(judged(line, size), alone))
        publish(line, frame(99, "target", "plate", pictures[0]))
        process = line.stations.start("worker", "worker", "--stop-when-idle", "2")
        assert process.wait(90) == 0, line.stations.last_words("worker")
        found.append(deviations(judged(line, 99), alone))
        worst = {name: max(one[name] for one in found) for name in found[0]}
        print(f"largest deviations, as shares of the map's range: {worst}")
        assert max(worst.values()) <= TOLERANCE

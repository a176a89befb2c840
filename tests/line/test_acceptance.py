"""Real images through the whole line: a bundle trained on good parts, then every test image over Kafka to a page."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, select

from core.adapters.schema import inspection
from core.verdict import Decision
from ingest.journal import read_journal
from line.account import balance
from line.rows import rows_of
from model.metrics import image_auroc
from tests import servers
from tests.dashboard.places import chromium, opened, running_dashboard
from tests.line.real_images import SET, SHARED, WEIGHTS, skip_without_images

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(3600)]


def python_m(environment: Mapping[str, str], module: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], env=os.environ | environment, check=True)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained here, or the one that BUNDLE names."""
    skip_without_images()
    if "BUNDLE" in os.environ:
        return Path(os.environ["BUNDLE"])
    out = tmp_path_factory.mktemp("ballscrew") / "bundle"
    python_m(
        {},
        "model",
        "train",
        *("--images", str(SET / "train" / "good"), "--out", str(out)),
        *("--encoder", "mobilenetv2_100", "--weights", str(WEIGHTS)),
        *("--textures", str(SHARED / "data" / "textures")),
    )
    return out


def test_every_test_image_of_ballscrew_ends_as_one_row_and_defects_score_higher(bundle: Path, tmp_path: Path) -> None:
    """One row per frame, none lost, none twice, no ERROR; scores tell pitting from good better than chance."""
    pictures = sorted((SET / "test").rglob("*.png")) + sorted((SET / "test").rglob("*.jpg"))
    environment = {
        "DATABASE_URL": servers.postgres(),
        "KAFKA_BOOTSTRAP_SERVERS": servers.kafka(),
        "REDIS_URL": servers.redis(),
        "ARTIFACT_URL": str(tmp_path / "artifacts"),
        "WORKER_CACHE": str(tmp_path / "cache"),
    }
    journal = tmp_path / "journal.jsonl"
    python_m(environment, "core", "migrate")
    python_m(environment, "retrain", "promote", "--product", "ballscrew", "--bundle", str(bundle))
    python_m(
        environment,
        "ingest",
        *("--camera", "line1-top", "--product", "ballscrew", "--source", f"folder:{SET / 'test'}"),
        *("--rate", "50", "--policy", "block", "--frames", str(len(pictures)), "--journal", str(journal)),
    )
    python_m(environment, "worker", "--stop-when-idle", "20")

    engine = create_engine(environment["DATABASE_URL"])
    seen = read_journal(journal)
    captured = {(frame.camera, frame.start_id, frame.sequence) for frame in seen.captured}
    account = balance(captured, {}, rows_of(engine, {key[1] for key in captured}))
    print(account.line())
    assert len(captured) == len(pictures)
    assert account.problems() == ()
    assert account.by_decision.get(Decision.ERROR, 0) == 0

    kind_of = {hashlib.sha256(path.read_bytes()).hexdigest(): path.parent.name for path in pictures}
    with engine.connect() as connection:
        rows = connection.execute(select(inspection.c.sha256, inspection.c.score)).all()
    defective = np.array([kind_of[sha256] != "good" for sha256, _ in rows])
    area = image_auroc(defective, np.array([score for _, score in rows]))
    print(f"image AUROC over the line: {area:.4f} on {len(rows)} frames")
    assert area > 0.7
    _read_on_the_page(environment, tmp_path)


def _read_on_the_page(environment: dict[str, str], folder: Path) -> None:
    """A rejected part opens large, with its frame, its map and who judged it; the pictures stay in .line/acceptance."""
    kept = Path(".line/acceptance")
    kept.mkdir(parents=True, exist_ok=True)
    with running_dashboard(environment, folder) as address, chromium() as browser:
        page = opened(browser, f"{address}/defects")
        page.locator(".gallery button.is-ng").first.click()
        part = page.locator(".part")
        expect(part.locator(".word.ng")).to_have_text("NG")
        expect(part.locator(".picture[data-shown]")).to_have_count(1)
        expect(part.locator("dl")).to_contain_text("ballscrew")
        expect(part.locator("canvas.map")).to_have_css("visibility", "visible")
        assert part.locator("img.frame").evaluate("image => image.naturalWidth") > 1000
        page.screenshot(path=kept / "defects.png")
        page.goto(address)
        expect(page.get_by_text("line1-top").first).to_be_visible()
        page.screenshot(path=kept / "live.png")

"""`python -m worker.brightness --product P`: registers the brightness detector for a product and makes it active."""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import structlog

from core.adapters import wiring
from core.errors import LineError
from core.ports import ArtifactStore, ModelRegistry
from core.product import BundleRef, ModelVersion, Product, Recipe
from core.settings import LineSettings
from core.verdict import Threshold
from model.bundle import LETTER_NAME, WEIGHTS_NAME, bundle_sha256
from worker.brightness.detector import NO_TENSORS, letter

WHO = "commissioning"
WHY = "judged by brightness until a model is trained"

log = structlog.get_logger("worker")


def main() -> int:
    """Register and promote."""
    parser = argparse.ArgumentParser(prog="python -m worker.brightness", description=__doc__)
    parser.add_argument("--product", required=True)
    parser.add_argument("--review-from", type=float, default=0.6, help="score, 0..1, from which a person looks")
    parser.add_argument("--reject-from", type=float, default=0.8, help="score, 0..1, from which a part is rejected")
    chosen = parser.parse_args()
    settings = LineSettings()
    try:
        threshold = Threshold(chosen.review_from, chosen.reject_from)
        version = commission(chosen.product, threshold, wiring.open_ledger(settings), wiring.open_artifacts(settings))
    except (LineError, ValueError) as error:
        print(f"worker.brightness: {error}", file=sys.stderr)
        return 1
    log.info("brightness_promoted", product=chosen.product, model_version=version.id)
    return 0


def commission(product: str, threshold: Threshold, registry: ModelRegistry, artifacts: ArtifactStore) -> ModelVersion:
    """Upload, register, promote; each step can be repeated."""
    at = datetime.now(UTC)
    if product not in {known.name for known in registry.products()}:
        registry.save_product(Product(product, Recipe()), at, WHO, WHY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / WEIGHTS_NAME).write_bytes(NO_TENSORS)
        (folder / LETTER_NAME).write_bytes(letter(threshold))
        sha256 = bundle_sha256(folder)
    place = f"bundles/{product}/{sha256}"
    artifacts.put(f"{place}/{WEIGHTS_NAME}", NO_TENSORS)
    uri = artifacts.put(f"{place}/{LETTER_NAME}", letter(threshold))
    version = registry.register(product, BundleRef(uri, sha256), threshold, at, WHO)
    registry.promote(version.id, at, WHO, WHY)
    return version


if __name__ == "__main__":
    sys.exit(main())

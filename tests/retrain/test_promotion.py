"""Promotion: a bundle on disk becomes the model that judges."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.adapters.in_memory import MemoryArtifacts
from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import BundleRefused
from core.product import Product, Recipe
from core.verdict import Threshold
from retrain.promotion import Change, TrainedBundle, fetched_bundle, promote_bundle

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHANGE = Change(NOON, "ada", "first model")


def a_bundle(folder: Path, content: bytes = b"weights") -> TrainedBundle:
    folder.mkdir(exist_ok=True)
    (folder / "weights.safetensors").write_bytes(content)
    (folder / "bundle.json").write_bytes(b"{}")
    return TrainedBundle(folder, hashlib.sha256(content).hexdigest(), Threshold(1.0, 2.0))


def test_a_promoted_bundle_judges_with_its_own_threshold(tmp_path: Path) -> None:
    ledger, artifacts = MemoryLedger(), MemoryArtifacts()
    version = promote_bundle("disc", a_bundle(tmp_path), ledger, artifacts, CHANGE)
    active = ledger.active()["disc"]
    assert (active.model, active.threshold) == (version, Threshold(1.0, 2.0))


def test_both_files_lie_beside_each_other_in_the_store(tmp_path: Path) -> None:
    artifacts = MemoryArtifacts()
    version = promote_bundle("disc", a_bundle(tmp_path), MemoryLedger(), artifacts, CHANGE)
    assert version.bundle.uri.endswith(f"bundles/disc/{version.bundle.sha256}/bundle.json")
    assert artifacts.get(version.bundle.uri.replace("bundle.json", "weights.safetensors")) == b"weights"


def test_promoting_the_same_bundle_twice_makes_one_version(tmp_path: Path) -> None:
    ledger, artifacts = MemoryLedger(), MemoryArtifacts()
    first = promote_bundle("disc", a_bundle(tmp_path), ledger, artifacts, CHANGE)
    assert promote_bundle("disc", a_bundle(tmp_path), ledger, artifacts, CHANGE) == first


def test_an_older_bundle_promoted_again_is_active_again(tmp_path: Path) -> None:
    ledger, artifacts = MemoryLedger(), MemoryArtifacts()
    first = promote_bundle("disc", a_bundle(tmp_path / "a"), ledger, artifacts, CHANGE)
    promote_bundle("disc", a_bundle(tmp_path / "b", b"others"), ledger, artifacts, CHANGE)
    promote_bundle("disc", a_bundle(tmp_path / "a"), ledger, artifacts, CHANGE)
    assert ledger.active()["disc"].model == first


def test_a_known_product_keeps_its_recipe(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    ledger.save_product(Product("disc", Recipe(keep_ok_share=0.5)), NOON, "ada", "more pictures")
    promote_bundle("disc", a_bundle(tmp_path), ledger, MemoryArtifacts(), CHANGE)
    assert ledger.active()["disc"].recipe.keep_ok_share == 0.5


def test_half_a_bundle_is_refused_and_nothing_is_registered(tmp_path: Path) -> None:
    ledger, bundle = MemoryLedger(), a_bundle(tmp_path)
    (tmp_path / "weights.safetensors").unlink()
    with pytest.raises(BundleRefused, match=r"weights\.safetensors is missing"):
        promote_bundle("disc", bundle, ledger, MemoryArtifacts(), CHANGE)
    assert ledger.versions == []


def test_a_bundle_that_is_fetched_again_is_whole_for_whoever_reads_it_meanwhile(tmp_path: Path) -> None:
    """A training has it open for minutes; another file takes its place, and nothing is left beside it."""
    artifacts = MemoryArtifacts()
    version = promote_bundle("disc", a_bundle(tmp_path / "a"), MemoryLedger(), artifacts, CHANGE)

    def read(folder: Path) -> TrainedBundle:
        return TrainedBundle(folder, version.bundle.sha256, Threshold(1.0, 2.0))

    weights = fetched_bundle(version, artifacts, tmp_path / "bundles", read) / "weights.safetensors"
    before = weights.stat().st_ino
    with weights.open("rb") as reading:
        assert fetched_bundle(version, artifacts, tmp_path / "bundles", read) == weights.parent
        assert weights.stat().st_ino != before
        assert reading.read() == b"weights"
    assert sorted(file.name for file in weights.parent.iterdir()) == ["bundle.json", "weights.safetensors"]

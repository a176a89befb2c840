"""A trained bundle becomes a model version, and one row makes it the one that judges."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from core.errors import BundleRefused
from core.ports import ArtifactStore, ModelRegistry
from core.product import BundleRef, ModelVersion, Product, Recipe
from core.verdict import Threshold
from core.whole_file import write_whole

WEIGHTS = "weights.safetensors"
LETTER = "bundle.json"


@dataclass(frozen=True, slots=True)
class TrainedBundle:
    """A bundle on this machine's disk: its folder, its hash and the threshold fitted with it."""

    folder: Path
    sha256: str
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes what the line does, when, and why."""

    at: datetime
    who: str
    why: str


class BundleReader(Protocol):
    """How a folder becomes a checked bundle."""

    def __call__(self, folder: Path) -> TrainedBundle:
        """Read and check.

        Raises:
            BundleRefused: The folder holds no whole bundle.
        """
        ...


def promote_bundle(
    product: str, bundle: TrainedBundle, registry: ModelRegistry, artifacts: ArtifactStore, change: Change
) -> ModelVersion:
    """Upload, register, promote. Each step can be repeated: the names hold the hash, and a known hash is known."""
    if product not in {known.name for known in registry.products()}:
        registry.save_product(Product(product, Recipe()), change.at, change.who, "first model of this product")
    version = register_bundle(product, bundle, registry, artifacts, change)
    registry.promote(version.id, change.at, change.who, change.why)
    return version


def register_bundle(
    product: str, bundle: TrainedBundle, registry: ModelRegistry, artifacts: ArtifactStore, change: Change
) -> ModelVersion:
    """Upload and register: it can be promoted from now on, and judges nothing yet."""
    # The letter goes last: whoever finds it finds the weights too.
    place = f"bundles/{product}/{bundle.sha256}"
    _upload(artifacts, f"{place}/{WEIGHTS}", bundle.folder / WEIGHTS)
    uri = _upload(artifacts, f"{place}/{LETTER}", bundle.folder / LETTER)
    return registry.register(product, BundleRef(uri, bundle.sha256), bundle.threshold, change.at, change.who)


def fetched_bundle(version: ModelVersion, artifacts: ArtifactStore, folder: Path, reader: BundleReader) -> Path:
    """The folder of a registered bundle on this machine, checked.

    Raises:
        BundleRefused: It is not the bundle that was registered.
        ArtifactMissing: The store says that it does not exist.
        ArtifactsUnavailable: The store does not answer.
    """
    own = folder / version.bundle.sha256
    own.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS, LETTER):
        # A training may read this bundle while somebody asks whether its product has drifted.
        write_whole(own / name, artifacts.get(version.bundle.uri.removesuffix(LETTER) + name))
    if (found := reader(own).sha256) != version.bundle.sha256:
        raise BundleRefused(f"sha256 {found[:12]} where {version.bundle.sha256[:12]} is registered")
    return own


def _upload(artifacts: ArtifactStore, name: str, path: Path) -> str:
    try:
        return artifacts.put(name, path.read_bytes())
    except FileNotFoundError as error:
        raise BundleRefused(f"{path} is missing") from error


def read_with(threshold_of: Callable[[Path], Threshold], sha256_of: Callable[[Path], str]) -> BundleReader:
    """A reader from the model's own two functions, so that this file needs no network code."""

    def read(folder: Path) -> TrainedBundle:
        return TrainedBundle(folder, sha256_of(folder), threshold_of(folder))

    return read

"""A registered bundle becomes a detector that is warm: fetched once into a folder of this machine, checked, tried."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ArtifactsUnavailable, ArtifactTooLarge, BundleRefused
from core.frame import Image
from core.ports import ArtifactStore, Detector
from core.product import BundleRef, ModelVersion
from core.whole_file import write_whole
from model.strict.bundle import LETTER_BYTES, WEIGHTS_BYTES

LETTER = "bundle.json"
WEIGHTS = "weights.safetensors"
WARM_UP = Image(np.full((64, 64, 3), 128, np.uint8))

OpenBundle = Callable[[Path, str], Detector]
"""A detector from a bundle's folder and its registered sha256; raises BundleRefused."""


@dataclass(frozen=True, slots=True)
class BundleLoader:
    """Loads model versions; `cache` keeps what was fetched, under its hash."""

    artifacts: ArtifactStore
    cache: Path
    open_bundle: OpenBundle

    def __call__(self, model: ModelVersion) -> Detector:
        """A detector that has scored one image already, so that the first part does not wait for it.

        Raises:
            BundleRefused: It is not the bundle that was registered, or cannot be loaded here.
            ArtifactMissing: The store says that it does not exist.
            ArtifactsUnavailable: The store does not answer; trying again later is safe.
        """
        folder = self.cache / model.bundle.sha256
        was_there = (folder / LETTER).exists()
        try:
            detector = self._opened(model.bundle, folder)
        except BundleRefused:
            if not was_there:
                raise
            # The copy on this machine may be what is damaged: fetch it anew before the bundle is refused.
            (folder / LETTER).unlink(missing_ok=True)
            detector = self._opened(model.bundle, folder)
        detector.score([WARM_UP])
        return detector

    def _opened(self, bundle: BundleRef, folder: Path) -> Detector:
        if not (folder / LETTER).exists():
            self._fetch(bundle, folder)
        return self.open_bundle(folder, bundle.sha256)

    def _fetch(self, bundle: BundleRef, folder: Path) -> None:
        """The letter goes last: whoever finds it finds the weights too."""
        place = bundle.uri.removesuffix(LETTER)
        if place == bundle.uri:
            raise BundleRefused(f"{bundle.uri} does not end in {LETTER}")
        for name, most_bytes in ((WEIGHTS, WEIGHTS_BYTES), (LETTER, LETTER_BYTES)):
            try:
                content = self.artifacts.get(place + name, most_bytes)
            except ArtifactTooLarge as error:
                raise BundleRefused(error.detail) from error
            _keep(folder / name, content)


def _keep(path: Path, content: bytes) -> None:
    """Other workers, and other products with this bundle, may fetch it right now."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise ArtifactsUnavailable(f"the cache {path.parent} cannot be written (WORKER_CACHE): {error}") from error

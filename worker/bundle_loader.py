"""A registered bundle becomes a detector that is warm: fetched once into a folder of this machine, checked, tried."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import ArtifactsUnavailable, BundleRefused
from core.frame import Image
from core.ports import ArtifactStore, Detector
from core.product import BundleRef, ModelVersion

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
        for name in (WEIGHTS, LETTER):
            _keep(folder / name, self.artifacts.get(place + name))


def _keep(path: Path, content: bytes) -> None:
    """Under a name of its own first: other workers, and other products with this bundle, may fetch it right now."""
    passing = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        passing.write_bytes(content)
        passing.replace(path)
    except OSError as error:
        with suppress(OSError):
            passing.unlink()
        raise ArtifactsUnavailable(f"the cache {path.parent} cannot be written (WORKER_CACHE): {error}") from error

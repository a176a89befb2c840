"""How parts look and score, hour by hour, against what the active model was calibrated on: counted, and told.

A station does this beside its timetable. It counts only hours that are over, from the same parts whoever counts them,
so that any number of replicas agree.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
import structlog

from core.drift import DriftAlarms, DriftFound, DriftKind, KeptLook, LookCount, Looks
from core.errors import ArtifactMissing, ArtifactTooLarge, LedgerUnavailable, LineError
from core.ports import ArtifactStore, Clock, ModelRegistry
from core.product import ActiveModel, Product
from core.retraining_ports import UnreviewedParts
from core.rollup import Grain
from model.letter import Letter
from model.look import Look
from retrain.drift import FEWEST_REFERENCES, QUARTER, drifted, looks_drifted

SCORED_PARTS = 5000
"""Newest parts among whose scores drift is looked for."""
PER_HOUR = 32
"""Parts of a camera and hour whose features are read: more would say it sooner, and cost half a megabyte each."""
LOOKED_BACK = timedelta(hours=48)
"""Hours that nobody has counted are counted this far back; a station that was away longer begins anew."""
LOOK_S = 60.0
"""Seconds between two looks whether an hour is over."""
MOST_BYTES = 256 * 1024 * 1024

log = structlog.get_logger("retrain")


class DriftLedger(ModelRegistry, UnreviewedParts, Looks, DriftAlarms, Protocol):
    """All that is asked of the ledger."""


LetterOf = Callable[[ActiveModel], Letter | None]
"""The letter of a registered bundle; None where it cannot be read, which its training will say."""


@dataclass
class DriftWatch:
    """Looks at each product once an hour; `looked` remembers in which hour it did."""

    ledger: DriftLedger
    artifacts: ArtifactStore
    letter_of: LetterOf
    clock: Clock
    looked: dict[str, datetime] = field(default_factory=dict)

    def keep_up(self, products: Iterable[Product]) -> None:
        """Count the hours that are over and tell what drifts; what goes wrong with one product costs that product."""
        this_hour = Grain.HOUR.begin_of(self.clock())
        for product in products:
            if self.looked.get(product.name) == this_hour:
                continue
            try:
                self.found(product.name)
            except (LineError, OSError, ValueError, LookupError) as error:  # a full disk: this thread is the only one
                log.warning("drift_not_known", product=product.name, error=str(error))
                continue
            self.looked[product.name] = this_hour

    def found(self, product: str) -> Sequence[DriftFound]:
        """What drifts now, told to the ledger.

        Raises:
            LedgerUnavailable, ArtifactsUnavailable: One of the two does not answer.
        """
        active = self.ledger.active().get(product)
        letter = None if active is None else self.letter_of(active)
        if active is None or letter is None:
            return ()
        model = active.model.id
        scores = self.ledger.recent_scores(product, model, SCORED_PARTS)
        known = self._known(product, model)
        found = drifted(scores, letter.calibration_scores)
        told = [drift.after(known.get(drift.camera)).as_found() for drift in found]
        if letter.look is not None and len(letter.look.distances) >= FEWEST_REFERENCES:
            self._count(product, model, letter.look)
            told += [drift.as_found() for drift in looks_drifted(self.ledger.look_counts(product, model))]
        self.ledger.tell_drift(product, model, told, self.clock())
        return told

    def _known(self, product: str, model: int) -> dict[str, DriftFound]:
        """By camera: what is told already of its scores under this model."""
        alarms = (alarm for alarm in self.ledger.drift_alarms(product) if alarm.model_version_id == model)
        return {alarm.found.camera: alarm.found for alarm in alarms if alarm.found.kind is DriftKind.SCORES}

    def _count(self, product: str, model: int, look: Look) -> None:
        """The hours that are over since the newest that was counted."""
        until = Grain.HOUR.begin_of(self.clock())
        counted = self.ledger.look_counts(product, model)
        since = max([until - LOOKED_BACK, *(one.begins_at + Grain.HOUR.span for one in counted)])
        if since < until:
            parts = self.ledger.kept_looks(product, model, since, until, PER_HOUR)
            self.ledger.keep_looks(product, model, counts_of(self._distances(parts, look), look))

    def _distances(self, parts: Iterable[KeptLook], look: Look) -> list[tuple[KeptLook, float]]:
        found = []
        for part in parts:
            try:
                content = self.artifacts.get(part.maps_uri, MOST_BYTES)
                found.append((part, look.distance(features_in(content))))
            except (ArtifactMissing, ArtifactTooLarge, ValueError) as error:
                log.warning("look_not_read", camera=part.camera, maps=part.maps_uri, error=str(error))
        return found


def watching(watch: DriftWatch, products: Callable[[], Iterable[Product]], wait: Callable[[float], bool]) -> None:
    """Until `wait` says that it is over; while Postgres is away nothing is known."""
    while not wait(LOOK_S):
        try:
            watch.keep_up(products())
        except LedgerUnavailable as error:
            log.warning("drift_not_known", error=str(error))


def features_in(npz: bytes) -> list[float]:
    """The pooled features that a worker kept with the maps.

    Raises:
        ValueError: It is no such file.
    """
    try:
        with np.load(io.BytesIO(npz), allow_pickle=False) as stored:
            return [float(value) for value in stored["features"]]
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError, EOFError) as error:
        raise ValueError(f"no maps of ours: {type(error).__name__}") from error


def counts_of(distances: Iterable[tuple[KeptLook, float]], look: Look) -> list[LookCount]:
    """By hour, camera and lot: how many, and how many beyond the calibration's upper quartile."""
    limit = float(np.quantile(look.distances, 1 - QUARTER))
    groups: dict[tuple[datetime, str, str], list[bool]] = {}
    for part, distance in distances:
        key = (Grain.HOUR.begin_of(part.captured_at), part.camera, part.lot)
        groups.setdefault(key, []).append(distance > limit)
    return [LookCount(*key, len(group), sum(group)) for key, group in sorted(groups.items())]

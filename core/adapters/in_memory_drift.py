"""The ledger's twin as far as drift goes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import md5

from core.adapters.in_memory_optics import MemoryOptics
from core.drift import DriftAlarm, DriftFound, DriftKind, KeptLook, LookCount
from core.inspection import Inspection
from core.rollup import Grain
from core.verdict import Decision


@dataclass(kw_only=True)
class MemoryDrift(MemoryOptics):
    """Counts by product and version, alarms by product, version, camera and kind; results as the optics know them."""

    counted_looks: dict[tuple[str, int], dict[tuple[datetime, str, str], LookCount]] = field(default_factory=dict)
    told_drift: dict[tuple[str, int, str, DriftKind], DriftAlarm] = field(default_factory=dict)

    def kept_looks(
        self, product: str, model_version_id: int, since: datetime, until: datetime, most: int
    ) -> Sequence[KeptLook]:
        """Of the inspections."""
        kept = [
            one
            for one in self.results.values()
            if isinstance(one, Inspection)
            and (one.frame.product, one.judge.model_version_id) == (product, model_version_id)
            and one.decision is Decision.OK
            and one.evidence.maps_uri
            and since <= one.frame.captured_at < until
        ]
        groups: dict[tuple[str, datetime], list[Inspection]] = {}
        for one in sorted(kept, key=_drawn):
            groups.setdefault((one.frame.id.camera, Grain.HOUR.begin_of(one.frame.captured_at)), []).append(one)
        found = [one for group in groups.values() for one in group[:most]]
        found.sort(key=lambda one: (one.frame.captured_at, one.frame.id.camera))
        return [
            KeptLook(one.frame.captured_at, one.frame.id.camera, one.frame.lot, one.evidence.maps_uri) for one in found
        ]

    def keep_looks(self, product: str, model_version_id: int, counts: Sequence[LookCount]) -> None:
        """By hour, camera and lot."""
        known = self.counted_looks.setdefault((product, model_version_id), {})
        known |= {(one.begins_at, one.camera, one.lot): one for one in counts}

    def look_counts(self, product: str, model_version_id: int) -> Sequence[LookCount]:
        """Oldest first."""
        return sorted(self.counted_looks.get((product, model_version_id), {}).values())

    def tell_drift(self, product: str, model_version_id: int, found: Sequence[DriftFound], at: datetime) -> None:
        """End what is not told any more, then raise or bring up to date."""
        told = {(product, model_version_id, one.camera, one.kind): one for one in found}
        for key, alarm in self.told_drift.items():
            if key[0] == product and alarm.over_at is None and key not in told:
                self.told_drift[key] = replace(alarm, over_at=at)
        for key, one in told.items():
            known = self.told_drift.get(key)
            raised_at = known.raised_at if known is not None and known.over_at is None else at
            self.told_drift[key] = DriftAlarm(product, model_version_id, one, raised_at)

    def drift_alarms(self, product: str) -> Sequence[DriftAlarm]:
        """Those that are not over."""
        found = [one for one in self.told_drift.values() if one.product == product and one.over_at is None]
        return sorted(found, key=lambda one: (one.found.camera, one.found.kind))


def _drawn(one: Inspection) -> tuple[str, datetime]:
    name = f"{one.frame.id.start_id}/{one.frame.id.sequence}"
    return md5(name.encode(), usedforsecurity=False).hexdigest(), one.frame.captured_at

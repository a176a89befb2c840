"""The ledger's twin as far as optics go: every promise of OpticsRegistry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.inspection import Inspection, Result
from core.optics import OpticsCheck
from core.verdict import Decision


@dataclass(kw_only=True)
class MemoryOptics:
    """Baselines in a dictionary; `results` are the ledger's."""

    results: dict[tuple[str, str, int], Result] = field(default_factory=dict)
    baselines: dict[tuple[str, str], OpticsCheck] = field(default_factory=dict)

    def save_optics(
        self, camera: str, product: str, check: OpticsCheck | None, at: datetime, who: str, why: str
    ) -> None:
        """Keep the newest, or none."""
        self.baselines.pop((camera, product), None)
        if check is not None:
            self.baselines[camera, product] = check

    def optics(self) -> Mapping[tuple[str, str], OpticsCheck]:
        """As they stand."""
        return dict(self.baselines)

    def good_frames(self, camera: str, product: str, limit: int) -> list[str]:
        """Newest first."""
        found = [
            result
            for result in self.results.values()
            if isinstance(result, Inspection)
            and (result.frame.id.camera, result.frame.product, result.decision) == (camera, product, Decision.OK)
            and result.evidence.frame_uri
        ]
        found.sort(key=lambda result: result.frame.captured_at, reverse=True)
        return [result.evidence.frame_uri for result in found[:limit]]

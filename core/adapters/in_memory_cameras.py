"""The ledger's twin as far as cameras go: every promise of each port about them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from core.camera import CameraChange, ConfiguredCamera, RefusedCamera
from core.camera_account import RunCounts
from core.errors import CameraChanged
from core.inspection import CameraRun, Failure, Refusal, Result
from core.verdict import Decision, ErrorReason

RunKey = tuple[str, str]


@dataclass(kw_only=True)
class MemoryCameras:
    """Runs in dictionaries; `seen` holds each run's counts of decisions, in the order in which it was heard of."""

    camera_runs: dict[RunKey, CameraRun] = field(default_factory=dict)
    seen: dict[RunKey, Counter[str]] = field(default_factory=dict)
    run_products: dict[RunKey, str] = field(default_factory=dict)
    seen_to: dict[RunKey, int] = field(default_factory=dict)
    configured: dict[str, ConfiguredCamera] = field(default_factory=dict)
    refused_rows: list[RefusedCamera] = field(default_factory=list)

    def cameras(self) -> list[ConfiguredCamera]:
        """By name."""
        return [self.configured[name] for name in sorted(self.configured)]

    def refused_cameras(self) -> list[RefusedCamera]:
        """What a test put there: no verb writes such a row."""
        return sorted(self.refused_rows, key=lambda row: row.name)

    def change_camera(self, change: CameraChange, at: datetime, who: str, why: str) -> None:
        """Only from what it was."""
        if self.configured.get(change.name) != change.before:
            raise CameraChanged(change.name)
        if change.after is None:
            del self.configured[change.name]
        else:
            self.configured[change.name] = change.after

    def count(self, new: Iterable[Result]) -> None:
        """Add these results to their runs."""
        for result in new:
            if not isinstance(result, Refusal):
                key = (result.frame.id.camera, result.frame.id.start_id)
                self.run_products.setdefault(key, result.frame.product)
                self.seen.setdefault(key, Counter()).update(_counted(result))
                self.seen_to[key] = max(self.seen_to.get(key, 0), result.frame.id.sequence + 1)

    def report(self, run: CameraRun) -> None:
        """Numbers only grow."""
        key = (run.camera, run.start_id)
        self.seen.setdefault(key, Counter())
        known = self.camera_runs.get(key)
        if known is None or known.reported_at <= run.reported_at or known.captured < run.captured:
            self.camera_runs[key] = run
            self.run_products[key] = run.product

    def runs(self) -> list[CameraRun]:
        """Newest report first."""
        return sorted(self.camera_runs.values(), key=lambda run: run.reported_at, reverse=True)

    def newest_runs(self) -> list[CameraRun]:
        """By camera."""
        newest = {run.camera: run for run in reversed(self.runs())}
        return [newest[camera] for camera in sorted(newest)]

    def run_counts(self) -> list[RunCounts]:
        """By camera, in the order in which they were heard of."""
        return sorted((self._counts(key) for key in self.seen), key=lambda run: run.camera)

    def _counts(self, key: RunKey) -> RunCounts:
        counted, run = self.seen[key], self.camera_runs.get(key)
        return RunCounts(
            camera=key[0],
            start_id=key[1],
            product=self.run_products[key],
            captured=run.captured if run else 0,
            acknowledged=run.acknowledged if run else 0,
            dropped=run.dropped if run else 0,
            judged=counted["judged"],
            ok=counted[Decision.OK],
            review=counted[Decision.REVIEW],
            ng=counted[Decision.NG],
            error=counted[Decision.ERROR],
            judged_dropped=counted[ErrorReason.DROPPED],
            reported_at=run.reported_at if run else None,
            ended=run.ended if run else False,
            seen_until=self.seen_to.get(key, 0),
            followed=self._is_followed(key),
        )

    def _is_followed(self, key: RunKey) -> bool:
        order = list(self.seen)
        later = [other for other in order[order.index(key) + 1 :] if other[0] == key[0]]
        return any(self.seen[other]["judged"] and other in self.camera_runs for other in later)


@dataclass
class MemoryFleetLock:
    """FleetLock: fleets that are given the same `holders` share a database."""

    holders: list["MemoryFleetLock"] = field(default_factory=list, repr=False)

    def take(self) -> bool:
        """First come, first served."""
        if not self.holders:
            self.holders.append(self)
        return self.holders[0] is self

    def release(self) -> None:
        """Only its own."""
        if self.holders and self.holders[0] is self:
            self.holders.clear()


def _counted(result: Result) -> list[str]:
    dropped = isinstance(result, Failure) and result.reason is ErrorReason.DROPPED
    return ["judged", result.decision, *([ErrorReason.DROPPED] if dropped else [])]

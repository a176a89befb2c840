"""What the cameras saw, held against what the ledger holds. Pure: sets in, reasons out."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.verdict import Decision

Key = tuple[str, str, int]
"""A frame's natural key: camera, start id, sequence."""

CAUGHT = (Decision.REVIEW, Decision.NG)
DEFECTS_CAUGHT_FROM = 0.90
GOOD_REJECTED_UP_TO = 0.05


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger; `latency_s` from the camera's shutter to the verdict."""

    key: Key
    decision: Decision
    latency_s: float
    judged_at_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """The comparison. `lost` frames were captured and have no row; `strangers` have a row and no journal line."""

    captured: int
    judged: int
    lost: tuple[Key, ...]
    strangers: tuple[Key, ...]
    duplicates: tuple[Key, ...]
    silent_cameras: tuple[str, ...]
    by_decision: Mapping[Decision, int]
    frames_per_s: float
    p50_s: float
    p99_s: float
    defects: int
    defects_caught: int
    good: int
    good_rejected: int

    def problems(self) -> tuple[str, ...]:
        """Why this run is not a success, in sentences; empty where it is one."""
        said = [
            (self.captured == 0, "no camera captured a frame"),
            (bool(self.lost), f"{len(self.lost)} frames were captured and never judged, first {_first(self.lost)}"),
            (bool(self.strangers), f"{len(self.strangers)} rows belong to no captured frame"),
            (bool(self.duplicates), f"{len(self.duplicates)} frames have more than one row"),
            (bool(self.silent_cameras), f"not one frame judged of {', '.join(self.silent_cameras)}"),
            (
                self.defects_caught < DEFECTS_CAUGHT_FROM * self.defects,
                f"{self.defects_caught} of {self.defects} defects caught, 90 % are asked for",
            ),
            (
                self.good_rejected > GOOD_REJECTED_UP_TO * self.good,
                f"{self.good_rejected} of {self.good} good parts rejected, 5 % are allowed",
            ),
        ]
        return tuple(sentence for wrong, sentence in said if wrong)

    def line(self) -> str:
        """The summary a person reads last."""
        decisions = "  ".join(f"{decision} {self.by_decision.get(decision, 0)}" for decision in Decision)
        truth = (
            f"  defects caught {self.defects_caught}/{self.defects}  good rejected {self.good_rejected}/{self.good}"
            if self.defects + self.good
            else ""
        )
        return (
            f"captured {self.captured}  judged {self.judged}  {decisions}  lost {len(self.lost)}  "
            f"duplicates {len(self.duplicates)}  {self.frames_per_s:.1f} frames/s  "
            f"p50 {self.p50_s * 1000:.0f} ms  p99 {self.p99_s * 1000:.0f} ms{truth}"
        )


def balance(captured: Collection[Key], defect: Mapping[Key, bool], rows: Sequence[Row]) -> Account:
    """Compare the set of journal keys with the rows. `defect` holds the truth where the camera knows it."""
    keys = Counter(row.key for row in rows)
    decisions = {row.key: row.decision for row in rows}
    known = [(is_defect, decisions[key]) for key, is_defect in defect.items() if key in decisions]
    # A part that could not be judged is rejected as well, but it says nothing about the model.
    bad = [decision for is_defect, decision in known if is_defect and decision is not Decision.ERROR]
    good = [decision for is_defect, decision in known if not is_defect and decision is not Decision.ERROR]
    latencies = sorted(row.latency_s for row in rows)
    return Account(
        captured=len(captured),
        judged=len(keys),
        lost=tuple(sorted(set(captured) - keys.keys())),
        strangers=tuple(sorted(keys.keys() - set(captured))),
        duplicates=tuple(sorted(key for key, count in keys.items() if count > 1)),
        silent_cameras=tuple(sorted({key[0] for key in captured} - {key[0] for key in keys})),
        by_decision=Counter(row.decision for row in rows),
        frames_per_s=_rate(rows),
        p50_s=_quantile(latencies, 0.50),
        p99_s=_quantile(latencies, 0.99),
        defects=len(bad),
        defects_caught=sum(decision in CAUGHT for decision in bad),
        good=len(good),
        good_rejected=sum(decision is Decision.NG for decision in good),
    )


def _first(keys: Sequence[Key]) -> str:
    return "/".join(map(str, keys[0])) if keys else ""


def _rate(rows: Sequence[Row]) -> float:
    moments = [row.judged_at_s for row in rows]
    span = max(moments) - min(moments) if moments else 0.0
    return len(rows) / span if span else 0.0


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0

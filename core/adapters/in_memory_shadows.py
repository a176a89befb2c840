"""The ledger's twin as far as shadow runs go."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.adapters.in_memory_runs import MemoryRuns
from core.review import PartKey
from core.shadow import Disagreement, OpenShadow, Seen, Shadow, ShadowKind


@dataclass(kw_only=True)
class MemoryShadows(MemoryRuns):
    """Shadow runs by id, disagreements by shadow run and part."""

    all_shadows: dict[int, Shadow] = field(default_factory=dict)
    disagreed: dict[tuple[int, PartKey], Disagreement] = field(default_factory=dict)

    def begin_shadow(self, shadow: Shadow) -> Shadow:
        """Close the open one, append."""
        for known in self.all_shadows.values():
            if known.product == shadow.product and known.ended_at is None:
                self.all_shadows[known.id] = replace(known, ended_at=shadow.began_at)
        number = len(self.all_shadows) + 1
        self.all_shadows[number] = replace(shadow, id=number)
        return self.all_shadows[number]

    def shadow_of(self, run_id: int) -> Shadow | None:
        """The last that was begun."""
        own = [one for one in self.all_shadows.values() if (one.run_id, one.kind) == (run_id, ShadowKind.CANDIDATE)]
        return own[-1] if own else None

    def open_shadows(self) -> Sequence[OpenShadow]:
        """By product."""
        running = [shadow for shadow in self.all_shadows.values() if shadow.ended_at is None]
        ordered = sorted(running, key=lambda shadow: shadow.product)
        return [OpenShadow(shadow, *self.model_version(shadow.model_version_id)) for shadow in ordered]

    def note_seen(self, seen: Sequence[Seen], disagreements: Sequence[Disagreement]) -> None:
        """Add, and keep what is new."""
        for one in seen:
            known = self.all_shadows[one.shadow_id]
            self.all_shadows[one.shadow_id] = replace(
                known,
                seen=known.seen + one.seen,
                active_rejected=known.active_rejected + one.active_rejected,
                shadow_rejected=known.shadow_rejected + one.shadow_rejected,
            )
        for other in disagreements:
            self.disagreed.setdefault((other.shadow_id, other.part), other)

    def end_shadow(self, shadow_id: int, at: datetime) -> bool:
        """Once."""
        known = self.all_shadows[shadow_id]
        if known.ended_at is not None:
            return False
        self.all_shadows[shadow_id] = replace(known, ended_at=at)
        return True

    def disagreements(self, shadow_id: int, limit: int) -> Sequence[Disagreement]:
        """Oldest first."""
        found = [one for (owner, _), one in self.disagreed.items() if owner == shadow_id]
        return sorted(found, key=lambda one: one.part.captured_at)[:limit]

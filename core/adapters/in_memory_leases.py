"""The ledger's twin as far as leases go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.lease import HELD_FOR, Lease
from core.review import PartKey


@dataclass(kw_only=True)
class MemoryLeases:
    """Leases by part."""

    leases: dict[PartKey, Lease] = field(default_factory=dict)

    def hold(self, parts: Sequence[PartKey], who: str, at: datetime) -> frozenset[PartKey]:
        """Those that are free, or one's own."""
        others = {lease.part for lease in self.held(at) if lease.who != who}
        free = frozenset(parts) - others
        self.leases |= {part: Lease(part, who, at + HELD_FOR) for part in free}
        return free

    def held(self, at: datetime) -> Sequence[Lease]:
        """By part."""
        return sorted((lease for lease in self.leases.values() if lease.until > at), key=lambda lease: lease.part)

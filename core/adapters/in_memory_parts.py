"""PartDecisions in a dictionary; the ledger's twin puts the views of what it records to its parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.inspection import OutboxMessage, Result
from core.part import DecidedPart, OpenPart, Part, ViewPlan
from core.part_assembly import newly_decided, put_together, seen_of, sightings_of
from core.part_message import part_key, to_part_message


@dataclass(kw_only=True)
class MemoryParts:
    """Parts by number, and the messages that tell of them."""

    parts_seen: dict[int, Part] = field(default_factory=dict)
    messages: list[OutboxMessage] = field(default_factory=list)

    def close_overdue(self, now: datetime) -> list[DecidedPart]:
        """All at once."""
        overdue = {
            number: part.closed(now)
            for number, part in self.parts_seen.items()
            if isinstance(part, OpenPart) and part.closes_at <= now
        }
        self.parts_seen |= overdue
        self.say((part_key(part), to_part_message(part)) for part in overdue.values())
        return list(overdue.values())

    def parts(self, product: str, limit: int) -> list[Part]:
        """Newest first."""
        found = [(seen_of(part).first_seen_at, number) for number, part in self.parts_seen.items()]
        newest = [self.parts_seen[number] for _, number in sorted(found, reverse=True)]
        return [part for part in newest if seen_of(part).product == product][:limit]

    def forget_parts(self, before: datetime) -> int:
        """All at once."""
        old = [number for number, part in self.parts_seen.items() if _is_old(part, before)]
        for number in old:
            del self.parts_seen[number]
        return len(old)

    def record_views(self, new: Iterable[Result], plans: Mapping[str, ViewPlan]) -> None:
        """Put them to their parts, and tell of those that are decided by it."""
        changed = put_together(self.parts_seen, sightings_of(new, plans))
        decided = newly_decided(self.parts_seen, changed)
        last = max(self.parts_seen, default=0)
        self.parts_seen |= {number if number > 0 else last - number: part for number, part in changed.items()}
        self.say((part_key(part), to_part_message(part)) for part in decided)

    def say(self, told: Iterable[tuple[str, str]]) -> None:
        """Append to the outbox, each with its key."""
        for key, payload in told:
            self.messages.append(OutboxMessage(len(self.messages) + 1, key, payload))


def _is_old(part: Part, before: datetime) -> bool:
    return isinstance(part, DecidedPart) and part.seen.first_seen_at < before

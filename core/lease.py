"""Leases: two people who work through one queue do not look at the same part. They keep nobody from judging."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.frame import check_utc
from core.review import PartKey

HELD_FOR = timedelta(seconds=60)
"""How long a part is kept for whoever has it on the screen, and how soon it is free after they have gone."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Somebody has this part before them until then."""

    part: PartKey
    who: str
    until: datetime

    def __post_init__(self) -> None:
        check_utc("until", self.until)


class Leases(Protocol):
    """Who has which part before them. What has run out is as if it had never been."""

    def hold(self, parts: Sequence[PartKey], who: str, at: datetime) -> frozenset[PartKey]:
        """Keep those of these parts for HELD_FOR that nobody else holds; which ones they are.

        Of two who ask for the same part at the same moment one gets it.
        """
        ...

    def held(self, at: datetime) -> Sequence[Lease]:
        """All that have not run out, by part."""
        ...

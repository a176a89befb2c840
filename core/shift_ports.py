"""What is asked of the outside world about a shift's start."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.shift import Alarm, CheckStep, MasterPart, Seen, ShiftCheck


class MasterParts(Protocol):
    """The parts whose verdict is known."""

    def add_master(self, master: MasterPart, at: datetime, who: str) -> MasterPart:
        """Keep it, whatever its id says. The audit keeps who."""
        ...

    def masters(self, product: str) -> list[MasterPart]:
        """All that count, oldest first."""
        ...

    def retire_master(self, master_id: int, at: datetime, who: str, why: str) -> None:
        """It counts no more; checks made with it stay. The audit keeps who and why.

        Raises:
            UnknownPart: There is no such master part.
        """
        ...


class ShiftChecks(Protocol):
    """Checks of the line with master parts; only ever appended."""

    def begin_check(self, product: str, camera: str, at: datetime, who: str) -> ShiftCheck:
        """A new one, without a step."""
        ...

    def add_step(self, check: ShiftCheck, master: MasterPart, seen: Seen, at: datetime, who: str) -> CheckStep:
        """Append what the line said of a master part, raise an alarm where it let a bad one pass, and note the audit.

        At once or not at all.
        """
        ...

    def last_check(self, product: str, camera: str) -> ShiftCheck | None:
        """The newest with its steps; None where there was none."""
        ...


class Alarms(Protocol):
    """What nobody has answered for yet."""

    def open_alarms(self) -> Sequence[Alarm]:
        """Oldest first."""
        ...

    def acknowledge(self, alarm_id: int, at: datetime, who: str, why: str) -> None:
        """It is shown no more. The audit keeps who and why.

        Raises:
            UnknownAlarm: There is no such open alarm.
        """
        ...

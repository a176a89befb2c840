"""The ledger's twin as far as a shift's start goes: every promise of MasterParts, ShiftChecks and Alarms."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.errors import UnknownAlarm, UnknownPart
from core.shift import REMEDY, Alarm, CheckStep, MasterPart, Seen, ShiftCheck, alarm_words, is_as_known


@dataclass(kw_only=True)
class MemoryShift:
    """All of it in dictionaries by id."""

    master_parts: dict[int, MasterPart] = field(default_factory=dict)
    retired_masters: set[int] = field(default_factory=set)
    checks: dict[int, ShiftCheck] = field(default_factory=dict)
    alarms: dict[int, Alarm] = field(default_factory=dict)
    acknowledged: dict[int, str] = field(default_factory=dict)

    def add_master(self, master: MasterPart, at: datetime, who: str) -> MasterPart:
        """Keep."""
        added = replace(master, id=len(self.master_parts) + 1)
        self.master_parts[added.id] = added
        return added

    def masters(self, product: str) -> list[MasterPart]:
        """Oldest first."""
        counting = [part for part in self.master_parts.values() if part.id not in self.retired_masters]
        return [part for part in counting if part.product == product]

    def retire_master(self, master_id: int, at: datetime, who: str, why: str) -> None:
        """Remember."""
        if master_id not in self.master_parts:
            raise UnknownPart(f"master part {master_id}")
        self.retired_masters.add(master_id)

    def begin_check(self, product: str, camera: str, at: datetime, who: str) -> ShiftCheck:
        """A new one."""
        check = ShiftCheck(len(self.checks) + 1, product, camera, at, who)
        self.checks[check.id] = check
        return check

    def add_step(self, check: ShiftCheck, master: MasterPart, seen: Seen, at: datetime, who: str) -> CheckStep:
        """Append, and raise the alarm."""
        number = sum(len(each.steps) for each in self.checks.values()) + 1
        step = CheckStep(number, check.id, master, seen, is_as_known(master, seen.decision), at, who)
        known = self.checks[check.id]
        self.checks[check.id] = replace(known, steps=(*known.steps, step))
        words = alarm_words(master, check.camera, seen.decision)
        if words:
            alarm = Alarm(len(self.alarms) + 1, at, check.product, check.camera, words, REMEDY)
            self.alarms[alarm.id] = alarm
        return step

    def last_check(self, product: str, camera: str) -> ShiftCheck | None:
        """The newest."""
        of_camera = [each for each in self.checks.values() if (each.product, each.camera) == (product, camera)]
        return of_camera[-1] if of_camera else None

    def open_alarms(self) -> Sequence[Alarm]:
        """Oldest first."""
        return [alarm for alarm in self.alarms.values() if alarm.id not in self.acknowledged]

    def acknowledge(self, alarm_id: int, at: datetime, who: str, why: str) -> None:
        """Once."""
        if alarm_id not in self.alarms or alarm_id in self.acknowledged:
            raise UnknownAlarm(str(alarm_id))
        self.acknowledged[alarm_id] = why

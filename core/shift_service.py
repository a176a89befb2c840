"""What a person may do at a shift's start."""

from datetime import datetime

from core.access import Person, Role, reason_of, require
from core.shift import CheckStep, MasterPart, Seen, ShiftCheck
from core.shift_ports import Alarms, MasterParts, ShiftChecks


def add_master(masters: MasterParts, person: Person, master: MasterPart, at: datetime) -> MasterPart:
    """Let the line be checked with this part from now on.

    Raises:
        AccessDenied: Not of quality; nothing was changed.
    """
    require(person, Role.QUALITY)
    return masters.add_master(master, at, person.name)


def retire_master(masters: MasterParts, person: Person, master_id: int, at: datetime, why: str) -> None:
    """Check with this part no longer.

    Raises:
        AccessDenied, ReasonMissing, UnknownPart: Nothing was changed.
    """
    require(person, Role.QUALITY)
    masters.retire_master(master_id, at, person.name, reason_of(why))


def begin_check(checks: ShiftChecks, person: Person, product: str, camera: str, at: datetime) -> ShiftCheck:
    """Start to check this camera with the product's master parts.

    Raises:
        AccessDenied: Not an operator; nothing was changed.
    """
    require(person, Role.OPERATOR)
    return checks.begin_check(product, camera, at, person.name)


def record_step(
    checks: ShiftChecks, person: Person, check: ShiftCheck, master: MasterPart, seen: Seen, at: datetime
) -> CheckStep:
    """Keep what the line said of a master part; a bad one that was not rejected raises an alarm.

    Raises:
        AccessDenied: Not an operator; nothing was changed.
    """
    require(person, Role.OPERATOR)
    return checks.add_step(check, master, seen, at, person.name)


def acknowledge(alarms: Alarms, person: Person, alarm_id: int, at: datetime, why: str) -> None:
    """Answer for an alarm, so that it leaves the Live page.

    Raises:
        AccessDenied, ReasonMissing, UnknownAlarm: Nothing was changed.
    """
    require(person, Role.OPERATOR)
    alarms.acknowledge(alarm_id, at, person.name, reason_of(why))

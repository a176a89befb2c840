"""A shift's start: master parts whose verdict is known, checks of the line with them, and alarms where it fails."""

from dataclasses import dataclass
from datetime import datetime

from core.frame import LABEL, PRODUCT_NAME, check_match
from core.review import PartKey
from core.verdict import Decision

REMEDY = "Stop the line or sort by hand; look at light, lens, model and limits; then run the shift start again."


@dataclass(frozen=True, slots=True)
class MasterPart:
    """A part that is known to be good or bad; `part_id` is what the line reads from it, empty where it reads none."""

    id: int
    product: str
    name: str
    is_bad: bool
    part_id: str = ""

    def __post_init__(self) -> None:
        check_match("product", PRODUCT_NAME, self.product)
        check_match("name", LABEL, self.name)
        check_match("part_id", LABEL, self.part_id)
        if not self.name.strip():
            raise ValueError("a master part has a name, as it is written on it")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the line made of a part."""

    part: PartKey
    decision: Decision
    score: float | None


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One master part that went over the line within a check."""

    id: int
    check_id: int
    master: MasterPart
    seen: Seen
    passed: bool
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class ShiftCheck:
    """One check of a camera with a product's master parts; steps in the order in which they were made."""

    id: int
    product: str
    camera: str
    started_at: datetime
    who: str
    steps: tuple[CheckStep, ...] = ()

    def newest_of(self, master: MasterPart) -> CheckStep | None:
        """The last try with this master part."""
        return next((step for step in reversed(self.steps) if step.master.id == master.id), None)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that stays on the Live page until somebody says why it may go."""

    id: int
    raised_at: datetime
    product: str
    camera: str
    what: str
    remedy: str


def is_as_known(master: MasterPart, decision: Decision) -> bool:
    """Whether the line said of a master part what is known of it: a bad one NG, a good one OK.

    ERROR rejects a bad part too, but shows nothing of the detector: such a try does not count.
    """
    return decision is (Decision.NG if master.is_bad else Decision.OK)


def alarm_words(master: MasterPart, camera: str, decision: Decision) -> str:
    """What to raise an alarm with; empty where there is none: only a bad part that was not rejected is one."""
    if not master.is_bad or decision in (Decision.NG, Decision.ERROR):
        return ""
    return f'Master part "{master.name}", known to be bad, was {decision.value} at {camera}.'


def still_to_run(check: ShiftCheck, masters: list[MasterPart]) -> list[MasterPart]:
    """The master parts of which the line has not said yet what is known of them, bad ones first."""
    open_ones = [master for master in masters if not ((step := check.newest_of(master)) and step.passed)]
    return sorted(open_ones, key=lambda master: (not master.is_bad, master.id))

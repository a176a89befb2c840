"""The old is removed once a day, whatever goes wrong in between."""

from datetime import UTC, datetime, timedelta

from core.adapters.tidying import Tidying
from core.errors import HousekeepingRuns, LineError, NotTheOwner
from core.retention import Expired

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


class Day:
    """A clock that is moved by hand, and a removal that remembers."""

    def __init__(self, *errors: LineError) -> None:
        self.now = MIDNIGHT
        self.errors = list(errors)
        self.removed: list[datetime] = []
        self.tidying = Tidying(self.remove, lambda: self.now, from_hour=2)

    def remove(self) -> list[Expired]:
        if self.errors:
            raise self.errors.pop()
        self.removed.append(self.now)
        return [Expired("full maps", 3)]

    def look_every(self, minutes: int, hours: int) -> list[datetime]:
        for _ in range(hours * 60 // minutes):
            self.tidying.look()
            self.now += timedelta(minutes=minutes)
        return self.removed


def test_it_is_done_once_a_day_from_its_hour_on() -> None:
    """Two days, two removals."""
    two = timedelta(hours=2)
    assert Day().look_every(10, hours=48) == [MIDNIGHT + two, MIDNIGHT + timedelta(days=1) + two]


def test_what_failed_is_tried_again_the_same_day() -> None:
    """A backup ran just then."""
    assert Day(HousekeepingRuns()).look_every(10, hours=24) == [MIDNIGHT + timedelta(hours=2, minutes=10)]


def test_a_login_that_may_not_leaves_it_to_the_owner() -> None:
    """Said once a day, not once a minute."""
    day = Day(*[NotTheOwner() for _ in range(3)])
    assert day.look_every(10, hours=24) == []
    assert len(day.errors) == 2


def test_a_clock_that_jumps_back_an_hour_repeats_nothing() -> None:
    """And one that jumps forward leaves nothing out."""
    day = Day()
    day.look_every(10, hours=3)
    day.now -= timedelta(hours=1)
    assert len(day.look_every(10, hours=2)) == 1
    day.now += timedelta(hours=23)
    assert len(day.look_every(10, hours=4)) == 2

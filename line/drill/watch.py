"""Waiting in a drill: for conditions, under one deadline, and never past a station that ended by itself."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import LineError
from line.drill.crew import Crew

LOOK_AGAIN_S = 0.02


class DrillLate(LineError):
    """The drill did not come this far in time; the stations' last words stand above."""


class StationEnded(LineError):
    """A station of the drill ended by itself; its last words stand above."""


@dataclass(frozen=True)
class Watch:
    """One time limit for the whole drill."""

    until: float
    crew: Crew

    def wait_until(self, is_so: Callable[[], bool], otherwise: str) -> None:
        """Look again and again.

        Raises:
            DrillLate: It was not so before the deadline.
            StationEnded: A station is gone that nobody stopped.
        """
        while not is_so():
            self.crew.look()
            failed = {name: code for name, code in self.crew.line.stations.ended().items() if code}
            if failed:
                self._print_last_words()
                raise StationEnded(f"exit codes {failed}, while waiting: {otherwise}")
            if time.monotonic() > self.until:
                self._print_last_words()
                raise DrillLate(otherwise)
            time.sleep(LOOK_AGAIN_S)

    def let_pass(self, seconds: float) -> None:
        """An outage lasts as long as the scenario says."""
        end = time.monotonic() + seconds
        self.wait_until(lambda: time.monotonic() >= end, f"an outage of {seconds:g} s is longer than the drill")

    def _print_last_words(self) -> None:
        stations = self.crew.line.stations
        for name in stations.running:
            print(f"--- {name}\n{stations.last_words(name)}", file=sys.stderr)


def dismiss_all(crew: Crew, watch: Watch) -> None:
    """Ask every worker to end, once each has come so far that it can be asked."""
    watch.wait_until(lambda: all(map(crew.is_ready, crew.names)), "a worker has loaded no model")
    crew.terminate(*crew.names)

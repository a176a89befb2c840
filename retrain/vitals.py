"""The timetable's health: pure functions from what it follows to metrics and reasons."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.health import Labels, Measured, Pulse, counters, gauge, gauges, stuck

ROUNDS_MISSED = 6
"""Looks at the products that may fail to come before the loop counts as stuck; Postgres may take half a minute each."""
LONGEST_ANSWER_S = 60.0


@dataclass(frozen=True, slots=True)
class TimetableState:
    """What the timetable knows of itself at one moment.

    `begun` counts nights by product; `refused` are the products that have no timetable; `read` says whether the last
    look at the products succeeded.
    """

    begun: Counter[str]
    next_runs: Mapping[str, datetime]
    refused: Sequence[str]
    read: bool
    rounds: Pulse
    now: datetime


def timetable_metrics(state: TimetableState) -> Sequence[Measured]:
    """All that is measured."""
    until: dict[Labels, float] = {
        (product,): (moment - state.now).total_seconds() for product, moment in state.next_runs.items()
    }
    begun: dict[Labels, float] = {(product,): float(count) for product, count in state.begun.items()}
    return [
        counters("line_nights_begun_total", "Nights begun by this process.", begun, "product"),
        gauges("line_night_in_seconds", "Seconds until a product's next night.", until, "product"),
        gauge("line_products_timed", "Products that have a nightly job.", len(state.next_runs)),
        gauge("line_products_refused", "Products whose timetable cannot be read.", len(state.refused)),
        gauge("line_ledger_reachable", "Whether the products could be read last time.", state.read),
    ]


def reasons_to_restart(state: TimetableState, interval_s: float) -> list[str]:
    """A loop that no longer looks at the products, though each look gives up by itself."""
    return stuck(state.rounds, ROUNDS_MISSED * interval_s + LONGEST_ANSWER_S)


def reasons_to_wait(state: TimetableState) -> list[str]:
    """Why nights do not come, or not as the recipes say."""
    if not state.rounds.has_begun:
        return ["the products have not been read yet"]
    away = [] if state.read else ["Postgres does not answer: nights come by the recipes last read"]
    return [*away, *state.refused]

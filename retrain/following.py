"""The timetable follows the products' recipes, and knows how that goes."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog

from core.errors import LedgerUnavailable
from core.health import Pulse
from core.product import Product
from retrain.timetable import Timetable
from retrain.vitals import TimetableState

log = structlog.get_logger("retrain")


class Products(Protocol):
    """The one thing asked of the model registry."""

    def products(self) -> list[Product]:
        """All products by name."""
        ...


@dataclass
class Follower:
    """Looks at the products every few seconds, and knows how that went. `catch_up` hears of those that have a night."""

    timetable: Timetable
    ledger: Products
    begun: Counter[str]
    rounds: Pulse
    catch_up: Callable[[list[Product]], None] = lambda _: None
    refused: Sequence[str] = ()
    read: bool = True

    def run(self, stop: threading.Event, interval_s: float) -> None:
        """Until told to stop."""
        self.timetable.start()
        log.info("timetable_started")
        self.follow()
        while not stop.wait(interval_s):
            self.follow()
        self.timetable.stop()
        log.info("timetable_stopped")

    def follow(self) -> None:
        """Look once; while Postgres is away the recipes last read stand."""
        try:
            products = self.ledger.products()
            self.refused = self.timetable.follow(products)
            self.catch_up([product for product in products if not any(map(_of(product), self.refused))])
            self.read = True
        except LedgerUnavailable as error:
            self.read = False
            log.warning("products_not_read", error=str(error))
        for reason in self.refused if self.read else ():
            log.warning("night_refused", reason=reason)
        self.rounds.beat()

    def state(self) -> TimetableState:
        """As it stands; any thread may ask."""
        next_runs = self.timetable.next_runs()
        return TimetableState(self.begun.copy(), next_runs, self.refused, self.read, self.rounds, datetime.now(UTC))


def _of(product: Product) -> Callable[[str], bool]:
    return lambda reason: reason.startswith(f"{product.name}: ")

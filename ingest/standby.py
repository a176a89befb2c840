"""Of several fleets on one database one runs the cameras: two would judge and tell every part twice."""

from math import inf

import structlog

from core.camera_ports import FleetLock
from core.errors import LineError
from ingest.fleet import STOP_WITHIN_S
from ingest.pacing import Monotonic

TAKEOVER_S = STOP_WITHIN_S + 2.0
"""Who lost the lock hears of it at its next look, and then its cameras end: until then nobody else starts them."""

log = structlog.get_logger()


class Watch:
    """Whether this fleet is the one that runs the cameras. Owned by the fleet's thread.

    A fleet that was refused stands by, and takes over TAKEOVER_S after the other has ended. Where Postgres was away it
    waits as long before it asks again, so that whoever runs the cameras goes on running them.
    """

    def __init__(self, lock: FleetLock, monotonic: Monotonic) -> None:
        self._lock = lock
        self._monotonic = monotonic
        self._stands_by = False
        self._asks_at = -inf
        self._begins_at = -inf

    @property
    def stands_by(self) -> bool:
        """Whether another fleet was found to run the cameras; any thread may ask."""
        return self._stands_by

    def is_ours(self) -> bool:
        """Whether to run the cameras now.

        Raises:
            LineError: Nobody can say: what runs goes on.
        """
        if self._stands_by and self._monotonic() < self._asks_at:
            return False
        try:
            taken = self._lock.take()
        except LineError:
            self._asks_at = self._monotonic() + TAKEOVER_S
            raise
        return self._begin() if taken else self._stand_by()

    def _begin(self) -> bool:
        if self._stands_by and self._monotonic() >= self._begins_at:
            log.info("fleet_took_over")
            self._stands_by = False
        return not self._stands_by

    def _stand_by(self) -> bool:
        self._begins_at = self._monotonic() + TAKEOVER_S
        if not self._stands_by:
            log.warning("fleet_stands_by", reason="another fleet on this database runs the cameras")
        self._stands_by = True
        return False

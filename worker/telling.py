"""What follows a commit and may fail: the live board and the plant. Neither ever stops the line."""

from collections.abc import Callable, Sequence

import structlog

from core.errors import BoardUnavailable, BusUnavailable, LedgerUnavailable
from core.inspection import Tile
from core.ports import LiveBoard, Outbox, VerdictPublisher
from worker.counts import Counts

TOLD_AT_ONCE = 500
PAUSE_S = 5.0

log = structlog.get_logger("worker")


def show(tiles: Sequence[Tile], board: LiveBoard, counts: Counts) -> None:
    """Show the tiles, or count that the board is away."""
    if not tiles:
        return
    try:
        board.show(tiles)
    except BoardUnavailable as error:
        counts.board_unavailable += 1
        if counts.board_unavailable == 1:
            log.warning("board_unavailable", error=str(error))


class Herald:
    """Tells the plant what waits in the outbox. What cannot be told stays there, and is tried again later."""

    def __init__(self, outbox: Outbox, publisher: VerdictPublisher, monotonic: Callable[[], float]) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._monotonic = monotonic
        self._quiet_until = float("-inf")

    def tell(self, counts: Counts) -> None:
        """Everything pending, oldest first; after a failure nothing for five seconds, lest the line be slowed."""
        if self._monotonic() < self._quiet_until:
            return
        try:
            while messages := self._outbox.pending(TOLD_AT_ONCE):
                self._publisher.tell(messages)
                # A crash here tells these again: a reader drops repeats by their key.
                self._outbox.told([message.id for message in messages])
                counts.told += len(messages)
        except (BusUnavailable, LedgerUnavailable) as error:
            counts.not_told += 1
            self._quiet_until = self._monotonic() + PAUSE_S
            log.warning("verdicts_not_told", error=str(error), next_try_s=PAUSE_S)


class NoHerald:
    """Where there is no Kafka, nobody listens, and nothing waits."""

    def tell(self, counts: Counts) -> None:
        """Nothing."""

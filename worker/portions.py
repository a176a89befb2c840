"""What is taken in hand at once: a batch, or one record after another where somebody ended with them in hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from core.attempts import TRIES, Attempts
from core.errors import LedgerUnavailable
from core.inspection import Progress, progress_of
from core.wire import Delivery
from worker.patience import Patience

log = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True)
class Portion:
    """Records that are in hand together, for which time."""

    deliveries: tuple[Delivery, ...]
    tries: int

    @property
    def is_poison(self) -> bool:
        """Whether it was tried often enough: it is set aside without being looked at."""
        return self.tries > TRIES

    @property
    def is_untouchable(self) -> bool:
        """Whether even setting it aside has ended two workers: not one, who may have been killed with it in hand."""
        return self.tries > TRIES + 2

    @property
    def progress(self) -> tuple[Progress, ...]:
        """How far its partitions get with it."""
        return progress_of((one.position, one.resumed_from) for one in self.deliveries)


@dataclass(frozen=True, slots=True)
class Hands:
    """Notes what this worker has in hand before it looks at it."""

    attempts: Attempts
    owner: str

    def portions(self, deliveries: Sequence[Delivery], patience: Patience) -> Iterator[Portion]:
        """All at once, or each by itself; noted when its turn comes, for the one before may end the worker."""
        together = Portion(tuple(deliveries), 1)
        if patience.insist(lambda: self.attempts.take(together.progress, self.owner), LedgerUnavailable):
            yield together
            return
        log.warning("records_were_in_hand_before", records=len(deliveries))
        for one in deliveries:
            yield self._alone(one, patience)

    def let_go(self) -> None:
        """The worker goes on or ends for a reason that is not in the records: they are as good as never tried."""
        try:
            self.attempts.let_go(self.owner)
        except LedgerUnavailable as error:
            # They count as tried once more; a record is set aside only after several such ends in a row.
            log.warning("records_still_in_hand", error=str(error))

    def _alone(self, one: Delivery, patience: Patience) -> Portion:
        (step,) = progress_of([(one.position, one.resumed_from)])
        return Portion((one,), patience.insist(lambda: self.attempts.take_one(step, self.owner), LedgerUnavailable))

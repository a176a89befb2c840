"""The baselines a worker checks by, and the check itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.optics import OpticsCheck, fault_of
from worker.followed import Followed
from worker.opening import Opened, Picture, Unfit
from worker.optics.measuring import Grey, from_png, glance, optics_of

POLL_S = 2.0

Key = tuple[str, str]
"""Camera and product: another product looks different through the same lens."""


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """A baseline with its reference decoded."""

    baseline: OpticsCheck
    reference: Grey


class OpticsBook:
    """Holds what is usual per camera and product. `refresh` between batches is the only thing that changes it."""

    def __init__(
        self, read: Callable[[], Mapping[Key, OpticsCheck]], monotonic: Callable[[], float], poll_s: float = POLL_S
    ) -> None:
        self._checks: dict[Key, Check] = {}
        self._followed = Followed(lambda: self._take(read()), monotonic, poll_s, "optics")
        self.first_look = self._followed.first_look
        self.refresh = self._followed.refresh

    def checked(self, opened: Opened) -> Opened:
        """The same, or what is not fit to be judged; a camera without a baseline is not checked."""
        if not isinstance(opened, Picture):
            return opened
        check = self._checks.get((opened.header.id.camera, opened.header.product))
        if check is None:
            return opened
        fault = fault_of(optics_of(glance(opened.image), check.reference), check.baseline)
        if fault is None:
            return opened
        return Unfit(opened.header, opened.arrival, fault.reason, fault.detail, opened.content, opened.image)

    def _take(self, found: Mapping[Key, OpticsCheck]) -> None:
        self._checks = {key: self._as_known(key, baseline) for key, baseline in found.items()}

    def _as_known(self, key: Key, baseline: OpticsCheck) -> Check:
        known = self._checks.get(key)
        if known is not None and known.baseline == baseline:
            return known
        return Check(baseline, from_png(baseline.reference))


def unchecked() -> OpticsBook:
    """Where nobody keeps baselines."""
    return OpticsBook(dict, lambda: 0.0)

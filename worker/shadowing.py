"""The worker's shadow: another model scores the same pictures beside the active one, and decides nothing.

Whatever goes wrong here costs the shadow run, never a verdict: nothing waits for it, and nothing of it is in a row.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import structlog

from core.errors import ArtifactsUnavailable, LedgerUnavailable
from core.inspection import Inspection, Result
from core.ports import Detector
from core.regions import Regions
from core.review import PartKey
from core.shadow import Disagreement, OpenShadow, Seen, Shadows
from core.verdict import Decision, judge
from worker.ignoring import without_regions
from worker.model_slot import REFUSALS, Load, Start
from worker.opening import Picture
from worker.scoring import NoScore, scores

LOOK_S = 2.0
"""Seconds between two looks for shadow runs that begin or end."""

log = structlog.get_logger("worker")

Answered = tuple[Picture, Inspection]


@dataclass
class Shadowing:
    """Follows the open shadow runs; keeps what a batch added until it is recorded."""

    runs: Shadows
    load: Load
    monotonic: Callable[[], float]
    start: Start
    looked_at: float = float("-inf")
    open: Mapping[str, OpenShadow] = field(default_factory=dict)
    loading: dict[int, "Future[Detector]"] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    disagreed: list[Disagreement] = field(default_factory=list)

    def refresh(self) -> None:
        """Look for runs that began or ended; load what is new beside the line."""
        if self.monotonic() - self.looked_at < LOOK_S:
            return
        self.looked_at = self.monotonic()
        try:
            self.open = {one.shadow.product: one for one in self.runs.open_shadows() if _wants_more(one)}
        except LedgerUnavailable as error:
            log.warning("shadows_not_read", error=str(error))
        wanted = {one.model.id: one.model for one in self.open.values()}
        self.loading = {number: loading for number, loading in self.loading.items() if number in wanted}
        for number in wanted.keys() - self.loading.keys():
            self.loading[number] = self.start(lambda model=wanted[number]: self.load(model))  # type: ignore[misc]

    def begin(self) -> None:
        """A batch is judged, perhaps again: what an earlier try of it saw does not count."""
        self.seen, self.disagreed = [], []

    def witness(self, product: str, pictures: Sequence[Picture], results: Sequence[Result], ignore: Regions) -> None:
        """Score what was judged, by the product's shadow if it has one that is ready."""
        one = self.open.get(product)
        detector = self._ready(one) if one else None
        judged = [pair for pair in zip(pictures, results, strict=True) if isinstance(pair[1], Inspection)]
        if one is not None and detector is not None and judged:
            self._compare(one, detector, judged, ignore)  # type: ignore[arg-type]

    def flush(self) -> None:
        """The batch is recorded: so may be what was seen of it. A ledger that is away loses this batch's counts."""
        if self.seen:
            try:
                self.runs.note_seen(self.seen, self.disagreed)
            except LedgerUnavailable as error:
                log.warning("shadow_not_noted", error=str(error))
        self.begin()

    def _ready(self, one: OpenShadow) -> Detector | None:
        loading = self.loading.get(one.model.id)
        if loading is None or not loading.done():
            return None
        try:
            return loading.result()
        except (ArtifactsUnavailable, *REFUSALS) as error:
            if one.shadow.product in self.open:
                log.warning("shadow_not_loaded", product=one.shadow.product, model=one.model.id, error=str(error))
            self.open = {product: each for product, each in self.open.items() if each is not one}
            return None

    def _compare(self, one: OpenShadow, detector: Detector, judged: Sequence[Answered], ignore: Regions) -> None:
        found = scores([picture.image for picture, _ in judged], detector)
        answers = without_regions(found, detector, ignore)
        pairs = [
            (inspection, answer.score)
            for (_, inspection), answer in zip(judged, answers, strict=True)
            if not isinstance(answer, NoScore)
        ]
        decided = [(inspection, score, judge(score, one.threshold).decision) for inspection, score in pairs]
        active = sum(inspection.decision is not Decision.OK for inspection, _, _ in decided)
        own = sum(decision is not Decision.OK for _, _, decision in decided)
        self.seen.append(Seen(one.shadow.id, len(decided), active, own))
        self.disagreed += [
            _disagreement(one.shadow.id, inspection, score, decision)
            for inspection, score, decision in decided
            if (inspection.decision is Decision.OK) is not (decision is Decision.OK)
        ]


def _wants_more(one: OpenShadow) -> bool:
    """Until the station settles it, a run that has seen enough is open still."""
    return one.shadow.seen < one.shadow.parts_wanted


def _disagreement(shadow_id: int, inspection: Inspection, score: float, decision: Decision) -> Disagreement:
    frame = inspection.frame
    return Disagreement(
        shadow_id,
        PartKey(frame.captured_at, frame.id),
        inspection.decision.value,
        inspection.verdict.score,
        decision.value,
        score,
        inspection.evidence.frame_uri,
    )


class NoShadow:
    """Where nothing runs in the shadow."""

    def refresh(self) -> None:
        """Nothing."""

    def begin(self) -> None:
        """Nothing."""

    def witness(self, product: str, pictures: Sequence[Picture], results: Sequence[Result], ignore: Regions) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""

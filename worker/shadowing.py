"""The worker's shadow: another model scores the same pictures beside the active one, and decides nothing.

Whatever goes wrong here costs the shadow run, never a verdict: nothing waits for it, and nothing of it is in a row.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import structlog

from core.errors import ArtifactsUnavailable, LedgerUnavailable
from core.inspection import Inspection, Result
from core.ports import Detector
from core.product import ModelVersion
from core.regions import Regions
from core.review import PartKey
from core.shadow import Disagreement, OpenShadow, Seen, Shadows
from core.verdict import Decision, judge
from worker.ignoring import without_regions
from worker.keep import frame_name
from worker.model_slot import REFUSALS, IsBetterReady, Load, Start, never_better, once_per_version
from worker.opening import Picture
from worker.scoring import NoScore, scores

LOOK_S = 2.0
"""Seconds between two looks for shadow runs that begin or end."""
MOST_BYTES = 256 * 1024 * 1024
"""Pixels remembered of a batch: of one that holds more, the shadow sees the first."""

log = structlog.get_logger("worker")

Put = Callable[[str, bytes], str]
"""Keeps a picture under a name and returns its URI; raises ArtifactsUnavailable."""

Answered = tuple[Picture, Inspection]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What was judged of one product while a shadow of it was ready, and where it does not look."""

    run: OpenShadow
    detector: Detector
    judged: Sequence[Answered]
    ignore: Regions


@dataclass
class Shadowing:
    """Follows the open shadow runs; remembers a batch until it is recorded, and scores it only then.

    Of parts on which the two disagree the picture is kept as well: of those that the line called good it is not there.

    Scored before, its parts would wait for their rows, and those with a deadline could become late by it.
    """

    runs: Shadows
    load: Load
    monotonic: Callable[[], float]
    start: Start
    put: Put = lambda _, __: ""
    is_better_ready: IsBetterReady = never_better
    looked_at: float = float("-inf")
    open: Mapping[str, OpenShadow] = field(default_factory=dict)
    loading: dict[int, "Future[Detector]"] = field(default_factory=dict)
    faster: dict[int, "Future[Detector]"] = field(default_factory=dict)
    witnessed: list[Witnessed] = field(default_factory=list)
    held: int = 0

    def __post_init__(self) -> None:
        self.is_better_ready = once_per_version(self.is_better_ready)

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
            self.loading[number] = self._begin(wanted[number])
        self._quicken(wanted)

    def _begin(self, model: ModelVersion) -> "Future[Detector]":
        return self.start(lambda: self.load(model))

    def _quicken(self, wanted: Mapping[int, ModelVersion]) -> None:
        """Whose graph has been compiled meanwhile is loaded again; what is loaded serves until then."""
        for number in [number for number, again in self.faster.items() if again.done()]:
            again = self.faster.pop(number)
            if number in wanted and _is_loaded(again):
                self.loading[number] = again
        for number, loading in self.loading.items():
            if _is_loaded(loading) and self.is_better_ready(wanted[number], loading.result()):
                self.faster[number] = self._begin(wanted[number])

    def bundles(self) -> frozenset[str]:
        """The sha256 of every bundle that runs in the shadow."""
        return frozenset(one.model.bundle.sha256 for one in self.open.values())

    def begin(self) -> None:
        """A batch is judged, perhaps again: what an earlier try of it saw does not count."""
        self.witnessed, self.held = [], 0

    def witness(self, product: str, pictures: Sequence[Picture], results: Sequence[Result], ignore: Regions) -> None:
        """Remember what was judged, if the product has a shadow that is ready; as much as there is room for."""
        one = self.open.get(product)
        detector = self._ready(one) if one else None
        if one is None or detector is None:
            return
        judged = []
        for picture, result in zip(pictures, results, strict=True):
            if isinstance(result, Inspection) and _is_of_another(result, one) and self._has_room(picture):
                judged.append((picture, result))
        if judged:
            self.witnessed.append(Witnessed(one, detector, judged, ignore))

    def flush(self) -> None:
        """The batch is recorded: score it, and note what was seen. A ledger that is away loses this batch's counts."""
        seen: list[Seen] = []
        disagreed: list[Disagreement] = []
        for one in self.witnessed:
            counts, others = _compared(one)
            seen.append(counts)
            disagreed += self._pictured(others, one.judged)
        self.begin()
        if seen:
            try:
                self.runs.note_seen(seen, disagreed)
            except LedgerUnavailable as error:
                log.warning("shadow_not_noted", error=str(error))

    def _pictured(self, found: Sequence[Disagreement], judged: Sequence[Answered]) -> list[Disagreement]:
        """With the pictures that nobody kept; without, where the store is away: nothing waits for it."""
        pictures = {picture.header.id: picture for picture, _ in judged}
        kept: list[Disagreement] = []
        for number, one in enumerate(found):
            picture = pictures[one.part.frame_id]
            try:
                uri = one.frame_uri or self.put(frame_name(picture.header, picture.content), picture.content)
            except ArtifactsUnavailable as error:
                log.warning("disagreement_not_pictured", error=str(error))
                return [*kept, *found[number:]]
            kept.append(replace(one, frame_uri=uri))
        return kept

    def _has_room(self, picture: Picture) -> bool:
        self.held += picture.image.pixels.nbytes
        return self.held <= MOST_BYTES

    def _ready(self, one: OpenShadow) -> Detector | None:
        loading = self.loading.get(one.model.id)
        if loading is None or not loading.done():
            return None
        try:
            return loading.result()
        except ArtifactsUnavailable as error:
            del self.loading[one.model.id]  # the next look tries again
            log.warning("shadow_not_loaded", product=one.shadow.product, model=one.model.id, error=str(error))
            return None
        except REFUSALS as error:
            if one.shadow.product in self.open:
                log.warning("shadow_not_loaded", product=one.shadow.product, model=one.model.id, error=str(error))
            self.open = {product: each for product, each in self.open.items() if each is not one}
            return None


def _is_loaded(loading: "Future[Detector]") -> bool:
    return loading.done() and loading.exception() is None


def _compared(one: Witnessed) -> tuple[Seen, list[Disagreement]]:
    found = scores([picture.image for picture, _ in one.judged], one.detector)
    answers = without_regions(found, one.detector, one.ignore)
    decided = [
        (inspection, answer.score, judge(answer.score, one.run.threshold).decision)
        for (_, inspection), answer in zip(one.judged, answers, strict=True)
        if not isinstance(answer, NoScore)
    ]
    active = sum(inspection.decision is not Decision.OK for inspection, _, _ in decided)
    own = sum(decision is not Decision.OK for _, _, decision in decided)
    disagreed = [
        _disagreement(one.run.shadow.id, inspection, score, decision)
        for inspection, score, decision in decided
        if (inspection.decision is Decision.OK) is not (decision is Decision.OK)
    ]
    return Seen(one.run.shadow.id, len(decided), active, own), disagreed


def _is_of_another(result: Inspection, one: OpenShadow) -> bool:
    """Whether another model judged it: right after a promotion the earlier one does still, and agrees with itself."""
    return result.judge.model_version_id != one.model.id


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

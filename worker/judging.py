"""From what was opened to results: scored per product, judged, kept where it is worth it, mapped."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import ArtifactsUnavailable
from core.inspection import BLAMELESS, NOT_KEPT, Evidence, Failure, Inspection, Refusal, Result
from core.ports import ArtifactStore, Clock
from core.product import Recipe
from core.regions import Regions
from core.verdict import Decision, ErrorReason, ScoreMap, judge
from worker.deadline import is_late
from worker.heatmap import to_stored_map
from worker.ignoring import without_regions
from worker.keep import frame_name, is_kept, maps_name, quarantine_name, to_npz, untrusted_name
from worker.model_slot import Serving
from worker.opening import Opened, Picture, Unfit, Unjudged, Untrusted
from worker.patience import Patience
from worker.scoring import NoScore, scores

DETAIL_LIMIT = 500
CHUNK_BYTES = 256 * 1024 * 1024


Witness = Callable[[str, Sequence[Picture], Sequence[Result], Regions], None]
"""Is shown the pictures of a product and what was decided, while the pixels are there: at once, for others wait."""


def unwitnessed(_: str, __: Sequence[Picture], ___: Sequence[Result], ____: Regions) -> None:
    """Where nobody looks on."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What judging needs: who serves, where evidence goes, what time it is, and why nobody serves a product."""

    serving: Mapping[str, Serving]
    absence: Callable[[str], str]
    artifacts: ArtifactStore
    patience: Patience
    clock: Clock
    witness: Witness = unwitnessed

    def put(self, name: str, content: bytes) -> str:
        """Keep it and return its URI; insists where the store does not answer. Nothing is kept of nothing."""
        if not content:
            return ""
        return self.patience.insist(lambda: self.artifacts.put(name, content), ArtifactsUnavailable)


def results_of(opened: Iterable[Opened], desk: Desk, seen: Callable[[Opened, Result], None]) -> list[Result]:
    """One result per thing opened, in order. `seen` is shown each pair before the pixels are let go.

    Pixels of at most 256 MiB, and one picture more, are held at once, whatever the batch holds; a witness may remember
    more.
    """
    results: list[Result] = []
    for chunk in _chunks(opened):
        for one, result in zip(chunk, _results_of_chunk(chunk, desk), strict=True):
            seen(one, result)
            results.append(result)
    return results


def _chunks(opened: Iterable[Opened]) -> Iterable[list[Opened]]:
    chunk: list[Opened] = []
    held = 0
    for one in opened:
        chunk.append(one)
        held += one.image.pixels.nbytes if isinstance(one, Picture | Unfit) else 0
        if held >= CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    yield chunk


def _results_of_chunk(chunk: Sequence[Opened], desk: Desk) -> list[Result]:
    results: dict[int, Result] = {}
    pictures: dict[str, list[tuple[int, Picture]]] = {}
    for place, one in enumerate(chunk):
        if isinstance(one, Picture):
            pictures.setdefault(one.header.product, []).append((place, one))
        else:
            results[place] = refusal_of(one, desk) if isinstance(one, Untrusted) else failure_of(one, desk)
    for product, group in pictures.items():
        judged = _judged([picture for _, picture in group], product, desk)
        results |= dict(zip((place for place, _ in group), judged, strict=True))
    return [results[place] for place in range(len(chunk))]


def _judged(pictures: Sequence[Picture], product: str, desk: Desk) -> list[Result]:
    serving = desk.serving.get(product)
    if serving is None:
        reason = desk.absence(product)
        return [failure_of(_given_up(one, ErrorReason.NO_MODEL, reason), desk) for one in pictures]
    found = scores([one.image for one in pictures], serving.detector)
    answers = without_regions(found, serving.detector, serving.active.recipe.ignore)
    results = [_judged_one(one, answer, serving, desk) for one, answer in zip(pictures, answers, strict=True)]
    desk.witness(product, pictures, results, serving.active.recipe.ignore)
    return results


def _judged_one(picture: Picture, answer: ScoreMap | NoScore, serving: Serving, desk: Desk) -> Result:
    if isinstance(answer, NoScore):
        return failure_of(_given_up(picture, ErrorReason.DETECTOR, answer.detail), desk)
    recipe = serving.active.recipe
    verdict = judge(answer.score, serving.active.threshold)
    late = is_late(picture.arrival.arrived_at, recipe.deadline_s, desk.clock())
    kept = late or is_kept(verdict.decision, picture.header.id, recipe.keep_ok_share)
    return Inspection(
        picture.header,
        picture.arrival,
        verdict,
        serving.judge,
        to_stored_map(answer.combined, _map_scale(recipe, kept)),
        _evidence(picture, answer, serving, desk) if kept else NOT_KEPT,
        desk.clock(),
    )


def _map_scale(recipe: Recipe, kept: bool) -> float:
    return recipe.kept_map_scale if kept else recipe.other_map_scale


def _evidence(picture: Picture, answer: ScoreMap, serving: Serving, desk: Desk) -> Evidence:
    header, content = picture.header, picture.content
    frame_uri = desk.put(frame_name(header, content), content)
    return Evidence(frame_uri, desk.put(maps_name(header, serving.active.model.id), to_npz(answer)))


def _given_up(picture: Picture, reason: ErrorReason, detail: str) -> Unjudged:
    return Unjudged(picture.header, picture.arrival, reason, detail, picture.content)


def failure_of(unjudged: Unjudged, desk: Desk) -> Failure:
    """The ERROR row of a frame; what came of it is kept, beside the good ones where the frame is not at fault."""
    header, content = unjudged.header, unjudged.content
    blameless = unjudged.reason in BLAMELESS or unjudged.reason.is_optics
    name = frame_name(header, content) if blameless else quarantine_name(header, content)
    evidence = Evidence(desk.put(name, content), "")
    return Failure(header, unjudged.arrival, unjudged.reason, plain(unjudged.detail), evidence, desk.clock())


def refusal_of(untrusted: Untrusted, desk: Desk) -> Refusal:
    """The ERROR row of a record that is known by its place on the bus alone."""
    evidence = Evidence(desk.put(untrusted_name(untrusted.arrival), untrusted.content), "")
    return Refusal(untrusted.arrival, untrusted.reason, plain(untrusted.detail), evidence, desk.clock())


def plain(text: str) -> str:
    """Text that Postgres takes and a page can show: no control characters (a NUL would stop the line), not long."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:DETAIL_LIMIT])


def is_error(result: Result) -> bool:
    """Whether nobody judged it."""
    return result.decision is Decision.ERROR

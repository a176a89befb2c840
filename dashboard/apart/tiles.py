"""Two verdicts on one part as a small tile: pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from core.inspection import StoredMap
from dashboard.apart.read_models import Apart, Said, SideBySide
from dashboard.charts import decision_class, decision_mark
from dashboard.gallery_parts import Picture
from dashboard.part_picture import part_picture
from dashboard.read_models import PartKey
from dashboard.words import clock_words, count_words, score_words


def apart_data(
    run: SideBySide,
    found: Sequence[Apart],
    maps: Mapping[PartKey, StoredMap],
    thumbnails: Callable[[Iterable[str]], Mapping[str, Picture]],
    zone: str,
) -> dict[str, Any]:
    """The tiles in the order given, each with what both versions say; the map is the judging one's."""
    small = thumbnails(each.frame_uri for each in found)
    return {"parts": [_tile(run, each, small[each.frame_uri], maps.get(each.key), zone) for each in found]}


def sentence(run: SideBySide) -> str:
    """How often they agreed, and how many each would not have let pass."""
    judged = f"version {run.judging} judged, version {run.beside} looked on"
    parts = f"{count_words(run.apart)} of {count_words(run.seen)} parts apart"
    rejected = (
        f"not OK: {count_words(run.judging_rejected)} by the one, {count_words(run.beside_rejected)} by the other"
    )
    return f"{judged}: {parts}; {rejected}"


def words_of(version: int, said: Said) -> str:
    """`v7 NG 1.37 x limit`."""
    return f"v{version} {said.decision.value} {score_words(said.score, said.limits)}"


def _tile(run: SideBySide, each: Apart, picture: Picture, stored: StoredMap | None, zone: str) -> dict[str, Any]:
    both = ((run.judging, each.judging), (run.beside, each.beside))
    lines = [{"mark": decision_mark(said.decision), "words": words_of(version, said)} for version, said in both]
    label = " and ".join(line["words"] for line in lines)
    key = str(each.key)
    return {
        "id": key,
        "kind": decision_class(each.judging.decision),
        "lines": lines,
        "age": "",
        "hint": f"{label}; {each.key.camera}, {clock_words(each.key.captured_at, zone)}",
        "picture": part_picture(key, label, picture[0], picture[1], stored, each.judging.limits),
    }

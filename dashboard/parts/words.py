"""What the pages say of parts that several cameras see: pure text."""

from collections.abc import Iterable, Mapping

from core.part import OpenPart, Part
from core.part_assembly import PartName, seen_of


def whole_words(part: Part) -> str:
    """`NG (line1-side NG, line1-top OK)`, what was wrong with it, or whom it waits for."""
    if isinstance(part, OpenPart):
        return f"waits for {', '.join(part.missing)}"
    views = ", ".join(f"{view.camera} {view.decision}" for view in part.seen.views)
    detail = f": {part.detail}" if part.is_incomplete or part.late else ""
    return f"{part.decision} ({views}){detail}"


def short_words(part: Part) -> str:
    """The decision alone, or that it is still open."""
    return "part open" if isinstance(part, OpenPart) else f"part {part.decision}"


def short_words_by_name(parts: Iterable[Part]) -> Mapping[PartName, str]:
    """Of each product and part id, the newest."""
    found: dict[PartName, str] = {}
    for part in sorted(parts, key=lambda each: seen_of(each).first_seen_at):
        found[seen_of(part).product, seen_of(part).part_id] = short_words(part)
    return found

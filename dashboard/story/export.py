"""A selection of parts to take away: a table, and a folder with pictures and maps. Pure; whoever calls reads."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from core.inspection import StoredMap
from dashboard.read_models import Judgement, LateStory, Part, PartKey

COLUMNS = (
    "captured_at", "camera", "start_id", "sequence", "product", "part_id", "lot", "decision", "reason", "score",
    "review_from", "reject_from", "share_of_limit", "model_version", "engine", "judged_at", "sha256", "frame", "map",
    "map_low", "map_high",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, object]


def rows_of(parts: Sequence[Part], files: Mapping[PartKey, Row] | None = None) -> list[Row]:
    """One row per part, by column; `files` adds the names of what lies beside the table."""
    return [_row(part) | dict((files or {}).get(part.key, {})) for part in parts]


def table(rows: Sequence[Row]) -> bytes:
    """The rows as CSV (UTF-8, comma, a line of names); no cell can be taken for a formula."""
    target = io.StringIO()
    writer = csv.DictWriter(target, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return target.getvalue().encode()


def folder(parts: Sequence[Part], maps: Mapping[PartKey, StoredMap], frame: Callable[[str], bytes | None]) -> bytes:
    """A zip: `parts.csv`, `frames/` as the cameras sent them, `maps/` as grey PNG with their scale in the table.

    A picture that cannot be had is left out, and its cell in the table is empty.
    """
    target = io.BytesIO()
    files: dict[PartKey, Row] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as made:
        for part in parts:
            files[part.key] = _add_files(made, part, maps.get(part.key), frame)
        made.writestr("parts.csv", table(rows_of(parts, files)), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def file_name(part: Part) -> str:
    """The same for a part's frame and map, sorted by time."""
    camera = part.key.camera.removeprefix("?")
    return f"{part.key.captured_at:%Y%m%dT%H%M%S.%f}Z-{camera}-{part.key.sequence}"


def _add_files(
    made: zipfile.ZipFile, part: Part, stored: StoredMap | None, frame: Callable[[str], bytes | None]
) -> Row:
    names: Row = {}
    content = frame(part.frame_uri) if part.frame_uri else None
    if content is not None:
        names["frame"] = f"frames/{file_name(part)}{PurePosixPath(part.frame_uri).suffix}"
        made.writestr(str(names["frame"]), content)
    if stored is not None and stored.png:
        names |= {"map": f"maps/{file_name(part)}.png", "map_low": stored.low, "map_high": stored.high}
        made.writestr(str(names["map"]), stored.png)
    return names


def _row(part: Part) -> Row:
    own = {
        "captured_at": part.key.captured_at.isoformat(),
        "camera": part.key.camera,
        "start_id": part.key.start_id,
        "sequence": part.key.sequence,
        "product": part.product,
        "part_id": part.part_id,
        "lot": part.lot,
        "decision": part.decision.value,
        "judged_at": part.judged_at.isoformat(),
        "sha256": part.sha256,
    }
    return own | _judged(part)


def _judged(part: Part) -> Row:
    outcome = part.outcome
    if not isinstance(outcome, Judgement):
        return {"reason": outcome.reason} | (_limits(outcome) if isinstance(outcome, LateStory) else {})
    limit = outcome.threshold.reject_from
    share = {"share_of_limit": round(outcome.score / limit, 4)} if limit > 0 else {}
    who = {"model_version": outcome.model_version_id, "engine": outcome.engine, "score": outcome.score}
    return who | _limits(outcome) | share


def _limits(outcome: Judgement | LateStory) -> Row:
    return {"review_from": outcome.threshold.review_from, "reject_from": outcome.threshold.reject_from}


def _cell(value: object) -> object:
    """Words that a spreadsheet would run get a quote in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value

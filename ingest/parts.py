"""parts.csv: which part and lot a file of a replayed folder shows. Columns file, part_id, lot."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import SettingRefused
from core.frame import LABEL, check_match

NAME = "parts.csv"
COLUMNS = ("file", "part_id", "lot")


@dataclass(frozen=True, slots=True)
class Part:
    """What a plant calls the thing in the picture; empty where nobody said."""

    part_id: str = ""
    lot: str = ""

    def __post_init__(self) -> None:
        check_match("part_id", LABEL, self.part_id)
        check_match("lot", LABEL, self.lot)


UNKNOWN_PART = Part()


def read_parts(folder: Path) -> Mapping[str, Part]:
    """Parts by file name relative to the folder; empty where there is no parts.csv.

    Raises:
        SettingRefused: A row cannot be used; the message names file, line and what to correct.
    """
    path = folder / NAME
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _parts_in(path, csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingRefused(f"{path}: {error}; save it as comma separated UTF-8 text") from error


def _parts_in(path: Path, rows: "csv.DictReader[str]") -> dict[str, Part]:
    if missing := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
        raise SettingRefused(f"{path}: no column {', '.join(missing)}; its first line must be {','.join(COLUMNS)}")
    parts: dict[str, Part] = {}
    for row in rows:
        name, part = _part_in(path, rows.line_num, row)
        if name in parts:
            raise SettingRefused(f"{path} line {rows.line_num}: {name} stands there twice; keep one of them")
        parts[name] = part
    return parts


def _part_in(path: Path, line: int, row: Mapping[str, str | None]) -> tuple[str, Part]:
    name, part_id, lot = (row[column] for column in COLUMNS)
    if None in row or not name or part_id is None or lot is None:
        raise SettingRefused(f"{path} line {line}: a row holds {', '.join(COLUMNS)}; add or remove fields")
    if not (path.parent / name).is_file():
        raise SettingRefused(f"{path} line {line}: no file {name} beside it; correct the name or remove the row")
    try:
        return Path(name).as_posix(), Part(part_id, lot)
    except ValueError as error:
        raise SettingRefused(f"{path} line {line}: {error}") from error

"""What is exported opens again elsewhere, and holds what the page showed."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import timedelta

from core.inspection import StoredMap
from core.verdict import Decision, Threshold
from dashboard.read_models import ErrorStory, Judgement, Part, PartKey
from dashboard.story.export import COLUMNS, folder, rows_of, table
from dashboard.story.filters import Chosen, further, wanted
from dashboard.story.read_models import NOT_OK
from tests.contracts.ledgers import TODAY

PART = Part(
    PartKey(TODAY, "line1-top", "0123456789ab", 3), "nut", "P-3", "lot 7", Decision.NG,
    Judgement(3.0, Threshold(1.0, 2.0), 5, "eager"), TODAY, TODAY, "memory:frames/a.png", "", "ab" * 32,
)  # fmt: skip
FAILED = replace(
    PART, key=replace(PART.key, sequence=4), decision=Decision.ERROR, outcome=ErrorStory("late", "2 s"), frame_uri=""
)


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_a_table_has_a_row_per_part_and_names_every_number() -> None:
    rows = read(table(rows_of([PART, FAILED])))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["score"], rows[0]["share_of_limit"], rows[0]["model_version"]) == ("3.0", "1.5", "5")
    assert rows[0]["captured_at"] == TODAY.isoformat()
    assert (rows[1]["decision"], rows[1]["reason"], rows[1]["score"]) == ("ERROR", "late", "")


def test_no_cell_can_be_taken_for_a_formula() -> None:
    """Part ids and lots come from outside."""
    rows = read(table(rows_of([replace(PART, lot="=HYPERLINK(1)", part_id="-2+3")])))
    assert (rows[0]["lot"], rows[0]["part_id"]) == ("'=HYPERLINK(1)", "'-2+3")


def test_a_folder_holds_frames_and_maps_under_the_names_in_its_table() -> None:
    """What cannot be had is left out, and its cell is empty."""
    maps = {PART.key: StoredMap(b"grey", -1.0, 4.0)}
    with zipfile.ZipFile(io.BytesIO(folder([PART, FAILED], maps, lambda uri: uri.encode()))) as opened:
        rows = read(opened.read("parts.csv"))
        assert opened.read(rows[0]["frame"]) == b"memory:frames/a.png"
        assert opened.read(rows[0]["map"]) == b"grey"
        assert len(opened.namelist()) == 3
    assert (rows[0]["map_low"], rows[0]["map_high"]) == ("-1.0", "4.0")
    assert (rows[1]["frame"], rows[1]["map"]) == ("", "")
    with zipfile.ZipFile(io.BytesIO(folder([PART], {}, lambda _: None))) as opened:
        assert opened.namelist() == ["parts.csv"]


def test_what_is_chosen_becomes_what_is_asked() -> None:
    """Nothing chosen is everything that was not OK, of any time."""
    assert wanted(Chosen(), TODAY).decisions == NOT_OK
    assert wanted(Chosen(), TODAY).since is None
    asked = wanted(Chosen(("OK",), "nut", "", "last hour", " lot 7 ", "dent", 3, (0.5, 3.0)), TODAY)
    assert (asked.decisions, asked.lot, asked.kind, asked.model_version_id) == ((Decision.OK,), "lot 7", "dent", 3)
    assert (asked.since, asked.share_from, asked.share_to) == (TODAY - timedelta(hours=1), 0.5, None)
    assert further(Chosen(("OK",), "nut")) == 0
    assert further(Chosen(lot="lot 7", shares=(0.0, 1.0))) == 2

"""A file of results survives whatever cuts a run short."""

from pathlib import Path

import pytest

from model.result_lines import ResultLines


def test_what_is_appended_is_read_in_order(tmp_path: Path) -> None:
    lines = ResultLines(tmp_path / "deep" / "results.jsonl")
    assert lines.read() == []
    lines.append({"product": "one"})
    lines.append({"product": "two"})
    assert [line["product"] for line in lines.read()] == ["one", "two"]


@pytest.mark.parametrize("damage", ['{"product": "t', '{"product": "two"', "3", "\x00\x00"])
def test_a_damaged_last_line_is_as_good_as_none_and_the_next_stands_alone(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "results.jsonl"
    lines = ResultLines(path)
    lines.append({"product": "one"})
    path.write_text(path.read_text() + damage)
    lines.append({"product": "three"})
    assert [line["product"] for line in lines.read()] == ["one", "three"]

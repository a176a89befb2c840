"""A file is replaced in one step, or stays as it was."""

from pathlib import Path

import pytest

from core.whole_file import write_whole


def test_the_new_content_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """And nothing else is left in the folder."""
    path = tmp_path / "letter.json"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("letter.json", b"new")]


def test_where_it_cannot_be_replaced_nothing_is_left_behind(tmp_path: Path) -> None:
    """Here a folder stands in its place."""
    path = tmp_path / "letter.json"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(path, b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["letter.json"]


def test_where_the_folder_is_missing_that_is_said(tmp_path: Path) -> None:
    """Making it is not its job."""
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "letter.json", b"new")

"""A folder's pictures, replayed as they are."""

from pathlib import Path

import pytest

from core.errors import SettingRefused
from core.wire import FRAME_LIMIT
from ingest.cameras import CameraSilent, Capture, Oversized
from ingest.folder import FolderCamera


def pictures(folder: Path, count: int) -> list[bytes]:
    """So many files; their content need not be a picture for the camera: that is for the worker to find out."""
    contents = [f"picture {number}".encode() for number in range(count)]
    for number, content in enumerate(contents):
        (folder / f"{number:03d}.png").write_bytes(content)
    return contents


def grabbed(camera: FolderCamera, count: int) -> list[Capture]:
    taken = [camera.grab() for _ in range(count)]
    assert all(isinstance(capture, Capture) for capture in taken)
    return taken  # type: ignore[return-value]


def test_the_content_is_the_files_own_bytes_round_after_round(tmp_path: Path) -> None:
    """Nothing is recompressed, and a folder never ends."""
    contents = pictures(tmp_path, 3)
    assert [capture.content for capture in grabbed(FolderCamera(tmp_path), 7)] == (contents * 3)[:7]


def test_subfolders_are_replayed_and_other_files_are_not(tmp_path: Path) -> None:
    """A test set with a folder per kind of defect is one source."""
    (tmp_path / "hole").mkdir()
    (tmp_path / "hole" / "a.JPG").write_bytes(b"jpeg")
    (tmp_path / "notes.txt").write_text("no picture")
    assert grabbed(FolderCamera(tmp_path), 2)[1].content == b"jpeg"


def test_a_seed_shuffles_each_round_anew_and_the_same_way_every_time(tmp_path: Path) -> None:
    """Two runs with one seed see the same order; each round holds every picture once."""
    contents = pictures(tmp_path, 20)
    first, again, other = (
        [capture.content for capture in grabbed(FolderCamera(tmp_path, seed), 40)] for seed in (7, 7, 8)
    )
    assert first == again != other
    assert sorted(first[:20]) == sorted(first[20:]) == sorted(contents)
    assert first[:20] != first[20:]


def test_a_file_that_vanished_is_silence_and_the_next_one_comes(tmp_path: Path) -> None:
    """Counted as missed by the loop, never a crash."""
    contents = pictures(tmp_path, 3)
    camera = FolderCamera(tmp_path)
    camera.grab()
    (tmp_path / "001.png").unlink()
    with pytest.raises(CameraSilent, match=r"001\.png"):
        camera.grab()
    assert grabbed(camera, 1)[0].content == contents[2]


def test_a_folder_that_vanished_is_silent_until_it_is_back(tmp_path: Path) -> None:
    """A file server that is away takes no camera with it."""
    folder = tmp_path / "shared"
    folder.mkdir()
    pictures(folder, 1)
    camera = FolderCamera(folder)
    camera.grab()
    folder.rename(tmp_path / "away")
    with pytest.raises(CameraSilent, match="holds no picture any more"):
        camera.grab()
    (tmp_path / "away").rename(folder)
    assert grabbed(camera, 1)[0].content == b"picture 0"


def test_a_new_file_is_found_in_the_next_round(tmp_path: Path) -> None:
    """Whoever copies pictures in need not restart the camera."""
    pictures(tmp_path, 1)
    camera = FolderCamera(tmp_path)
    camera.grab()
    (tmp_path / "zzz.png").write_bytes(b"new")
    assert [capture.content for capture in grabbed(camera, 2)] == [b"picture 0", b"new"]


def test_a_file_above_the_limit_is_measured_without_being_held(tmp_path: Path) -> None:
    """It can still be announced by size and hash."""
    with (tmp_path / "huge.tif").open("wb") as file:
        file.truncate(FRAME_LIMIT + 1)
    taken = FolderCamera(tmp_path).grab()
    assert isinstance(taken, Oversized)
    assert taken.size == FRAME_LIMIT + 1


def test_parts_csv_names_part_and_lot(tmp_path: Path) -> None:
    """Files that it does not name have neither."""
    pictures(tmp_path, 2)
    (tmp_path / "parts.csv").write_text("\ufeffpart_id,file,lot\nP-7,001.png,Charge 12 ä\n", encoding="utf-8")
    assert [(capture.part_id, capture.lot) for capture in grabbed(FolderCamera(tmp_path), 2)] == [
        ("", ""),
        ("P-7", "Charge 12 ä"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,part\n000.png,1\n", "no column part_id, lot; its first line must be file,part_id,lot"),
        ("", "no column file, part_id, lot"),
        ("file,part_id,lot\n000.png,1\n", "line 2: a row holds file, part_id, lot"),
        ("file,part_id,lot\n000.png,1,2,3\n", "line 2: a row holds file, part_id, lot"),
        ("file,part_id,lot\n,1,2\n", "line 2: a row holds file, part_id, lot"),
        ("file,part_id,lot\n009.png,1,2\n", "line 2: no file 009.png beside it"),
        ("file,part_id,lot\n000.png,1,2\n000.png,1,2\n", "line 3: 000.png stands there twice"),
        (f"file,part_id,lot\n000.png,{'x' * 129},2\n", "line 2: part_id must match"),
        ('file,part_id,lot\n000.png,"a\nb",2\n', "line 3: part_id must match"),
        ('file,part_id,lot\n000.png,"1,2\n', "save it as comma separated UTF-8 text"),
    ],
)
def test_a_row_of_parts_csv_that_cannot_be_used_is_named(tmp_path: Path, text: str, says: str) -> None:
    """At the start, with file, line and what to correct: a wrong part id is worse than none."""
    pictures(tmp_path, 1)
    (tmp_path / "parts.csv").write_text(text)
    with pytest.raises(SettingRefused) as refused:
        FolderCamera(tmp_path)
    assert says in str(refused.value)
    assert "parts.csv" in str(refused.value)


def test_a_parts_csv_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """Rather than garble a part id."""
    pictures(tmp_path, 1)
    (tmp_path / "parts.csv").write_bytes("file,part_id,lot\n000.png,ä,1\n".encode("latin-1"))
    with pytest.raises(SettingRefused, match="UTF-8"):
        FolderCamera(tmp_path)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    """At the start, by name."""
    with pytest.raises(SettingRefused, match="no picture in it"):
        FolderCamera(tmp_path)
    with pytest.raises(SettingRefused, match="no such folder"):
        FolderCamera(tmp_path / "absent")

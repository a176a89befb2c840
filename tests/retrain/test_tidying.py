"""The station's folder holds what nights use, not all that they ever used."""

import os
import time
from pathlib import Path

from core.adapters.in_memory import MemoryArtifacts
from core.frame import sha256_of
from model.images import decode
from retrain.pictures import Pictures
from retrain.tidying import UNUSED_FOR_S, tidy
from tests.retrain.nights import encoded, good_part

NOW = time.time()
A_DAY = 86_400.0


def aged(path: Path, seconds: float) -> Path:
    """A file, and its folder, of that long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    for each in (path, path.parent):
        os.utime(each, (NOW - seconds, NOW - seconds))
    return path


def test_what_no_run_has_touched_for_a_week_goes_with_its_folders(tmp_path: Path) -> None:
    """The runs of this week stay whole."""
    old = aged(tmp_path / "disc" / "run-1" / "train" / "log.txt", UNUSED_FOR_S + 1)
    new = aged(tmp_path / "disc" / "run-2" / "train" / "log.txt", A_DAY)
    assert tidy(tmp_path, NOW) == 1
    assert not old.parent.parent.exists()
    assert new.exists()
    assert tidy(tmp_path, NOW) == 0


def test_an_empty_folder_that_somebody_made_stays(tmp_path: Path) -> None:
    """A run may be about to write into it."""
    made = tmp_path / "disc" / "run-3"
    made.mkdir(parents=True)
    tidy(tmp_path, NOW)
    assert made.exists()


def test_a_folder_that_is_not_there_is_tidy(tmp_path: Path) -> None:
    """The first night makes it."""
    assert tidy(tmp_path / "none", NOW) == 0


def test_a_picture_that_is_asked_for_again_stays(tmp_path: Path) -> None:
    """However long ago it was fetched."""
    artifacts, content = MemoryArtifacts(), encoded(good_part(1))
    pictures = Pictures(artifacts, tmp_path, decode)
    uri, sha256 = artifacts.put("a.png", content), sha256_of(content)
    path = pictures.path(uri, sha256)
    for _ in range(2):
        os.utime(path, (NOW - UNUSED_FOR_S - 1, NOW - UNUSED_FOR_S - 1))
        assert pictures.path(uri, sha256) == path
        assert tidy(tmp_path, NOW) == 0
    os.utime(path, (NOW - UNUSED_FOR_S - 1, NOW - UNUSED_FOR_S - 1))
    assert tidy(tmp_path, NOW) == 1
    assert pictures.path(uri, sha256).read_bytes() == content

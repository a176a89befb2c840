"""What the command line refuses, and what it says then."""

from pathlib import Path

import pytest

from core.camera import DropPolicy
from core.errors import SettingRefused
from ingest import render
from ingest.command_line import parse
from ingest.part_shapes import Style
from ingest.settings import IngestSettings
from ingest.simulated import SimulatedCamera, Simulation
from ingest.sources import Opening, open_camera, to_simulation
from ingest.watchdog import ReopeningCamera
from tests.ingest.twins import HandClock

WHOLE = {"--camera": "line1-top", "--product": "disc", "--source": "simulated:", "--rate": "5"}
OPENING = Opening(None, IngestSettings(), HandClock())


def words(**changed: str) -> list[str]:
    told = WHOLE | {f"--{name}": value for name, value in changed.items()}
    return [word for pair in told.items() for word in pair]


def test_the_shortest_command_line_blocks_and_never_ends() -> None:
    """Nothing is dropped unless somebody chose it."""
    arguments = parse(words())
    assert arguments.policy is DropPolicy.BLOCK
    assert (arguments.frames, arguments.journal, arguments.seed) == (None, None, None)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("camera", "Line 1", "--camera must match"),
        ("product", "../etc", "--product must match"),
        ("rate", "0", "--rate must be a positive number of frames per second"),
        ("rate", "nan", "--rate must be a positive number of frames per second"),
        ("frames", "0", "--frames must be at least 1"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(option: str, value: str, says: str) -> None:
    """Before anything is opened."""
    with pytest.raises(SettingRefused) as refused:
        parse(words(**{option: value}))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("images", "write one of folder:DIR"),
        ("ftp://camera", "write one of folder:DIR"),
        ("folder:", "needs a folder"),
        ("folder:absent", "no such folder"),
        ("video:absent.avi", "no such file"),
        ("usb:front", "write the camera's number"),
        ("simulated:cube", "'cube' is not a valid Style"),
        ("simulated:disc?defects=2", "must be a share in 0..1"),
        ("simulated:disc?colour=red", "unknown option colour"),
        ("simulated:disc?defects", "write e.g. simulated:disc?defects=0.1"),
        ("simulated:disc?size=big", "write e.g. simulated:disc?defects=0.1"),
    ],
)
def test_a_source_that_cannot_be_opened_says_what_would_do(source: str, says: str) -> None:
    """The remedy stands in the message."""
    with pytest.raises(SettingRefused) as refused:
        open_camera(source, OPENING)
    assert says in str(refused.value)


def test_a_password_in_a_source_is_in_no_message() -> None:
    """Not even where the kind is unknown."""
    with pytest.raises(SettingRefused) as refused:
        open_camera("rtps://operator:secret@camera/1", OPENING)
    assert "secret" not in str(refused.value)


def test_a_simulated_source_takes_its_options_from_its_query() -> None:
    """The default is the disc."""
    assert to_simulation("") == Simulation(Style.DISC)
    assert to_simulation("plate?defects=0.5&size=128") == Simulation(Style.PLATE, 0.5, 128)
    assert isinstance(open_camera("simulated:plate", OPENING), SimulatedCamera)


@pytest.mark.parametrize("source", ["rtsp://127.0.0.1:9/none", "http://127.0.0.1:9/none", "usb:99"])
def test_a_live_source_that_is_away_does_not_keep_the_camera_from_starting(source: str) -> None:
    """It is opened at the first part, and again later."""
    assert isinstance(open_camera(source, OPENING), ReopeningCamera)


def test_render_writes_good_and_defective_parts(tmp_path: Path) -> None:
    """Into folders that say which is which; the same seed, the same files."""
    for folder in ("one", "two"):
        told = ["--parts", "12", "--seed", "3", "--defects", "0.5", "--size", "64", "--style", "plate"]
        assert render.main(["--out", str(tmp_path / folder), *told]) == 0
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.png"))
    assert len(files) == 12
    assert {path.parts[0] for path in files} == {"good", "defect"}
    assert all((tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes() for path in files)


def test_render_without_defects_writes_only_good_parts(tmp_path: Path) -> None:
    """They are what a model learns from."""
    assert render.main(["--out", str(tmp_path), "--parts", "5", "--size", "64"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["good"]
    assert len(list((tmp_path / "good").iterdir())) == 5


def test_render_refuses_a_share_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 1 and the range."""
    assert render.main(["--out", str(tmp_path), "--parts", "5", "--defects", "7"]) == 1
    assert "share in 0..1" in capsys.readouterr().err

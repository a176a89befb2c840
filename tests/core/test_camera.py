"""A camera's row, and that no password of it is ever shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.camera import CameraChange, ConfiguredCamera, DropPolicy, masked

RTSP = "rtsp://operator:secret@10.0.0.7:554/line?channel=1"


def camera(source: str = RTSP, **changed: object) -> ConfiguredCamera:
    return ConfiguredCamera("line1-top", source, "nut", 5.0, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (RTSP, "rtsp://***@10.0.0.7:554/line?***"),
        ("https://secret@camera/stream", "https://***@camera/stream"),
        ("rtsp://operator:sec@ret/secret@camera/1", "rtsp://***@camera/1"),
        ("http://camera/snap?user=secret&PWD=secret&channel=2", "http://camera/snap?***"),
        ("http://camera/snap?api_key=secret;password=secret", "http://camera/snap?***"),
        ("cannot open rtsp://operator:secret@camera/1 now", "cannot open rtsp://***@camera/1 now"),
        ("rtsp:operator:secret@camera/1", "rtsp:***@camera/1"),
        ("rtsp://camera/1", "rtsp://camera/1"),
        ("rtsp://camera/user=admin_password=secret_channel=1.sdp", "rtsp://camera/user=***"),
        ("rtsp://camera/1?usr=anna&pw=secret", "rtsp://camera/1?***"),
        ("genicam:S1?user=anna&format=Mono8", "genicam:S1?user=***&format=Mono8"),
        ("folder:images@noon/good", "folder:images@noon/good"),
        ("folder:images/good", "folder:images/good"),
        ("simulated:disc?defects=0.1", "simulated:disc?defects=0.1"),
    ],
)
def test_credentials_in_a_source_are_masked_and_nothing_else(said: str, shown: str) -> None:
    """Host and path stay readable: a person must see which camera it is."""
    assert masked(said) == shown


def test_a_url_with_a_space_is_refused() -> None:
    """What stands behind it would be shown: nothing tells where a password with a space ends."""
    with pytest.raises(ValueError, match="%20"):
        camera("rtsp://admin:my secret@10.0.0.5/x")
    assert camera("folder:images of/noon").source == "folder:images of/noon"


printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).map(lambda text: f"q{text}q")


@given(printable, printable)
def test_whatever_a_password_holds_it_is_not_shown(user: str, password: str) -> None:
    """Though it is full of the letters that separate the parts of a URL."""
    shown = masked(f"rtsp://{user}:{password}@camera/1")
    assert shown == "rtsp://***@camera/1"


def test_a_camera_does_not_show_its_source_when_it_is_printed() -> None:
    """In a log, a traceback or a failed assertion."""
    assert "secret" not in repr(camera())
    assert "secret" not in str(CameraChange(None, camera()))
    assert "secret" not in str(camera().to_audit())


def test_a_camera_travels_to_its_process_whole() -> None:
    """The password too, or it could not be opened."""
    sent = camera(policy=DropPolicy.DROP_OLDEST, enabled=False)
    assert ConfiguredCamera.from_json(sent.to_json()) == sent
    assert sent.to_json()["source"] == RTSP


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Line 1"},
        {"product": "../etc"},
        {"rate": 0.0},
        {"rate": float("nan")},
        {"source": "images"},
        {"source": "rtsp://x\n"},
    ],
)
def test_a_camera_that_cannot_run_cannot_be_made(wrong: dict[str, object]) -> None:
    """Nor does the message show its source."""
    with pytest.raises(ValueError, match="must") as refused:
        ConfiguredCamera(**{"name": "line1-top", "source": RTSP, "product": "nut", "rate": 5.0} | wrong)
    assert "secret" not in str(refused.value)


def test_a_change_of_the_password_alone_is_seen_in_the_audit() -> None:
    """That it changed, not to what."""
    new = camera(RTSP.replace("secret", "hidden"))
    old_values, new_values = CameraChange(camera(), new).to_audit()
    assert old_values is not None
    assert new_values is not None
    assert new_values["credentials_changed"] is True
    assert "hidden" not in str(new_values)
    other = camera("usb:0")
    assert CameraChange(camera(), other).to_audit()[1]["credentials_changed"] is False  # type: ignore[index]


def test_a_change_is_of_one_camera() -> None:
    """A new name is a new camera."""
    with pytest.raises(ValueError, match="of one camera"):
        CameraChange(None, None)
    with pytest.raises(ValueError, match="of one camera"):
        CameraChange(camera(), ConfiguredCamera("line2-top", RTSP, "nut", 5.0))

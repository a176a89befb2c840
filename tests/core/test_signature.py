"""Only who has a camera's key can speak in its name, and nothing that was signed can be changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingRefused
from core.frame import Frame
from core.signature import HEADER, CameraKey, doubts_of, read_keyring, signed
from core.wire import Arrived, Record, from_record, to_record
from tests.core.strategies import arrived
from tests.core.test_wire import CONTENT
from tests.core.test_wire import HEADER as FRAME_HEADER

KEY, OTHER = CameraKey(b"k" * 32), CameraKey(b"o" * 32)
RECORD = to_record(Frame(FRAME_HEADER, CONTENT))
CAMERA = FRAME_HEADER.id.camera
RING = {CAMERA: (KEY,)}


@given(arrived())
def test_what_a_camera_signed_is_believed_and_read_as_before(one: Arrived) -> None:
    """Frames, claims and announcements alike."""
    record = signed(to_record(one), KEY)
    assert doubts_of(record, {one.header.id.camera: (KEY,)}) == ""
    assert from_record(record) == one


def test_an_unsigned_record_is_doubted() -> None:
    assert doubts_of(RECORD, RING) == "it is not signed"


def test_a_record_signed_with_another_cameras_key_is_doubted() -> None:
    """The other camera may publish, but not under this name."""
    assert "not signed with a key" in doubts_of(signed(RECORD, OTHER), {CAMERA: (KEY,), "other": (OTHER,)})


def test_a_camera_without_a_key_is_doubted() -> None:
    assert "no key" in doubts_of(signed(RECORD, KEY), {"other": (KEY,)})


def test_two_keys_are_valid_while_one_takes_the_others_place() -> None:
    for key in (KEY, OTHER):
        assert doubts_of(signed(RECORD, key), {CAMERA: (KEY, OTHER)}) == ""


def test_signing_again_gives_the_same() -> None:
    """A record that is sent again is the same record."""
    assert signed(signed(RECORD, KEY), KEY) == signed(RECORD, KEY)


@given(st.data())
def test_whatever_is_changed_in_a_signed_record_is_noticed(data: st.DataObject) -> None:
    """A header's value, its name, one more, one less, the record's key."""
    record = signed(RECORD, KEY)
    headers = list(record.headers)
    at = data.draw(st.integers(0, len(headers) - 1))
    name, value = headers[at]
    changes = {
        "value": [*headers[:at], (name, data.draw(st.binary(max_size=40))), *headers[at + 1 :]],
        "name": [*headers[:at], (name + "x", value), *headers[at + 1 :]],
        "less": headers[:at] + headers[at + 1 :],
        "more": [*headers, ("lens", value)],
    }
    changed = tuple(data.draw(st.sampled_from(list(changes.values()))))
    key = data.draw(st.sampled_from([record.key, b"", b"other"]))
    same = sorted(changed) == sorted(headers) and key == record.key
    assert (doubts_of(Record(key, changed, record.value), RING) == "") == same


def test_nothing_can_be_moved_from_one_header_into_the_next() -> None:
    """The same letters in other places are another message."""
    one = Record(b"", (("camera", CAMERA.encode()), ("part", b"ab"), ("lot", b"c")), b"")
    other = Record(b"", (("camera", CAMERA.encode()), ("part", b"a"), ("lot", b"bc")), b"")
    code = dict(signed(one, KEY).headers)[HEADER]
    assert doubts_of(Record(b"", (*other.headers, (HEADER, code)), b""), RING)


@pytest.mark.parametrize("code", [b"", b"\xff", b"0" * 64, b"x" * 1000, "\u00e9".encode()])
def test_a_code_that_is_none_is_doubted_and_breaks_nothing(code: bytes) -> None:
    assert doubts_of(Record(RECORD.key, (*RECORD.headers, (HEADER, code)), RECORD.value), RING)


def test_a_file_of_keys_names_a_camera_and_a_key_per_line() -> None:
    lines = ["# the line's cameras", "", f"cam {KEY.secret.hex()}", f"cam  {OTHER.secret.hex()} # from Monday on"]
    assert read_keyring(lines, "FILE") == {"cam": (KEY, OTHER)}


@pytest.mark.parametrize(
    "lines", [[], ["# nothing"], ["cam"], ["cam 123"], ["Cam " + "a" * 64], ["a" * 64], ["cam " + "g" * 64 + " x"]]
)
def test_a_file_that_holds_something_else_is_refused_without_repeating_it(lines: list[str]) -> None:
    """What stands in the wrong place may be a key."""
    with pytest.raises(SettingRefused) as refusal:
        read_keyring(lines, "WORKER_CAMERA_KEYS")
    assert not any(word in str(refusal.value) for line in lines for word in line.split() if len(word) > 12)


def test_a_key_shows_itself_nowhere() -> None:
    assert KEY.secret.hex() not in repr({CAMERA: KEY}) + str(KEY) + repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)

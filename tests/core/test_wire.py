"""What a camera writes is what a worker reads, and what nobody wrote is refused by name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ContentMismatch, EnvelopeRefused
from core.frame import ClaimedFrame, DroppedFrame, Frame, FrameHeader, FrameId, sha256_of
from core.wire import FRAME_LIMIT, HEADER_LIMIT, Arrived, Record, from_record, to_record
from tests.core.strategies import arrived

CONTENT = b"a picture"
HEADER = FrameHeader(
    FrameId("line1-top", "0123456789ab", 7),
    datetime(2026, 11, 24, 8, 30, 0, 123456, tzinfo=UTC),
    "ballscrew",
    "part 7",
    "lot 3",
    sha256_of(CONTENT),
    len(CONTENT),
)
RECORD = to_record(Frame(HEADER, CONTENT))


def with_header(name: str, value: bytes) -> Record:
    return replace(RECORD, headers=tuple((key, value if key == name else old) for key, old in RECORD.headers))


def without_header(name: str) -> Record:
    return replace(RECORD, headers=tuple(header for header in RECORD.headers if header[0] != name))


@given(arrived())
def test_what_is_read_is_what_was_written(one: Arrived) -> None:
    """For frames, claims and announcements, at any time, with any label."""
    assert from_record(to_record(one)) == one


@given(arrived())
def test_the_key_is_the_camera(one: Arrived) -> None:
    """So that the bus keeps a camera's order."""
    assert to_record(one).key == one.header.id.camera.encode()


@given(arrived(), st.data())
def test_a_changed_record_is_read_or_refused_but_never_breaks_the_reader(one: Arrived, data: st.DataObject) -> None:
    """Whatever a stranger changes: only the two named errors come out."""
    record = to_record(one)
    headers = list(record.headers)
    at = data.draw(st.integers(0, len(headers) - 1))
    name = data.draw(st.sampled_from([headers[at][0], "kind", "version", "stranger"]))
    value = data.draw(st.one_of(st.binary(max_size=40), st.sampled_from([value for _, value in headers])))
    changes = {
        "replace": [*headers[:at], (name, value), *headers[at + 1 :]],
        "remove": headers[:at] + headers[at + 1 :],
        "repeat": [*headers, headers[at]],
        "nothing": headers,
    }
    changed = Record(
        data.draw(st.sampled_from([record.key, b"", b"\xff", b"other"])),
        tuple(data.draw(st.sampled_from(list(changes.values())))),
        data.draw(st.sampled_from([record.value, b"", record.value + b"x", record.value[:-1]])),
    )
    try:
        from_record(changed)
    except (EnvelopeRefused, ContentMismatch):
        return


@given(
    st.binary(max_size=50), st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=50))), st.binary(max_size=50)
)
def test_a_record_of_strangers_is_refused(key: bytes, headers: list[tuple[str, bytes]], value: bytes) -> None:
    """None of our cameras wrote it."""
    with pytest.raises(EnvelopeRefused):
        from_record(Record(key, tuple(headers), value))


@pytest.mark.parametrize("name", [name for name, _ in RECORD.headers])
def test_every_header_is_needed(name: str) -> None:
    """A record without one of them is nobody's."""
    with pytest.raises(EnvelopeRefused):
        from_record(without_header(name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", b"2"),
        ("camera", b"Line1"),
        ("camera", b"line1-side"),
        ("camera", b"../etc"),
        ("start", b"0123456789AB"),
        ("sequence", b"-1"),
        ("sequence", b"1e3"),
        ("sequence", b" 7"),
        ("sequence", b"1_000"),
        ("sequence", "\u0663".encode()),
        ("sequence", b"9" * 19),
        ("captured", b"9" * 19),
        ("captured", b"--1"),
        ("product", b""),
        ("part", b"a\x00b"),
        ("part", b"x" * 129),
        ("lot", b"\xff"),
        ("sha256", b"0" * 63),
        ("size", b"-1"),
        ("size", str(FRAME_LIMIT + 1).encode()),
        ("kind", b"picture"),
        ("kind", b"claim"),
        ("part", b"x" * (HEADER_LIMIT + 1)),
    ],
)
def test_a_header_that_says_what_cannot_be_is_refused(name: str, value: bytes) -> None:
    """Before anything is done with it."""
    with pytest.raises(EnvelopeRefused):
        from_record(with_header(name, value))


def test_a_header_may_come_only_once() -> None:
    """Or two readers would choose differently."""
    with pytest.raises(EnvelopeRefused):
        from_record(replace(RECORD, headers=(*RECORD.headers, RECORD.headers[1])))


def test_a_header_of_a_newer_camera_is_passed_over() -> None:
    """Cameras may be updated before workers, as long as they say the same version."""
    assert from_record(replace(RECORD, headers=(*RECORD.headers, ("lens", b"12 mm")))) == Frame(HEADER, CONTENT)


@pytest.mark.parametrize("value", [b"", CONTENT[:-1], CONTENT + b"!", b"A picture"])
def test_content_that_is_not_the_announced_one_is_a_mismatch(value: bytes) -> None:
    """Too short, too long, or changed: the envelope is ours, the bytes are not."""
    with pytest.raises(ContentMismatch):
        from_record(replace(RECORD, value=value))


def test_a_claim_and_an_announcement_carry_no_content() -> None:
    """Only where it lies, or why there is none."""
    for one in (ClaimedFrame(HEADER, "memory:large"), DroppedFrame(HEADER, "no room")):
        assert to_record(one).value == b""
        assert from_record(to_record(one)) == one

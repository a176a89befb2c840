"""What hypothesis draws: anything our nouns allow."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from core.frame import MAX_SEQUENCE, ClaimedFrame, DroppedFrame, Frame, FrameHeader, FrameId, sha256_of
from core.verdict import Threshold
from core.wire import Arrived

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,62}", fullmatch=True)
start_ids = st.from_regex(r"[0-9a-f]{12}", fullmatch=True)
sequences = st.integers(0, MAX_SEQUENCE)
labels = st.text(st.characters(codec="utf-8", min_codepoint=0x20, exclude_characters="\x7f"), max_size=128)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants the bounds naive
frame_ids = st.builds(FrameId, names, start_ids, sequences)
scores = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def headers(draw: st.DrawFn, content: bytes = b"") -> FrameHeader:
    """Of a frame with this content."""
    return FrameHeader(
        draw(frame_ids), draw(moments), draw(names), draw(labels), draw(labels), sha256_of(content), len(content)
    )


@st.composite
def arrived(draw: st.DrawFn) -> Arrived:
    """A frame, a claim on one, or the announcement of a dropped one."""
    content = draw(st.binary(max_size=200))
    header = draw(headers(content))
    others = st.sampled_from([ClaimedFrame(header, "memory:claim"), DroppedFrame(header, "no room")])
    return draw(st.one_of(st.just(Frame(header, content)), others))


@st.composite
def thresholds(draw: st.DrawFn) -> Threshold:
    """Any two scores in order."""
    return Threshold(*sorted((draw(scores), draw(scores))))

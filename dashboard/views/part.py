"""One part's full story: frame, maps, scores, limits, model, views, reviews, audit."""

from datetime import UTC, datetime

import streamlit as st

from core.errors import LedgerUnavailable, LineError
from core.verdict import Decision
from dashboard import wiring
from dashboard.components.registered import part as part_view
from dashboard.gallery_parts import optics_lines, part_data
from dashboard.pictures import data_url
from dashboard.read_models import Part, PartKey
from dashboard.review.page_data import said_line
from dashboard.story.wiring import Story, single_maps, story
from dashboard.views.trouble import page_style, plain, show_away
from dashboard.words import moment_words


def page() -> None:
    """The part that the address names."""
    page_style()
    words = st.query_params.get("part", "")
    try:
        told = story(PartKey.of(words)) if words else None
    except ValueError:
        told = None
    except LineError as error:
        show_away(error)
        return
    if told is None:
        st.subheader("No such part")
        st.markdown("Its inspection was dropped by retention, or the link is not whole. See [all defects](defects).")
        return
    _story(told)


def _story(told: Story) -> None:
    now, zone = datetime.now(UTC), st.context.timezone or "UTC"
    part = told.part
    try:
        stored = wiring.stored_map(part.key)
    except LedgerUnavailable:
        stored = None
    _ways(part)
    shown = part_data(part, wiring.picture_or_reason(part.frame_uri), stored, now, zone)
    part_view(data=shown | {"alone": True}, key="whole_part")
    _single_maps(part)
    left, middle, right = st.columns(3)
    with left:
        _lines("Reviews", [said_line(review, now, zone) for review in told.reviews], "Nobody has said anything of it.")
    with middle:
        changes = [f"{each.who}, {moment_words(each.at, now, zone)}: {each.what} {each.why}" for each in told.changes]
        _lines("Audit", changes, "Nothing was changed because of it.")
        _lines("Optics", optics_lines(told.optics), "This camera's pictures are not checked before the model.")
    with right:
        _views(told.views)


def _ways(part: Part) -> None:
    missed = "report a missed defect" if part.decision is Decision.OK else "judge this part"
    st.markdown(f"[{missed}](review?part={part.key.in_link}) \u00b7 [all defects](defects)")


def _single_maps(part: Part) -> None:
    maps = single_maps(part.maps_uri)
    if not maps:
        st.caption("The maps of classifier and flows alone are kept for REVIEW, NG and a sample of OK parts.")
        return
    for column, (name, stored) in zip(st.columns(3), maps.items(), strict=False):
        with column:
            st.image(
                data_url(stored.png, "image/png"), caption=f"{name}: black {stored.low:.3g}, white {stored.high:.3g}"
            )


def _lines(title: str, lines: list[str], nothing: str) -> None:
    st.markdown(f"**{title}**")
    for words in lines or [nothing]:
        st.markdown(plain(words))


def _views(views: list[Part]) -> None:
    st.markdown("**Other views of this part**")
    if not views:
        st.markdown("None within two minutes.")
    for view in views:
        st.markdown(f"[{plain(view.key.camera)}, {view.decision.value}](part?part={view.key.in_link})")

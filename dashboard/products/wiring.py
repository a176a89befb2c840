"""What the preview of synthetic defects is read through."""

import streamlit as st

from core.errors import ArtifactMissing, ArtifactsUnavailable
from core.inspection import StoredMap
from core.preview import DrawnDefect
from dashboard.gallery_parts import Picture
from dashboard.products.read_models import newest_good_pictures
from dashboard.wiring import line, picture_or_reason, thumbnails

DRAWN_ON = 8
"""As many good pictures as the station draws on at most."""


def good_pictures(product: str) -> list[str]:
    """Good parts' pictures that the line kept; raises LedgerUnavailable."""
    return newest_good_pictures(line().ledger.engine, product, DRAWN_ON)


def small(drawn: DrawnDefect) -> tuple[Picture, StoredMap | None]:
    """Its picture as a thumbnail, and its label."""
    return thumbnails().of([drawn.picture_uri])[drawn.picture_uri], label(drawn)


def large(drawn: DrawnDefect) -> tuple[Picture, StoredMap | None]:
    """Its picture as it was drawn, and its label."""
    return picture_or_reason(drawn.picture_uri), label(drawn)


def label(drawn: DrawnDefect) -> StoredMap | None:
    """None where it is gone: previews are kept for days."""
    try:
        return StoredMap(_content(drawn.label_uri), 0.0, 1.0)
    except (ArtifactMissing, ArtifactsUnavailable):
        return None


@st.cache_data(max_entries=64, show_spinner=False)
def _content(uri: str) -> bytes:
    return line().artifacts.get(uri)

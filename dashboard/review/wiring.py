"""What the Review page reads through, each kept for as long as it is true."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from core.errors import ArtifactMissing, ArtifactsUnavailable, ImageRefused, LineError
from core.product import Recipe
from core.review import AcceptedPart, Judgement, Review
from dashboard import pictures, read_models
from dashboard.review import read_models as waiting_models
from dashboard.review.bookings import MASK_OF_MAP, Booking, frame_key, row_key
from dashboard.review.masks import drawn_mask, mask_of_map
from dashboard.review.nearest import features_of_npz, nearest
from dashboard.review.page_data import Shown
from dashboard.thumbnails import reason_of_absence
from dashboard.wiring import line, stored_map

QUEUE_S = 2.0
LOOKS_S = 30.0
CANDIDATES = 400
ACCEPTED = 300
KEPT_GOOD = 30


@st.cache_data(ttl=QUEUE_S, show_spinner=False)
def queue(product: str) -> waiting_models.Queue:
    """What waits, at most two seconds old; raises LedgerUnavailable."""
    here, shares = line(), {name: recipe.review_ok_share for name, recipe in recipes().items()}
    since = datetime.now(UTC) - timedelta(days=here.settings.review_days)
    return waiting_models.waiting_parts(here.ledger.engine, since, shares, product, CANDIDATES)


@st.cache_data(ttl=QUEUE_S, show_spinner=False)
def recipes() -> dict[str, Recipe]:
    """By product."""
    return {product.name: product.recipe for product in line().ledger.products()}


def one_part(key: read_models.PartKey) -> read_models.Part | None:
    """Any part, whatever was decided."""
    return waiting_models.one_part(line().ledger.engine, key)


def shown(part: read_models.Part) -> Shown:
    """All there is to see of it; what cannot be had just now is left out."""
    recipe = recipes().get(part.product, Recipe())
    reviews = line().ledger.reviews_of(frame_key(part.key))
    return Shown(part, picture(part.frame_uri), stored_map(part.key), reviews, like(part), recipe.defect_kinds)


def picture(frame_uri: str) -> tuple[str, str]:
    """The frame large enough to judge by, or why there is none."""
    if not frame_uri:
        return "", "not kept"
    try:
        return _picture(frame_uri), ""
    except (ArtifactMissing, ArtifactsUnavailable, ImageRefused) as error:
        return "", reason_of_absence(error)


def like(part: read_models.Part) -> tuple[AcceptedPart, tuple[str, str]] | None:
    """The nearest accepted part with its picture: of those a person accepted, and of those the line itself passed."""
    outcome = part.outcome
    own = features(part.maps_uri)
    if own is None or not isinstance(outcome, read_models.Judgement):
        return None
    found = nearest(own, accepted(part.product, outcome.model_version_id), frame_key(part.key))
    return (found, picture(found.frame_uri)) if found else None


@st.cache_data(ttl=LOOKS_S, show_spinner=False)
def accepted(product: str, model_version_id: int) -> list[AcceptedPart]:
    """The newest that people accepted, and the newest kept ones that the line passed."""
    ledger, since = line().ledger, datetime.now(UTC) - timedelta(days=line().settings.review_days)
    by_people = list(ledger.accepted_parts(product, model_version_id, ACCEPTED))
    passed = waiting_models.kept_good_parts(ledger.engine, product, since, KEPT_GOOD)
    by_line = [(part, features(part.maps_uri)) for part in passed]
    known = [AcceptedPart(frame_key(part.key), part.frame_uri, look) for part, look in by_line if look]
    return by_people + known


def features(maps_uri: str) -> tuple[float, ...] | None:
    """What the model made of it; None where that was not kept or cannot be had just now."""
    if not maps_uri:
        return None
    try:
        return _features(maps_uri)
    except (ArtifactMissing, ArtifactsUnavailable, ImageRefused):
        return None


def mask(booking: Booking) -> bytes:
    """The mask that was booked: drawn, or taken from the part's map.

    Raises:
        ImageRefused: What was drawn is no mask.
    """
    if not booking.mask:
        return b""
    if booking.mask != MASK_OF_MAP:
        return drawn_mask(booking.mask)
    key = row_key(booking.part)
    part = one_part(key)
    outcome = part.outcome if part else None
    limits = outcome.threshold if isinstance(outcome, read_models.Judgement | read_models.LateStory) else None
    return mask_of_map(stored_map(key), limits)


def remember_looks(reviews: list[Review]) -> None:
    """Keep what newly accepted parts look like, for the next ones to be held beside; a lost one is no loss."""
    for review in reviews:
        if review.opinion.judgement is Judgement.GOOD:
            part = one_part(row_key(review.part))
            look = features(part.maps_uri) if part else None
            if look:
                line().ledger.remember_features(review.id, look)


def judge_again(error: LineError) -> str:
    """What to say while reviews cannot be written."""
    return f"{' '.join((type(error).__doc__ or '').split())} What you judged is kept in this window and sent again."


@st.cache_data(max_entries=96, show_spinner=False)
def _picture(frame_uri: str) -> str:
    return pictures.thumbnail_url(line().artifacts.get(frame_uri), line().settings.review_side)


@st.cache_data(max_entries=2000, show_spinner=False)
def _features(maps_uri: str) -> tuple[float, ...]:
    return features_of_npz(line().artifacts.get(maps_uri))

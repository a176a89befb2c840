"""What a part's story and an export are read through."""

import io
import zipfile
from dataclasses import dataclass

import cv2
import numpy as np
import streamlit as st

from core.errors import ArtifactMissing, ArtifactsUnavailable
from core.inspection import StoredMap
from core.optics import OpticsCheck
from core.review import Review
from dashboard import read_models
from dashboard.read_models import Part
from dashboard.review.bookings import frame_key
from dashboard.review.read_models import one_part
from dashboard.story import export
from dashboard.story import read_models as story_models
from dashboard.story.read_models import Change, DefectFilter
from dashboard.wiring import line

MAP_NAMES = {"classified": "classifier alone (A_p)", "density": "flows alone (A_nf)"}


@dataclass(frozen=True)
class Story:
    """All that is known of one part; `optics` is what its camera's pictures are held to now, None for nothing."""

    part: Part
    views: list[Part]
    reviews: list[Review]
    changes: list[Change]
    optics: OpticsCheck | None


def story(key: read_models.PartKey) -> Story | None:
    """None where there is no such part; raises LedgerUnavailable."""
    engine = line().ledger.engine
    part = one_part(engine, key)
    if part is None:
        return None
    views, changes = story_models.other_views(engine, part), story_models.changes_of(engine, part)
    optics = line().ledger.optics().get((part.key.camera, part.product))
    return Story(part, views, line().ledger.reviews_of(frame_key(part.key)), changes, optics)


def single_maps(maps_uri: str) -> dict[str, StoredMap]:
    """The maps of both halves of the model where they were kept, each with its own scale."""
    if not maps_uri:
        return {}
    try:
        return _single_maps(maps_uri)
    except (ArtifactMissing, ArtifactsUnavailable, KeyError, ValueError, zipfile.BadZipFile):
        return {}


def selection_table(wanted: DefectFilter) -> bytes:
    """The newest parts that match, as CSV."""
    here = line()
    parts = story_models.newest_parts(here.ledger.engine, wanted, None, here.settings.export_rows)
    return export.table(export.rows_of(parts))


def selection_folder(wanted: DefectFilter) -> bytes:
    """The newest parts that match, as a zip with their frames and maps."""
    here = line()
    parts = story_models.newest_parts(here.ledger.engine, wanted, None, here.settings.export_pictures)
    maps = read_models.stored_maps(here.ledger.engine, [part.key for part in parts])
    return export.folder(parts, maps, _frame)


def _frame(uri: str) -> bytes | None:
    try:
        return line().artifacts.get(uri)
    except (ArtifactMissing, ArtifactsUnavailable):
        return None


@st.cache_data(max_entries=32, show_spinner=False)
def _single_maps(maps_uri: str) -> dict[str, StoredMap]:
    with np.load(io.BytesIO(line().artifacts.get(maps_uri)), allow_pickle=False) as kept:
        return {words: _stored(np.asarray(kept[name], np.float64)) for name, words in MAP_NAMES.items()}


def _stored(scores: np.ndarray) -> StoredMap:
    low, high = float(scores.min()), float(scores.max())
    grey = np.rint((scores - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    return StoredMap(cv2.imencode(".png", grey)[1].tobytes(), low, high)

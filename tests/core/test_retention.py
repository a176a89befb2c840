"""What goes when: never anything of today, never a picture after its row, never a model."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.retention import Folder, horizons, is_before
from core.settings import RetentionSettings

TODAY = date(2026, 11, 24)


def test_bundles_are_no_folder_that_ages() -> None:
    """A model that is not active today may be rolled back to tomorrow."""
    assert set(Folder) == {"frames", "maps", "quarantine", "claims", "previews"}


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_horizon_lies_behind_today(today: date) -> None:
    """Nothing of today ever goes, whatever the settings allow."""
    lowest = RetentionSettings(
        inspections_days=15, maps_days=15, full_maps_days=1, ok_frames_days=1, review_frames_days=1, ng_frames_days=1,
        error_frames_days=1, quarantine_days=7, claims_days=2, previews_days=1, outbox_days=1,
        minutes_days=1, camera_runs_days=30,
    )  # fmt: skip
    found = horizons(lowest, today)
    days = [
        found.inspections,
        found.maps,
        found.full_maps,
        found.quarantine,
        found.claims,
        found.previews,
        *found.frames.values(),
    ]
    assert max(days) < today
    assert not is_before(today.isoformat(), max(days))


def test_a_picture_may_not_outlive_its_row() -> None:
    """Nobody would find it any more."""
    with pytest.raises(ValidationError, match="RETAIN_OK_FRAMES_DAYS"):
        RetentionSettings(inspections_days=100, ok_frames_days=101)


def test_a_folder_that_is_no_day_is_left_alone() -> None:
    """Somebody else put it there."""
    assert not is_before("lost+found", TODAY)
    assert is_before("1970-01-01", TODAY)

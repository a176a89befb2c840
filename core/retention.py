"""What goes when: pure. Everything that is not named here stays for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from core.settings import RetentionSettings
from core.verdict import Decision


class Folder(StrEnum):
    """Folders of the artifact store whose contents age; `bundles` is not among them."""

    FRAMES = "frames"
    MAPS = "maps"
    QUARANTINE = "quarantine"
    CLAIMS = "claims"
    PREVIEWS = "previews"


@dataclass(frozen=True, slots=True)
class Horizons:
    """The first day of each kind that stays."""

    inspections: date
    maps: date
    full_maps: date
    frames: Mapping[Decision, date]
    quarantine: date
    claims: date
    previews: date
    outbox: date
    minutes: date
    camera_runs: date


@dataclass(frozen=True, slots=True)
class Expired:
    """So many of one kind go, or went."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One object of the artifact store and when it was last written."""

    uri: str
    written_at: datetime


class ArtifactShelf(Protocol):
    """The artifact store as somebody sees who clears it; beside ArtifactStore, which all others use."""

    def days(self, folder: Folder) -> list[str]:
        """The names of the day folders in there, sorted: `2026-11-24`.

        Raises:
            ArtifactsUnavailable: The store does not answer.
        """
        ...

    def files(self, folder: Folder, day: str) -> list[StoredFile]:
        """All that lies in one day's folder.

        Raises:
            ArtifactsUnavailable: The store does not answer.
        """
        ...

    def delete(self, uri: str) -> None:
        """Remove it; one that is not there is as good as removed.

        Raises:
            ArtifactsUnavailable: It may still be there; trying again is safe.
        """
        ...


def horizons(keep: RetentionSettings, today: date) -> Horizons:
    """The days as the settings give them, counted back from today."""

    def first(days: int) -> date:
        return today - timedelta(days=days)

    frames = {
        Decision.OK: first(keep.ok_frames_days),
        Decision.REVIEW: first(keep.review_frames_days),
        Decision.NG: first(keep.ng_frames_days),
        Decision.ERROR: first(keep.error_frames_days),
    }
    return Horizons(
        inspections=first(keep.inspections_days),
        maps=first(keep.maps_days),
        full_maps=first(keep.full_maps_days),
        frames=frames,
        quarantine=first(keep.quarantine_days),
        claims=first(keep.claims_days),
        previews=first(keep.previews_days),
        outbox=first(keep.outbox_days),
        minutes=first(keep.minutes_days),
        camera_runs=first(keep.camera_runs_days),
    )


def begin_of(day: date) -> datetime:
    """Its first moment in UTC."""
    return datetime.combine(day, time(), UTC)


def is_before(day_folder: str, day: date) -> bool:
    """Whether a folder's name is a day before this one; a folder with another name is nobody's to clear."""
    try:
        return date.fromisoformat(day_folder) < day
    except ValueError:
        return False

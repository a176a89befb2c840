"""The one place of the dashboard that opens adapters, and the caches that let many viewers cost one query."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.adapters.ledger import PostgresLedger
from core.adapters.wiring import open_artifacts, open_backlog, open_board, open_ledger
from core.errors import ArtifactMissing, ArtifactsUnavailable, BusUnavailable, ImageRefused
from core.gap import Gap
from core.inspection import StoredMap
from core.part import DecidedPart
from core.ports import ArtifactStore, Backlog, LiveBoard
from core.settings import LineSettings
from dashboard import pictures, read_models
from dashboard.health import read_models as health_models
from dashboard.health.page_data import HealthView
from dashboard.live_snapshot import LedgerView, LiveSnapshot, take_snapshot
from dashboard.parts import read_models as part_models
from dashboard.parts.words import short_words_by_name, whole_words
from dashboard.read_models import Part, PartKey
from dashboard.settings import DashboardSettings
from dashboard.thumbnails import Thumbnails, reason_of_absence
from dashboard.trends import read_models as trend_models
from dashboard.trends.spans import Span
from dashboard.trends.story import Course, course_of
from dashboard.versions.letter import LetterFacts, letter_facts
from dashboard.wall_pictures import WallPictures

LIVE_S = 0.5
HEALTH_S = 2.0
DAY_S = 60.0
INCOMPLETE_SHOWN = 100
GAPS_SHOWN = timedelta(days=30)
TRENDS_S = 10.0
SMALL_MAP_SIDE = 64


@dataclass
class Line:
    """The line as this process reaches it; `seen` is what the Live page knew last, shared by all viewers."""

    ledger: PostgresLedger
    board: LiveBoard
    artifacts: ArtifactStore
    settings: DashboardSettings
    seen: LiveSnapshot = field(default_factory=lambda: LiveSnapshot(datetime.now(UTC), {}, LedgerView()))
    pictures: WallPictures = field(default_factory=WallPictures)


@st.cache_resource(show_spinner=False)
def line() -> Line:
    """Opened once per process.

    Raises:
        LineError: A setting is missing, or the embedded Postgres does not start.
    """
    settings = LineSettings()
    ledger = open_ledger(settings, station="dashboard")
    return Line(ledger, open_board(settings), open_artifacts(settings), DashboardSettings())


@st.cache_resource(show_spinner=False)
def backlog() -> Backlog:
    """Opened once per process, by the one page that asks: the others need no Kafka."""
    return open_backlog(LineSettings(), line().ledger)


@st.cache_data(ttl=LIVE_S, show_spinner=False)
def live_snapshot() -> LiveSnapshot:
    """What the Live page shows, at most half a second old, however many look at it."""
    here = line()
    taken = take_snapshot(here.board.tiles, lambda: _ledger_view(here), here.seen, datetime.now(UTC))
    here.seen = replace(taken, tiles=here.pictures.of(taken.tiles))
    return here.seen


@st.cache_resource(show_spinner=False)
def thumbnails() -> Thumbnails:
    """The small pictures of kept frames, one store of them for all viewers."""
    return Thumbnails(line().artifacts, line().settings.thumbnail_side)


@st.cache_data(max_entries=32, show_spinner=False)
def picture(frame_uri: str, limit: int) -> str:
    """The frame as a data URL that a browser shows.

    Raises:
        ArtifactMissing: It is not in the store.
        ArtifactsUnavailable: The store does not answer.
        ImageRefused: What was kept is no picture.
    """
    return pictures.picture_url(line().artifacts.get(frame_uri), limit)


@st.cache_data(max_entries=64, show_spinner=False)
def small_maps(keys: tuple[PartKey, ...]) -> dict[PartKey, StoredMap]:
    """The parts' maps, as small as the gallery needs them.

    Raises:
        LedgerUnavailable: Postgres does not answer.
    """
    maps = read_models.stored_maps(line().ledger.engine, keys)
    return {key: pictures.smaller_map(stored, SMALL_MAP_SIDE) for key, stored in maps.items()}


@st.cache_data(max_entries=64, show_spinner=False)
def stored_map(key: PartKey) -> StoredMap | None:
    """The part's map as it was stored; raises as `small_maps` does."""
    return read_models.stored_maps(line().ledger.engine, [key]).get(key)


def whole_part_words(part: Part) -> str:
    """What all cameras together say of the part that this frame shows; empty where it decided alone.

    Raises:
        LedgerUnavailable: Postgres does not answer.
    """
    whole = part_models.whole_part(line().ledger.engine, part.product, part.part_id, part.arrived_at)
    return whole_words(whole) if whole else ""


@st.cache_data(ttl=HEALTH_S, show_spinner=False)
def incomplete_parts(product: str) -> list[DecidedPart]:
    """The newest of the last 24 hours that lacked a view; raises as `whole_part_words` does."""
    since = datetime.now(UTC) - health_models.DAY
    return part_models.incomplete_parts(line().ledger.engine, product, since, INCOMPLETE_SHOWN)


def picture_or_reason(frame_uri: str) -> tuple[str, str]:
    """The picture and an empty reason, or no picture and why not."""
    if not frame_uri:
        return "", "not kept"
    try:
        return picture(frame_uri, int(line().settings.picture_limit_mib * 2**20)), ""
    except (ArtifactMissing, ArtifactsUnavailable, ImageRefused) as error:
        return "", reason_of_absence(error)


@st.cache_data(ttl=HEALTH_S, show_spinner=False)
def health_view() -> HealthView:
    """What the Health page shows of this moment, at most two seconds old, however many look at it.

    Raises:
        LedgerUnavailable: Postgres does not answer.
    """
    here, now = line(), datetime.now(UTC)
    engine, since = here.ledger.engine, now - timedelta(hours=here.settings.camera_forgotten_after_h)
    cameras = tuple(health_models.cameras(engine, since))
    held = tuple(health_models.quarantined(engine, now - health_models.DAY))
    return HealthView(now, cameras, tuple(here.ledger.workers()), held, _waiting(), _gaps(here, now))


@st.cache_data(ttl=DAY_S, show_spinner=False)
def day_rows() -> list[health_models.DayRow]:
    """The last 24 hours, at most a minute old; raises as `health_view` does."""
    return health_models.day_rows(line().ledger.engine, datetime.now(UTC))


def _gaps(here: Line, now: datetime) -> tuple[Gap, ...]:
    return tuple(here.ledger.gaps(now - GAPS_SHOWN))


@st.cache_data(ttl=TRENDS_S, max_entries=200, show_spinner=False)
def course(product: str, camera: str, span: Span, now: datetime) -> Course:
    """How a product went up to this minute, however many look; raises as `health_view` does."""
    return course_of(trend_models.step_counts(line().ledger.engine, product, camera, span, now))


def letter_of(bundle_uri: str) -> LetterFacts:
    """What a bundle's letter says, or why that cannot be told."""
    try:
        return _letter(bundle_uri)
    except (ArtifactMissing, ArtifactsUnavailable) as error:
        return LetterFacts({}, "its letter is gone" if isinstance(error, ArtifactMissing) else "the store is away")


@st.cache_data(max_entries=500, show_spinner=False)
def _letter(bundle_uri: str) -> LetterFacts:
    """A bundle never changes, so a letter that was found is read once."""
    return letter_facts(line().artifacts.get(bundle_uri))


def _waiting() -> int | None:
    try:
        return backlog().waiting()
    except BusUnavailable:
        return None


def _ledger_view(here: Line) -> LedgerView:
    now, engine = datetime.now(UTC), here.ledger.engine
    cameras = tuple(read_models.camera_rows(engine, now - timedelta(hours=here.settings.camera_forgotten_after_h)))
    seen = [row.product for row in cameras]
    wholes = part_models.newest_parts_of(engine, seen, part_models.since_shown(now))
    return LedgerView(
        cameras,
        tuple(here.ledger.trainings()),
        tuple(read_models.products_with_model(engine)),
        short_words_by_name(wholes),
        tuple(here.ledger.open_alarms()),
    )

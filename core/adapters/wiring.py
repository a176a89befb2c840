"""Which adapter stands behind which port, chosen by the settings.

Each adapter is imported only when it is chosen, so that a station starts without the libraries of the others.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.adapters.database import open_engine
from core.adapters.ledger import PostgresLedger
from core.camera_ports import FleetLock
from core.errors import SettingMissing
from core.health import StationHealth
from core.ports import ArtifactStore, Backlog, FrameConsumer, FramePublisher, LiveBoard, VerdictPublisher
from core.retention import Expired, horizons
from core.settings import LineSettings, RetentionSettings

if TYPE_CHECKING:
    from core.adapters.artifacts import FsspecArtifacts
    from core.adapters.backup import Vault
    from core.adapters.retain import Retention
    from core.adapters.tidying import Tidying

Closing = AbstractContextManager[Any]
"""What is open inside a `with` block."""


def database_url(settings: LineSettings) -> str:
    """DATABASE_URL, or that of the embedded PostgreSQL, which is started unless it runs.

    Raises:
        SettingMissing: DATABASE_URL is not set, and the embedded one is switched off or not installed.
        LedgerUnavailable: The embedded one does not start.
    """
    if settings.database_url:
        return settings.database_url
    if not settings.embedded:
        raise SettingMissing("DATABASE_URL, for LINE_EMBEDDED=false")
    from core.adapters.embedded import embedded_url

    return embedded_url(settings.line_home)


def open_ledger(settings: LineSettings, station: str = "line") -> PostgresLedger:
    """The ledger; `station` is what Postgres calls its connections. It neither connects nor migrates yet."""
    engine = open_engine(database_url(settings), application_name=station)
    return PostgresLedger(engine, tells=bool(settings.kafka_bootstrap_servers))


def fleet_lock(ledger: PostgresLedger) -> FleetLock:
    """What keeps a second fleet on this database from running the same cameras."""
    from core.adapters.fleet_lock import PostgresFleetLock

    return PostgresFleetLock(ledger.engine)


def open_publisher(settings: LineSettings) -> FramePublisher:
    """The camera's end of the bus: Kafka if it is named, else Postgres."""
    if settings.kafka_bootstrap_servers:
        from core.adapters.kafka_access import access_of
        from core.adapters.kafka_bus import KafkaFramePublisher

        return KafkaFramePublisher(access_of(settings))
    from core.adapters.postgres_bus import PostgresFramePublisher

    return PostgresFramePublisher(open_engine(database_url(settings), application_name="publisher"))


def open_consumer(settings: LineSettings, ledger: PostgresLedger, owner: str) -> FrameConsumer:
    """The worker's end of the bus, which starts where the ledger stands."""
    if settings.kafka_bootstrap_servers:
        from core.adapters.kafka_access import access_of
        from core.adapters.kafka_bus import KafkaFrameConsumer

        session_s = settings.kafka_session_s
        return KafkaFrameConsumer(access_of(settings), ledger.next_offsets, owner, ledger, session_s=session_s)
    from core.adapters.postgres_bus import PostgresFrameConsumer

    return PostgresFrameConsumer(ledger.engine, ledger.next_offsets, owner)


def open_backlog(settings: LineSettings, ledger: PostgresLedger) -> Backlog:
    """How much of the bus the ledger has not seen yet."""
    if settings.kafka_bootstrap_servers:
        from core.adapters.kafka_access import access_of
        from core.adapters.kafka_bus import KafkaBacklog

        return KafkaBacklog(access_of(settings), ledger.next_offsets)
    from core.adapters.postgres_bus import PostgresBacklog

    return PostgresBacklog(ledger.engine, ledger.next_offsets)


def open_board(settings: LineSettings) -> LiveBoard:
    """The live board: Redis if it is named, else Postgres."""
    if settings.redis_url:
        from core.adapters.live_board_redis import RedisLiveBoard

        return RedisLiveBoard(settings.redis_url)
    from core.adapters.live_board import PostgresLiveBoard

    return PostgresLiveBoard(open_engine(database_url(settings), application_name="board"))


def open_artifacts(settings: LineSettings) -> ArtifactStore:
    """The artifact store: a folder, or whatever the URL names."""
    return _open_store(settings)


def make_artifacts(settings: LineSettings) -> None:
    """Make the folder that ARTIFACT_URL names, where it is one: only for a line that has kept nothing yet.

    Raises:
        ArtifactsUnavailable: It cannot be made.
    """
    _open_store(settings).make()


def _open_store(settings: LineSettings) -> "FsspecArtifacts":
    """Our own folder in LINE_HOME is made, for it cannot be unmounted; one that somebody names is not."""
    from core.adapters.artifacts import FsspecArtifacts

    store = FsspecArtifacts(settings.artifacts)
    if not settings.artifact_url:
        store.make()
    return store


def open_retention(
    settings: LineSettings, keep: RetentionSettings, at: datetime, rest: Callable[[float], object]
) -> "Retention":
    """What removes the old, by these settings and as of this moment, which is now.

    Raises:
        ClocksDiffer: Postgres does not take it for now.
        LedgerUnavailable: It does not answer.
    """
    from core.adapters.retain import Retention, check_clock

    engine = open_ledger(settings, "retention").engine
    check_clock(engine, at)
    return Retention(engine, _open_store(settings), horizons(keep, at.date()), at, rest)


def open_tidying(settings: LineSettings, rest: Callable[[float], object]) -> "Tidying":
    """What removes the old once a day."""
    from core.adapters.tidying import Tidying

    keep = RetentionSettings()

    def remove() -> list[Expired]:
        retention = open_retention(settings, keep, datetime.now(UTC), rest)
        try:
            return retention.run()
        finally:
            retention.engine.dispose()

    return Tidying(remove, lambda: datetime.now(UTC), keep.from_hour)


def open_vault(settings: LineSettings) -> "Vault":
    """What backs up and restores."""
    from core.adapters.backup import Vault

    return Vault(open_ledger(settings, "backup").engine, _open_store(settings))


def open_verdicts(settings: LineSettings) -> VerdictPublisher | None:
    """Where the plant listens; None without Kafka, and then no outbox is written either."""
    if not settings.kafka_bootstrap_servers:
        return None
    from core.adapters.kafka_access import access_of
    from core.adapters.kafka_bus import KafkaVerdicts

    return KafkaVerdicts(access_of(settings))


def serve_health(settings: LineSettings, port: int, health: StationHealth) -> Closing:
    """Tell of the station's health at this port until closed; 0 for nowhere.

    Raises:
        SettingRefused: Nobody can listen there.
    """
    if not port:
        return nullcontext()
    from core.adapters.health_server import HealthServer

    return closing(HealthServer(settings.metrics_address, port, health))


def ensure_topics(settings: LineSettings) -> None:
    """Create the topics that are missing, where there is Kafka."""
    if settings.kafka_bootstrap_servers:
        from core.adapters import kafka_bus
        from core.adapters.kafka_access import access_of

        kafka_bus.ensure_topics(access_of(settings))

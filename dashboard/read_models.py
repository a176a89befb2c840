"""What the pages read, as typed rows. SQLAlchemy Core over the line's own tables, read-only, no Streamlit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Row, Select, func, select, text, tuple_
from sqlalchemy import true as always

from core.adapters.database import translated
from core.adapters.schema import camera_run, inspection, model_version, score_map
from core.frame import check_utc
from core.inspection import StoredMap
from core.verdict import Decision, Threshold

PATIENCE_MS = 3000
HISTORY_LENGTH = 20
KEY = (inspection.c.captured_at, inspection.c.camera, inspection.c.start_id, inspection.c.sequence)


@dataclass(frozen=True, slots=True)
class Places:
    """Which products ran past which cameras: pairs of product and camera."""

    pairs: tuple[tuple[str, str], ...]

    @property
    def products(self) -> list[str]:
        """By name."""
        return sorted({product for product, _ in self.pairs})

    def cameras(self, product: str = "") -> list[str]:
        """Of a product, or of all; by name."""
        return sorted({camera for seen, camera in self.pairs if product in ("", seen)})


@dataclass(frozen=True, slots=True)
class PartKey:
    """Which inspection: the key of its row."""

    captured_at: datetime
    camera: str
    start_id: str
    sequence: int

    def __str__(self) -> str:
        moment = self.captured_at.isoformat().replace("+00:00", "Z")  # a plus sign would be a space in an address
        return f"{moment}/{self.camera}/{self.start_id}/{self.sequence}"

    @property
    def in_link(self) -> str:
        """As it stands in a link of a text: with a colon, the browser would fetch 270 kB of emoji to look it up."""
        return quote(str(self))

    @classmethod
    def of(cls, words: str) -> Self:
        """The key that `str` made these words of.

        Raises:
            ValueError: It made no such words.
        """
        moment, camera, start_id, sequence = words.split("/")
        captured_at = datetime.fromisoformat(moment)
        check_utc("captured_at", captured_at)
        return cls(captured_at, camera, start_id, int(sequence))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A score with the limits it was held against, and who did so."""

    score: float
    threshold: Threshold
    model_version_id: int
    engine: str


@dataclass(frozen=True, slots=True)
class ErrorStory:
    """Why nothing could be judged."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class LateStory(ErrorStory):
    """Why a verdict does not count; it has a map, shown on the scale of these limits."""

    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Part:
    """One inspection as the pages show it; `frame_uri` and `maps_uri` are empty where nothing was kept."""

    key: PartKey
    product: str
    part_id: str
    lot: str
    decision: Decision
    outcome: Judgement | ErrorStory
    arrived_at: datetime
    judged_at: datetime
    frame_uri: str
    maps_uri: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class CameraCounts:
    """Of one camera: captured = judged + waiting, always; `dropped` ones are among the captured."""

    captured: int
    judged: int
    dropped: int

    @property
    def waiting(self) -> int:
        """Captured and not judged yet."""
        return self.captured - self.judged


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A camera, its counts and its last parts, newest first."""

    camera: str
    product: str
    counts: CameraCounts
    recent: tuple[Part, ...]


@contextmanager
def reading(engine: Engine, patience_ms: int = PATIENCE_MS) -> Iterator[Connection]:
    """A read-only connection that gives up soon: a page that waits tells nobody anything.

    Raises:
        LedgerUnavailable: Postgres does not answer in time, or its tables are missing.
    """
    with translated(), engine.connect().execution_options(postgresql_readonly=True) as connection:
        connection.execute(text(f"set local statement_timeout = {int(patience_ms)}"))
        yield connection


@contextmanager
def reading_counts(engine: Engine) -> Iterator[Connection]:
    """The same, for counts: their rows lie in the order of time whatever their grain, which the planner cannot know.

    It would take the rows of one grain and week for scattered over the whole table, and read that from end to end.
    """
    with reading(engine) as connection:
        connection.execute(text("set local enable_seqscan = off"))
        yield connection


def camera_rows(engine: Engine, reported_since: datetime) -> list[CameraRow]:
    """All cameras heard of since then, by name, each with its last parts: one query for the whole page."""
    query = _cameras_with_history(reported_since)
    with reading(engine) as connection:
        rows = list(connection.execute(query))
    return [_camera_row([row for row in rows if row.run_camera == name]) for name in _names(rows)]


def stored_maps(engine: Engine, keys: Sequence[PartKey]) -> dict[PartKey, StoredMap]:
    """The score maps of these parts; those that could not be judged have none."""
    if not keys:
        return {}
    wanted = [(key.captured_at, key.camera, key.start_id, key.sequence) for key in keys]
    moments = [key.captured_at for key in keys]
    query = select(score_map).where(
        score_map.c.captured_at.between(min(moments), max(moments)),  # lets Postgres skip the other days
        tuple_(*(score_map.c[column.name] for column in KEY)).in_(wanted),
    )
    with reading(engine) as connection:
        return {
            PartKey(row.captured_at, row.camera, row.start_id, row.sequence): StoredMap(row.png, row.low, row.high)
            for row in connection.execute(query)
        }


def products_with_model(engine: Engine) -> list[str]:
    """The products that have a registered model, by name."""
    with reading(engine) as connection:
        return list(connection.scalars(select(model_version.c.product).distinct().order_by(model_version.c.product)))


def places(engine: Engine) -> Places:
    """All that ever ran."""
    with reading(engine) as connection:
        pairs = connection.execute(select(camera_run.c.product, camera_run.c.camera).distinct()).all()
    return Places(tuple((product, camera) for product, camera in pairs))


def _cameras_with_history(reported_since: datetime) -> Select[Any]:
    """Per camera its counts, over the newest run and every older one that still has frames waiting."""
    camera, reported_at = camera_run.c.camera, camera_run.c.reported_at
    place = func.row_number().over(partition_by=camera, order_by=reported_at.desc().nulls_last()).label("place")
    heard = func.max(reported_at).over(partition_by=camera).label("heard")
    run = select(camera_run, place, heard).subquery("run")
    first = run.c.place == 1
    counted = (
        select(
            run.c.camera.label("run_camera"),
            func.max(run.c.product).filter(first).label("run_product"),
            func.sum(func.greatest(run.c.captured, run.c.judged)).label("captured"),
            func.sum(run.c.judged).label("judged"),
            func.sum(run.c.dropped).label("dropped"),
        )
        .where((run.c.heard >= reported_since) | run.c.heard.is_(None), first | (run.c.captured > run.c.judged))
        .group_by(run.c.camera)
        .cte("counted")
    )
    recent = select(*inspection.c).where(inspection.c.camera == counted.c.run_camera)
    last = recent.order_by(inspection.c.captured_at.desc()).limit(HISTORY_LENGTH).lateral("last")
    joined = counted.join(last, always(), isouter=True)
    return select(counted, *last.c).select_from(joined).order_by(counted.c.run_camera, last.c.captured_at.desc())


def _names(rows: list[Row[Any]]) -> list[str]:
    return list(dict.fromkeys(row.run_camera for row in rows))


def _camera_row(rows: list[Row[Any]]) -> CameraRow:
    first = rows[0]
    counts = CameraCounts(int(first.captured), int(first.judged), int(first.dropped))
    recent = tuple(part_of(row) for row in rows if row.decision is not None)
    return CameraRow(first.run_camera, first.run_product, counts, recent)


def part_of(row: Row[Any]) -> Part:
    """The part of a row that holds all columns of `inspection`."""
    return Part(
        PartKey(row.captured_at, row.camera, row.start_id, row.sequence),
        row.product,
        row.part_id,
        row.lot,
        Decision(row.decision),
        _outcome(row),
        row.arrived_at,
        row.judged_at,
        row.frame_uri,
        row.maps_uri,
        row.sha256,
    )


def _outcome(row: Row[Any]) -> Judgement | ErrorStory:
    if row.reject_from is None:
        return ErrorStory(row.reason, row.detail)
    threshold = Threshold(row.review_from, row.reject_from)
    if row.score is None:
        return LateStory(row.reason, row.detail, threshold)
    return Judgement(row.score, threshold, row.model_version_id, row.engine)

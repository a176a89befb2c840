"""What the Live page knows at one moment, put together from the board and the ledger, whichever of them answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.errors import BoardUnavailable, LedgerUnavailable
from core.inspection import Tile, TrainingProgress
from core.part_assembly import PartName
from dashboard.read_models import CameraRow

BOARD_AWAY = (
    "The live board does not answer.",
    "Parts are judged and recorded all the same; decisions and counts below are current, pictures are not.",
    "Check REDIS_URL and that the server runs.",
)
LEDGER_AWAY = (
    "Postgres does not answer.",
    "Frames wait on the bus and are judged when it is back; pictures come from the live board where that answers.",
    "Check DATABASE_URL and that the server runs; if its tables are missing: python -m core migrate.",
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A dependency that is away: what happened, what still works, what to do, and since when."""

    what: str
    works: str
    remedy: str
    since: datetime


@dataclass(frozen=True, slots=True)
class LedgerView:
    """What the ledger says, all at once; `wholes` is what it decided of parts that several cameras see."""

    cameras: tuple[CameraRow, ...] = ()
    trainings: tuple[TrainingProgress, ...] = ()
    products: tuple[str, ...] = ()
    wholes: Mapping[PartName, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveSnapshot:
    """Newest tiles by camera and what the ledger says; where one is away, its last answer and the trouble."""

    taken_at: datetime
    tiles: dict[str, Tile]
    ledger: LedgerView
    troubles: tuple[Trouble, ...] = ()

    @property
    def cameras(self) -> list[str]:
        """All cameras that either knows, by name."""
        return sorted({*self.tiles, *(row.camera for row in self.ledger.cameras)})


def take_snapshot(
    read_board: Callable[[], Sequence[Tile]],
    read_ledger: Callable[[], LedgerView],
    previous: LiveSnapshot,
    now: datetime,
) -> LiveSnapshot:
    """Ask both; keep the previous answer of the one that is away. Never raises for a server that is away."""
    taken = replace(previous, taken_at=now, troubles=())
    try:
        taken = replace(taken, ledger=read_ledger())
    except LedgerUnavailable:
        taken = _with_trouble(taken, LEDGER_AWAY, previous)
    try:
        known = [row.camera for row in taken.ledger.cameras]
        return replace(taken, tiles={tile.camera: tile for tile in read_board() if tile.camera in known or not known})
    except BoardUnavailable:
        # Where both are away one remedy comes first, and what the other would say of the ledger is not true.
        return taken if taken.troubles else _with_trouble(taken, BOARD_AWAY, previous)


def _with_trouble(taken: LiveSnapshot, told: tuple[str, str, str], previous: LiveSnapshot) -> LiveSnapshot:
    what, works, remedy = told
    since = next((trouble.since for trouble in previous.troubles if trouble.what == what), previous.taken_at)
    return replace(taken, troubles=(*taken.troubles, Trouble(what, works, remedy, since)))

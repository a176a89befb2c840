"""The invariant of the cameras' counters, held against the rows themselves."""

from sqlalchemy import Connection, Engine, func, select

from core.adapters.ledger_reports import read_run_counts
from core.adapters.schema import inspection
from core.camera_account import discrepancies
from core.verdict import ErrorReason

RunKey = tuple[str, str]


def camera_discrepancies(engine: Engine) -> list[str]:
    """Why the counters cannot be true, in sentences; empty where every camera's frames add up.

    One snapshot, so that it may be asked while the line runs. Counts every row there is: not for a page.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        rows = _rows_by_run(connection)
        runs = read_run_counts(connection)
    told = [sentence for run in runs for sentence in discrepancies(run, *rows.pop((run.camera, run.start_id), (0, 0)))]
    return told + [
        f"{camera}/{start_id}: {count} rows, but no counters" for (camera, start_id), (count, _) in rows.items()
    ]


def _rows_by_run(connection: Connection) -> dict[RunKey, tuple[int, int]]:
    """Rows and rows of dropped frames per run. A record that was not trusted belongs to none, and has no product."""
    dropped = func.count().filter(inspection.c.reason == ErrorReason.DROPPED.value)
    run = (inspection.c.camera, inspection.c.start_id)
    query = select(*run, func.count(), dropped).where(inspection.c.product != "").group_by(*run)
    return {(camera, start_id): (rows, lost) for camera, start_id, rows, lost in connection.execute(query)}

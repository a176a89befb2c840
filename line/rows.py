"""The ledger's rows as the account and the status line need them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, extract, func, select

from core.adapters.schema import camera_run, inspection
from core.verdict import Decision
from line.account import Row


def rows_of(engine: Engine, start_ids: Collection[str]) -> list[Row]:
    """Every row of these camera starts."""
    columns = (inspection.c.camera, inspection.c.start_id, inspection.c.sequence, inspection.c.decision)
    judged_at_s = extract("epoch", inspection.c.judged_at)
    latency_s = extract("epoch", inspection.c.judged_at - inspection.c.captured_at)
    query = select(*columns, latency_s, judged_at_s).where(inspection.c.start_id.in_(start_ids))
    with engine.connect() as connection:
        found = connection.execute(query).all()
    return [
        Row((camera, start_id, sequence), Decision(decision), float(latency), float(judged_at))
        for camera, start_id, sequence, decision, latency, judged_at in found
    ]


@dataclass(frozen=True, slots=True)
class Tally:
    """The cameras' counters added up."""

    captured: int
    judged: int
    by_decision: Mapping[str, int]

    def line(self) -> str:
        """The status line."""
        decisions = "  ".join(f"{name} {count}" for name, count in self.by_decision.items())
        return (
            f"captured {self.captured}  judged {self.judged}  "
            f"waiting {max(0, self.captured - self.judged)}  |  {decisions}"
        )


def tally(engine: Engine, start_ids: Collection[str]) -> Tally:
    """The counters of these camera starts."""
    run = camera_run.c
    names = ("captured", "judged", "ok", "review", "ng", "error")
    sums = (func.coalesce(func.sum(run[name]), 0) for name in names)
    with engine.connect() as connection:
        found = connection.execute(select(*sums).where(run.start_id.in_(start_ids))).one()
    captured, judged, *decisions = (int(number) for number in found)
    return Tally(captured, judged, dict(zip(Decision, decisions, strict=True)))

"""MasterParts, ShiftChecks and Alarms on Postgres."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from core.adapters.database import translated
from core.adapters.ledger_audit import note
from core.adapters.review_rows import key_row
from core.adapters.schema_shift import alarm, master_part, shift_check, shift_check_step
from core.errors import UnknownAlarm, UnknownPart
from core.frame import FrameId
from core.review import PartKey
from core.shift import REMEDY, Alarm, CheckStep, MasterPart, Seen, ShiftCheck, alarm_words, is_as_known
from core.verdict import Decision

MASTER = ("id", "product", "name", "is_bad", "part_id")


@dataclass(frozen=True)
class PostgresShift:
    """MasterParts, ShiftChecks and Alarms."""

    engine: Engine

    def add_master(self, master: MasterPart, at: datetime, who: str) -> MasterPart:
        """One more row."""
        told = {name: getattr(master, name) for name in MASTER[1:]}
        statement = insert(master_part).values(told | {"added_at": at, "who": who}).returning(master_part)
        with translated(), self.engine.begin() as connection:
            added = _master(connection.execute(statement).mappings().one())
            note(connection, at, who, "added", f"master part {master.product} {master.name}", None, told)
            return added

    def masters(self, product: str) -> list[MasterPart]:
        """Oldest first."""
        counting = (master_part.c.product == product, master_part.c.retired_at.is_(None))
        query = select(master_part).where(*counting).order_by(master_part.c.id)
        with translated(), self.engine.connect() as connection:
            return [_master(row) for row in connection.execute(query).mappings()]

    def retire_master(self, master_id: int, at: datetime, who: str, why: str) -> None:
        """Marked, not deleted."""
        statement = update(master_part).where(master_part.c.id == master_id).values(retired_at=at)
        with translated(), self.engine.begin() as connection:
            row = connection.execute(statement.returning(master_part)).mappings().first()
            if row is None:
                raise UnknownPart(f"master part {master_id}")
            note(connection, at, who, why, f"retired master part {row['product']} {row['name']}", None, None)

    def begin_check(self, product: str, camera: str, at: datetime, who: str) -> ShiftCheck:
        """One more row."""
        row = {"product": product, "camera": camera, "started_at": at, "who": who}
        with translated(), self.engine.begin() as connection:
            number = connection.execute(insert(shift_check).values(row).returning(shift_check.c.id)).scalar_one()
            note(connection, at, who, "begun", f"shift check {product} {camera}", None, {"id": number})
            return ShiftCheck(number, product, camera, at, who)

    def add_step(self, check: ShiftCheck, master: MasterPart, seen: Seen, at: datetime, who: str) -> CheckStep:
        """The step, its alarm, and the audit, in one transaction."""
        passed = is_as_known(master, seen.decision)
        row = {"check_id": check.id, "master_part_id": master.id, "at": at, "who": who, "passed": passed}
        row |= key_row(seen.part) | {"decision": seen.decision.value, "score": seen.score}
        with translated(), self.engine.begin() as connection:
            statement = insert(shift_check_step).values(row).returning(shift_check_step.c.id)
            number = connection.execute(statement).scalar_one()
            told = {"decision": seen.decision.value, "as known": passed}
            note(connection, at, who, master.name, f"shift check {check.product} {check.camera}", None, told)
            _raise(connection, check, alarm_words(master, check.camera, seen.decision), at)
            return CheckStep(number, check.id, master, seen, passed, at, who)

    def last_check(self, product: str, camera: str) -> ShiftCheck | None:
        """With its steps."""
        of_camera = (shift_check.c.product == product, shift_check.c.camera == camera)
        query = select(shift_check).where(*of_camera).order_by(shift_check.c.id.desc()).limit(1)
        with translated(), self.engine.connect() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            steps = _steps(connection, row["id"])
            return ShiftCheck(row["id"], row["product"], row["camera"], row["started_at"], row["who"], steps)

    def open_alarms(self) -> Sequence[Alarm]:
        """Oldest first."""
        names = ("id", "raised_at", "product", "camera", "what", "remedy")
        query = select(*(alarm.c[name] for name in names)).where(alarm.c.acknowledged_at.is_(None)).order_by(alarm.c.id)
        with translated(), self.engine.connect() as connection:
            return [Alarm(*row) for row in connection.execute(query)]

    def acknowledge(self, alarm_id: int, at: datetime, who: str, why: str) -> None:
        """Once."""
        still_open = (alarm.c.id == alarm_id, alarm.c.acknowledged_at.is_(None))
        statement = (
            update(alarm).where(*still_open).values(acknowledged_at=at, who=who, why=why).returning(alarm.c.what)
        )
        with translated(), self.engine.begin() as connection:
            what = connection.scalar(statement)
            if what is None:
                raise UnknownAlarm(str(alarm_id))
            note(connection, at, who, why, f"alarm {alarm_id} acknowledged", {"what": what}, None)


def _raise(connection: Connection, check: ShiftCheck, words: str, at: datetime) -> None:
    if words:
        row = {"raised_at": at, "product": check.product, "camera": check.camera, "what": words, "remedy": REMEDY}
        connection.execute(insert(alarm).values(row))


def _steps(connection: Connection, check_id: int) -> tuple[CheckStep, ...]:
    named = [master_part.c[name].label(f"known_{name}") for name in MASTER]
    joined = select(shift_check_step, *named).join(master_part, master_part.c.id == shift_check_step.c.master_part_id)
    query = joined.where(shift_check_step.c.check_id == check_id).order_by(shift_check_step.c.id)
    return tuple(_step(row) for row in connection.execute(query).mappings())


def _step(row: RowMapping) -> CheckStep:
    part = PartKey(row["captured_at"], FrameId(row["camera"], row["start_id"], row["sequence"]))
    master = MasterPart(*(row[f"known_{name}"] for name in MASTER))
    seen = Seen(part, Decision(row["decision"]), row["score"])
    return CheckStep(row["id"], row["check_id"], master, seen, row["passed"], row["at"], row["who"])


def _master(row: Any) -> MasterPart:
    return MasterPart(*(row[name] for name in MASTER))

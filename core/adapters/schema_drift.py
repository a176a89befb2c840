"""The tables of drift: how parts look, counted by the hour, and alarms; in the same metadata as schema.py."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table, Text

from core.adapters.schema import MOMENT, metadata

look_rollup = Table(
    "look_rollup",
    metadata,
    Column("product", Text, primary_key=True),
    Column("model_version_id", BigInteger, primary_key=True, autoincrement=False),
    Column("begins_at", MOMENT, primary_key=True),
    Column("camera", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("parts", Integer, nullable=False),
    Column("beyond", Integer, nullable=False),
    CheckConstraint("beyond between 0 and parts", name="beyond"),
)

drift_alarm = Table(
    "drift_alarm",
    metadata,
    Column("product", Text, primary_key=True),
    Column("model_version_id", BigInteger, primary_key=True, autoincrement=False),
    Column("camera", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("since", MOMENT, nullable=False),
    Column("lot", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("raised_at", MOMENT, nullable=False),
    Column("over_at", MOMENT),
    CheckConstraint("kind in ('scores', 'looks')", name="kind"),
)

"""The table of counts that are kept with the verdicts, and what finds the parts behind them; in schema.py's metadata.

One row per span, product, camera, decision, model and bin of scores: what a person sees over ninety days is then a sum
over a few thousand rows. The key leads with the time, by which retention drops what nobody looks at any more.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, text

from core.adapters.schema import MOMENT, inspection, metadata

rollup = Table(
    "rollup",
    metadata,
    Column("grain", Text, primary_key=True),
    Column("begins_at", MOMENT, primary_key=True),
    Column("product", Text, primary_key=True),
    Column("camera", Text, primary_key=True),
    Column("decision", Text, primary_key=True),
    Column("model_version_id", BigInteger, primary_key=True, autoincrement=False),
    Column("score_bin", Integer, primary_key=True, autoincrement=False),
    Column("frames", BigInteger, nullable=False),
    CheckConstraint("grain in ('minute', 'hour', 'day')", name="grain"),
    postgresql_with={"fillfactor": 80},
)

# A limit asks for parts by their score, a complaint for those of a lot.
Index("ix_inspection_product_score", inspection.c.product, inspection.c.score.desc())
Index("ix_inspection_lot", inspection.c.lot, inspection.c.captured_at.desc(), postgresql_where=text("lot <> ''"))

lot_rollup = Table(
    "lot_rollup",
    metadata,
    Column("product", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("camera", Text, primary_key=True),
    Column("decision", Text, primary_key=True),
    Column("model_version_id", BigInteger, primary_key=True, autoincrement=False),
    Column("frames", BigInteger, nullable=False),
    Column("first_at", MOMENT, nullable=False),
    Column("last_at", MOMENT, nullable=False),
    Index(None, "product", "last_at"),
)

Index(
    "ix_inspection_part_id",
    inspection.c.part_id,
    inspection.c.captured_at.desc(),
    postgresql_where=text("part_id <> ''"),
)

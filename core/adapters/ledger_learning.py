"""What a night could learn from, read from the inspections."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from core.adapters.database import translated
from core.adapters.schema import inspection
from core.inspection import KeptGood
from core.verdict import Decision


@dataclass(frozen=True)
class PostgresLearning:
    """LearningSource: good parts since a moment, and how many of their pictures are kept."""

    engine: Engine

    def kept_good(self, product: str, since: datetime) -> KeptGood:
        """Counted by an index on product and time."""
        good = (
            inspection.c.product == product,
            inspection.c.decision == Decision.OK,
            inspection.c.captured_at >= since,
        )
        kept = func.count().filter(inspection.c.frame_uri != "")
        with translated(), self.engine.connect() as connection:
            found = connection.execute(select(kept, func.count()).where(*good)).one()
        return KeptGood(kept=found[0], judged_ok=found[1])

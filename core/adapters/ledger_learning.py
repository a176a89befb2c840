"""What a night could learn from, read from the inspections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, exists, func, select

from core.adapters.database import translated
from core.adapters.schema import inspection
from core.adapters.schema_reviews import review
from core.inspection import KeptGood
from core.retraining import LearnedPart, Origin, SeenScore, Use
from core.verdict import Decision

MOST_UNREVIEWED = 5000


@dataclass(frozen=True)
class PostgresLearning:
    """LearningSource and UnreviewedParts."""

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

    def unreviewed_good(self, product: str, since: datetime, until: datetime) -> Sequence[LearnedPart]:
        """By the same index; reviews are found by their own key."""
        said = [review.c[name] == inspection.c[name] for name in ("captured_at", "camera", "start_id", "sequence")]
        query = select(*(inspection.c[name] for name in ("sha256", "frame_uri", "captured_at", "lot", "camera"))).where(
            inspection.c.product == product,
            inspection.c.decision == Decision.OK,
            inspection.c.captured_at >= since,
            inspection.c.captured_at < until,
            inspection.c.frame_uri != "",
            ~exists().where(*said),
        )
        with translated(), self.engine.connect() as connection:
            found = connection.execute(query.order_by(inspection.c.captured_at).limit(MOST_UNREVIEWED)).all()
        parts = [
            LearnedPart(sha256, uri, at, lot, camera, Origin.AUTOMATIC, Use.TRAIN)
            for sha256, uri, at, lot, camera in map(tuple, found)
        ]
        return list({part.sha256: part for part in parts}.values())

    def recent_scores(self, product: str, model_version_id: int, limit: int) -> Sequence[SeenScore]:
        """By an index on product and time."""
        columns = (inspection.c.captured_at, inspection.c.camera, inspection.c.lot, inspection.c.score)
        of_version = (inspection.c.product == product, inspection.c.model_version_id == model_version_id)
        newest = select(*columns).where(*of_version).order_by(inspection.c.captured_at.desc()).limit(limit)
        with translated(), self.engine.connect() as connection:
            return [SeenScore(*row) for row in reversed(connection.execute(newest).all())]

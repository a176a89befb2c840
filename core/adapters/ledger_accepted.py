"""AcceptedParts on Postgres: what accepted parts look like to the model that judged them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from core.adapters.database import translated
from core.adapters.ledger_reviews import STANDS
from core.adapters.schema_reviews import accepted_features, review
from core.frame import FrameId
from core.review import AcceptedPart, Judgement, PartKey


@dataclass(frozen=True)
class PostgresAccepted:
    """AcceptedParts."""

    engine: Engine

    def remember_features(self, review_id: int, features: Sequence[float]) -> None:
        """Once per review."""
        row = {"review_id": review_id, "features": [float(value) for value in features]}
        with translated(), self.engine.begin() as connection:
            connection.execute(insert(accepted_features).values(row).on_conflict_do_nothing())

    def accepted_parts(self, product: str, model_version_id: int, limit: int) -> Sequence[AcceptedPart]:
        """Newest first."""
        seen = (review.c.product == product, review.c.model_version_id == model_version_id)
        query = (
            select(review, accepted_features.c.features)
            .join(accepted_features, accepted_features.c.review_id == review.c.id)
            .where(*seen, review.c.judgement == Judgement.GOOD.value, STANDS)
            .order_by(review.c.id.desc())
            .limit(limit)
        )
        with translated(), self.engine.connect() as connection:
            return [
                AcceptedPart(
                    PartKey(row.captured_at, FrameId(row.camera, row.start_id, row.sequence)),
                    row.frame_uri,
                    tuple(row.features),
                )
                for row in connection.execute(query)
            ]

"""OpticsRegistry on Postgres. Baselines are only ever appended; the newest one of a camera and product counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, null, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from core.adapters.database import translated
from core.adapters.ledger_audit import note
from core.adapters.schema import inspection, optics_baseline
from core.optics import OpticsCheck
from core.verdict import Decision

_newest = (
    select(optics_baseline)
    .ext(distinct_on(optics_baseline.c.camera, optics_baseline.c.product))
    .order_by(optics_baseline.c.camera, optics_baseline.c.product, optics_baseline.c.id.desc())
)


@dataclass(frozen=True)
class PostgresOptics:
    """OpticsRegistry."""

    engine: Engine

    def save_optics(
        self, camera: str, product: str, check: OpticsCheck | None, at: datetime, who: str, why: str
    ) -> None:
        """One more row, and the audit."""
        new = check.to_json() if check else None
        row = {"camera": camera, "product": product, "at": at, "who": who, "why": why}
        kept = {"baseline": new if new else null(), "reference": check.reference if check else b""}
        old = self.optics().get((camera, product))
        with translated(), self.engine.begin() as connection:
            connection.execute(insert(optics_baseline).values(row | kept))
            note(connection, at, who, why, f"optics {camera} {product}", old.to_json() if old else None, new)

    def optics(self) -> Mapping[tuple[str, str], OpticsCheck]:
        """The newest of each, but for those that were switched off."""
        with translated(), self.engine.connect() as connection:
            return {
                (row.camera, row.product): OpticsCheck.from_json(row.baseline, row.reference)
                for row in connection.execute(_newest)
                if row.baseline is not None
            }

    def good_frames(self, camera: str, product: str, limit: int) -> list[str]:
        """Newest first."""
        of_camera = (inspection.c.camera == camera, inspection.c.product == product)
        kept = (inspection.c.decision == Decision.OK.value, inspection.c.frame_uri != "")
        query = select(inspection.c.frame_uri).where(*of_camera, *kept).order_by(inspection.c.captured_at.desc())
        with translated(), self.engine.connect() as connection:
            return list(connection.scalars(query.limit(limit)))

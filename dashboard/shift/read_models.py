"""What the line said of the part that was laid before a camera, read-only."""

from datetime import datetime

from sqlalchemy import Engine, select

from core.adapters.schema import inspection
from dashboard.read_models import Part, part_of, reading


def next_part(engine: Engine, product: str, camera: str, after: datetime, part_id: str = "") -> Part | None:
    """The first part that this camera took after that moment; where a part id is given, the first with that id."""
    at_camera = (inspection.c.camera == camera, inspection.c.product == product, inspection.c.captured_at > after)
    query = select(*inspection.c).where(*at_camera)
    if part_id:
        query = query.where(inspection.c.part_id == part_id)
    with reading(engine) as connection:
        row = connection.execute(query.order_by(inspection.c.captured_at).limit(1)).first()
    return part_of(row) if row else None

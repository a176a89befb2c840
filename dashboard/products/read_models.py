"""What the Products page reads beside the recipes: a picture of a part to draw on."""

from sqlalchemy import Engine, case, select

from core.adapters.schema import inspection
from core.verdict import Decision
from dashboard.read_models import reading

LOOKED_AT = 2000


def newest_good_pictures(engine: Engine, product: str, limit: int) -> list[str]:
    """The URIs of kept frames of the product's last thousands of parts that the line called OK, newest first."""
    newest = (
        select(inspection.c.frame_uri, inspection.c.decision, inspection.c.captured_at)
        .where(inspection.c.product == product)
        .order_by(inspection.c.captured_at.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    good = (newest.c.frame_uri != "", newest.c.decision == Decision.OK.value)
    query = select(newest.c.frame_uri).where(*good).order_by(newest.c.captured_at.desc()).limit(limit)
    with reading(engine) as connection:
        return list(connection.scalars(query))


def newest_picture(engine: Engine, product: str) -> str:
    """The URI of a kept frame of the product, of an OK part where one of the last thousands was kept; else empty."""
    newest = (
        select(inspection.c.frame_uri, inspection.c.decision)
        .where(inspection.c.product == product)
        .order_by(inspection.c.captured_at.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    good_first = case(
        (newest.c.decision == Decision.OK.value, 0), (newest.c.decision == Decision.REVIEW.value, 1), else_=2
    )
    query = select(newest.c.frame_uri).where(newest.c.frame_uri != "", newest.c.decision != Decision.ERROR.value)
    with reading(engine) as connection:
        return connection.scalar(query.order_by(good_first).limit(1)) or ""

"""What people said of seeded parts."""

from sqlalchemy import select

from core.access import Person
from core.adapters.schema import inspection
from core.frame import FrameId
from core.review import Judgement, Opinion, PartKey
from core.review_service import judge_part
from core.verdict import Decision
from line.seed.parts import Seeded

SAID = {
    Decision.NG.value: (Opinion(Judgement.DEFECT, "scratch"), Opinion(Judgement.DEFECT, "dent")),
    Decision.REVIEW.value: (Opinion(Judgement.GOOD), Opinion(Judgement.DEFECT, "scratch"), Opinion(Judgement.UNSURE)),
}


def seed_reviews(line: Seeded, person: Person, count: int) -> int:
    """Review the oldest parts that were not OK and have a picture; how many that were."""
    wanted = (inspection.c.decision.in_(list(SAID)), inspection.c.frame_uri != "")
    query = select(inspection).where(*wanted).order_by(inspection.c.captured_at).limit(count)
    with line.ledger.engine.connect() as connection:
        rows = list(connection.execute(query))
    for number, row in enumerate(rows):
        part = PartKey(row.captured_at, FrameId(row.camera, row.start_id, row.sequence))
        opinions = SAID[row.decision]
        judge_part(person, part, opinions[number % len(opinions)], 0, line.ledger, line.now)
    return len(rows)

"""Which reviewed parts are golden: decided from what stands about a picture, never from one review alone."""

from collections.abc import Iterable
from datetime import datetime

from core.review import GoldenPart, Judgement, Review, is_golden_by_hash
from core.verdict import Decision

REJECTED = (Decision.REVIEW.value, Decision.NG.value)

WITHDRAWN_WHY = "its review was withdrawn"
"""Why a part is golden no more that only a review had made so; another review brings it back."""


def golden_reason(standing: Iterable[Review]) -> Review | None:
    """The one of all standing reviews of a picture for which it is golden; None where it is not golden.

    That is the newest confirmed defect, else the newest confirmed false reject that its hash chooses. A part without a
    picture is never golden: no candidate could be held against it.
    """
    newest_first = sorted(standing, key=lambda review: review.id, reverse=True)
    pictured = [review for review in newest_first if review.frame_uri]
    defects = [review for review in pictured if review.opinion.judgement is Judgement.DEFECT]
    return next(iter(defects), next(filter(_is_golden_false_reject, pictured), None))


def is_false_reject(review: Review) -> bool:
    """Whether a person called good what the line did not let pass."""
    return review.opinion.judgement is Judgement.GOOD and review.decision in REJECTED


def golden_of(reason: Review, at: datetime) -> GoldenPart:
    """The golden part that this review makes; its id is drawn where it is stored."""
    opinion = reason.opinion
    is_defect = opinion.judgement is Judgement.DEFECT
    why = f"review {reason.id}: " + ("confirmed defect" if is_defect else f"good, the line said {reason.decision}")
    return GoldenPart(
        0, reason.product, reason.sha256, reason.frame_uri, is_defect, opinion.kind, opinion.mask_png, at,
        reason.who, why,
    )  # fmt: skip


def _is_golden_false_reject(review: Review) -> bool:
    return is_false_reject(review) and is_golden_by_hash(review.sha256)

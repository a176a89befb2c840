"""What is asked of the outside world about reviews and golden parts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.review import AcceptedPart, GoldenPart, Opinion, PartKey, Review


class Reviews(Protocol):
    """What people said; only ever appended."""

    def add_review(self, part: PartKey, opinion: Opinion, expected: int, at: datetime, who: str) -> Review:
        """Append what somebody says of an inspected part; `expected` is the id of the review they saw, 0 for none.

        Raises:
            ReviewConflict: Somebody else has said something meanwhile; nothing was written.
            UnknownPart: There is no such inspection.
        """
        ...

    def reviews_of(self, part: PartKey) -> list[Review]:
        """All that was said of this part, newest first."""
        ...

    def accepted(self, product: str, after: int) -> Sequence[Review]:
        """The standing reviews with an id above `after` that call a part good and have its picture, oldest first."""
        ...

    def defects(self, product: str) -> Sequence[Review]:
        """The standing reviews that call a part defective, oldest first."""
        ...

    def doubted(self, product: str) -> Sequence[Review]:
        """The standing reviews that call a part neither good nor defective, oldest first: unsure, or taken back."""
        ...


class ReviewDesk(Protocol):
    """A review with all that follows from it, at once or not at all."""

    def settle(self, part: PartKey, opinion: Opinion, expected: int, at: datetime, who: str) -> Review:
        """Append as `Reviews.add_review` does, with what follows for the golden set and the audit; raises as that.

        A picture is golden as `golden_reason` says of all that stands about it. What was made golden otherwise, or
        was retired, is left as it is.
        """
        ...

    def reviews_of(self, part: PartKey) -> list[Review]:
        """All that was said of this part, newest first."""
        ...


class AcceptedParts(Protocol):
    """What accepted parts look like to a model, so that a part can be held beside the one most like it."""

    def remember_features(self, review_id: int, features: Sequence[float]) -> None:
        """Keep what the reviewed part looked like; what is known of this review already is left as it was."""
        ...

    def accepted_parts(self, product: str, model_version_id: int, limit: int) -> Sequence[AcceptedPart]:
        """The newest that this model saw and whose review stands and says good, newest first."""
        ...


class GoldenSet(Protocol):
    """The parts no model may get wrong again."""

    def add_golden(self, golden: GoldenPart) -> GoldenPart:
        """Keep a part, whatever its id says; one known by product and sha256 is left as it was and returned."""
        ...

    def golden(self, product: str) -> Sequence[GoldenPart]:
        """All that count, oldest first."""
        ...

    def retire_golden(self, golden_id: int, at: datetime, who: str, why: str) -> None:
        """It counts no more; it stays, with the reason. The audit keeps it.

        Raises:
            UnknownPart: There is no such golden part.
        """
        ...

"""The ledger's twin as far as reviews go: every promise of Reviews, ReviewDesk, AcceptedParts and GoldenSet."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.adapters.ledger_rows import inspection_row
from core.adapters.review_rows import COPIED, key_row, opinion_row, review_of
from core.errors import ReviewConflict, UnknownPart
from core.golden import WITHDRAWN_WHY, golden_of, golden_reason
from core.inspection import Result
from core.review import AcceptedPart, GoldenPart, Judgement, Opinion, PartKey, Review


@dataclass(kw_only=True)
class MemoryReviews:
    """Reviews in a list; `results` are the ledger's. `made_golden` holds which review made a golden part."""

    results: dict[tuple[str, str, int], Result] = field(default_factory=dict)
    said: list[Review] = field(default_factory=list)
    golden_parts: dict[tuple[str, str], GoldenPart] = field(default_factory=dict)
    made_golden: dict[tuple[str, str], int] = field(default_factory=dict)
    golden_ids: int = 0
    looks: dict[int, tuple[float, ...]] = field(default_factory=dict)

    def add_review(self, part: PartKey, opinion: Opinion, expected: int, at: datetime, who: str) -> Review:
        """Append, or conflict."""
        facts = self._facts(part)
        newest = next((review.id for review in self.reviews_of(part)), 0)
        if newest != expected:
            raise ReviewConflict(f"{part.frame_id} is at review {newest}, not {expected}")
        row = key_row(part) | opinion_row(opinion) | facts
        review = review_of(row | {"id": len(self.said) + 1, "who": who, "at": at})
        self.said.append(review)
        return review

    def settle(self, part: PartKey, opinion: Opinion, expected: int, at: datetime, who: str) -> Review:
        """Append, then keep the golden set."""
        review = self.add_review(part, opinion, expected, at, who)
        key = (review.product, review.sha256)
        known = self.golden_parts.get(key)
        if known is not None and key not in self.made_golden:
            return review
        reason = golden_reason(each for each in self._standing() if (each.product, each.sha256) == key)
        if reason:
            self._make_golden(key, golden_of(reason, at), reason.id)
        elif known:
            self.golden_parts[key] = replace(known, retired_why=WITHDRAWN_WHY)
        return review

    def _make_golden(self, key: tuple[str, str], golden: GoldenPart, review_id: int) -> None:
        known = self.golden_parts.pop(key, None)
        added = self.add_golden(golden)
        self.golden_parts[key] = replace(added, id=known.id) if known else added
        self.made_golden[key] = review_id

    def reviews_of(self, part: PartKey) -> list[Review]:
        """Newest first."""
        return [review for review in reversed(self.said) if review.part == part]

    def accepted(self, product: str, after: int) -> Sequence[Review]:
        """Oldest first."""
        good = self._judged(product, Judgement.GOOD)
        return [review for review in good if review.id > after and review.frame_uri]

    def defects(self, product: str) -> Sequence[Review]:
        """Oldest first."""
        return self._judged(product, Judgement.DEFECT)

    def doubted(self, product: str) -> Sequence[Review]:
        """Oldest first."""
        of_each = [self._judged(product, judgement) for judgement in (Judgement.UNSURE, Judgement.WITHDRAWN)]
        return sorted((each for found in of_each for each in found), key=lambda each: each.id)

    def remember_features(self, review_id: int, features: Sequence[float]) -> None:
        """Once per review."""
        self.looks.setdefault(review_id, tuple(features))

    def accepted_parts(self, product: str, model_version_id: int, limit: int) -> Sequence[AcceptedPart]:
        """Newest first."""
        known = [each for each in self._judged(product, Judgement.GOOD) if each.id in self.looks]
        newest = [each for each in reversed(known) if each.model_version_id == model_version_id]
        return [AcceptedPart(each.part, each.frame_uri, self.looks[each.id]) for each in newest[:limit]]

    def add_golden(self, golden: GoldenPart) -> GoldenPart:
        """Unless it is there."""
        key = (golden.product, golden.sha256)
        if key not in self.golden_parts:
            self.golden_ids += 1
            self.golden_parts[key] = replace(golden, id=self.golden_ids)
        return self.golden_parts[key]

    def golden(self, product: str) -> Sequence[GoldenPart]:
        """Oldest first."""
        counting = [part for part in self.golden_parts.values() if part.product == product and not part.retired_why]
        return sorted(counting, key=lambda part: part.id)

    def retire_golden(self, golden_id: int, at: datetime, who: str, why: str) -> None:
        """Marked, not deleted."""
        for key, part in self.golden_parts.items():
            if part.id == golden_id:
                self.golden_parts[key] = replace(part, retired_why=why)
                self.made_golden.pop(key, None)
                return
        raise UnknownPart(f"golden part {golden_id}")

    def _judged(self, product: str, judgement: Judgement) -> list[Review]:
        return [each for each in self._standing() if (each.product, each.opinion.judgement) == (product, judgement)]

    def _standing(self) -> list[Review]:
        newest = {review.part: review for review in self.said}
        return sorted(newest.values(), key=lambda review: review.id)

    def _facts(self, part: PartKey) -> dict[str, Any]:
        identity = part.frame_id
        result = self.results.get((identity.camera, identity.start_id, identity.sequence))
        row = inspection_row(result) if result is not None else {}
        if row.get("captured_at") != part.captured_at:
            raise UnknownPart(str(identity))
        return {name: row.get(name) for name in COPIED}

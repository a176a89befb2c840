"""What comes first in the queue: the part of which the line is least sure."""

from collections.abc import Iterable

from dashboard.read_models import Judgement, Part


def most_uncertain_first(parts: Iterable[Part]) -> list[Part]:
    """By how far the score lies from the middle of its review band; of two alike, the newer one."""
    newest_first = sorted(parts, key=lambda part: part.key.captured_at, reverse=True)
    return sorted(newest_first, key=doubt_distance)


def doubt_distance(part: Part) -> float:
    """0 in the middle of the review band, in shares of the reject limit; products are comparable."""
    outcome = part.outcome
    if not isinstance(outcome, Judgement):
        return float("inf")
    limits = outcome.threshold
    unit = abs(limits.reject_from) or 1.0
    return abs(outcome.score - (limits.review_from + limits.reject_from) / 2) / unit

"""The one scale on which a model's maps are coloured: fixed by its limits, never by the picture at hand."""

from dataclasses import dataclass

from core.verdict import Threshold

CLEAR_SHARE_OF_REVIEW = 0.6
"""Up to this share of `review_from` a map stays clear. It stands in for the median of good parts until that is kept."""


@dataclass(frozen=True, slots=True)
class MapScale:
    """Scores up to `clear_to` are transparent, from `full_from` full; a contour runs where they pass `contour_at`."""

    clear_to: float
    full_from: float
    contour_at: float


def map_scale(threshold: Threshold) -> MapScale:
    """The scale of a model with these limits: full at twice the reject limit.

    Where the limits are not positive no share of them lies on the right side, so the band between them is used.
    """
    review, reject = threshold.review_from, threshold.reject_from
    if review > 0:
        return MapScale(CLEAR_SHARE_OF_REVIEW * review, 2 * reject, reject)
    band = max(reject - review, abs(reject), 1e-6)
    return MapScale(review - band, reject + band, reject)

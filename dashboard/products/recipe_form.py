"""A recipe as a form takes and gives it: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.product import ObjectMask, Recipe


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of the form: its name in the recipe, its words, its unit, and how much a percent is of it."""

    name: str
    words: str
    hint: str
    scale: float = 1.0


SHARES = (
    Entry(
        "false_reject_budget",
        "false rejects, \u2030 of good parts",
        "what a new model's reject limit is fitted to",
        1000,
    ),
    Entry("review_budget", "reviews, \u2030 of good parts", "what a new model's review limit is fitted to", 1000),
    Entry("keep_ok_share", "OK frames kept, %", "beside all that is not OK", 100),
    Entry("review_ok_share", "OK parts in the review queue, %", "beside all REVIEW and NG", 100),
    Entry("deadline_s", "deadline, s", "later than that is ERROR; 0: any time"),
    Entry("views_deadline_s", "views' deadline, s", "between the first and the last view of a part"),
)
TEXTS = (
    Entry("views", "views", "the cameras that see each part, with commas; empty: each frame decides alone"),
    Entry("retrain_cron", "retraining, crontab", "minute hour day month weekday"),
    Entry("retrain_time_zone", "its time zone", "such as Europe/Berlin"),
    Entry("retrain_hours", "hours for training", "such as 22-6; empty: any"),
)
MASKS = {
    ObjectMask.AUTOMATIC: "chosen from the good pictures",
    ObjectMask.WHOLE_PICTURE: "the material fills the picture",
    ObjectMask.LIGHT_PART: "a part lighter than its ground",
    ObjectMask.DARK_PART: "a part darker than its ground",
}
"""Where synthetic defects are drawn, in words."""
NIGHTS = (
    Entry("retrain_fewest_new", "newly accepted parts", "so many are a reason to train"),
    Entry("retrain_longest_days", "oldest model, days", "an older one is a reason to train"),
    Entry("shadow_parts", "parts in the shadow", "so many a candidate scores without deciding; 0: none"),
    Entry("shadow_hours", "hours in the shadow", "at most"),
    Entry("quarantine_days", "quarantine, days", "before a part that nobody looked at may be learned from"),
    Entry("automatic_share", "parts nobody looked at, %", "of what is learned, at most", 100),
)
SWITCHES = (
    Entry("promote_automatically", "promote by itself", "what passed gate and shadow run; off: a person does"),
    Entry("accept_automatically", "learn from parts nobody looked at", "far below the review limit, after quarantine"),
)
SIDES = (
    Entry("input_height", "input height, pixels", "a multiple of 32; 0 both: chosen from the pictures"),
    Entry("input_width", "input width, pixels", "a multiple of 32; 0 both: chosen from the pictures"),
)
RULE = (
    Entry("smoothing", "smoothing", "share of the map's shorter side; empty: training's own"),
    Entry("top_share", "top share", "share of the map's highest pixels that make the score; empty: training's own"),
    Entry("minimum_area", "minimum area", "share of the map below which a spot is none; empty: training's own"),
)


def shown(recipe: Recipe, entry: Entry) -> float:
    """The number as the form shows it."""
    return round(float(getattr(recipe, entry.name)) * entry.scale, 9)


def of_its_kind(recipe: Recipe, entry: Entry, number: float) -> float:
    """What was entered in the recipe's own unit, a whole number where the field holds one.

    Raises:
        ValueError: It holds one, and this is none.
    """
    value = number / entry.scale
    if not isinstance(getattr(recipe, entry.name), int):
        return value
    if value != int(value):
        raise ValueError(f"{entry.words}: {number:g} is no whole number")
    return int(value)


def recipe_of(before: Recipe, entered: Mapping[str, Any]) -> Recipe:
    """The recipe with what was entered, in the recipe's own units; fields the form does not show stay.

    Raises:
        ValueError: A field cannot have that value; says which, and what it can have.
    """
    return Recipe.from_json({**before.to_json(), **entered})


def optional_number(text: str, words: str) -> float | None:
    """A number, or None where nothing was entered.

    Raises:
        ValueError: It is no number.
    """
    if not text.strip():
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"{words}: {text!r} is no number") from None


def kinds_of(text: str) -> list[str]:
    """Kinds of defects, one a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]

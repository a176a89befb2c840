"""Product and its recipe; ModelVersion; what is active on the line right now."""

import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import Any, Self

from core.frame import CAMERA_NAME, PRODUCT_NAME, SHA256, check_match, check_utc
from core.night_rule import NightRule
from core.part import ViewPlan
from core.regions import Regions, regions_of
from core.verdict import Threshold

SMALLEST_SIDE = 64
"""Pixels of a network's input: its deepest features, at a stride of 32, then have 2 x 2 positions; fewer have no
neighbours."""
SIDE_STEP = 32
"""Sides of a network's input are multiples of this."""
LONGEST_VIEWS_DEADLINE_S = 3600.0
"""Seconds between the first and the last view of a part: one station after the other, not one day after the other."""
DEFECT_KIND = re.compile(r"[^\x00-\x1f\x7f\s]([^\x00-\x1f\x7f]{0,38}[^\x00-\x1f\x7f\s])?")
"""One to forty letters that begin and end with one that is seen."""
HIGHEST_SHARES = {"smoothing": 0.25, "top_share": 1.0, "minimum_area": 0.25}
"""How far each part of the rule that makes a score of a map can be turned up."""


class ObjectMask(StrEnum):
    """Where synthetic defects are drawn, and with them what training learns of: AUTOMATIC looks at the good pictures.

    WHOLE_PICTURE is for material that fills it; the others for a part that stands out from its ground.
    """

    AUTOMATIC = "automatic"
    WHOLE_PICTURE = "whole picture"
    LIGHT_PART = "light part"
    DARK_PART = "dark part"


@dataclass(frozen=True, slots=True)
class Recipe(NightRule):
    """How one product is inspected. Every field has a default that works without being touched.

    `keep_ok_share` (0..1) of OK frames go to the artifact store beside all others; `kept_map_scale` and
    `other_map_scale` (0 < s <= 1) shrink the stored maps of kept and of other frames per side.
    `false_reject_budget` and `review_budget` are shares of good parts that may be rejected or reviewed.
    `retrain_cron` is a five-field crontab read in `retrain_time_zone`.
    `deadline_s` seconds after the bus took a frame its verdict is too late, and the part is ERROR; 0 allows any time.
    It is the worker's clock against the bus's: keep them in step.

    `views` are the cameras that see each part, with commas between: the part then gets one decision, the worst of
    theirs, and is ERROR unless all come to the bus within `views_deadline_s` seconds of the first. Cameras must tell
    part ids, each for one part within ten such deadlines. Empty: each frame decides alone.

    For training: `input_height` and `input_width` are what every picture is scaled to, 0 both for a choice from the
    pictures' sizes; `smoothing`, `top_share` and `minimum_area` say how a map becomes a score, as shares of the map,
    none each for the training's own default; `object_mask` says where the part is in its pictures. NightRule says
    what its nights do.

    `ignore` are regions of the picture that do not count, polygons in shares of its sides: whatever is found there is
    left out before the score.

    For people: `review_ok_share` (0..1) of OK parts come up for review beside all REVIEW and NG; `defect_kinds` are
    what a confirmed defect can be called, the first nine by the keys 1 to 9.
    """

    keep_ok_share: float = 0.02
    kept_map_scale: float = 1.0
    other_map_scale: float = 0.25
    false_reject_budget: float = 1 / 500
    review_budget: float = 1 / 50
    retrain_cron: str = "30 3 * * *"
    retrain_time_zone: str = "UTC"
    deadline_s: float = 0.0
    views: str = ""
    views_deadline_s: float = 2.0
    input_height: int = 0
    input_width: int = 0
    smoothing: float | None = None
    top_share: float | None = None
    minimum_area: float | None = None
    object_mask: ObjectMask = ObjectMask.AUTOMATIC
    review_ok_share: float = 0.0
    defect_kinds: tuple[str, ...] = ()
    ignore: Regions = ()

    def __post_init__(self) -> None:
        for name in ("keep_ok_share", "false_reject_budget", "review_budget", "review_ok_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in 0..1, got {getattr(self, name)}")
        for name in ("kept_map_scale", "other_map_scale"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in (0, 1], got {getattr(self, name)}")
        if not 0 <= self.deadline_s < inf:
            raise ValueError(f"deadline_s must be a number of seconds, 0 for none, got {self.deadline_s}")
        check_views(self.views, self.views_deadline_s)
        check_input_size(self.input_height, self.input_width)
        self.check_night()
        object.__setattr__(self, "defect_kinds", tuple(self.defect_kinds))  # JSON knows only lists
        object.__setattr__(self, "ignore", regions_of(self.ignore))
        object.__setattr__(self, "object_mask", mask_of(self.object_mask))
        for kind in self.defect_kinds:
            check_match("defect_kinds", DEFECT_KIND, kind)
        for name, highest in HIGHEST_SHARES.items():
            share = getattr(self, name)
            if share is not None and not 0 <= share <= highest:
                raise ValueError(f"{name} must be in 0..{highest}, got {share}")

    @property
    def view_plan(self) -> ViewPlan | None:
        """Which cameras see a part together; None where each frame decides alone."""
        return ViewPlan(cameras_of(self.views), self.views_deadline_s) if self.views.strip() else None

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain JSON values, which know no tuples."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The recipe from stored values; fields this version does not know are left out, missing ones default."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def mask_of(name: str) -> ObjectMask:
    """The mode of this name; raises ValueError where there is none."""
    if name not in list(ObjectMask):
        raise ValueError(f"object_mask must be one of {', '.join(ObjectMask)}, got {name!r}")
    return ObjectMask(name)


def cameras_of(views: str) -> tuple[str, ...]:
    """The cameras that a text like `line1-top, line1-side` names."""
    return tuple(name.strip() for name in views.split(",")) if views.strip() else ()


def check_views(views: str, deadline_s: float) -> None:
    """Raise ValueError unless the views are cameras' names, each once, and the deadline is one."""
    cameras = cameras_of(views)
    for camera in cameras:
        check_match("views", CAMERA_NAME, camera)
    if len(set(cameras)) < len(cameras):
        raise ValueError(f"views must name each camera once, got {views!r}")
    if not 0 < deadline_s <= LONGEST_VIEWS_DEADLINE_S:
        raise ValueError(f"views_deadline_s must be in 0..{LONGEST_VIEWS_DEADLINE_S:g} seconds, got {deadline_s}")


def check_input_size(height: int, width: int) -> None:
    """Raise ValueError unless both are 0, for a size chosen from the pictures, or sides a network can have."""
    for name, side in (("input_height", height), ("input_width", width)):
        if (height or width) and (side < SMALLEST_SIDE or side % SIDE_STEP):
            raise ValueError(
                f"{name} must be a multiple of {SIDE_STEP} of at least {SMALLEST_SIDE}, or 0 like the other; got {side}"
            )


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of part and its recipe."""

    name: str
    recipe: Recipe

    def __post_init__(self) -> None:
        check_match("product", PRODUCT_NAME, self.name)


@dataclass(frozen=True, slots=True)
class BundleRef:
    """Where a trained bundle lies and the hash that proves it: sha256 over both of its files' hashes."""

    uri: str
    sha256: str

    def __post_init__(self) -> None:
        check_match("sha256", SHA256, self.sha256)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One trained bundle of one product, as registered. `id` is drawn by the ledger and never reused."""

    id: int
    product: str
    bundle: BundleRef
    created_at: datetime

    def __post_init__(self) -> None:
        check_utc("created_at", self.created_at)


@dataclass(frozen=True, slots=True)
class ActiveModel:
    """What a worker needs to judge a product: the promoted version, its newest threshold, the recipe."""

    model: ModelVersion
    threshold_id: int
    threshold: Threshold
    recipe: Recipe

"""Which products are seen by several cameras, and which frames can be put to a part at all."""

from collections.abc import Callable, Iterable, Mapping

from core.part import ViewPlan
from core.product import Product
from core.verdict import ErrorReason
from worker.followed import Followed
from worker.opening import Opened, Picture, Unfit

POLL_S = 1.0


class ViewBook:
    """Holds the plans of all products. `refresh` between batches is the only thing that changes it."""

    def __init__(
        self, read: Callable[[], Iterable[Product]], monotonic: Callable[[], float], poll_s: float = POLL_S
    ) -> None:
        self._plans: Followed[Mapping[str, ViewPlan]] = Followed(lambda: plans_of(read()), monotonic, poll_s, "views")
        self.first_look = self._plans.first_look
        self.refresh = self._plans.refresh

    @property
    def plans(self) -> Mapping[str, ViewPlan]:
        """Of the products whose recipe names views; products without a model too, for their parts are ERROR."""
        return self._plans.value

    def checked(self, opened: Opened) -> Opened:
        """The same, or a frame that no part can be made with: it would be missing in its part without a word."""
        if not isinstance(opened, Picture):
            return opened
        detail = detail_of(opened, self.plans)
        if not detail:
            return opened
        header = opened.header
        return Unfit(header, opened.arrival, ErrorReason.NO_PART, detail, opened.content, opened.image)


def plans_of(products: Iterable[Product]) -> Mapping[str, ViewPlan]:
    """By product."""
    return {product.name: plan for product in products if (plan := product.recipe.view_plan) is not None}


def detail_of(picture: Picture, plans: Mapping[str, ViewPlan]) -> str:
    """Why this frame cannot be put to a part, and what to do; empty where it can, or stands for itself."""
    header = picture.header
    plan = plans.get(header.product)
    if plan is None:
        return ""
    views = ",".join(plan.cameras)
    if header.id.camera not in plan.cameras:
        return f"{header.id.camera} is none of the views of {header.product}: name it there, e.g. views={views}"
    if not header.part_id:
        return f"no part id, and {header.product} is seen by {views}: have the camera told its parts, or set views="
    return ""


def no_views() -> ViewBook:
    """Where each frame decides alone."""
    book = ViewBook(list, lambda: 0.0)
    book.first_look()
    return book

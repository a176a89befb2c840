"""A preview of synthetic defects on a product's good parts: drawn as training would, kept for days, named in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import ArtifactMissing, ArtifactTooLarge, ImageRefused, LineError
from core.ports import ArtifactStore, FrameDecoder
from core.preview import DrawnDefect, answer_of
from core.product import Product, Recipe
from core.request import Request
from core.retention import Folder
from model.framing import Framing
from model.framing_choice import chosen_framing
from model.images import Size, resized
from model.object_mask import mask_rule
from model.preview import DrawnPreview, drawn_previews

MOST_DRAWN = 8
"""Pictures of one preview: enough to see whether the defects look like defects."""
MOST_AREA = 2 * 1024 * 1024
"""Pixels of a picture while it waits for the others: eight in a camera's full resolution are much memory."""

Pixels = NDArray[np.uint8]


class NothingToDrawOn(LineError):
    """None of these good pictures can be used: add some on the page Products, then ask again."""


class Products(Protocol):
    """Where recipes are."""

    def products(self) -> Sequence[Product]:
        """All that are known."""
        ...


@dataclass(frozen=True, slots=True)
class Previewing:
    """Draws what a request asks for."""

    recipes: Products
    artifacts: ArtifactStore
    decode: FrameDecoder
    clock: Callable[[], datetime]

    def answer(self, request: Request) -> str:
        """Draw on the good pictures that the request names, keep what was drawn, and say where.

        Raises:
            NothingToDrawOn: None of them is there, or none is a picture.
            ArtifactsUnavailable: The store does not answer.
            ValueError: The request's pictures are no list of URIs.
        """
        known = {product.name: product.recipe for product in self.recipes.products()}
        recipe = known.get(request.product, Recipe())
        pictures = self._good(_images(request.details))
        framing = _framing(recipe, [size for size, _ in pictures])
        scaled = [framing.scaled(picture) for _, picture in pictures]
        rule = mask_rule(recipe.object_mask, [tile for picture in scaled for tile in framing.cut(picture)])
        found = drawn_previews(scaled, framing, rule, seed=request.id)
        drawn = [self._kept(request.id, number, each) for number, each in enumerate(found)]
        ground = f"{rule.polarity} on its ground" if rule.background else "anywhere in the picture"
        words = f"{len(drawn)} defects drawn at {framing}, {ground}"
        return answer_of(words, drawn)

    def _good(self, uris: Sequence[str]) -> list[tuple[Size, Pixels]]:
        """The first of them that can be used, each with the size that it came in."""
        found: list[tuple[Size, Pixels]] = []
        for uri in uris[:MOST_DRAWN]:
            try:
                pixels = self.decode(self.artifacts.get(uri)).pixels
                found.append(((pixels.shape[0], pixels.shape[1]), _smaller(pixels)))
            except (ArtifactMissing, ArtifactTooLarge, ImageRefused):
                continue  # gone, or none: the others will do
        if not found:
            raise NothingToDrawOn
        return found

    def _kept(self, number: int, place: int, drawn: DrawnPreview) -> DrawnDefect:
        name = f"{Folder.PREVIEWS}/{self.clock():%Y-%m-%d}/{number}-{place}"
        label = np.rint(255 * drawn.label).astype(np.uint8)
        picture = self.artifacts.put(f"{name}.png", _png(cv2.cvtColor(drawn.image, cv2.COLOR_RGB2BGR)))
        return DrawnDefect(picture, self.artifacts.put(f"{name}-label.png", _png(label)))


def _images(details: Mapping[str, Any]) -> list[str]:
    images = details.get("images")
    if not isinstance(images, list) or not all(isinstance(uri, str) for uri in images):
        raise ValueError(f"a preview's good pictures are a list of URIs, got {str(images)[:100]!r}")
    return list(dict.fromkeys(images))


def _framing(recipe: Recipe, sizes: Sequence[Size]) -> Framing:
    if recipe.input_height:
        return Framing.whole(recipe.input_height, recipe.input_width)
    return chosen_framing(sizes).framing


def _smaller(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = (MOST_AREA / (height * width)) ** 0.5
    return pixels if scale >= 1 else resized(pixels, max(1, round(height * scale)), max(1, round(width * scale)))


def _png(pixels: NDArray[Any]) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()

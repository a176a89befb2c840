"""Small decisions read from bytes, so that one generator serves a random source and one that follows coverage."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Choices:
    """Reads decisions off a row of bytes; once it is used up every decision is the first one."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._at = 0

    def below(self, limit: int) -> int:
        """A number in 0..limit-1, from as many bytes as the limit needs."""
        width = max(1, ((limit - 1).bit_length() + 7) // 8)
        return int.from_bytes(self._next(width), "big") % limit

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of them."""
        return items[self.below(len(items))]

    def content(self, longest: int) -> bytes:
        """Up to so many bytes."""
        return self._next(self.below(longest + 1))

    def _next(self, width: int) -> bytes:
        taken = self._source[self._at : self._at + width].ljust(width, b"\0")
        self._at += width
        return taken

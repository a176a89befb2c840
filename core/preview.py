"""Synthetic defects drawn to be looked at: how the station's answer names them, and how a page finds them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.retention import Folder


@dataclass(frozen=True, slots=True)
class DrawnDefect:
    """A good part's picture with a drawn defect, and how wrong each pixel is taught to be (grey PNG, 255 is wholly).

    Both are kept for days, in a folder that ages: no row and no backup names them.
    """

    picture_uri: str
    label_uri: str

    def __post_init__(self) -> None:
        for uri in (self.picture_uri, self.label_uri):
            if f"/{Folder.PREVIEWS}/" not in uri.replace(":", "/") or "\n" in uri:
                raise ValueError(f"a drawn defect lies in {Folder.PREVIEWS}, got {uri[:100]!r}")


def answer_of(words: str, drawn: Iterable[DrawnDefect]) -> str:
    """What the station answers: words for people on the first line, then each picture and its label, a line each."""
    return "\n".join([words, *(uri for each in drawn for uri in (each.picture_uri, each.label_uri))])


def drawn_in(answer: str) -> tuple[DrawnDefect, ...]:
    """The defects that an answer names; none where it names none."""
    uris = answer.split("\n")[1:]
    try:
        return tuple(DrawnDefect(*pair) for pair in zip(uris[::2], uris[1::2], strict=True))
    except ValueError:
        return ()


def words_in(answer: str) -> str:
    """What is meant for people."""
    return answer.split("\n", 1)[0]

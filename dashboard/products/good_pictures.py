"""The good pictures that a first model learns from: what the uploader holds, kept in the artifact store."""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass

from core.access import Person, Role, require
from core.errors import ImageRefused
from core.frame import PRODUCT_NAME, check_match, sha256_of
from core.ports import ArtifactStore
from core.request import GOOD_PICTURES
from dashboard import pictures


@dataclass(frozen=True, slots=True)
class GoodPictures:
    """Where the pictures lie, each content once, and which files were left out and why."""

    uris: tuple[str, ...]
    left_out: tuple[str, ...]


def keep_good_pictures(
    store: ArtifactStore,
    person: Person,
    product: str,
    files: Iterable[tuple[str, bytes]],
    known: MutableMapping[str, str],
) -> GoodPictures:
    """Put these named contents into the store; those are ready and no others.

    `known` remembers where a content of this product lies, so that none is written again at the next look.

    Raises:
        AccessDenied: Not an engineer, who alone may train from them; nothing was kept.
        ValueError: No product can have this name; nothing was kept.
        ArtifactsUnavailable: Not all could be kept; `known` holds those that were.
    """
    check_match("product", PRODUCT_NAME, product)  # it becomes a folder's name
    ready: dict[str, str] = {}
    left_out: list[str] = []
    for name, content in files:
        sha256 = sha256_of(content)
        try:
            ready[sha256] = known.get(sha256) or _put(store, person, product, sha256, content)
        except ImageRefused as error:
            left_out.append(f"{name} was left out: {error}")
        else:
            known[sha256] = ready[sha256]
    return GoodPictures(tuple(ready.values()), tuple(left_out))


def _put(store: ArtifactStore, person: Person, product: str, sha256: str, content: bytes) -> str:
    require(person, Role.ENGINEER)
    kind = pictures.kind_of(content).lower()
    return store.put(f"{GOOD_PICTURES}/{product}/{sha256}.{kind}", content)

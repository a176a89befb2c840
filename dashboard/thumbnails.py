"""Small pictures of kept frames: read side by side, cut once, the newest kept in memory."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from core.errors import ArtifactMissing, ArtifactsUnavailable, ImageRefused
from core.ports import ArtifactStore
from dashboard.pictures import thumbnail_url

AT_ONCE = 8
"""A store that is far away answers many questions in the time of one; cutting keeps the processors busy."""
MOST_KEPT = 2000

Picture = tuple[str, str]
"""A data URL and an empty reason, or no URL and why there is none, in a word or two."""


class Thumbnails:
    """One for all viewers. A frame never changes, so what was cut stays right; what failed is tried again."""

    def __init__(self, artifacts: ArtifactStore, side: int) -> None:
        self._artifacts, self._side = artifacts, side
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()
        self._readers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="thumbnails")

    def of(self, frame_uris: Iterable[str]) -> Mapping[str, Picture]:
        """A picture, or why there is none, for each of them; an empty one was not kept."""
        wanted = dict.fromkeys(frame_uris)
        return dict(zip(wanted, self._readers.map(self._one, wanted), strict=True))

    def _one(self, frame_uri: str) -> Picture:
        if not frame_uri:
            return "", "not kept"
        try:
            return self._known(frame_uri) or self._cut(frame_uri), ""
        except (ArtifactMissing, ArtifactsUnavailable, ImageRefused) as error:
            return "", reason_of_absence(error)

    def _known(self, frame_uri: str) -> str:
        with self._lock:
            if frame_uri in self._kept:
                self._kept.move_to_end(frame_uri)
            return self._kept.get(frame_uri, "")

    def _cut(self, frame_uri: str) -> str:
        picture = thumbnail_url(self._artifacts.get(frame_uri), self._side)
        with self._lock:
            self._kept[frame_uri] = picture
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return picture


def reason_of_absence(error: ArtifactMissing | ArtifactsUnavailable | ImageRefused) -> str:
    """Why a picture cannot be shown, in a word or two."""
    if isinstance(error, ImageRefused):
        return "no picture"
    return "gone" if isinstance(error, ArtifactMissing) else "store away"

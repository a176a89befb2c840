"""Pictures from the artifact store on this machine's disk, checked by their hash, and how they look from far away."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import ArtifactMissing, ImageRefused
from core.frame import sha256_of
from core.ports import ArtifactStore, FrameDecoder
from core.whole_file import write_whole
from retrain.likeness import Thumbnail, thumbnail_of


@dataclass
class Pictures:
    """Fetched once each while nights want them; the folder may be emptied between runs."""

    artifacts: ArtifactStore
    folder: Path
    decode: FrameDecoder
    thumbnails: dict[str, Thumbnail] = field(default_factory=dict)

    def path(self, uri: str, sha256: str) -> Path:
        """The file of this picture.

        Raises:
            ArtifactMissing: It is not there, or not the picture that was inspected.
            ArtifactsUnavailable: The store does not answer.
        """
        path = self.folder / f"{sha256}.picture"
        if not _is_still_there(path):
            content = self.artifacts.get(uri)
            if sha256_of(content) != sha256:
                raise ArtifactMissing(f"{uri} is not the picture that was inspected")
            self._keep(content, path)
        return path

    def found(self, uri: str) -> str:
        """The sha256 of a picture that nobody has told it of; its file is there from now on.

        Raises:
            ArtifactMissing, ImageRefused: There is none, or it cannot be learned from.
            ArtifactsUnavailable: The store does not answer.
        """
        content = self.artifacts.get(uri)
        self.decode(content)
        sha256 = sha256_of(content)
        self._keep(content, self.folder / f"{sha256}.picture")
        return sha256

    def _keep(self, content: bytes, path: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)

    def thumbnail(self, uri: str, sha256: str) -> Thumbnail | None:
        """How it looks; None where its picture is gone or is none any more."""
        if sha256 not in self.thumbnails:
            try:
                self.thumbnails[sha256] = thumbnail_of(self.decode(self.path(uri, sha256).read_bytes()).pixels)
            except (ArtifactMissing, ImageRefused):
                return None
        return self.thumbnails[sha256]

    def mask(self, content: bytes, sha256: str) -> str:
        """The file of a mask that a person drew; empty where none was drawn."""
        if not content:
            return ""
        path = self.folder / f"{sha256}.mask"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)


def _is_still_there(path: Path) -> bool:
    """And stays for now: files that nobody asks for are removed by their time."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True

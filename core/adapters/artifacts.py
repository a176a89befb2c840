"""Frames and maps worth keeping, quarantined frames, bundles: a folder, or any store that fsspec reaches by URL."""

import errno
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec

from core.errors import ArtifactMissing, ArtifactsFull, ArtifactsUnavailable, ArtifactTooLarge, SettingRefused
from core.retention import Folder, StoredFile
from core.wire import OBJECT_LIMIT

NAME = re.compile(r"[A-Za-z0-9._=-]{1,200}(/[A-Za-z0-9._=-]{1,200})*")
NAME_LIMIT = 512
NOT_AN_OBJECT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)

S3_OPTIONS = {
    "use_listings_cache": False,
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 2}},
}
"""Without these a store that does not answer is waited for through minutes of retries."""


def check_name(name: str) -> None:
    """Raise ValueError unless the name is relative, stays inside the store, and reads the same on every store."""
    if not NAME.fullmatch(name) or len(name) > NAME_LIMIT or {".", ".."} & set(name.split("/")):
        raise ValueError(f"not the name of an artifact: {name[:80]!r}")


class FsspecArtifacts:
    """ArtifactStore and ArtifactShelf under one URL. An artifact's URI is the store's URL and its name.

    A folder that is not there is not made on the way: it may only not be mounted, and what was put there would be
    hidden once it is.
    """

    def __init__(self, url: str) -> None:
        try:
            self._files, root = fsspec.core.url_to_fs(url, **(S3_OPTIONS if url.startswith("s3:") else {}))
        except (ValueError, ImportError) as error:
            raise SettingRefused(f"ARTIFACT_URL: {error}") from error
        self._root: str = root.rstrip("/")
        self._local = "file" in _protocols(self._files)

    @property
    def url(self) -> str:
        """What every URI of this store begins with, before a slash."""
        return str(self._files.unstrip_protocol(self._root))

    def make(self) -> None:
        """Make a folder's root, for whoever knows that nothing was ever put into it.

        Raises:
            ArtifactsUnavailable: It cannot be made.
        """
        if self._local:
            with _available():
                Path(self._root).mkdir(parents=True, exist_ok=True)

    def put(self, name: str, content: bytes) -> str:
        """Keep it whole or not at all; on a disk of this machine it survives a power cut."""
        check_name(name)
        path = f"{self._root}/{name}"
        with _available():
            if self._local:
                self._check_still_there()
                _write_durably(Path(path), content)
            else:
                self._files.pipe_file(path, content)  # an object store shows an object only once it is whole
        return str(self._files.unstrip_protocol(path))

    def get(self, uri: str, most_bytes: int = OBJECT_LIMIT) -> bytes:
        """What was put under this URI; one byte beyond the limit is asked for, and no more."""
        path = self._path(uri)
        try:
            with _available():
                content: bytes = self._files.cat_file(path, end=most_bytes + 1)
        except NOT_AN_OBJECT as error:
            self._check_still_there()
            raise ArtifactMissing(uri) from error
        if len(content) > most_bytes:
            raise ArtifactTooLarge(f"{uri}: more than {most_bytes} bytes")
        return content

    def days(self, folder: Folder) -> list[str]:
        """By name."""
        return sorted(Path(found["name"]).name for found in self._listed(f"{self._root}/{folder}", self._files.ls))

    def files(self, folder: Folder, day: str) -> list[StoredFile]:
        """Halves of files that a killed writer left behind are among them."""
        found = self._listed(
            f"{self._root}/{folder}/{day}", lambda path, detail: self._files.find(path, detail=detail).values()
        )
        return [StoredFile(str(self._files.unstrip_protocol(each["name"])), _written_at(each)) for each in found]

    def delete(self, uri: str) -> None:
        """Only what `put` could have made; what lies in another store is not there."""
        with suppress(ArtifactMissing):
            path = self._path(uri)
            try:
                with _available():
                    self._files.rm_file(path)
            except NOT_AN_OBJECT:
                self._check_still_there()

    def _listed(self, path: str, look: Callable[..., Iterable[dict[str, Any]]]) -> list[dict[str, Any]]:
        with suppress(*NOT_AN_OBJECT), _available():
            return list(look(path, detail=True))
        self._check_still_there()
        return []

    def _check_still_there(self) -> None:
        """A folder that is not mounted, a bucket that is gone: without its root the store knows of no object.

        Raises:
            ArtifactsUnavailable: The root is not there.
        """
        root = self._root if self._local else self._root.split("/", 1)[0]
        with _available():
            if not self._files.exists(root):
                remedy = "mount it; only where nothing was ever kept, make it" if self._local else "make it"
                raise ArtifactsUnavailable(f"{root} is not there: {remedy}")

    def _path(self, uri: str) -> str:
        """Where it lies, only if `put` could have said so: a URI may come from a stranger's record."""
        start = f"{self.url}/"
        name = uri.removeprefix(start)
        try:
            check_name(name)
        except ValueError as error:
            raise ArtifactMissing(f"outside this store: {uri[:200]!r}") from error
        if not uri.startswith(start):
            raise ArtifactMissing(f"outside this store: {uri[:200]!r}")
        return f"{self._root}/{name}"


def _written_at(found: dict[str, Any]) -> datetime:
    """When it was last written, in the words of the different stores."""
    moment = next(found[name] for name in ("mtime", "LastModified", "created") if name in found)
    return moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)


def _transport_errors() -> tuple[type[Exception], ...]:
    """What a store that does not answer raises; S3's own library keeps outside the system's errors."""
    try:
        from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError)


@contextmanager
def _available() -> Iterator[None]:
    """Let a store's plain "no such object" through, and name every other trouble."""
    try:
        yield
    except NOT_AN_OBJECT:
        raise
    except _transport_errors() as error:
        raise _named(error) from error


def _write_durably(path: Path, content: bytes) -> None:
    """Beside its place first, on the disk, then moved: no reader and no crash ever sees half of it."""
    partial = path.with_name(f".partial-{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        # Said here, for what a reader takes for "no such object" is a writer's trouble.
        raise _named(error) from error


def _named(error: Exception) -> ArtifactsUnavailable:
    """A full disk and a used up quota have a remedy of their own."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return (ArtifactsFull if full else ArtifactsUnavailable)(str(error)[:300])


def _sync_folder(folder: Path) -> None:
    """The name, too, must reach the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

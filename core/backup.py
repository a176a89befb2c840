"""What a backup holds, and whether it is whole. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from core.errors import BackupRefused
from core.frame import SHA256, check_match, check_utc, sha256_of

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
ARTIFACTS = "artifacts"
BUNDLE_FILES = ("bundle.json", "weights.safetensors")
"""A row names the first; the other lies beside it."""


@dataclass(frozen=True, slots=True)
class Held:
    """One file of the backup; `name` is its place in the folder, or in the artifact store."""

    name: str
    sha256: str
    size: int

    def __post_init__(self) -> None:
        check_match("sha256", SHA256, self.sha256)

    @classmethod
    def of(cls, name: str, content: bytes) -> Self:
        """With the hash of this content."""
        return cls(name, sha256_of(content), len(content))

    def check(self, content: bytes) -> None:
        """Raise BackupRefused unless this is the content."""
        if (len(content), sha256_of(content)) != (self.size, self.sha256):
            raise BackupRefused(f"{self.name} is not what the manifest says: {len(content)} bytes of {self.size}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Written last: a folder without it is no backup.

    `revision` is the schema's, `store` the URL under which rows name artifacts. `missing` are URIs that rows name and
    the store did not have: known at the time, so that nobody looks for them in the backup.
    """

    taken_at: datetime
    revision: str
    store: str
    database: Held
    artifacts: tuple[Held, ...]
    missing: tuple[str, ...]

    def __post_init__(self) -> None:
        check_utc("taken_at", self.taken_at)

    def to_json(self) -> str:
        """Readable, one file a line."""
        fields = asdict(self) | {"taken_at": self.taken_at.isoformat(), "format": FORMAT}
        return json.dumps(fields, indent=1, default=list) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            BackupRefused: It is not one of ours.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            if fields.pop("format") != FORMAT:
                raise BackupRefused("the manifest is of another version")
            return cls(
                datetime.fromisoformat(fields["taken_at"]),
                fields["revision"],
                fields["store"],
                Held(**fields["database"]),
                tuple(Held(**each) for each in fields["artifacts"]),
                tuple(fields["missing"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupRefused(f"the manifest cannot be read: {error}") from error


def names_in_store(uris: Iterable[str], store: str) -> tuple[list[str], list[str]]:
    """The names that these URIs have in the store, each with what belongs to it; and the URIs of other stores."""
    start = f"{store.rstrip('/')}/"
    inside = sorted({uri.removeprefix(start) for uri in uris if uri.startswith(start)})
    outside = sorted({uri for uri in uris if uri and not uri.startswith(start)})
    names = [other for name in inside for other in _with_companions(name)]
    return sorted(set(names)), outside


def _with_companions(name: str) -> list[str]:
    folder, _, last = name.rpartition("/")
    return [f"{folder}/{each}" for each in BUNDLE_FILES] if last == BUNDLE_FILES[0] else [name]


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """In which of these named contents two states differ, in words; empty where they are the same."""
    names = sorted({*before, *after})
    return [
        f"{name}: {before.get(name, 'nothing')} was, {after.get(name, 'nothing')} is"
        for name in names
        if before.get(name) != after.get(name)
    ]

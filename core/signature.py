"""Who wrote a bus record: a code over its envelope that only its camera, and the workers, have the key for.

A bus says that somebody may write to it, never which camera did. The envelope holds the content's sha256, so that a
code over the envelope holds for the content as well. A record that was heard and sent again is the same frame, which
the ledger knows by its natural key.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.errors import SettingRefused
from core.frame import CAMERA_NAME
from core.wire import Record

HEADER = "signature"
KEY_BYTES = 32
DOMAIN = b"inspection.frame.v1"
"""Says what is signed, should a key ever be used for something else."""


@dataclass(frozen=True, slots=True)
class CameraKey:
    """A secret of one camera. It shows itself nowhere."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a camera's key has {KEY_BYTES} bytes")

    @classmethod
    def from_text(cls, text: str) -> "CameraKey":
        """The key that `python -m ingest camera key` printed.

        Raises:
            SettingRefused: It is none; what it was is not repeated.
        """
        try:
            return cls(bytes.fromhex(text.strip()))
        except ValueError:
            reason = f"a camera's key is {2 * KEY_BYTES} hexadecimal digits: `python -m ingest camera key NAME`"
            raise SettingRefused(reason) from None


Keyring = Mapping[str, tuple[CameraKey, ...]]
"""By camera, the keys that are valid: two while one takes the other's place."""

Doubts = Callable[[Record], str]
"""Why a record is not believed to be from the camera it names; empty where it is."""


def believe(_: Record) -> str:
    """No doubts, where cameras do not sign."""
    return ""


def read_keyring(lines: Iterable[str], name: str) -> Keyring:
    """The keys of a file: on each line a camera's name and a key; empty lines and those with # say nothing.

    Raises:
        SettingRefused: A line is something else, or there is none; no key is repeated.
    """
    found: dict[str, tuple[CameraKey, ...]] = {}
    for number, line in enumerate(lines, 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if len(words) != 2 or not CAMERA_NAME.fullmatch(words[0]):
            raise SettingRefused(f"line {number} of {name} is not a camera's name and its key")
        found[words[0]] = (*found.get(words[0], ()), CameraKey.from_text(words[1]))
    if not found:
        raise SettingRefused(f"{name} holds no key: `python -m ingest camera key NAME` prints a line for it")
    return found


def signed(record: Record, key: CameraKey) -> Record:
    """The record with the code that `doubts_of` wants to see."""
    rest = tuple(header for header in record.headers if header[0] != HEADER)
    unsigned = replace(record, headers=rest)
    return replace(record, headers=(*rest, (HEADER, code_of(unsigned, key).encode())))


def doubts_of(record: Record, keyring: Keyring) -> str:
    """Why this record is not believed; its header names must be unique, as `from_record` demands."""
    headers = dict(record.headers)
    keys = keyring.get(headers.get("camera", b"").decode(errors="replace"), ())
    if not keys:
        return "there is no key for the camera it names"
    said = headers.get(HEADER)
    if said is None:
        return "it is not signed"
    # Every key is tried, and each comparison takes the same time wherever they differ.
    matches = [hmac.compare_digest(code_of(record, key).encode(), said) for key in keys]
    return "" if any(matches) else "it was not signed with a key of the camera it names"


def code_of(record: Record, key: CameraKey) -> str:
    """HMAC-SHA256 over the record's key and all of its headers but the code itself, in whatever order they came."""
    parts = [DOMAIN, record.key]
    for name, value in sorted(header for header in record.headers if header[0] != HEADER):
        parts += [name.encode(errors="surrogatepass"), value]
    # With its length before each part, no part can be moved into its neighbour.
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(key.secret, message, hashlib.sha256).hexdigest()

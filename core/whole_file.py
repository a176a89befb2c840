"""Files that other processes read while they are written anew."""

import uuid
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Replace the file in one step: whoever opens it finds the old one or the new one, never half of it.

    It is written under a name of its own first, for several may write it at once.

    Raises:
        OSError: The folder is missing or cannot be written; what was there stays.
    """
    passing = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        passing.write_bytes(content)
        passing.replace(path)
    except OSError:
        with suppress(OSError):
            passing.unlink()
        raise

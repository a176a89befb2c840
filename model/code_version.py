"""Which code results of a long run are of: what was before an update must not be mixed with what is after it."""

import hashlib
from pathlib import Path

SOURCES = Path(__file__).parent


def code_version(sources: Path = SOURCES) -> str:
    """A hash over names and content of all Python files below a folder: this package's, unless told otherwise."""
    digest = hashlib.sha256()
    for path in sorted(sources.rglob("*.py")):
        digest.update(path.relative_to(sources).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]

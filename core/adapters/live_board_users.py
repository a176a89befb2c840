"""What Redis lets each station do: the worker writes tiles, the dashboard reads them, and nobody does anything else."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.adapters.live_board_redis import PREFIX
from core.errors import SettingRefused

SHORTEST_PASSWORD = 12
RULES = {
    "line_worker": f"resetchannels -@all ~{PREFIX}* +set +ping",
    "line_dashboard": f"resetchannels -@all %R~{PREFIX}* +mget +scan +ping",
}
"""By user, as Redis reads them. A key that does not begin with the prefix is out of reach for both."""


def user_lines(urls: Iterable[str]) -> list[str]:
    """The lines of Redis' `aclfile` for the users that these REDIS_URLs name; passwords are in it as hashes only.

    Raises:
        SettingRefused: A URL names another user, or its password is short.
    """
    return ["user default off", *(_line(url) for url in urls)]


def read_line_of(file: Path) -> str:
    """The first line of a file of secrets.

    Raises:
        SettingRefused: It cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingRefused(f"{file}: {type(error).__name__}") from error


def _line(url: str) -> str:
    parts = urlsplit(url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user not in RULES:
        raise SettingRefused(f"REDIS_URL of a station: user {user or 'none'}; it must be one of {', '.join(RULES)}")
    if len(password) < SHORTEST_PASSWORD:
        raise SettingRefused(f"REDIS_URL of {user}: its password has fewer than {SHORTEST_PASSWORD} characters")
    return f"user {user} on #{sha256(password.encode()).hexdigest()} {RULES[user]}"

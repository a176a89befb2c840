"""Lets a station's role log in, with the user and the password that its own DATABASE_URL already holds.

So each password stands in one file only, and the server never hears it: what is sent is its SCRAM verifier.
"""

from pathlib import Path

from psycopg2.extensions import encrypt_password
from sqlalchemy import URL, Engine

from core.adapters.database import driver_url, translated
from core.adapters.grants import STATION_ROLES
from core.errors import SettingRefused

SHORTEST_PASSWORD = 12
ROLE_NAMES = tuple(STATION_ROLES.values())


def read_url(file: Path) -> URL:
    """The URL in a file of secrets.

    Raises:
        SettingRefused: It cannot be read, or holds no URL of a Postgres.
    """
    try:
        return driver_url(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingRefused(f"{file}: {type(error).__name__}") from error


def give_login(engine: Engine, url: URL) -> str:
    """Let the URL's user log in with the URL's password from now on; the role's name.

    Raises:
        SettingRefused: It is no station's role, or the password is short.
        LedgerUnavailable: Postgres does not answer.
    """
    role, password = str(url.username), str(url.password or "")
    if role not in ROLE_NAMES:
        raise SettingRefused(f"DATABASE_URL of a station: user {role}; it must be one of {', '.join(ROLE_NAMES)}")
    if len(password) < SHORTEST_PASSWORD:
        raise SettingRefused(f"DATABASE_URL of {role}: its password has fewer than {SHORTEST_PASSWORD} characters")
    with translated(), engine.begin() as connection:
        raw = connection.connection.dbapi_connection
        verifier = encrypt_password(password, role, raw, "scram-sha-256")
        connection.exec_driver_sql(f"alter role {role} login password '{verifier}'")
    return role

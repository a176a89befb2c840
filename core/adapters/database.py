"""Connections to Postgres: one way to open them, one way to name what goes wrong with them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL, Connection, Engine, create_engine, func, make_url, select
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import LedgerFull, LedgerNotMigrated, LedgerUnavailable, NoOpenDay, SettingRefused

DRIVER = "postgresql+psycopg2"
CHECK_VIOLATION = "23514"
NOT_MIGRATED = ("42P01", "42703", "42883")
"""Undefined table, column, function."""
DISK_FULL = "53100"
INSUFFICIENT_PRIVILEGE = "42501"

# A transaction of ours is short; one that idles belongs to a frozen process and must let go of its locks.
SESSION = {
    "timezone": "UTC",
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
}


def driver_url(url: str) -> URL:
    """The URL with its driver named: a bare postgresql:// would mean another driver than the one installed.

    Raises:
        SettingRefused: It is not the URL of a Postgres.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingRefused("DATABASE_URL is not a URL") from error
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername=DRIVER)
    if parsed.get_backend_name() != "postgresql":
        raise SettingRefused(f"DATABASE_URL names {parsed.drivername}, the line needs {DRIVER}")
    return parsed


def open_engine(url: str, application_name: str = "line") -> Engine:
    """A pool of connections that give up instead of hanging. Nothing is connected yet."""
    options = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    return create_engine(
        driver_url(url),
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=5,
        pool_timeout=10,
        hide_parameters=True,  # an error's text may end in a log, and a camera's source holds a password
        connect_args={
            "options": options,
            "application_name": application_name,
            "connect_timeout": 5,
            "tcp_user_timeout": 30_000,
        },
    )


@contextmanager
def translated() -> Iterator[None]:
    """Name what Postgres cannot do just now.

    Raises:
        LedgerFull: Its disk is full; trying again is safe.
        LedgerNotMigrated: It has not the line's tables, or not all of them.
        LedgerUnavailable: It does not answer, or gave up; trying again is safe.
        NoOpenDay: A row's day has no partition.
        SettingRefused: DATABASE_URL's role may not do this.
    """
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeout) as error:
        if isinstance(error, OperationalError) and _code(error) == DISK_FULL:
            raise LedgerFull(_first_line(error)) from error
        raise LedgerUnavailable(_first_line(error)) from error
    except ProgrammingError as error:
        if _code(error) in NOT_MIGRATED:
            # No fault of any frame: a worker that ended here would count as ended by those it had in hand.
            raise LedgerNotMigrated(f"run `python -m core migrate`; {_first_line(error)}") from error
        if _code(error) == INSUFFICIENT_PRIVILEGE:
            role = "each station has a role of its own, and `python -m core migrate` brings what it may do"
            raise SettingRefused(f"DATABASE_URL: {_first_line(error)}; {role}") from error
        raise
    except IntegrityError as error:
        if _lacks_partition(error):
            raise NoOpenDay(_first_line(error)) from error
        raise
    except DBAPIError as error:
        # To the driver, a server that dies in the middle of a statement is an error of no kind and without a code.
        if error.connection_invalidated or (type(error) is DatabaseError and not _code(error)):
            raise LedgerUnavailable(_first_line(error)) from error
        raise


def leave(connection: Connection) -> None:
    """Unlock, then close: Postgres ends a closed session a moment later, and until then its locks refuse others."""
    try:
        with suppress(DBAPIError):
            connection.rollback()
            connection.execute(select(func.pg_advisory_unlock_all()))
    finally:
        connection.close()


def _code(error: DBAPIError) -> str:
    return getattr(error.orig, "pgcode", None) or ""


def _lacks_partition(error: IntegrityError) -> bool:
    """Told by code, not by words: the server's language is not ours to choose."""
    diagnosis = getattr(error.orig, "diag", None)
    return _code(error) == CHECK_VIOLATION and getattr(diagnosis, "constraint_name", None) is None


def _first_line(error: Exception) -> str:
    """What the driver said, without the statement and its parameters."""
    return str(getattr(error, "orig", None) or error).strip().split("\n", 1)[0]

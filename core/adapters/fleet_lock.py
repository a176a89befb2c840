"""FleetLock on Postgres: a lock of a session of its own, which ends with the process that holds it."""

from sqlalchemy import Connection, Engine, text

from core.adapters.database import leave, translated
from core.errors import LineError

_TRY = text("select pg_try_advisory_lock(hashtext('line.fleet'))")
_LIVES = text("select true")

# A holder whose machine lost its power says nothing: the server asks, and lets go of the lock within half a minute.
_NOTICE_SILENCE = text("set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3")


class PostgresFleetLock:
    """FleetLock. The session is open as long as the lock is ours or wanted; one that was cut is opened anew."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Connection | None = None
        self._is_ours = False

    def take(self) -> bool:
        """Ask for it, or whether the session that holds it still lives."""
        try:
            with translated():
                self._session = self._session or self._opened()
                self._is_ours = bool(self._session.scalar(_LIVES if self._is_ours else _TRY))
        except LineError:
            self.release()
            raise
        return self._is_ours

    def release(self) -> None:
        """Unlock and close the session."""
        self._is_ours = False
        if self._session is not None:
            session, self._session = self._session, None
            leave(session)

    def _opened(self) -> Connection:
        session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        session.detach()
        session.execute(_NOTICE_SILENCE)
        return session

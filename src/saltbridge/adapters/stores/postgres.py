"""The server store: PostgreSQL through psycopg, the same tables and the same promises.

Units of work take one advisory lock, so that they follow one another as they do in SQLite:
whoever reads inside a unit of work decides on what is still true at its end.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    NoSuchModuleError,
    OperationalError,
)

from saltbridge.adapters.stores.bases import Bases
from saltbridge.adapters.stores.migrate import migrate, stored_version
from saltbridge.adapters.stores.schema import HEAD
from saltbridge.adapters.stores.sql_audit import SqlAudit
from saltbridge.adapters.stores.sql_log import LastEdge
from saltbridge.adapters.stores.unit_of_work import SqlUnitOfWork
from saltbridge.core.errors import Unavailable
from saltbridge.core.finding import finding
from saltbridge.ports import Clock

if TYPE_CHECKING:  # the driver is there once it is needed
    from saltbridge.adapters.stores.postgres_mark import SnapshotAsker

_LOCK = 0x53616C74  # "Salt": the advisory lock of everybody who writes to this database
_PING_AFTER_SECONDS = 1.0
_CONNECTIONS_KEPT = 16
_CONNECTIONS_MORE = 24  # with those kept as many as threads that answer
_LOCK_TIMEOUT = "20s"
_LOCK_NOT_AVAILABLE = "55P03"


class PostgresStore:
    """A store in one PostgreSQL database."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._clock = clock
        self._bases = Bases()
        self._last_edge = LastEdge()
        self._writing = threading.local()
        self._watching = threading.Lock()
        self._asker: SnapshotAsker | None = None
        try:
            # Opened when they are needed, and kept: to open one takes longer than a reading.
            self._engine = create_engine(
                f"postgresql+psycopg:{url.partition(':')[2]}",
                pool_size=_CONNECTIONS_KEPT,
                max_overflow=_CONNECTIONS_MORE,
            )
        except (ImportError, NoSuchModuleError) as fault:
            raise Unavailable.of("store.no-driver") from fault
        _ping_idle(self._engine)
        self._reader = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with self._worded():
            with self._reader.connect() as connection:
                version = stored_version(connection)
            if version != HEAD:
                with self._engine.begin() as connection:
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                    migrate(connection)

    @contextmanager
    def unit_of_work(self) -> Iterator[SqlUnitOfWork]:
        """A write transaction; it waits its turn.

        Raises:
            Unavailable: the server cannot be reached, or somebody wrote too long.
        """
        if getattr(self._writing, "open", False):
            raise RuntimeError("a unit of work is open already in this thread")
        self._writing.open = True
        try:
            with self._worded(), self._engine.begin() as connection:
                connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                yield SqlUnitOfWork(
                    connection, self._clock, self._bases, self._last_edge, writable=True
                )
        finally:
            self._writing.open = False

    @contextmanager
    def reading(self) -> Iterator[SqlUnitOfWork]:
        """A read-only view of one moment."""
        with self._worded(), self._reader.begin() as connection:
            yield SqlUnitOfWork(
                connection, self._clock, self._bases, self._last_edge, writable=False
            )

    @contextmanager
    def auditing(self) -> Iterator[SqlAudit]:
        """A view of one moment for a full check; the server looks after its own pages."""
        with self._worded(), self._reader.begin() as connection:
            yield SqlAudit(connection, lambda _: ())

    def rebuild_nodes(self) -> int:
        """Work the stored subtrees of the log out anew; returns for how many leaves.

        Raises:
            Refused: leaves are missing, or one of them is not as it was written.
        """
        with self.unit_of_work() as work:
            return work.rebuild_nodes()

    def state(self) -> object:
        """The server's snapshot, which differs once anybody wrote; a round trip."""
        with self._watching:
            try:
                return self._asked()
            except Unavailable:  # the connection was lost since
                self._forget_asker()
                return self._asked()

    def _asked(self) -> object:
        if self._asker is None:
            self._asker = self.asker()
        return self._asker.wait()

    def _forget_asker(self) -> None:
        if self._asker is not None:
            self._asker.close()
            self._asker = None

    def asker(self) -> "SnapshotAsker":
        """Asks for the snapshot on a connection of its own.

        Raises:
            Unavailable: the server cannot be reached.
        """
        from saltbridge.adapters.stores.postgres_mark import opened_asker

        with self._worded():
            return opened_asker(self._engine.raw_connection)

    def close(self) -> None:
        """Let go of the connections."""
        with self._watching:
            self._forget_asker()
        self._engine.dispose()

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as fault:
            if getattr(fault.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                raise Unavailable([finding("store.busy")]) from fault
            if not isinstance(fault, OperationalError):
                raise
            reason = str(fault.orig).strip().splitlines()[0]
            raise Unavailable([finding("store.cannot-open", reason=reason)]) from fault


def _ping_idle(engine: Engine) -> None:
    """Ask connections that lay idle whether they still live; of others a round trip is saved.

    Where a connection breaks, the pool lets go of all of them.
    """

    @event.listens_for(engine, "checkin")
    def _came(connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _goes(connection: Any, record: Any, proxy: Any) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < _PING_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as fault:
            raise DisconnectionError from fault  # the pool tries the next one

"""The embedded store: one SQLite file, shared by the processes and threads of one node.

WAL, so that readers never wait; ``BEGIN IMMEDIATE`` for every write, since a transaction
that reads first and writes later fails at once when somebody else wrote in between;
``synchronous=FULL``, so that what was acknowledged survives a power cut.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from saltbridge.adapters.stores.bases import Bases
from saltbridge.adapters.stores.migrate import migrate, stored_version
from saltbridge.adapters.stores.schema import HEAD
from saltbridge.adapters.stores.sql_audit import SqlAudit
from saltbridge.adapters.stores.sql_log import LastEdge
from saltbridge.adapters.stores.unit_of_work import SqlUnitOfWork
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Place, finding
from saltbridge.ports import Clock

BUSY_SECONDS = 20.0
# Pages of indexes the one writer comes back to; the usual 2 MB are 125 pages of ours.
_WRITERS_CACHE_KIB = 16_000


def _integrity_faults(connection: Connection) -> Iterable[str]:
    """What SQLite finds wrong with its pages, indexes and constraints; at most 100 faults."""
    rows = connection.exec_driver_sql("PRAGMA integrity_check(100)")
    return [str(row[0]) for row in rows if row[0] != "ok"]


class SqliteStore:
    """A store in one file."""

    def __init__(self, url: str, clock: Clock, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = Path(url.removeprefix("sqlite:///"))
        self._clock = clock
        self._bases = Bases()
        self._last_edge = LastEdge()
        self._busy_seconds = busy_seconds
        self._turn = threading.Lock()
        # A connection that only asks whether others wrote: it counts the commits of others.
        self._watching = threading.Lock()
        self._watched: PoolProxiedConnection | None = None
        self._asking: Any = None  # its cursor
        self._writing_thread: int | None = None
        self._place = Place(file=str(self._path))
        try:
            # The file holds trade secrets: its owner reads it and nobody else.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as fault:
            reason = fault.strerror or str(fault)
            raise Unavailable(
                [finding("store.cannot-open", self._place, reason=reason)]
            ) from fault
        self._writer = self._engine(writes=True)
        self._reader = self._engine(writes=False)
        with self._worded(), self._reader.connect() as connection:
            version = stored_version(connection)
        if version != HEAD:
            with self._worded(), self._writer.begin() as connection:
                migrate(connection)

    @contextmanager
    def unit_of_work(self) -> Iterator[SqlUnitOfWork]:
        """A write transaction; it waits its turn.

        Raises:
            Unavailable: another process held the file too long, or the disk is full.
        """
        me = threading.get_ident()
        if self._writing_thread == me:
            raise RuntimeError("a unit of work is open already in this thread")
        if not self._turn.acquire(timeout=self._busy_seconds):
            raise Unavailable([finding("store.busy", self._place)])
        try:
            self._writing_thread = me
            with self._worded(), self._writer.begin() as connection:
                yield SqlUnitOfWork(
                    connection, self._clock, self._bases, self._last_edge, writable=True
                )
        finally:
            self._writing_thread = None
            self._turn.release()

    @contextmanager
    def reading(self) -> Iterator[SqlUnitOfWork]:
        """A read-only view of one moment."""
        with self._worded(), self._reader.begin() as connection:
            yield SqlUnitOfWork(
                connection, self._clock, self._bases, self._last_edge, writable=False
            )

    @contextmanager
    def auditing(self) -> Iterator[SqlAudit]:
        """A view of one moment for a full check; text that is no UTF-8 any more is read."""
        with self._worded(), self._reader.begin() as connection:
            driver: Any = connection.connection.driver_connection
            driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
            try:
                yield SqlAudit(connection, _integrity_faults)
            finally:
                driver.text_factory = str

    def rebuild_nodes(self) -> int:
        """Work the stored subtrees of the log out anew; returns for how many leaves.

        Raises:
            Refused: leaves are missing, or one of them is not as it was written.
        """
        with self.unit_of_work() as work:
            return work.rebuild_nodes()

    def state(self) -> object:
        """A number that differs once anybody wrote, in this process or another one."""
        with self._watching:
            if self._watched is None:
                with self._worded():
                    self._watched = self._reader.raw_connection()
                    self._asking = self._watched.cursor()
            try:
                self._asking.execute("PRAGMA data_version")
                return self._asking.fetchone()
            except sqlite3.OperationalError as fault:
                reason = str(fault)
                raise Unavailable(
                    [finding("store.cannot-open", self._place, reason=reason)]
                ) from fault

    def asker(self) -> None:
        """None: ``state`` never waits."""

    def close(self) -> None:
        """Let go of the file."""
        with self._watching:
            if self._watched is not None:
                self._watched.close()
                self._watched = None
        self._reader.dispose()
        self._writer.dispose()

    def _engine(self, *, writes: bool) -> Engine:
        engine = create_engine(
            URL.create("sqlite", database=str(self._path)),  # a path may hold any character
            connect_args={"timeout": self._busy_seconds},
            pool_size=1 if writes else 8,
            max_overflow=0 if writes else -1,
        )

        @event.listens_for(engine, "connect")
        def _configure(connection: Any, _: object) -> None:
            connection.isolation_level = None  # transactions are begun below, by us
            cursor = connection.cursor()
            for pragma in (
                "page_size=16384",  # of a new file: packed rows fill larger pages better
                "journal_mode=WAL",
                "synchronous=FULL",
                f"cache_size={-_WRITERS_CACHE_KIB if writes else -2000}",
                "foreign_keys=ON",
                "trusted_schema=OFF",
                f"query_only={'OFF' if writes else 'ON'}",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as fault:
            reason = str(fault.orig)
            if "locked" in reason:
                raise Unavailable([finding("store.busy", self._place)]) from fault
            raise Unavailable(
                [finding("store.cannot-open", self._place, reason=reason)]
            ) from fault
        except UnicodeDecodeError as fault:  # SQLite quotes a damaged schema in its complaint
            raise FaultyInput([finding("store.not-a-store", self._place)]) from fault
        except DatabaseError as fault:
            if "not a database" not in str(fault.orig) and "malformed" not in str(fault.orig):
                raise
            raise FaultyInput([finding("store.not-a-store", self._place)]) from fault

"""The mark of a PostgreSQL store: its snapshot, asked for on a connection of its own.

A snapshot names the transactions whose work it shows (``xmin:xmax:those under way``, PostgreSQL
manual, section 9.26.9 "Transaction ID and Snapshot Information Functions"; read on 2026-11-28).
A transaction leaves it before its commit is acknowledged, and transactions never come back: two
equal snapshots of one server show the same, and what was acknowledged in between makes them
differ. So the mark differs once anybody wrote, with whatever program, to any database of the
server. Numbers of transactions may begin anew where a server is restored or replaced; that ends
the connection, or at least starts another server, so both belong to the mark.
"""

import os
from collections.abc import Callable
from select import POLLIN, poll
from typing import Any, Final

from psycopg import Error
from psycopg.pq import ExecStatus

from saltbridge.core.errors import Unavailable
from saltbridge.core.finding import finding

ANSWER_SECONDS: Final = 5.0
_QUESTION: Final = (
    b"SELECT pg_catalog.pg_current_snapshot(), pg_catalog.pg_postmaster_start_time()"
)


class SnapshotAsker:
    """Asks for the snapshot without waiting: ``ask``, wait until readable, ``answer``.

    One question at a time. The connection is the asker's alone, and not in a transaction.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._pq = connection.pgconn
        self._pq.prepare(b"mark", _QUESTION)
        self._pq.nonblocking = 1
        # Of our own: the driver closes its descriptor itself where the connection ends, and
        # that number may be another file's the next moment.
        self._socket = os.dup(self._pq.socket)
        self._self = object()  # of this connection, and of no other there ever was
        self._come: tuple[bytes | None, ...] | None = None

    def fileno(self) -> int:
        """What becomes readable when something of the answer has come."""
        return self._socket

    def ask(self) -> None:
        """Send the question.

        Raises:
            Unavailable: the connection is gone.
        """
        self._come = None
        try:
            self._pq.send_query_prepared(b"mark", [])
            self._pq.flush()
        except Error as fault:
            raise _gone(fault) from fault

    def answer(self) -> object:
        """The mark; None as long as it has not come whole.

        Raises:
            Unavailable: the connection is gone.
        """
        try:
            self._pq.consume_input()
            while not self._pq.is_busy():
                result = self._pq.get_result()
                if result is None:
                    return self._mark()
                if result.status == ExecStatus.TUPLES_OK:
                    self._come = (result.get_value(0, 0), result.get_value(0, 1))
        except Error as fault:
            raise _gone(fault) from fault
        return None

    def _mark(self) -> object:
        come, self._come = self._come, None
        if come is None:
            raise Unavailable([finding("store.cannot-open", reason="no snapshot")])
        return self._self, *come

    def wait(self) -> object:
        """Ask, and wait for the mark: for threads.

        Raises:
            Unavailable: the connection is gone, or nothing came.
        """
        readable = poll()
        readable.register(self, POLLIN)
        self.ask()
        while (mark := self.answer()) is None:
            if not readable.poll(ANSWER_SECONDS * 1000):
                raise Unavailable([finding("store.cannot-open", reason="no answer")])
        return mark

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()
        if self._socket >= 0:
            os.close(self._socket)
            self._socket = -1


def opened_asker(connected: Callable[[], Any]) -> SnapshotAsker:
    """An asker on a connection taken out of the pool for good.

    What the driver raises here does not go through the engine, which would word it.

    Raises:
        Unavailable: the server cannot be reached, or the connection broke at once.
    """
    connection: Any = None
    try:
        pooled = connected()
        connection = pooled.driver_connection
        pooled.detach()  # it does not come back to the pool
        connection.autocommit = True
        return SnapshotAsker(connection)
    except Error as fault:
        if connection is not None:
            connection.close()
        raise _gone(fault) from fault


def _gone(fault: Error) -> Unavailable:
    reason = (str(fault).strip() or type(fault).__name__).splitlines()[0]
    return Unavailable([finding("store.cannot-open", reason=reason)])

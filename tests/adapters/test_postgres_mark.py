"""What the driver raises while an asker is opened is worded like every loss of the server."""

from typing import Any

import psycopg
import pytest

from saltbridge.adapters.stores.postgres_mark import opened_asker
from saltbridge.core.errors import Unavailable


class Broken:
    """A connection that breaks at the first question, as the pool hands it out."""

    def __init__(self) -> None:
        self.driver_connection = self
        self.pgconn = self
        self.detached = self.closed = False

    def detach(self) -> None:
        self.detached = True

    def prepare(self, *_: Any) -> None:
        raise psycopg.OperationalError("server closed the connection unexpectedly\n")

    def close(self) -> None:
        self.closed = True


def _no_server() -> Any:
    raise psycopg.OperationalError("connection refused\nIs the server running?")


def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    with pytest.raises(Unavailable) as refused:
        opened_asker(_no_server)
    (found,) = refused.value.findings
    assert (found.code, found.arguments["reason"]) == (
        "store.cannot-open",
        "connection refused",
    )


def test_a_connection_that_breaks_at_once_is_unavailable_and_let_go_of() -> None:
    broken = Broken()
    with pytest.raises(Unavailable) as refused:
        opened_asker(lambda: broken)
    assert refused.value.findings[0].code == "store.cannot-open"
    assert broken.detached
    assert broken.closed

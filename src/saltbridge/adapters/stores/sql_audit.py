"""Reads every stored row for an audit, whatever state it is in, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from saltbridge.adapters.stores.facts import SCHEMA, VERSION, read_facts, schema_digest
from saltbridge.adapters.stores.row_digest import is_whole, leaf_row_digest
from saltbridge.adapters.stores.schema import HEAD
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, finding
from saltbridge.ports import AuditedLeaf, AuditedRow
from saltbridge.trust.log import leaf_bytes, leaf_hash

_PAGE = 2000
_DOCUMENTS_PER_PAGE = 50  # they may be large
_LEAVES = """SELECT leaf_index, event, subject, body_digest, salt, leaf_hash, nodes,
                    written_at, row_digest FROM log_leaves ORDER BY leaf_index"""


class SqlAudit:
    """A view of one moment, over a connection that reads damaged text as well."""

    def __init__(
        self, connection: Connection, engine_faults: Callable[[Connection], Iterable[str]]
    ) -> None:
        """``engine_faults`` asks the engine for its own integrity check."""
        self._connection = connection
        self._engine_faults = engine_faults

    def faults(self) -> Iterator[Finding]:
        """What engine, version and schema give cause for."""
        with _worded("engine"):
            for reason in self._engine_faults(self._connection):
                yield finding("audit.engine", reason=reason)
        with _worded("alembic_version"):
            rows = self._connection.execute(text("SELECT version_num FROM alembic_version"))
            versions = [row[0] for row in rows]
            facts = read_facts(self._connection) or {}
        if versions != [HEAD] or facts.get(VERSION) != HEAD:
            found = ", ".join(map(str, versions))
            yield finding("audit.version", found=found, known=HEAD)
        with _worded("schema"):
            found = schema_digest(self._connection)
        if facts.get(SCHEMA) != found:
            yield finding("audit.schema")

    def leaves(self) -> Iterator[Sequence[AuditedLeaf]]:
        """Every leaf by ascending index."""
        for rows in self._pages("log_leaves", _LEAVES, _PAGE):
            yield [_leaf(*row) for row in rows]

    def documents(self) -> Iterator[Sequence[AuditedRow]]:
        """Every version of every record, and every release."""
        for rows in self._pages("records", "SELECT * FROM records", _DOCUMENTS_PER_PAGE):
            yield [
                AuditedRow(
                    "records",
                    row.kind,
                    row.id,
                    row.version,
                    row.digest,
                    row.body,
                    is_whole("records", row._mapping),
                )
                for row in rows
            ]
        for rows in self._pages("releases", "SELECT * FROM releases", _DOCUMENTS_PER_PAGE):
            yield [
                AuditedRow(
                    "releases",
                    "release",
                    row.decision_id,
                    1,
                    row.digest,
                    b"",
                    is_whole("releases", row._mapping),
                )
                for row in rows
            ]

    def others(self) -> Iterator[Sequence[AuditedRow]]:
        """The outbox, and what the store knows about itself."""
        for table, key in (("outbox", "id"), ("store_facts", "name")):
            for rows in self._pages(table, f"SELECT * FROM {table}", _PAGE):  # noqa: S608
                yield [
                    AuditedRow(
                        table,
                        table,
                        row._mapping[key],
                        1,
                        "",
                        b"",
                        is_whole(table, row._mapping),
                    )
                    for row in rows
                ]

    def _pages(self, table: str, statement: str, size: int) -> Iterator[Sequence[Any]]:
        with _worded(table):
            yield from self._connection.exec_driver_sql(
                statement, execution_options={"yield_per": size}
            ).partitions()


def _leaf(
    index: int,
    event: str,
    subject: str,
    body_digest: str,
    salt: str,
    hashed: bytes,
    nodes: bytes,
    written_at: str,
    row_digest: bytes,
) -> AuditedLeaf:
    try:
        due = leaf_hash(leaf_bytes(event, subject, body_digest, salt))
        whole = due == hashed and leaf_row_digest(index, due, nodes, written_at) == row_digest
    except (TypeError, FaultyInput):
        whole = False
    return AuditedLeaf(index, event, subject, body_digest, salt, hashed, nodes, whole)


@contextmanager
def _worded(table: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as fault:
        reason = str(fault.orig).strip().splitlines()[0]
        raise FaultyInput.of("audit.unreadable", table=table, reason=reason) from fault

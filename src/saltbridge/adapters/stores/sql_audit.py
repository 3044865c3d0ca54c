"""Reads every stored row for an audit, whatever state it is in, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from saltbridge.adapters.stores.bases import Bases, base_content
from saltbridge.adapters.stores.facts import SCHEMA, VERSION, read_facts, schema_digest
from saltbridge.adapters.stores.row_digest import is_whole, leaf_row_digest
from saltbridge.adapters.stores.schema import HEAD
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, finding
from saltbridge.ports import AuditedLeaf, AuditedRow
from saltbridge.trust.log import leaf_bytes, leaf_hash

_PAGE = 2000
_DOCUMENTS_PER_PAGE = 50  # they may be large
# Asked for by name and read by place: a column whose name is damaged is still told apart.
_COLUMNS = {
    "log_leaves": (
        "leaf_index", "event", "subject", "body_digest", "salt", "leaf_hash", "nodes",
        "written_at", "row_digest",
    ),
    "records": (
        "kind", "id", "version", "body", "digest", "written_at", "row_digest", "packing",
    ),
    "releases": (
        "digest", "decision_id", "content", "media_type", "audience", "purpose", "written_at",
        "row_digest", "packing",
    ),
    "bases": (
        "number", "decision_id", "content", "packing", "digest", "written_at", "row_digest",
    ),
    "outbox": (
        "position", "id", "kind", "body", "ordering_key", "attempts", "due_at", "last_error",
        "row_digest",
    ),
    "store_facts": ("name", "value", "row_digest"),
}  # fmt: skip


class SqlAudit:
    """A view of one moment, over a connection that reads damaged text as well."""

    def __init__(
        self, connection: Connection, engine_faults: Callable[[Connection], Iterable[str]]
    ) -> None:
        """``engine_faults`` asks the engine for its own integrity check."""
        self._connection = connection
        self._engine_faults = engine_faults
        self._bases = Bases()

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
        for rows in self._pages("log_leaves", _PAGE, "ORDER BY leaf_index"):
            yield [_leaf(*row) for row in rows]

    def documents(self) -> Iterator[Sequence[AuditedRow]]:
        """Every version of every record, and every release."""
        for page in self._rows("records", _DOCUMENTS_PER_PAGE):
            yield [self._record(row) for row in page]
        for page in self._rows("releases", _DOCUMENTS_PER_PAGE):
            yield [self._release(row) for row in page]

    def others(self) -> Iterator[Sequence[AuditedRow]]:
        """What packed rows lean on, the outbox, and what the store knows about itself."""
        for page in self._rows("bases", _DOCUMENTS_PER_PAGE):
            yield [_base(row) for row in page]
        for table, key in (("outbox", "id"), ("store_facts", "name")):
            for page in self._rows(table, _PAGE):
                yield [
                    AuditedRow(table, table, r[key], 1, "", b"", is_whole(table, r))
                    for r in page
                ]

    def _record(self, row: dict[str, Any]) -> AuditedRow:
        body = self._bases.content(self._connection, "records", row)
        whole, known = body is not None, row["digest"]
        return AuditedRow(
            "records", row["kind"], row["id"], row["version"], known, body or b"", whole
        )

    def _release(self, row: dict[str, Any]) -> AuditedRow:
        whole = self._bases.content(self._connection, "releases", row) is not None
        return AuditedRow(
            "releases", "release", row["decision_id"], 1, row["digest"], b"", whole
        )

    def _rows(self, table: str, size: int) -> Iterator[list[dict[str, Any]]]:
        names = _COLUMNS[table]
        for page in self._pages(table, size):
            yield [dict(zip(names, row, strict=True)) for row in page]

    def _pages(self, table: str, size: int, order: str = "") -> Iterator[Sequence[Any]]:
        columns = ", ".join(_COLUMNS[table])
        with _worded(table):
            yield from self._connection.exec_driver_sql(
                f"SELECT {columns} FROM {table} {order}",  # noqa: S608 - the names are ours
                execution_options={"yield_per": size},
            ).partitions()


def _base(row: dict[str, Any]) -> AuditedRow:
    whole = base_content(row) is not None
    return AuditedRow("bases", "base", f"{row['number']}", 1, row["digest"], b"", whole)


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

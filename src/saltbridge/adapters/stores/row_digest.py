"""Digests over whole rows, so that no stored value can change without being noticed.

A digest is no signature: who may write the file can write a new digest too. That forgery is
what the log is for, whose root other companies have signed; the digest finds the faults of
memory, disk and hand that nobody meant.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, TypeAlias

from sqlalchemy import RowMapping

from saltbridge.adapters.stores.packing import unpacked
from saltbridge.core.canonical import digest

Row: TypeAlias = Mapping[str, Any] | RowMapping

# Which columns a digest is over, in this order. The bytes of a document stand for themselves
# in the digest kept beside them, which is checked as well. A leaf has a rule of its own.
COVERED: Final[Mapping[str, tuple[str, ...]]] = {
    "records": ("kind", "id", "version", "digest", "written_at"),
    "releases": (
        "digest", "decision_id", "media_type", "audience", "purpose", "written_at",
    ),
    "outbox": (
        "position", "id", "kind", "body", "ordering_key", "attempts", "due_at", "last_error",
    ),
    "bases": ("number", "decision_id", "digest", "written_at"),
    "store_facts": ("name", "value"),
}  # fmt: skip
CONTENT: Final[Mapping[str, str]] = {
    "records": "body", "releases": "content", "bases": "content",
}  # fmt: skip


def row_digest(table: str, row: Row) -> bytes:
    """SHA-256 over the table's name and the row's covered columns.

    Every value is written with its type and length, so that no two rows look alike. Of a
    packed row, how it is packed and the packed bytes are covered too.

    Raises:
        TypeError: a value is of a type no column holds.
    """
    parts = [table.encode()]
    values = [row[column] for column in COVERED[table]]
    if (packing := row.get("packing")) is not None:  # stores from before packed nothing
        values += [packing, sha256(row[CONTENT[table]]).digest()]
    for value in values:
        if type(value) is str and value.isascii():
            parts.append(f"s{len(value)}:{value}".encode())
        elif type(value) is str:
            text = value.encode("utf-8", "surrogatepass")
            parts.append(b"s%d:%b" % (len(text), text))
        elif type(value) is int:
            parts.append(b"i%d:" % value)
        elif type(value) is bytes:
            parts.append(b"b%d:%b" % (len(value), value))
        elif value is None:
            parts.append(b"n:")
        else:
            raise TypeError(f"{table} holds a value of type {type(value).__name__}")
    return sha256(b"|".join(parts)).digest()


def sealed(table: str, row: Row) -> dict[str, Any]:
    """The row together with its digest, as it is stored."""
    return {**row, "row_digest": row_digest(table, row)}


def is_whole(table: str, row: Row) -> bool:
    """Whether a stored row is as it was written, leaving the document in it aside."""
    try:
        return bool(row_digest(table, row) == row["row_digest"])
    except (TypeError, ValueError, OverflowError):
        return False


def opened(table: str, row: Row, base: Any) -> bytes | None:
    """The document in a row, unpacked; None where row or document is not as it was written.

    ``base`` is what the row leans on, if anything.
    """
    stored = row[CONTENT[table]]
    if type(stored) is not bytes or not is_whole(table, row):
        return None
    try:
        content = unpacked(stored, row["packing"], base)
    except ValueError:
        return None
    return content if digest(content) == row["digest"] else None


def leaf_row_digest(index: int, leaf_hash: bytes, nodes: bytes, written_at: str) -> bytes:
    """SHA-256 over what a leaf's hash does not cover: place, time, and the stored nodes.

    Raises:
        TypeError: a value is of a type no column holds.
    """
    if type(index) is not int:
        raise TypeError("an index that is no integer")
    head = f"log_leaves|{index}|{written_at}|{len(nodes)}|".encode("utf-8", "surrogatepass")
    return sha256(head + leaf_hash + nodes).digest()

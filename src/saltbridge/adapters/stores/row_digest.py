"""Digests over whole rows, so that no stored value can change without being noticed.

A digest is no signature: who may write the file can write a new digest too. That forgery is
what the log is for, whose root other companies have signed; the digest finds the faults of
memory, disk and hand that nobody meant.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, TypeAlias

from sqlalchemy import RowMapping

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
    "store_facts": ("name", "value"),
}  # fmt: skip
CONTENT: Final[Mapping[str, str]] = {"records": "body", "releases": "content"}


def row_digest(table: str, row: Row) -> bytes:
    """SHA-256 over the table's name and the row's covered columns.

    Every value is written with its type and length, so that no two rows look alike.

    Raises:
        TypeError: a value is of a type no column holds.
    """
    parts = [table.encode()]
    for column in COVERED[table]:
        value = row[column]
        if type(value) is str:
            text = value.encode("utf-8", "surrogatepass")
            parts.append(b"s%d:%b" % (len(text), text))
        elif type(value) is int:
            parts.append(b"i%d:" % value)
        elif type(value) is bytes:
            parts.append(b"b%d:%b" % (len(value), value))
        elif value is None:
            parts.append(b"n:")
        else:
            raise TypeError(f"{table}.{column} is of type {type(value).__name__}")
    return sha256(b"|".join(parts)).digest()


def sealed(table: str, row: Row) -> dict[str, Any]:
    """The row together with its digest, as it is stored."""
    return {**row, "row_digest": row_digest(table, row)}


def is_whole(table: str, row: Row) -> bool:
    """Whether a stored row, its document included, is as it was written."""
    try:
        content = CONTENT.get(table)
        if content is not None and (
            type(row[content]) is not bytes or digest(row[content]) != row["digest"]
        ):
            return False
        return bool(row_digest(table, row) == row["row_digest"])
    except (TypeError, ValueError, OverflowError):
        return False


def leaf_row_digest(index: int, leaf_hash: bytes, nodes: bytes, written_at: str) -> bytes:
    """SHA-256 over what a leaf's hash does not cover: place, time, and the stored nodes.

    Raises:
        TypeError: a value is of a type no column holds.
    """
    if type(index) is not int:
        raise TypeError("an index that is no integer")
    head = f"log_leaves|{index}|{written_at}|{len(nodes)}|".encode("utf-8", "surrogatepass")
    return sha256(head + leaf_hash + nodes).digest()

"""The bases that packed rows lean on: kept in a table, and the last used ones in memory."""

import threading
from collections import OrderedDict
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select

from saltbridge.adapters.stores import schema
from saltbridge.adapters.stores.packing import (
    ALONE,
    Base,
    Dictionary,
    as_dictionary,
    packed_alone,
    unpacked,
)
from saltbridge.adapters.stores.row_digest import Row, is_whole, opened, sealed
from saltbridge.core.canonical import digest

_KEPT: Final = 64  # bases in memory; one is some 30 to 100 kB
_ASKED: Final = select(schema.bases).where(schema.bases.c.number == bindparam("of_number"))


class Bases:
    """Finds the base of a row. A base never changes and no number is used twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Dictionary] = OrderedDict()

    def content(self, connection: Connection, table: str, row: Row) -> bytes | None:
        """The document in a row; None where the row, or its base, is not as it was written."""
        packing = row["packing"]
        if packing is None or packing == ALONE:
            return opened(table, row, None)
        base = self._of(connection, packing) if type(packing) is int else None
        return None if base is None else opened(table, row, base)

    def _of(self, connection: Connection, number: int) -> Dictionary | None:
        with self._lock:
            if (known := self._kept.get(number)) is not None:
                self._kept.move_to_end(number)
                return known
        row = connection.execute(_ASKED, {"of_number": number}).mappings().first()
        content = None if row is None else base_content(row)
        if content is None:
            return None
        made = as_dictionary(content)
        with self._lock:
            self._kept[number] = made
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made


def base_content(row: Row) -> bytes | None:
    """The bytes of a base; None where its row is not as it was written."""
    if not is_whole("bases", row):
        return None
    try:
        content = unpacked(row["content"], row["packing"], None)
    except ValueError:
        return None
    return content if digest(content) == row["digest"] else None


def write_base(connection: Connection, base: Base, decision_id: str, at: str) -> None:
    """Keep a base; released bytes are in the base of the decision that let them go."""
    small = packed_alone(base.content)
    row: dict[str, Any] = {
        "number": base.number,
        "decision_id": decision_id,
        "content": small.content,
        "packing": small.packing,
        "digest": digest(base.content),
        "written_at": at,
    }
    connection.execute(insert(schema.bases), sealed("bases", row))

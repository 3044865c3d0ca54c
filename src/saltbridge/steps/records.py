"""Going through what a store holds."""

from collections.abc import Iterator
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.ports import StoredRecord, UnitOfWork


def every(view: UnitOfWork, kind: str) -> Iterator[StoredRecord]:
    """The newest version of every record of a kind by ascending id, read page by page."""
    after = ""
    while page := view.find(kind, after=after):
        yield from page
        after = page[-1].id


def document(view: UnitOfWork, kind: str, id: str) -> Any:
    """The JSON document of a record, or None where there is none; an empty id names none.

    Raises:
        FaultyJson: what is stored is not JSON.
    """
    record = view.get(kind, id) if id else None
    return None if record is None else read_json(record.body)

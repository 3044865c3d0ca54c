"""The bulk half of a unit of work over SQL: what one writes singly, written many at once."""

from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select

from saltbridge.adapters.stores import schema
from saltbridge.adapters.stores.bases import write_base
from saltbridge.adapters.stores.insert_all import insert_all
from saltbridge.adapters.stores.packing import Packed, packed_alike, packed_alone
from saltbridge.adapters.stores.row_digest import is_whole, sealed
from saltbridge.adapters.stores.sql_log import SqlLog, moment_of, moment_text
from saltbridge.border.release import Release
from saltbridge.core.canonical import digest
from saltbridge.core.errors import Refused
from saltbridge.ports import ERASABLE, FORGETTABLE, OutboxEntry, StoredRecord

# Kinds whose bytes may have to go: each record is packed by itself and shared with none.
_LEAVES_NO_TRACE: Final = FORGETTABLE | set(ERASABLE)
ASKED_AT_ONCE: Final = 500  # ids in one question; SQLite takes 999 parameters at least


def _several() -> Select[Any]:
    current = schema.current_records
    return select(current).where(
        current.c.kind == bindparam("of_kind"),
        current.c.id.in_(bindparam("ids", expanding=True)),
    )


_SEVERAL: Final = _several()


class SqlBulk(SqlLog):
    """Writes and reads of many at once, within one transaction."""

    def get(self, kind: str, id: str) -> StoredRecord | None:
        """The newest version, or None."""
        raise NotImplementedError

    def get_many(self, kind: str, ids: Collection[str]) -> Mapping[str, StoredRecord]:
        """The newest versions of the records that are there, by id."""
        wanted = list(ids)
        found: dict[str, StoredRecord] = {}
        if len(wanted) == 1:  # a sign-in token, hundreds of times a second
            record = self.get(kind, wanted[0])
            return {} if record is None else {record.id: record}
        for first in range(0, len(wanted), ASKED_AT_ONCE):
            asked = {"of_kind": kind, "ids": wanted[first : first + ASKED_AT_ONCE]}
            for row in self._connection.execute(_SEVERAL, asked).mappings():
                found[str(row["id"])] = self._record(row)
        return found

    def put_new(self, kind: str, bodies: Mapping[str, bytes]) -> None:
        """Write the first version of many records in one statement."""
        self._must_write()
        if not kind or not all(bodies):
            raise ValueError("a record has a kind and an id")
        at = moment_text(self._clock.now())
        stored = self._packed(list(bodies.values()), "", at, kind not in _LEAVES_NO_TRACE)
        # What many have alike is one object, mostly.
        digests = {
            one: digest(body) for one, body in {id(b): b for b in bodies.values()}.items()
        }
        rows = [
            record_row(kind, name, 1, body, packed, at, digests[id(body)])
            for (name, body), packed in zip(bodies.items(), stored, strict=True)
        ]
        # In the order of the index: each of its pages is then written once, not many times.
        rows.sort(key=itemgetter("id"))
        insert_all(self._connection, schema.records, rows)

    def put_releases(self, releases: Iterable[Release]) -> None:
        """Keep released bytes that are all new."""
        self._must_write()
        at = moment_text(self._clock.now())
        of_decision: dict[str, list[Release]] = {}
        for release in releases:
            of_decision.setdefault(release.decision_id, []).append(release)
        rows = []
        for decision_id, several in of_decision.items():
            stored = self._packed([r.content for r in several], decision_id, at)
            rows += [release_row(r, p, at) for r, p in zip(several, stored, strict=True)]
        rows.sort(key=itemgetter("digest"))  # in the order of the index
        insert_all(self._connection, schema.releases, rows)

    def _packed(
        self, contents: list[bytes], decision_id: str, at: str, together: bool = True
    ) -> list[Packed]:
        """Documents as they are stored; what they share is written with them."""
        if not together:
            return [packed_alone(content) for content in contents]
        stored, base = packed_alike(contents)
        if base is not None:
            write_base(self._connection, base, decision_id, at)
        return stored

    def _record(self, row: Any) -> StoredRecord:
        """The record in a row.

        Raises:
            Refused: the row is not as it was written.
        """
        kind, id = row["kind"], row["id"]
        body = self._bases.content(self._connection, "records", row)
        if body is None:
            raise Refused.of("store.altered", kind=f"{kind}", id=f"{id}")
        return StoredRecord(kind, id, row["version"], body, moment_of(row["written_at"]))

    def enqueue_all(self, entries: Iterable[OutboxEntry]) -> None:
        """Add to the outbox, in this order."""
        self._must_write()
        waiting = schema.outbox
        position = self._connection.execute(
            select(func.coalesce(func.max(waiting.c.position) + 1, 1))
        ).scalar_one()
        rows = [outbox_row(entry, int(position) + n) for n, entry in enumerate(entries)]
        insert_all(self._connection, waiting, rows)


def refuse_altered(table: str, row: Any, kind: str, id: str) -> None:
    """Raise ``Refused`` where a row without a document is not as it was written."""
    if not is_whole(table, row):
        raise Refused.of("store.altered", kind=kind, id=id)


def record_row(
    kind: str, id: str, version: int, body: bytes, packed: Packed, at: str, told: str = ""
) -> dict[str, Any]:
    """A version of a record as it is stored; ``told`` is the digest of the body, if known."""
    return sealed(
        "records",
        {
            "kind": kind,
            "id": id,
            "version": version,
            "body": packed.content,
            "packing": packed.packing,
            "digest": told or digest(body),
            "written_at": at,
        },
    )


def release_row(release: Release, packed: Packed, at: str) -> dict[str, Any]:
    """A release as it is stored."""
    return sealed(
        "releases",
        {
            "digest": release.digest,
            "decision_id": release.decision_id,
            "content": packed.content,
            "packing": packed.packing,
            "media_type": release.media_type,
            "audience": release.audience,
            "purpose": release.purpose,
            "written_at": at,
        },
    )


def outbox_row(entry: OutboxEntry, position: int) -> dict[str, Any]:
    """An outbox entry as it is stored."""
    return sealed(
        "outbox",
        {
            "position": position,
            "id": entry.id,
            "kind": entry.kind,
            "body": entry.body,
            "ordering_key": entry.ordering_key,
            "attempts": entry.attempts,
            "due_at": None if entry.due_at is None else moment_text(entry.due_at),
            "last_error": entry.last_error,
        },
    )

"""One unit of work over an SQL connection, the same for SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, func, insert, or_, select, update

from saltbridge.adapters.stores import schema
from saltbridge.adapters.stores.packing import packed_alone
from saltbridge.adapters.stores.prepared import Prepared
from saltbridge.adapters.stores.rebuild import rebuild_nodes
from saltbridge.adapters.stores.row_digest import Row, sealed
from saltbridge.adapters.stores.sql_bulk import (
    SqlBulk,
    outbox_row,
    record_row,
    refuse_altered,
    release_row,
)
from saltbridge.adapters.stores.sql_log import moment_of, moment_text
from saltbridge.border.release import Release, reopen
from saltbridge.core.errors import Refused
from saltbridge.ports import (
    ERASABLE,
    ERASED,
    FORGETTABLE,
    MAX_ATTEMPTS,
    OutboxEntry,
    StaleWrite,
    StoredRecord,
)


def _due() -> Select[Any]:
    waiting, earlier = schema.outbox, schema.outbox.alias()
    first_of_key = ~(
        select(earlier.c.position)
        .where(
            earlier.c.ordering_key == waiting.c.ordering_key,
            earlier.c.position < waiting.c.position,
        )
        .exists()
    )
    return (
        select(waiting)
        .where(
            waiting.c.attempts < bindparam("attempts"),
            or_(waiting.c.due_at.is_(None), waiting.c.due_at <= bindparam("now")),
            or_(waiting.c.ordering_key == "", first_of_key),
        )
        .order_by(waiting.c.position)
        .limit(bindparam("most"))
    )


def _newest() -> Select[Any]:
    found = schema.records
    return (
        select(found)
        .where(found.c.kind == bindparam("of_kind"), found.c.id == bindparam("of_id"))
        .order_by(found.c.version.desc())
        .limit(1)
    )


def _following() -> Select[Any]:
    current = schema.current_records
    return (
        select(current)
        .where(current.c.kind == bindparam("of_kind"), current.c.id > bindparam("after"))
        .order_by(current.c.id)
        .limit(bindparam("most"))
    )


def _version() -> Select[Any]:
    found = schema.records
    return select(func.max(found.c.version).label("version")).where(
        found.c.kind == bindparam("of_kind"), found.c.id == bindparam("of_id")
    )


def _of_key() -> Select[Any]:
    waiting = schema.outbox
    return select(waiting.c.id).where(waiting.c.ordering_key == bindparam("key")).limit(1)


# Asked many times a second.
_DUE: Final = Prepared(_due())
_NEWEST: Final = Prepared(_newest())
_FOLLOWING: Final = Prepared(_following())
_VERSION: Final = Prepared(_version())
_OF_KEY: Final = Prepared(_of_key())
_OF_ENTRY: Final = Prepared(
    select(schema.outbox).where(schema.outbox.c.id == bindparam("entry"))
)
_RELEASED: Final = Prepared(
    select(schema.releases).where(
        schema.releases.c.digest == bindparam("of_digest"),
        schema.releases.c.decision_id == bindparam("of_decision"),
    )
)
_LAST_POSITION: Final = Prepared(
    select(func.coalesce(func.max(schema.outbox.c.position), 0).label("position"))
)
_NEW_RECORD: Final = Prepared(insert(schema.records))
_NEW_ENTRY: Final = Prepared(insert(schema.outbox))
_DONE: Final = Prepared(delete(schema.outbox).where(schema.outbox.c.id == bindparam("entry")))


def _entry(row: Row) -> OutboxEntry:
    refuse_altered("outbox", row, "outbox", f"{row['id']}")
    return OutboxEntry(
        row["id"],
        row["kind"],
        row["body"],
        row["ordering_key"],
        row["attempts"],
        None if row["due_at"] is None else moment_of(row["due_at"]),
        row["last_error"],
    )


class SqlUnitOfWork(SqlBulk):
    """Reads and writes of one transaction."""

    def get(self, kind: str, id: str) -> StoredRecord | None:
        """The newest version, or None."""
        row = _NEWEST.first(self._connection, of_kind=kind, of_id=id)
        return None if row is None else self._record(row)

    def find(self, kind: str, *, after: str = "", limit: int = 1000) -> Sequence[StoredRecord]:
        """Newest versions of a kind by ascending id, those after ``after``."""
        rows = _FOLLOWING.rows(self._connection, of_kind=kind, after=after, most=limit)
        return tuple(self._record(row) for row in rows)

    def put(
        self, kind: str, id: str, body: bytes, *, expected_version: int | None = None
    ) -> StoredRecord:
        """Write the next version; earlier ones are kept."""
        self._must_write()
        if not kind or not id:
            raise ValueError("a record has a kind and an id")
        stored = _VERSION.value(self._connection, of_kind=kind, of_id=id) or 0
        if expected_version is not None and stored != expected_version:
            raise StaleWrite(f"{kind} {id}: stored is {stored}, expected {expected_version}")
        now = self._clock.now()
        version = int(stored) + 1
        row = record_row(kind, id, version, body, packed_alone(body), moment_text(now))
        _NEW_RECORD.run(self._connection, **row)
        return StoredRecord(kind, id, version, body, now)

    def forget(self, kind: str, before: datetime) -> int:
        """Remove records last written before; only of kinds that may be forgotten."""
        self._must_write()
        if kind not in FORGETTABLE:
            raise ValueError(f"records of kind {kind!r} are kept")
        found, current = schema.records, schema.current_records
        old = (
            self._connection.execute(
                select(current.c.id).where(
                    current.c.kind == kind, current.c.written_at < moment_text(before)
                )
            )
            .scalars()
            .all()
        )
        for id in old:
            self._connection.execute(
                delete(found).where(found.c.kind == kind, found.c.id == id)
            )
        return len(old)

    def erase(self, decision_id: str) -> int:
        """Remove the released bytes and the manifest of a decision whose tombstone is there."""
        self._must_write()
        if self.get(ERASED, decision_id) is None:
            raise ValueError(f"nothing says that the bytes of {decision_id!r} are erased")
        kept, found, bases = schema.releases, schema.records, schema.bases
        gone = (
            delete(kept).where(kept.c.decision_id == decision_id),
            delete(found).where(found.c.kind.in_(ERASABLE), found.c.id == decision_id),
        )
        count = sum(self._connection.execute(statement).rowcount for statement in gone)
        # What they leaned on holds released bytes as well.
        self._connection.execute(delete(bases).where(bases.c.decision_id == decision_id))
        return count

    def put_release(self, release: Release) -> str:
        """Keep released bytes; the same release twice is one."""
        self._must_write()
        kept = self.get_release(release.digest, release.decision_id)
        if kept == release:
            return release.digest
        if kept is not None:
            raise StaleWrite(f"decision {release.decision_id} released these bytes already")
        at = moment_text(self._clock.now())
        packed = packed_alone(release.content)
        self._connection.execute(insert(schema.releases), release_row(release, packed, at))
        return release.digest

    def get_release(self, digest: str, decision_id: str) -> Release | None:
        """Released bytes, digest checked again."""
        row = _RELEASED.first(self._connection, of_digest=digest, of_decision=decision_id)
        if row is None:
            return None
        content = self._bases.content(self._connection, "releases", row)
        if content is None:
            raise Refused.of("release.altered", digest=digest)
        return reopen(
            content,
            expected_digest=row["digest"],
            media_type=row["media_type"],
            decision_id=row["decision_id"],
            audience=row["audience"],
            purpose=row["purpose"],
        )

    def rebuild_nodes(self) -> int:
        """Write the stored subtrees anew that are not the tree's; returns for how many."""
        self._must_write()
        return rebuild_nodes(self._connection)

    def enqueue(self, entry: OutboxEntry) -> None:
        """Add to the outbox, behind everything of the same ordering key."""
        self._must_write()
        if _OF_ENTRY.first(self._connection, entry=entry.id):
            raise StaleWrite(f"outbox entry {entry.id} is waiting already")
        position = int(_LAST_POSITION.value(self._connection)) + 1
        _NEW_ENTRY.run(self._connection, **outbox_row(entry, position))

    def due(self, now: datetime, limit: int = 100) -> Sequence[OutboxEntry]:
        """Entries that are due, oldest first; of a key the oldest only, and none failed."""
        rows = _DUE.rows(
            self._connection, attempts=MAX_ATTEMPTS, now=moment_text(now), most=limit
        )
        return tuple(_entry(row) for row in rows)

    def failed(self, limit: int = 100) -> Sequence[OutboxEntry]:
        """Entries that are tried no more, oldest first."""
        waiting = schema.outbox
        rows = self._connection.execute(
            select(waiting)
            .where(waiting.c.attempts >= MAX_ATTEMPTS)
            .order_by(waiting.c.position)
            .limit(limit)
        ).mappings()
        return tuple(_entry(row) for row in rows)

    def waits(self, ordering_key: str) -> bool:
        """Whether an entry of this ordering key is there, failed or not."""
        return _OF_KEY.value(self._connection, key=ordering_key) is not None

    def done(self, entry_id: str) -> None:
        """Remove from the outbox; nothing happens when it is gone already."""
        self._must_write()
        _DONE.run(self._connection, entry=entry_id)

    def postpone(self, entry_id: str, until: datetime, error: str) -> None:
        """Keep in the outbox, counted as one more attempt."""
        self._must_write()
        entry = self._waiting(entry_id)
        if entry is not None:
            self._rewrite(
                entry,
                attempts=entry["attempts"] + 1,
                due_at=moment_text(until),
                last_error=error[:2000],
            )

    def retry(self, entry_id: str) -> None:
        """Count the attempts anew; nothing happens when the entry is gone."""
        self._must_write()
        entry = self._waiting(entry_id)
        if entry is not None:
            self._rewrite(entry, attempts=0, due_at=None)

    def _waiting(self, entry_id: str) -> Row | None:
        row = _OF_ENTRY.first(self._connection, entry=entry_id)
        if row is not None:
            refuse_altered("outbox", row, "outbox", entry_id)
        return row

    def _rewrite(self, entry: Row, **changed: Any) -> None:
        waiting = schema.outbox
        row = sealed("outbox", {**entry, **changed})
        self._connection.execute(
            update(waiting).where(waiting.c.position == entry["position"]).values(row)
        )

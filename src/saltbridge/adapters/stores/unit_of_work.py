"""One unit of work over an SQL connection, the same for SQLite and PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from saltbridge.adapters.stores import schema
from saltbridge.adapters.stores.rebuild import rebuild_nodes
from saltbridge.adapters.stores.row_digest import Row, is_whole, sealed
from saltbridge.adapters.stores.sql_log import SqlLog, moment_of, moment_text
from saltbridge.border.release import Release, reopen
from saltbridge.core.canonical import digest
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
    waiting, earlier = schema.outbox, aliased(schema.outbox)
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


def _several() -> Select[Any]:
    current = schema.current_records
    return select(current).where(
        current.c.kind == bindparam("of_kind"),
        current.c.id.in_(bindparam("ids", expanding=True)),
    )


# Asked many times a second: built once, for building costs more than the answer.
_DUE: Final = _due()
_NEWEST: Final = _newest()
_FOLLOWING: Final = _following()
_SEVERAL: Final = _several()
_AT_ONCE: Final = 500  # ids in one question; SQLite takes 999 parameters at least


def _record(row: Row) -> StoredRecord:
    _refuse_altered("records", row, f"{row['kind']}", f"{row['id']}")
    return StoredRecord(
        row["kind"], row["id"], row["version"], row["body"], moment_of(row["written_at"])
    )


def _entry(row: Row) -> OutboxEntry:
    _refuse_altered("outbox", row, "outbox", f"{row['id']}")
    return OutboxEntry(
        row["id"],
        row["kind"],
        row["body"],
        row["ordering_key"],
        row["attempts"],
        None if row["due_at"] is None else moment_of(row["due_at"]),
        row["last_error"],
    )


def _refuse_altered(table: str, row: Row, kind: str, id: str) -> None:
    if not is_whole(table, row):
        raise Refused.of("store.altered", kind=kind, id=id)


def _row(kind: str, id: str, version: int, body: bytes, now: datetime) -> dict[str, Any]:
    return sealed(
        "records",
        {
            "kind": kind,
            "id": id,
            "version": version,
            "body": body,
            "digest": digest(body),
            "written_at": moment_text(now),
        },
    )


class SqlUnitOfWork(SqlLog):
    """Reads and writes of one transaction."""

    def get(self, kind: str, id: str) -> StoredRecord | None:
        """The newest version, or None."""
        asked = {"of_kind": kind, "of_id": id}
        row = self._connection.execute(_NEWEST, asked).mappings().first()
        return None if row is None else _record(row)

    def get_many(self, kind: str, ids: Collection[str]) -> Mapping[str, StoredRecord]:
        """The newest versions of the records that are there, by id."""
        wanted, found = list(ids), {}
        for first in range(0, len(wanted), _AT_ONCE):
            asked = {"of_kind": kind, "ids": wanted[first : first + _AT_ONCE]}
            for row in self._connection.execute(_SEVERAL, asked).mappings():
                found[str(row["id"])] = _record(row)
        return found

    def find(self, kind: str, *, after: str = "", limit: int = 1000) -> Sequence[StoredRecord]:
        """Newest versions of a kind by ascending id, those after ``after``."""
        asked = {"of_kind": kind, "after": after, "most": limit}
        rows = self._connection.execute(_FOLLOWING, asked).mappings()
        return tuple(_record(row) for row in rows)

    def put(
        self, kind: str, id: str, body: bytes, *, expected_version: int | None = None
    ) -> StoredRecord:
        """Write the next version; earlier ones are kept."""
        self._must_write()
        if not kind or not id:
            raise ValueError("a record has a kind and an id")
        found = schema.records
        stored = self._connection.execute(
            select(func.coalesce(func.max(found.c.version), 0)).where(
                found.c.kind == kind, found.c.id == id
            )
        ).scalar_one()
        if expected_version is not None and stored != expected_version:
            raise StaleWrite(f"{kind} {id}: stored is {stored}, expected {expected_version}")
        now = self._clock.now()
        version = int(stored) + 1
        self._connection.execute(insert(found), _row(kind, id, version, body, now))
        return StoredRecord(kind, id, version, body, now)

    def put_new(self, kind: str, bodies: Mapping[str, bytes]) -> None:
        """Write the first version of many records in one statement."""
        self._must_write()
        if not kind or not all(bodies):
            raise ValueError("a record has a kind and an id")
        now = self._clock.now()
        rows = [_row(kind, id, 1, body, now) for id, body in bodies.items()]
        try:
            if rows:
                self._connection.execute(insert(schema.records), rows)
        except IntegrityError as fault:
            raise StaleWrite(f"{kind}: one of {len(rows)} is stored already") from fault

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
        kept, found = schema.releases, schema.records
        gone = (
            delete(kept).where(kept.c.decision_id == decision_id),
            delete(found).where(found.c.kind.in_(ERASABLE), found.c.id == decision_id),
        )
        return sum(self._connection.execute(statement).rowcount for statement in gone)

    def put_release(self, release: Release) -> str:
        """Keep released bytes; the same release twice is one."""
        self._must_write()
        kept = self.get_release(release.digest, release.decision_id)
        if kept == release:
            return release.digest
        if kept is not None:
            raise StaleWrite(f"decision {release.decision_id} released these bytes already")
        self._connection.execute(
            insert(schema.releases),
            sealed(
                "releases",
                {
                    "digest": release.digest,
                    "decision_id": release.decision_id,
                    "content": release.content,
                    "media_type": release.media_type,
                    "audience": release.audience,
                    "purpose": release.purpose,
                    "written_at": moment_text(self._clock.now()),
                },
            ),
        )
        return release.digest

    def get_release(self, digest: str, decision_id: str) -> Release | None:
        """Released bytes, digest checked again."""
        kept = schema.releases
        row = (
            self._connection.execute(
                select(kept).where(kept.c.digest == digest, kept.c.decision_id == decision_id)
            )
            .mappings()
            .first()
        )
        if row is None:
            return None
        if not is_whole("releases", row):
            raise Refused.of("release.altered", digest=digest)
        return reopen(
            row["content"],
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
        waiting = schema.outbox
        if self._connection.execute(
            select(waiting.c.id).where(waiting.c.id == entry.id)
        ).first():
            raise StaleWrite(f"outbox entry {entry.id} is waiting already")
        position = self._connection.execute(
            select(func.coalesce(func.max(waiting.c.position) + 1, 1))
        ).scalar_one()
        row = {
            "position": int(position),
            "id": entry.id,
            "kind": entry.kind,
            "body": entry.body,
            "ordering_key": entry.ordering_key,
            "attempts": entry.attempts,
            "due_at": None if entry.due_at is None else moment_text(entry.due_at),
            "last_error": entry.last_error,
        }
        self._connection.execute(insert(waiting), sealed("outbox", row))

    def due(self, now: datetime, limit: int = 100) -> Sequence[OutboxEntry]:
        """Entries that are due, oldest first; of a key the oldest only, and none failed."""
        asked = {"attempts": MAX_ATTEMPTS, "now": moment_text(now), "most": limit}
        rows = self._connection.execute(_DUE, asked).mappings()
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
        waiting = schema.outbox
        found = select(waiting.c.id).where(waiting.c.ordering_key == ordering_key).limit(1)
        return self._connection.execute(found).first() is not None

    def done(self, entry_id: str) -> None:
        """Remove from the outbox; nothing happens when it is gone already."""
        self._must_write()
        self._connection.execute(delete(schema.outbox).where(schema.outbox.c.id == entry_id))

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
        waiting = schema.outbox
        found = self._connection.execute(select(waiting).where(waiting.c.id == entry_id))
        row = found.mappings().first()
        if row is not None:
            _refuse_altered("outbox", row, "outbox", entry_id)
        return row

    def _rewrite(self, entry: Row, **changed: Any) -> None:
        waiting = schema.outbox
        row = sealed("outbox", {**entry, **changed})
        self._connection.execute(
            update(waiting).where(waiting.c.position == entry["position"]).values(row)
        )

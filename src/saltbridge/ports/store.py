"""Documents, released bytes, log and outbox: written together or not at all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from saltbridge.border.release import Release
from saltbridge.ports.log import Log, StoreAudit

# Kind of the record that says whose bytes were erased, when and by whom; and what goes with
# the released bytes of a decision, under its id.
ERASED: Final = "erased"
ERASABLE: Final = ("manifest", "pending-release", "proposal-document")
# Kinds of records that may be forgotten: they guard a door for some minutes or days, are the
# document behind a proposal whose time is up, or name readers past their term (each with a
# tombstone). Everything else is kept, every version.
FORGETTABLE: Final = frozenset(
    {
        "sign-in",
        "sign-in-attempts",
        "sign-in-refused",
        "held-credentials",
        "session",
        "access-code",
        "edr",
        "pact-token",
        "oidc-request",
        "proposal-document",
        "passport-access",
    }
)
# An outbox entry is tried this often, which takes about a day at one attempt in 15 seconds.
MAX_ATTEMPTS: Final = 5760


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A document of the store. ``version`` starts at 1 and rises by one a write."""

    kind: str
    id: str
    version: int
    body: bytes
    written_at: datetime


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """Something to do after the transaction is durable, at least once.

    ``kind`` chooses the handler, ``body`` is its canonical JSON. ``ordering_key`` (a process
    id) keeps entries of one process in order. After ``MAX_ATTEMPTS`` it has failed: it stays,
    keeps holding back its process, and is tried no more until a person says so.
    """

    id: str
    kind: str
    body: bytes
    ordering_key: str = ""
    attempts: int = 0
    due_at: datetime | None = None
    last_error: str = ""

    @property
    def failed(self) -> bool:
        """Whether nobody tries any more."""
        return self.attempts >= MAX_ATTEMPTS


class UnitOfWork(Log, Protocol):
    """State, log leaf and outbox entry commit together or not at all."""

    def get(self, kind: str, id: str) -> StoredRecord | None:
        """The newest version, or None."""

    def find(self, kind: str, *, after: str = "", limit: int = 1000) -> Sequence[StoredRecord]:
        """Records of a kind by ascending id, those after ``after``."""

    def put(
        self, kind: str, id: str, body: bytes, *, expected_version: int | None = None
    ) -> StoredRecord:
        """Write the next version. ``expected_version`` 0 means: must be new.

        Raises:
            StaleWrite: the stored version is another one.
        """

    def get_many(self, kind: str, ids: Collection[str]) -> Mapping[str, StoredRecord]:
        """The newest versions of the records that are there, by id."""

    def put_new(self, kind: str, bodies: Mapping[str, bytes]) -> None:
        """Write the first version of many records, by id: much faster than one by one.

        Raises:
            StaleWrite: one of them is there already; the unit of work must not go on.
        """

    def put_releases(self, releases: Iterable[Release]) -> None:
        """Keep many releases at once.

        Raises:
            StaleWrite: one of them is kept already; the unit of work must not go on.
        """

    def enqueue_all(self, entries: Iterable[OutboxEntry]) -> None:
        """Add many entries to the outbox, in this order.

        Raises:
            StaleWrite: one of them waits already; the unit of work must not go on.
        """

    def forget(self, kind: str, before: datetime) -> int:
        """Remove the records of a kind that were last written before; returns how many.

        Raises:
            ValueError: records of this kind are kept (see ``FORGETTABLE``).
        """

    def erase(self, decision_id: str) -> int:
        """Remove the released bytes of a decision with its manifest; returns how many rows.

        The decision, its digests and its leaf stay. The record ``erased`` of that decision
        says when and who, and has to be there first.

        Raises:
            ValueError: nothing says that this decision's bytes are erased.
        """

    def put_release(self, release: Release) -> str:
        """Keep released bytes under their digest; returns the digest."""

    def get_release(self, digest: str, decision_id: str) -> Release | None:
        """Released bytes, digest checked again."""

    def enqueue(self, entry: OutboxEntry) -> None:
        """Add to the outbox."""

    def due(self, now: datetime, limit: int = 100) -> Sequence[OutboxEntry]:
        """Outbox entries that are due, the oldest of each ordering key only, none failed."""

    def failed(self, limit: int = 100) -> Sequence[OutboxEntry]:
        """Outbox entries that have failed, the oldest first."""

    def waits(self, ordering_key: str) -> bool:
        """Whether an outbox entry of this ordering key is there, failed or not."""

    def done(self, entry_id: str) -> None:
        """Remove from the outbox."""

    def postpone(self, entry_id: str, until: datetime, error: str) -> None:
        """Keep in the outbox, counted as one more attempt."""

    def retry(self, entry_id: str) -> None:
        """Count the attempts of an outbox entry anew, from none; it is due at once."""


class Asker(Protocol):
    """Asks a store that is somewhere else for its mark, without waiting for the answer.

    One question at a time: ``ask``, wait until ``fileno`` is readable, ``answer``.
    """

    def fileno(self) -> int:
        """The descriptor that becomes readable when something of the answer has come."""

    def ask(self) -> None:
        """Send the question.

        Raises:
            Unavailable: the connection is gone.
        """

    def answer(self) -> object:
        """The mark (see ``Store.state``); None as long as it has not come whole.

        Raises:
            Unavailable: the connection is gone.
        """

    def close(self) -> None:
        """Let go of the connection."""


class Store(Protocol):
    """This node's documents, log and outbox."""

    def unit_of_work(self) -> AbstractContextManager[UnitOfWork]:
        """A write transaction: commits at the end of the block, rolls back on an exception."""

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """A read-only view."""

    def auditing(self) -> AbstractContextManager[StoreAudit]:
        """A read-only view for a full check; writers need not wait for it."""

    def rebuild_nodes(self) -> int:
        """Work the stored subtrees of the log out anew; returns for how many leaves.

        Raises:
            Refused: leaves are missing, or one of them is not as it was written.
        """

    def state(self) -> object:
        """A mark that differs once anybody wrote; None where only a look into it tells.

        It is cheap enough to be asked many times a second. Whoever keeps what was read asks
        before reading; what was acknowledged before a question changes its answer.
        """

    def asker(self) -> Asker | None:
        """How an event loop asks for the mark; None where ``state`` never waits.

        Marks of one asker are compared with each other, and with no others.

        Raises:
            Unavailable: the store cannot be reached.
        """

    def close(self) -> None:
        """Let go of files and connections."""


class StaleWrite(Exception):
    """Somebody else wrote the record first; read it again and decide again."""

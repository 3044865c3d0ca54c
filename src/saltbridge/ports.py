"""What the services may ask of the world; ``World`` holds it all.

Services are functions ``(world, request) -> result`` that gather, decide and commit. The
adapters behind these protocols are chosen in ``bootstrap`` and nowhere else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from saltbridge.border.release import Release
from saltbridge.core.finding import Finding
from saltbridge.footprint.model import FactorSet

# Kinds of records that may be forgotten: they guard a door for some minutes or days, or are
# the document behind a proposal whose time is up. Everything else is kept, every version.
# Kind of the record that says whose bytes were erased, when and by whom; and what goes with
# the released bytes of a decision, under its id.
ERASED: Final = "erased"
ERASABLE: Final = ("manifest", "pending-release", "proposal-document")
FORGETTABLE: Final = frozenset(
    {
        "sign-in",
        "sign-in-attempts",
        "session",
        "access-code",
        "oidc-request",
        "proposal-document",
    }
)
# An outbox entry is tried this often, which takes about a day at one attempt in 15 seconds.
MAX_ATTEMPTS: Final = 5760


@dataclass(frozen=True, slots=True)
class Partner:
    """A company this node knows: the DID is the anchor for everything it signs."""

    name: str
    bpn: str
    did: str
    jurisdiction: str  # ISO 3166-1 alpha-2, or EU
    dsp_url: str = ""  # its DSP base URL, ending in /2025-1


@dataclass(frozen=True, slots=True)
class NodeProfile:
    """Who this node is. ``jurisdiction`` decides which border packs apply."""

    name: str
    legal_name: str
    bpn: str
    did: str
    jurisdiction: str
    base_url: str
    address: str = ""
    country: str = ""
    partners: Sequence[Partner] = ()  # may follow its file: a served node learns of new ones
    allow_loopback_http: bool = False  # did:web and DSP over http, to 127.0.0.1 only

    def partner(self, identifier: str) -> Partner | None:
        """The partner with this BPN or DID."""
        return next((p for p in self.partners if identifier in (p.bpn, p.did)), None)


class Clock(Protocol):
    """The time, asked at the edge only."""

    def now(self) -> datetime:
        """The present, with UTC as its zone."""


class Identifiers(Protocol):
    """New names that nobody else has."""

    def urn_uuid(self) -> str:
        """A new ``urn:uuid:…``."""

    def token(self) -> str:
        """256 random bits, URL-safe."""


class Signer(Protocol):
    """One signing key. The suite is fixed by the key, never by a header."""

    @property
    def key_id(self) -> str:
        """``did:web:…#key-1``"""

    @property
    def suite(self) -> str:
        """JOSE algorithm name: ES256."""

    def sign(self, signing_input: bytes) -> bytes:
        """The raw signature (r‖s for ES256)."""


class Keyring(Protocol):
    """This node's keys."""

    def signer(self) -> Signer:
        """The key this node signs claims and signs in with today."""

    def log_signer(self) -> Signer:
        """The key that signs checkpoints of the log today: Ed25519, for nothing else."""

    def archive_signer(self) -> Signer:
        """The key that seals history for archives: ML-DSA-65, made on first demand."""

    def parallel_signer(self) -> Signer | None:
        """The SM2 key that signs beside the key for claims, if the node has one."""

    def did_document(self) -> Mapping[str, Any]:
        """This node's DID document, with every key it ever used."""

    def warnings(self) -> Iterable[Finding]:
        """What a person should know about how the keys lie; nothing in it stops the work."""

    @property
    def protected(self) -> bool:
        """Whether this node has a secret to seal with; nodes of old may have none yet."""

    def seal(self, content: bytes, purpose: str = "") -> bytes:
        """A secret of this node, sealed for the store (AES-256-GCM, bound to its purpose).

        Raises:
            Refused: the node is not protected, or the passphrase is wrong.
            Unavailable: the passphrase is missing.
        """

    def unseal(self, sealed: bytes, purpose: str = "") -> bytes:
        """What was sealed for this purpose.

        Raises:
            Refused: changed, sealed for something else, by another node, or as ``seal``.
            Unavailable: the passphrase is missing.
        """


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a peer answered."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    content: bytes


class TimestampAuthority(Protocol):
    """Somebody outside who says when something was there (RFC 3161)."""

    def stamp(self, content: bytes) -> bytes:
        """The authority's reply over the SHA-256 of the content, checked (DER).

        Raises:
            Unavailable: it cannot be reached, or does not answer with a right time-stamp.
        """

    def stamped_at(self, content: bytes, reply: bytes) -> datetime:
        """When the content was there, by a reply that a trusted authority signed.

        Raises:
            NotVerified: another content, another authority, or not a time-stamp.
        """


class HttpClient(Protocol):
    """Requests to peers."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        limit_bytes: int = 20_000_000,
        timeout_seconds: float = 10.0,
    ) -> HttpAnswer:
        """One request, no redirects, size and time limited.

        Raises:
            Unavailable: the peer cannot be reached, or answered too much or too late.
        """


class DidResolver(Protocol):
    """DID documents of others."""

    def resolve(self, did: str) -> Mapping[str, Any]:
        """The DID document of a partner.

        Raises:
            Unavailable: it cannot be fetched, or is not that DID's document.
        """


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


@dataclass(frozen=True, slots=True)
class LogLeaf:
    """One event of the log. ``leaf_hash`` is over event, subject, body digest and salt.

    The salt keeps the hash from being guessed; who is shown a leaf with its salt can check it.
    """

    index: int
    event: str
    subject: str
    body_digest: str
    salt: str
    leaf_hash: bytes
    written_at: datetime


class LogEvent(NamedTuple):
    """What a leaf is made for. The body enters the log as its digest only."""

    event: str
    subject: str
    body: bytes


class UnitOfWork(Protocol):
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

    def append_leaf(self, event: str, subject: str, body: bytes) -> int:
        """Append a leaf to the log; returns its index, counted from 0."""

    def append_leaves(self, events: Iterable[LogEvent]) -> range:
        """Append a leaf for every event, in their order; returns their indexes."""

    def leaf_hashes(self) -> Sequence[bytes]:
        """All leaf hashes in order (RFC 6962)."""

    def log_size(self) -> int:
        """Number of leaves."""

    def log_root(self, size: int | None = None) -> bytes:
        """Root of the tree of the first ``size`` leaves; of all leaves without it.

        Raises:
            IndexError: there are not so many leaves.
        """

    def log_leaf(self, index: int) -> LogLeaf | None:
        """The leaf at an index, or None."""

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """Audit path of a leaf in the tree of the first ``size`` leaves.

        Raises:
            IndexError: there is no such leaf, or there are not so many.
        """

    def consistency_proof(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """Proof that the tree of ``size`` leaves continues the tree of ``old_size``.

        Raises:
            IndexError: the old tree is empty, or the sizes are not in order.
        """

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


class AuditedLeaf(NamedTuple):
    """A leaf as it is stored. ``nodes`` are the roots of the subtrees it completes (32 bytes
    each, from level 1 up); ``whole`` says that the row is as it was written."""

    position: int  # its index
    event: str
    subject: str
    body_digest: str
    salt: str
    leaf_hash: bytes
    nodes: bytes
    whole: bool


class AuditedRow(NamedTuple):
    """Any other stored row: where it stands, and whether it is as it was written.

    ``digest`` is that of its document, as stored; the body is there for records only.
    """

    table: str
    kind: str
    id: str
    version: int
    digest: str
    body: bytes
    whole: bool


class StoreAudit(Protocol):
    """Everything stored, at one moment, row by row in bounded memory.

    Nothing read here is trusted: what cannot be read at all raises ``FaultyInput``.
    """

    def faults(self) -> Iterable[Finding]:
        """What the engine itself, the version and the schema of the store give cause for."""

    def leaves(self) -> Iterator[Sequence[AuditedLeaf]]:
        """Every leaf by ascending index, a page at a time."""

    def documents(self) -> Iterator[Sequence[AuditedRow]]:
        """Every version of every record, and every release, a page at a time."""

    def others(self) -> Iterator[Sequence[AuditedRow]]:
        """Every other row: the outbox, and what the store knows about itself."""


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

        It is cheap enough to be asked many times a second.
        """

    def close(self) -> None:
        """Let go of files and connections."""


class Passwords(Protocol):
    """Hashes of people's passwords; slow on purpose."""

    def hash(self, password: str) -> str:
        """A salted hash in PHC form."""

    def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the one hashed; takes as long where ``stored`` is empty."""

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash should be made anew, with today's parameters."""


class FactorLibrary(Protocol):
    """Emission factors by set."""

    def factor_set(self, id: str) -> FactorSet:
        """A packaged or background factor set.

        Raises:
            Unavailable: no such set, or its background must be fetched first.
        """

    def available(self) -> Sequence[str]:
        """Ids of the sets that can be had."""


@dataclass(frozen=True)
class World:
    """Everything a service may touch.

    ``settings`` holds what ``adapters.settings`` lists, where it is set, and of a node on disk
    its ``folder``.
    """

    node: NodeProfile
    clock: Clock
    identifiers: Identifiers
    keyring: Keyring
    store: Store
    http: HttpClient
    did_resolver: DidResolver
    factor_library: FactorLibrary
    passwords: Passwords
    settings: Mapping[str, Any] = field(default_factory=dict)
    timestamp_authority: TimestampAuthority | None = None


class StaleWrite(Exception):
    """Somebody else wrote the record first; read it again and decide again."""

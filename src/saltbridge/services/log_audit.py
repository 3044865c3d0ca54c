"""Checks everything a node has stored against what it once wrote and signed.

Nothing is repaired and nothing is trusted: every row against its digest, every leaf against
its fields, every stored subtree against the tree worked out anew, every signed checkpoint
against the root at its size, and documents against the leaves that were made for them. Memory
does not grow with the bodies; of a document and of a leaf eight bytes are kept.
"""

import base64
import binascii
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

import numpy as np

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Severity, errors_in, finding
from saltbridge.ports import ERASED, AuditedRow, Store, StoreAudit, World
from saltbridge.steps.log import CLAIM_LEAF, own_log_keys
from saltbridge.trust.checkpoint import verify_checkpoint
from saltbridge.trust.log import Edge
from saltbridge.trust.note import parse_note
from saltbridge.trust.suites import NotVerified

# Every version of a record of these kinds is stored together with a leaf over its body.
ALWAYS_LOGGED: Final = frozenset(
    {
        *("agreement", "dataset", "decision", "delivery", ERASED, "footprint", "passport"),
        *("passport-status", "passport-status-list", "passport-access", "passport-grant"),
        *("passport-request", "passport-registration"),
        *("passport-event", "passport-measurement-file"),
        *("passport-receipt", "passport-dossier-received", "passport-copy-operator"),
        *("passport-copy-state", "passport-backup", "passport-backup-sent"),
        *("twin", "twin-value", "twin-event", "pcf-sheet", "pcf-answer", "live-answer"),
        *("pact-client", "pact-event", "pact-request", "pact-footprint"),
        *("connector-offer", "connector-foreign"),
    }
)
# Leaves of proposals and of accesses, which retention erases; a tombstone has its own leaf.
_PROPOSAL_LEAVES: Final = ("release.", "passport.accessed")
_BATCH: Final = "passport-measurements"
_BATCH_FILE: Final = "passport-measurement-file"
# Signed checkpoints: the id is the size of the tree with leading zeros, the body a signed note.
CHECKPOINT_KIND: Final = "log-checkpoint"
_Page = TypeVar("_Page")
_Prefixes: TypeAlias = "array[int]"  # the first 64 bits of digests
NAMED_PER_CODE: Final = 100  # so many findings of a kind are named; all of them are counted


@dataclass(frozen=True, slots=True)
class LogAudit:
    """What an audit found. ``found`` counts the findings by code, those not named included."""

    findings: tuple[Finding, ...]
    found: Mapping[str, int]
    counts: Mapping[str, int]  # leaves, nodes, records, releases, outbox, checkpoints
    root: bytes

    @property
    def clean(self) -> bool:
        """Whether nothing was found that is an error."""
        return not errors_in(self.findings)


@dataclass
class _Documents:
    """What is kept of the documents while the leaves are read."""

    stored: _Prefixes = field(default_factory=lambda: array("Q"))
    to_be_logged: _Prefixes = field(default_factory=lambda: array("Q"))
    batches: _Prefixes = field(default_factory=lambda: array("Q"))  # of measurements
    listed: _Prefixes = field(default_factory=lambda: array("Q"))  # in the files they came in
    erased: set[str] = field(default_factory=set)  # decisions with a tombstone
    checkpoints: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass
class _Notes:
    """Findings as they come, and what was counted."""

    findings: list[Finding] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: Finding) -> None:
        self.found[what.code] += 1
        if self.found[what.code] <= NAMED_PER_CODE:
            self.findings.append(what)


def audit(world: World) -> LogAudit:
    """Check the whole store of a node, and that it signed every checkpoint in it itself.

    Raises:
        FaultyInput: the store cannot be read at all.
        Unavailable: it cannot be opened.
    """
    keys, did = own_log_keys(world), world.node.did

    def is_ours(note: bytes) -> bool:
        try:
            verify_checkpoint(parse_note(note), did, keys)
        except NotVerified:
            return False
        return True

    return audit_store(world.store, is_ours)


def audit_store(store: Store, is_ours: Callable[[bytes], bool] | None = None) -> LogAudit:
    """Check the whole store at one moment; writers need not wait for it.

    ``is_ours`` checks the signature of a checkpoint; without it what is signed is compared
    with the tree, and who signed it is not asked.

    Raises:
        FaultyInput: the store cannot be read at all.
        Unavailable: it cannot be opened.
    """
    notes = _Notes()
    for name in ("leaves", "nodes", "records", "releases", "outbox", "checkpoints"):
        notes.counts[name] = 0
    with store.auditing() as view:
        for fault in _as_far_as_readable(view.faults, notes):
            notes.add(fault)
        documents = _documents(view, is_ours, notes)
        for page in _as_far_as_readable(view.others, notes):
            for row in page:
                notes.counts["outbox"] += row.table == "outbox"
                _whole(row, notes)
        edge, logged, erased = _leaves(view, documents, notes)
        _compare(view, documents, logged, erased, notes)
    return LogAudit(tuple(notes.findings), dict(notes.found), dict(notes.counts), edge.root)


def _as_far_as_readable(read: Callable[[], Iterable[_Page]], notes: _Notes) -> Iterator[_Page]:
    """What can be read; that the rest cannot is a finding like the others."""
    try:
        yield from read()
    except FaultyInput as fault:
        for what in fault.findings:
            notes.add(what)


def _whole(row: AuditedRow, notes: _Notes) -> None:
    if not row.whole:
        notes.add(_altered(row.table, f"{row.kind} {row.id} {row.version}"))


def _altered(table: str, row: str) -> Finding:
    return finding("audit.row-altered", table=table, row=_readable(row))


def _documents(
    view: StoreAudit, is_ours: Callable[[bytes], bool] | None, notes: _Notes
) -> _Documents:
    documents = _Documents()
    for page in _as_far_as_readable(view.documents, notes):
        for row in page:
            notes.counts[row.table] += 1
            _whole(row, notes)
            prefix = _prefix(row.digest)
            documents.stored.append(prefix)
            if row.kind in ALWAYS_LOGGED:
                documents.to_be_logged.append(prefix)
            if row.kind == _BATCH:
                documents.batches.append(prefix)
            if row.kind == _BATCH_FILE:
                documents.listed.extend(_prefix(d) for d in _listed_digests(row.body))
            if row.kind == ERASED:
                documents.erased.add(row.id)
            if row.kind == CLAIM_LEAF:  # the claim itself lies inside a file or a release
                documents.stored.append(_prefix(_named_digest(row.body)))
            if row.kind == CHECKPOINT_KIND and row.table == "records":
                notes.counts["checkpoints"] += 1
                signed = _size_and_root(row.body)
                if signed is None:
                    notes.add(finding("audit.checkpoint-unreadable", id=_readable(row.id)))
                elif is_ours is not None and not is_ours(row.body):
                    notes.add(finding("audit.checkpoint-not-ours", id=_readable(row.id)))
                else:
                    documents.checkpoints.append(signed)
    documents.checkpoints.sort()
    return documents


def _leaves(
    view: StoreAudit, documents: _Documents, notes: _Notes
) -> tuple[Edge, _Prefixes, set[int]]:
    """Work the tree out anew; its edge, what the leaves were made for, and whose is erased.

    A tombstone excuses the leaves of the proposal or access it names and no others.
    """
    edge, logged, position = Edge(), array("Q"), 0
    erased: set[int] = set()
    waiting = iter([*documents.checkpoints, (-1, b"")])
    size, signed_root = next(waiting)
    while size == 0:
        _compare_root(edge, signed_root, notes)
        size, signed_root = next(waiting)
    for page in _as_far_as_readable(view.leaves, notes):
        for index, event, subject, body_digest, _, hashed, nodes, whole in page:
            if not whole:
                notes.add(_altered("log_leaves", f"{index} {subject}"))
            if index != position:
                notes.add(finding("audit.gap", due=position, found=index))
                position = index
            position += 1
            completed = edge.append(hashed if isinstance(hashed, bytes) else bytes(32))
            if b"".join(completed) != nodes:
                notes.add(finding("audit.nodes", index=index))
            notes.counts["nodes"] += len(completed)
            if subject in documents.erased and str(event).startswith(_PROPOSAL_LEAVES):
                erased.add(len(logged))
            logged.append(_prefix(body_digest))
            while size == edge.size:
                _compare_root(edge, signed_root, notes)
                size, signed_root = next(waiting)
    notes.counts["leaves"] = edge.size
    while size != -1:
        notes.add(finding("audit.checkpoint-beyond", size=size, leaves=edge.size))
        size, _ = next(waiting)
    return edge, logged, erased


def _compare_root(edge: Edge, signed_root: bytes, notes: _Notes) -> None:
    if edge.root != signed_root:
        notes.add(finding("audit.checkpoint-root", size=edge.size))


def _compare(
    view: StoreAudit,
    documents: _Documents,
    logged: _Prefixes,
    erased: set[int],
    notes: _Notes,
) -> None:
    """Leaves whose document is gone, and documents that should have a leaf and have none."""
    stored, leaves = _numbers(documents.stored), _numbers(logged)
    gone = np.flatnonzero(~np.isin(leaves, stored))
    gone = gone[~np.isin(gone, np.fromiter(erased, dtype=np.int64))]
    for index in gone[:NAMED_PER_CODE].tolist():
        notes.add(finding("audit.document-gone", severity=Severity.WARNING, index=index))
    notes.found["audit.document-gone"] += max(len(gone) - NAMED_PER_CODE, 0)
    notes.found += Counter()  # without what was counted as none
    _compare_batches(view, documents, notes)
    due = _numbers(documents.to_be_logged)
    missing = set(due[~np.isin(due, leaves)].tolist())
    if not missing:
        return
    for page in _as_far_as_readable(view.documents, notes):
        for row in page:
            if row.kind in ALWAYS_LOGGED and _prefix(row.digest) in missing:
                notes.add(
                    finding(
                        "audit.document-unlogged",
                        kind=row.kind,
                        id=_readable(row.id),
                        version=row.version,
                    )
                )


def _compare_batches(view: StoreAudit, documents: _Documents, notes: _Notes) -> None:
    """Every batch of measurements stands in the list of a file, whose leaf covers it, and every
    batch that is listed is there."""
    stored, listed = _numbers(documents.batches), _numbers(documents.listed)
    for _ in range(int(np.count_nonzero(~np.isin(listed, stored)))):
        notes.add(finding("audit.batch-gone"))
    unlisted = set(stored[~np.isin(stored, listed)].tolist())
    if not unlisted:
        return
    for page in _as_far_as_readable(view.documents, notes):
        for row in page:
            if row.kind == _BATCH and _prefix(row.digest) in unlisted:
                notes.add(finding("audit.batch-unlisted", id=_readable(row.id)))


def _listed_digests(body: bytes) -> Iterator[str]:
    """The digests of the batches that came in one file; none where it cannot be read."""
    try:
        named = read_json(body)
    except FaultyInput:
        return
    batches = named.get("batches") if isinstance(named, dict) else None
    if isinstance(batches, dict):
        yield from (str(digest) for digest in batches.values())


def _numbers(prefixes: _Prefixes) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.frombuffer(prefixes, dtype=np.uint64) if prefixes else np.empty(0, np.uint64)


def _prefix(digest: str) -> int:
    """The first 64 bits of a digest; 0 where it is none (its row is altered then)."""
    try:
        return int(digest[7:23], 16)
    except (TypeError, ValueError):
        return 0


def _named_digest(body: bytes) -> str:
    """The digest of the claim that a record of its signing names."""
    try:
        named = read_json(body)
    except FaultyInput:
        return ""
    return str(named.get("digest", "")) if isinstance(named, dict) else ""


def _size_and_root(note: bytes) -> tuple[int, bytes] | None:
    """What a stored checkpoint says; None where it is no checkpoint."""
    try:
        _, size, root = note.partition(b"\n\n")[0].decode("ascii").split("\n")
        return int(size), base64.b64decode(root, validate=True)
    except (UnicodeDecodeError, ValueError, binascii.Error):
        return None


def _readable(text: str) -> str:
    return str(text).encode("utf-8", "backslashreplace").decode()

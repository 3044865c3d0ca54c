"""A proof that something stands in a company's log: it travels with what it is about.

The leaf in the clear with its salt, its path to the root, and the checkpoint with that root,
signed by the log and by the witnesses that had seen it by then. Hashes and names only.
"""

import base64
import re
from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding
from saltbridge.core.piece import piece
from saltbridge.trust import log
from saltbridge.trust.checkpoint import (
    MAX_PROOF_HASHES,
    Checkpoint,
    parse_checkpoint,
    verify_checkpoint,
)
from saltbridge.trust.did import VerificationKey
from saltbridge.trust.note import (
    Note,
    hashes_of,
    parse_note,
    render_note,
)
from saltbridge.trust.suites import NotVerified

CLAIM_SIGNED: Final = "claim.signed"
_MEMBERS: Final = frozenset({"leaf", "size", "path", "checkpoint"})
_LEAF: Final = frozenset({"event", "subject", "body_digest", "salt", "index"})
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_SALT: Final = re.compile(r"[0-9a-f]{32}")
_EVENT: Final = re.compile(r"[a-z-]{1,40}\.[a-z_-]{1,40}")
_SUBJECT: Final = re.compile(r"\S{1,300}")
# Lines of Ed25519 keys whose names are DIDs: signatures and nothing that could be read.
_KEY_NAME: Final = re.compile(r"did:web:[A-Za-z0-9.:%_-]{1,300}")
_SIGNATURE_BYTES: Final = frozenset({64, 72})


@dataclass(frozen=True, slots=True)
class LogProof:
    """A leaf, its path and a checkpoint. Nothing in it is verified."""

    event: str
    subject: str
    body_digest: str
    salt: str
    index: int
    size: int
    path: tuple[bytes, ...]
    note: Note

    @property
    def leaf_hash(self) -> bytes:
        """What stands in the tree for this leaf."""
        leaf = log.leaf_bytes(self.event, self.subject, self.body_digest, self.salt)
        return log.leaf_hash(leaf)

    @property
    def checkpoint(self) -> Checkpoint:
        """The state of the log the proof is made for."""
        return parse_checkpoint(self.note.text)


def log_proof_document(proof: LogProof) -> dict[str, Any]:
    """The proof as a JSON object."""
    return {
        "leaf": {
            "event": proof.event,
            "subject": proof.subject,
            "body_digest": proof.body_digest,
            "salt": proof.salt,
            "index": proof.index,
        },
        "size": proof.size,
        "path": [base64.b64encode(h).decode("ascii") for h in proof.path],
        "checkpoint": render_note(proof.note).decode("utf-8"),
    }


def log_proof_bytes(proof: LogProof, checkpoint: bytes) -> bytes:
    """The canonical bytes of ``log_proof_document``, where many proofs have one checkpoint.

    ``checkpoint`` is the note of the proof as a JSON text (``checkpoint_text``).
    """
    path = b",".join([b'"%b"' % b2a_base64(h, newline=False) for h in proof.path])
    return (
        b'{"checkpoint":%b,"leaf":{"body_digest":%b,"event":%b,"index":%d,"salt":%b,'
        b'"subject":%b},"path":[%b],"size":%d}'
    ) % (
        checkpoint,
        piece(proof.body_digest).content,
        piece(proof.event).content,
        proof.index,
        piece(proof.salt).content,
        piece(proof.subject).content,
        path,
        proof.size,
    )


def checkpoint_text(note: Note) -> bytes:
    """A checkpoint as it stands in the document of a proof: a JSON text."""
    return canonical_bytes(render_note(note).decode("utf-8"))


def parse_log_proof(document: object, name: str = "") -> LogProof:
    """The proof in a JSON object of exactly this shape.

    Raises:
        FaultyInput: another shape, or something more than a proof holds.
    """
    try:
        return _parsed(document)
    except (NotVerified, KeyError, TypeError, ValueError) as fault:
        place = Place(name, pointer="/log")
        reason = "shape"
        if isinstance(fault, NotVerified):
            reason = str(fault.findings[0].arguments.get("reason", "checkpoint"))
        raise FaultyInput([finding("trust.log-proof", place, reason=reason)]) from fault


def _parsed(document: object) -> LogProof:
    if not isinstance(document, Mapping) or document.keys() != _MEMBERS:
        raise ValueError("members")
    leaf, path = document["leaf"], document["path"]
    if not isinstance(leaf, Mapping) or leaf.keys() != _LEAF or not isinstance(path, list):
        raise ValueError("leaf")
    patterns = {
        "event": _EVENT,
        "subject": _SUBJECT,
        "body_digest": _DIGEST,
        "salt": _SALT,
    }
    if not all(p.fullmatch(leaf[member]) for member, p in patterns.items()):
        raise ValueError("leaf")
    index, size = leaf["index"], document["size"]
    if type(index) is not int or type(size) is not int or not 0 <= index < size:
        raise ValueError("index")
    if len(path) > MAX_PROOF_HASHES or not isinstance(document["checkpoint"], str):
        raise ValueError("path")
    note = parse_note(document["checkpoint"])
    if parse_checkpoint(note.text).size != size:
        raise ValueError("size")
    for line in note.signatures:
        right = len(line.content) in _SIGNATURE_BYTES and _KEY_NAME.fullmatch(line.name)
        if not right:
            raise ValueError("signature line")
    return LogProof(
        event=leaf["event"],
        subject=leaf["subject"],
        body_digest=leaf["body_digest"],
        salt=leaf["salt"],
        index=index,
        size=size,
        path=hashes_of(path),
        note=note,
    )


def check_log_proof(
    proof: LogProof,
    *,
    claim_id: str,
    claim_digest: str,
    origin: str,
    keys: Iterable[VerificationKey],
) -> tuple[Checkpoint, VerificationKey]:
    """The log's checkpoint and its key, once the proof is known to be for exactly this claim.

    Raises:
        NotVerified: see the finding; the checks are numbered below.
    """
    # 1. The leaf says that this very claim was signed.
    if (proof.event, proof.subject, proof.body_digest) != (
        CLAIM_SIGNED,
        claim_id,
        claim_digest,
    ):
        raise NotVerified.of("trust.log-other-leaf", subject=proof.subject[:80])
    # 2. The checkpoint is of this company's log and signed with a key of it.
    checkpoint, key = verify_checkpoint(proof.note, origin, keys)
    # 3. The leaf stands in the tree of that checkpoint.
    if not log.includes(
        proof.leaf_hash, proof.index, checkpoint.size, proof.path, checkpoint.root
    ):
        raise NotVerified.of("trust.log-not-included", index=proof.index, size=checkpoint.size)
    return checkpoint, key

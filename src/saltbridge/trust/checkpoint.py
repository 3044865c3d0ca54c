"""Checkpoints of a log as signed notes, and what witnesses say about them.

A checkpoint is a note whose text has three lines: origin, tree size, root hash. The log signs
the text; a witness signs the text with the time at which it saw that it continues everything
it saw before. Read strictly: one spelling per note, no extension lines, no line twice.

Sources, read 2026-11-27 in the repository C2SP/C2SP at 5ba5ee83: signed-note, tlog-checkpoint,
tlog-cosignature (type 0x04, ``cosignature/v1``), tlog-witness (the request's lines).
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from saltbridge.trust.did import DidDocument, VerificationKey
from saltbridge.trust.note import (
    COSIGNATURE,
    LOG_SIGNATURE,
    NAME,
    Note,
    NoteSignature,
    from_base64,
    hashes_of,
    key_id,
    malformed,
    parse_note,
    render_note,
)
from saltbridge.trust.signature import from_base64url
from saltbridge.trust.suites import NotVerified

MAX_PROOF_HASHES: Final = 63
MAX_SIZE: Final = 2**53  # what JSON numbers hold; a log of that many leaves is not ours
_MAX_MOMENT: Final = 253_402_300_799  # the end of the year 9999
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: whose it is, how many leaves it has, their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed: three lines."""
        root = base64.b64encode(self.root).decode("ascii")
        return f"{self.origin}\n{self.size}\n{root}\n"


@dataclass(frozen=True, slots=True)
class UnsignedCheckpoint:
    """A checkpoint that waits for its log's signature over ``signing_input``."""

    checkpoint: Checkpoint
    key_id: bytes

    @property
    def signing_input(self) -> bytes:
        """The bytes the key of the log has to sign."""
        return self.checkpoint.text.encode("utf-8")


@dataclass(frozen=True, slots=True)
class UnsignedCosignature:
    """A witness's line that waits for its signature over ``signing_input``."""

    checkpoint: Checkpoint
    name: str
    key_id: bytes
    seconds: int

    @property
    def signing_input(self) -> bytes:
        """The bytes the witness has to sign; their first line is no log's origin."""
        return _cosigned(self.checkpoint, self.seconds)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness whose cosignature was checked: who saw the checkpoint, and when."""

    witness: str
    at: datetime


# ── keys ────────────────────────────────────────────────────────────────────────────────


def log_keys(
    document: DidDocument,
    *,
    at: datetime | None = None,
    witnessed_at: datetime | None = None,
) -> tuple[VerificationKey, ...]:
    """The keys of a company's log: Ed25519, and listed in its DID document for no other use.

    With ``at`` only those that could sign at that time: not rotated before it, and not
    revoked unless somebody else saw the signature before (``witnessed_at``).
    """
    return tuple(
        key
        for key in document.keys
        if not key.uses
        and (key.jwk.get("kty"), key.jwk.get("crv")) == ("OKP", "Ed25519")
        and (at is None or _could_sign(key, at, witnessed_at))
    )


def _could_sign(key: VerificationKey, at: datetime, witnessed_at: datetime | None) -> bool:
    seen = witnessed_at is not None
    if key.revoked is not None and not (seen and witnessed_at < key.revoked):  # type: ignore[operator]
        return False
    return key.expires is None or at <= key.expires


def public_bytes(key: VerificationKey) -> bytes:
    """The 32 bytes of an Ed25519 key (RFC 8032).

    Raises:
        NotVerified: not such a key.
    """
    encoded = key.jwk.get("x")
    raw = from_base64url(encoded) if isinstance(encoded, str) else b""
    if key.jwk.get("crv") != "Ed25519" or len(raw) != 32:
        raise NotVerified.of("trust.key-unsupported", kind="Ed25519")
    return raw


# ── reading ──────────────────────────────────────────────────────────────────────────────


def parse_checkpoint(text: str) -> Checkpoint:
    """What the text of a note says as a checkpoint.

    Raises:
        NotVerified: not three lines of origin, size and root. Extension lines are refused:
            nobody could say what they mean.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise malformed("three lines")
    origin, size, root = lines[:3]
    if not NAME.fullmatch(origin) or not _NUMBER.fullmatch(size) or int(size) > MAX_SIZE:
        raise malformed("origin or size")
    hashed = from_base64(root)
    if len(hashed) != 32:
        raise malformed("root")
    return Checkpoint(origin, int(size), hashed)


# ── the log's signature ─────────────────────────────────────────────────────────────────


def prepare(checkpoint: Checkpoint, key: VerificationKey) -> UnsignedCheckpoint:
    """The checkpoint up to the signature with this key of the log; the origin names the key.

    Raises:
        ValueError: the origin or the size cannot stand in a checkpoint.
        NotVerified: the key is no Ed25519 key.
    """
    try:
        if parse_checkpoint(checkpoint.text) != checkpoint:
            raise ValueError("a checkpoint that does not read as it was written")
    except NotVerified as fault:
        raise ValueError(f"no checkpoint: {checkpoint.text!r}") from fault
    name = checkpoint.origin
    return UnsignedCheckpoint(checkpoint, key_id(name, LOG_SIGNATURE, public_bytes(key)))


def assemble(unsigned: UnsignedCheckpoint, signature: bytes) -> Note:
    """The signed checkpoint.

    Raises:
        ValueError: no 64 bytes.
    """
    if len(signature) != 64:
        raise ValueError(f"signature of {len(signature)} bytes, due are 64")
    line = NoteSignature(unsigned.checkpoint.origin, unsigned.key_id, signature)
    return Note(unsigned.checkpoint.text, (line,))


def verify_checkpoint(
    note: Note, origin: str, keys: Iterable[VerificationKey]
) -> tuple[Checkpoint, VerificationKey]:
    """The checkpoint, once one of the keys is known to have signed it, and that key.

    ``keys`` are the log's own, those that count at the time in question. A line that names
    one of them and does not fit spoils the whole note.

    Raises:
        NotVerified: malformed, another log's, signed by none of the keys, or a signature
            that does not fit.
    """
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise NotVerified.of("trust.log-origin", found=checkpoint.origin[:200], due=origin)
    signed_with: VerificationKey | None = None
    for key in keys:
        public = public_bytes(key)
        named = key_id(origin, LOG_SIGNATURE, public)
        for line in note.signatures:
            if (line.name, line.key_id) == (origin, named):
                _check(public, line.content, note.text.encode("utf-8"), key.id)
                signed_with = signed_with or key
    if signed_with is None:
        raise NotVerified.of("trust.log-not-signed", origin=origin)
    return checkpoint, signed_with


# ── witnesses ───────────────────────────────────────────────────────────────────────────


def prepare_cosignature(
    checkpoint: Checkpoint, witness: str, key: VerificationKey, now: datetime
) -> UnsignedCosignature:
    """The witness's line up to its signature.

    Raises:
        NotVerified: the key is no Ed25519 key.
    """
    named = key_id(witness, COSIGNATURE, public_bytes(key))
    return UnsignedCosignature(checkpoint, witness, named, int(now.timestamp()))


def assemble_cosignature(unsigned: UnsignedCosignature, signature: bytes) -> NoteSignature:
    """The witness's line.

    Raises:
        ValueError: no 64 bytes.
    """
    if len(signature) != 64:
        raise ValueError(f"signature of {len(signature)} bytes, due are 64")
    moment = unsigned.seconds.to_bytes(8, "big")
    return NoteSignature(unsigned.name, unsigned.key_id, moment + signature)


def verify_cosignatures(
    note: Note, witness: str, keys: Iterable[VerificationKey]
) -> Cosigned | None:
    """What this witness says about the checkpoint; None where it says nothing.

    Of several cosignatures of one witness the earliest counts.

    Raises:
        NotVerified: a line names one of its keys and does not fit.
    """
    checkpoint = parse_checkpoint(note.text)
    times: list[datetime] = []
    for key in keys:
        public = public_bytes(key)
        named = key_id(witness, COSIGNATURE, public)
        for line in note.signatures:
            if (line.name, line.key_id) != (witness, named):
                continue
            seconds = int.from_bytes(line.content[:8], "big")
            if len(line.content) != 72 or not 0 < seconds <= _MAX_MOMENT:
                raise malformed("cosignature")
            _check(public, line.content[8:], _cosigned(checkpoint, seconds), key.id)
            times.append(datetime.fromtimestamp(seconds, UTC))
    return Cosigned(witness, min(times)) if times else None


def known_witnesses(
    note: Note, witnesses: Mapping[str, DidDocument], *, but: str
) -> tuple[Cosigned, ...]:
    """Which of these companies cosigned the checkpoint; ``but`` is the log's own company.

    Raises:
        NotVerified: a line names a key of one of them and does not fit.
    """
    found = (
        verify_cosignatures(note, did, log_keys(document))
        for did, document in witnesses.items()
        if did != but
    )
    return tuple(seen for seen in found if seen is not None)


def with_signatures(note: Note, added: Iterable[NoteSignature]) -> Note:
    """The note with further lines; a newer line of one key takes the place of the older."""
    lines = {(s.name, s.key_id): s for s in (*note.signatures, *added)}
    return replace(note, signatures=tuple(lines.values()))


def _cosigned(checkpoint: Checkpoint, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{checkpoint.text}".encode()


def _check(public: bytes, signature: bytes, signed: bytes, key: str) -> None:
    try:
        _fits(public, signature, signed)
    except (InvalidSignature, ValueError) as fault:
        raise NotVerified.of("trust.signature-wrong", key=key) from fault


@lru_cache(maxsize=256)
def _fits(public: bytes, signature: bytes, signed: bytes) -> None:
    """Checked once: all proofs of a batch end in the same checkpoint. A fault is not kept."""
    Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)


# ── the request to a witness ────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """What a log asks of a witness: to cosign a checkpoint that continues an older one."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note


def render_add_checkpoint(old_size: int, proof: Sequence[bytes], note: Note) -> bytes:
    """The body of ``POST …/add-checkpoint``."""
    lines = "".join(f"{base64.b64encode(h).decode('ascii')}\n" for h in proof)
    return f"old {old_size}\n{lines}\n".encode("ascii") + render_note(note)


def parse_add_checkpoint(content: bytes) -> AddCheckpoint:
    """What the body of ``POST …/add-checkpoint`` asks.

    Raises:
        NotVerified: not such a body, or more than 63 hashes.
    """
    head, gap, rest = content.partition(b"\n\n")
    try:
        first, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError as fault:
        raise malformed("ASCII") from fault
    size = first.removeprefix("old ")
    if not gap or not first.startswith("old ") or not _NUMBER.fullmatch(size):
        raise malformed("old size")
    if len(hashes) > MAX_PROOF_HASHES:
        raise malformed("too many hashes")
    return AddCheckpoint(int(size), hashes_of(hashes), parse_note(rest))

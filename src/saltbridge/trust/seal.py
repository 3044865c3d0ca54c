"""Seals over a log's history with an algorithm that is to outlast the log's own.

The idea of evidence records (RFC 4998, section 5.2, recalled): before an algorithm grows weak,
what it protects is signed anew with a stronger one, and the new seal covers the older ones. A
seal signs the text of a checkpoint, so all leaves up to there, and the digest of the seal
before it and of the time-stamps that exist by then. It rests on SHA-256 as the tree does.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes, digest, read_json
from saltbridge.trust.checkpoint import (
    Checkpoint,
    parse_checkpoint,
)
from saltbridge.trust.did import DidDocument, VerificationKey, from_iso, iso
from saltbridge.trust.note import from_base64
from saltbridge.trust.suites import ARCHIVE, NotVerified, signature_fits, suite_of

_MEMBERS: Final = frozenset(
    {"type", "checkpoint", "made_at", "key", "suite", "previous", "covers"}
)
_TYPE: Final = "saltbridge-log-seal"


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that was checked: over which state, by which key, when, after which seal."""

    checkpoint: Checkpoint
    key: str
    suite: str
    made_at: datetime
    previous: str
    covers: tuple[str, ...]


def prepare_seal(
    checkpoint: Checkpoint,
    *,
    key_id: str,
    suite: str,
    made_at: datetime,
    previous: str,
    covers: Sequence[str],
) -> bytes:
    """The bytes a seal's key has to sign."""
    return canonical_bytes(
        {
            "type": _TYPE,
            "checkpoint": checkpoint.text,
            "made_at": iso(made_at),
            "key": key_id,
            "suite": suite,
            "previous": previous,
            "covers": list(covers),
        }
    )


def assemble_seal(statement: bytes, signature: bytes) -> dict[str, Any]:
    """The seal as a JSON object: the signed bytes as they are, and the signature."""
    return {
        "statement": statement.decode("utf-8"),
        "signature": base64.b64encode(signature).decode("ascii"),
    }


def seal_digest(seal: Mapping[str, Any]) -> str:
    """What the next seal names this one by."""
    return digest(canonical_bytes(dict(seal)))


def verify_seal(seal: object, document: DidDocument) -> Seal:
    """What a seal says, once a key for archives of this company is known to have made it.

    Raises:
        NotVerified: malformed, another company's, no key for archives, or a signature that
            does not fit.
    """
    if not isinstance(seal, Mapping) or seal.keys() != {"statement", "signature"}:
        raise _malformed("members")
    if not all(isinstance(v, str) for v in seal.values()):
        raise _malformed("members")
    content, signature = seal["statement"].encode("utf-8"), from_base64(seal["signature"])
    try:
        said = read_json(content)
        if canonical_bytes(said) != content:
            raise _malformed("spelling")
    except FaultyJson as fault:
        raise NotVerified(fault.findings) from fault
    if not isinstance(said, dict) or said.keys() != _MEMBERS or said["type"] != _TYPE:
        raise _malformed("statement")
    covers = said["covers"]
    texts = [v for k, v in said.items() if k != "covers"]
    if not isinstance(covers, list) or not all(isinstance(t, str) for t in (*texts, *covers)):
        raise _malformed("statement")
    checkpoint = parse_checkpoint(said["checkpoint"])
    if checkpoint.origin != document.id:
        raise NotVerified.of("trust.log-origin", found=checkpoint.origin[:200], due=document.id)
    key = _archive_key(document, said["key"])
    if suite_of(key.jwk).name != said["suite"]:
        raise NotVerified.of("trust.algorithm", found=said["suite"][:40], due=ARCHIVE)
    if not signature_fits(key.jwk, content, signature):
        raise NotVerified.of("trust.signature-wrong", key=key.id)
    try:
        made_at = from_iso(said["made_at"])
    except ValueError as fault:
        raise _malformed("time") from fault
    return Seal(checkpoint, key.id, said["suite"], made_at, said["previous"], tuple(covers))


def _archive_key(document: DidDocument, key_id: str) -> VerificationKey:
    key = next((k for k in document.keys if k.id == key_id and not k.uses), None)
    if key is None or suite_of(key.jwk).key_type != "AKP":
        raise NotVerified.of("trust.key-unknown", key=key_id[:200])
    return key


def _malformed(reason: str) -> NotVerified:
    fault = NotVerified.of("trust.log-malformed", reason=reason)
    assert isinstance(fault, NotVerified)  # noqa: S101 - for the type checker
    return fault

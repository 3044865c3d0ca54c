"""Being a witness: cosign a partner's checkpoint if it continues what was seen of its log.

C2SP tlog-witness, ``add-checkpoint`` (read 2026-11-27 in C2SP/C2SP at 5ba5ee83). Only logs of
configured partners are witnessed. A checkpoint and its proof come without a sign-in, so a proof
that fails shows nothing yet: somebody may have sent a true checkpoint with a wrong proof. Two
roots for one size are a fork on the spot; else the log itself is asked what joins the two.
"""

from dataclasses import dataclass
from typing import Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.steps.speak import enqueue
from saltbridge.steps.witnessing import (
    INQUIRE,
    joining,
    keep_fork,
    see_further,
    seen_checkpoint,
    seen_note,
)
from saltbridge.trust.checkpoint import (
    AddCheckpoint,
    Checkpoint,
    log_keys,
    parse_add_checkpoint,
    parse_checkpoint,
    verify_checkpoint,
)
from saltbridge.trust.did import parse_did_document
from saltbridge.trust.log import continues, tree_root
from saltbridge.trust.note import (
    Note,
    parse_note,
    render_note,
)
from saltbridge.trust.suites import NotVerified

SIZE_TYPE: Final = "text/x.tlog.size"
_TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """An answer by the protocol: status, body, media type."""

    status: int
    content: bytes = b""
    media_type: str = _TEXT


def add_checkpoint(world: World, content: bytes) -> WitnessAnswer:
    """The answer to a log's request to cosign its checkpoint.

    400 malformed, 403 not signed by the log, 404 no partner's log, 409 with the size seen,
    422 it does not continue what was seen; 200 with the cosignature once it has been stored.

    Raises:
        Unavailable: the partner's DID document cannot be fetched now.
    """
    try:
        request = parse_add_checkpoint(content)
        checkpoint = parse_checkpoint(request.note.text)
    except NotVerified:
        return WitnessAnswer(400)
    did = checkpoint.origin
    if not any(partner.did == did for partner in world.node.partners):
        return WitnessAnswer(404)
    document = parse_did_document(world.did_resolver.resolve(did), did=did)
    try:
        verify_checkpoint(request.note, did, log_keys(document, at=world.clock.now()))
    except NotVerified:
        return WitnessAnswer(403)
    if request.old_size > checkpoint.size:
        return WitnessAnswer(400)
    with world.store.unit_of_work() as work:
        return _judged(world, work, request, checkpoint)


def kept_checkpoint(world: World, origin_hash: str) -> bytes | None:
    """The newest checkpoint seen of a partner's log, by the SHA-256 of its origin in hex."""
    with world.store.reading() as view:
        for partner in world.node.partners:
            if digest(partner.did.encode("utf-8")) == f"sha256:{origin_hash}":
                note = seen_note(view, partner.did)
                return None if note is None else render_note(note)
    return None


def _judged(
    world: World, work: UnitOfWork, request: AddCheckpoint, here: Checkpoint
) -> WitnessAnswer:
    did = here.origin
    seen = seen_checkpoint(work, did) or Checkpoint(did, 0, tree_root(()))
    if here.size == seen.size and here.root != seen.root and seen.size:
        keep_fork(world, work, did, request.note)
    if request.old_size != seen.size:
        return WitnessAnswer(409, f"{seen.size}\n".encode("ascii"), SIZE_TYPE)
    if not seen.size:
        fits = not request.proof and (here.size > 0 or here.root == seen.root)
    else:
        fits = continues(seen.size, seen.root, here.size, here.root, request.proof)
    if not fits:
        if seen.size and here.size > seen.size:
            _inquire_later(world, work, did, request.note)
        return WitnessAnswer(422)
    line = see_further(world, work, did, request.note)
    if line is None:  # not reached: the sizes were compared above
        return WitnessAnswer(422)
    return WitnessAnswer(200, line.line.encode("utf-8"))


def _inquire_later(world: World, work: UnitOfWork, did: str, note: Note) -> None:
    """One inquiry per log at a time: whoever sends wrong proofs gets no more than that."""
    key = f"{INQUIRE} {did}"
    if not work.waits(key):
        body = canonical_bytes({"did": did, "note": render_note(note).decode("utf-8")})
        enqueue(world, work, INQUIRE, body, key)


def inquire_waiting(world: World, entry: OutboxEntry) -> None:
    """Ask a log itself what joins the state seen and another it signed: nothing is a fork.

    Raises:
        Unavailable: the log, or its DID document, cannot be reached now.
    """
    asked = read_json(entry.body)
    did, note = str(asked["did"]), parse_note(asked["note"])
    there = parse_checkpoint(note.text)
    with world.store.reading() as view:
        seen = seen_checkpoint(view, did)
    if seen is None or not any(partner.did == did for partner in world.node.partners):
        return
    proof = joining(world, world.did_resolver.resolve(did), seen, there)
    old, new = (seen, there) if seen.size <= there.size else (there, seen)
    if continues(old.size, old.root, new.size, new.root, proof):
        return
    with world.store.unit_of_work() as work:
        keep_fork(world, work, did, note)

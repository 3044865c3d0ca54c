"""The outward side of this node's log: signed checkpoints, proofs, asking for witnesses.

Everything here happens inside the caller's unit of work, so that a proof and the leaf it is
about commit together. Two sizes never get two roots: before a checkpoint is signed, the newest
one that was signed before is held against the tree.
"""

from collections.abc import Sequence
from typing import Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import Refused
from saltbridge.formats.claim_file import render_claim_file
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.speak import enqueue
from saltbridge.trust.checkpoint import (
    Checkpoint,
    assemble,
    log_keys,
    parse_checkpoint,
    prepare,
    with_signatures,
)
from saltbridge.trust.claims import SignedClaim
from saltbridge.trust.did import VerificationKey, parse_did_document
from saltbridge.trust.log_proof import CLAIM_SIGNED, LogProof
from saltbridge.trust.note import (
    Note,
    parse_note,
    render_note,
)

CHECKPOINT: Final = "log-checkpoint"
WITNESS: Final = "witness"  # kind of outbox entries; the body names the partner's DID
CLAIM_LEAF: Final = "claim-leaf"  # claim id → where its signing stands in the log
ASKED: Final = "log-ask"  # the size up to which witnesses were asked while one entry waited


def checkpoint_id(size: int) -> str:
    """The id under which the checkpoint of a size is kept; text order is order of size.

    >>> checkpoint_id(42)
    '00000000000000000042'
    """
    return f"{size:020d}"


def own_log_keys(world: World) -> tuple[VerificationKey, ...]:
    """The keys of this node's log, old ones too."""
    document = parse_did_document(world.keyring.did_document(), did=world.node.did)
    return log_keys(document)


def kept_checkpoint(view: UnitOfWork, size: int) -> Note | None:
    """The checkpoint of that size with the cosignatures that came, or None."""
    record = view.get(CHECKPOINT, checkpoint_id(size))
    return None if record is None else parse_note(record.body)


def newest_checkpoint(view: UnitOfWork) -> Note | None:
    """The newest checkpoint that was signed, or None. Looks backwards from the present size."""
    size, window = view.log_size(), 1
    while True:
        after = checkpoint_id(size - window) if window <= size else ""
        found = view.find(CHECKPOINT, after=after)
        while len(found) == 1000:  # more than a page: only in a log of many checkpoints
            further = view.find(CHECKPOINT, after=found[-1].id)
            found = further or found[-1:]
        if found:
            return parse_note(found[-1].body)
        if not after:
            return None
        window *= 8


def current_checkpoint(world: World, work: UnitOfWork) -> Note:
    """The checkpoint of the present size: the kept one, or a new one that is signed and kept.

    Raises:
        Refused: the tree is not the one that was signed before; nothing is signed then.
        FaultyInput: the key of the log cannot be used.
    """
    size = work.log_size()
    present = Checkpoint(world.node.did, size, work.log_root())
    last = newest_checkpoint(work)
    if last is not None:
        signed = parse_checkpoint(last.text)
        if signed.size > size or work.log_root(signed.size) != signed.root:
            raise Refused.of("log.not-as-signed", size=signed.size, leaves=size)
    signer = world.keyring.log_signer()
    key = next(k for k in own_log_keys(world) if k.id == signer.key_id)
    unsigned = prepare(present, key)
    kept = last if last is not None and last.text == present.text else None
    if kept is not None and any(s.key_id == unsigned.key_id for s in kept.signatures):
        return kept
    note = assemble(unsigned, signer.sign(unsigned.signing_input))
    if kept is not None:  # the log got a new key since: both sign the same text
        note = with_signatures(kept, note.signatures)
    work.put(CHECKPOINT, checkpoint_id(size), render_note(note))
    return note


def proof_for(world: World, work: UnitOfWork, index: int) -> LogProof:
    """The proof that a leaf stands in the log as it is now, under its newest checkpoint.

    Raises:
        IndexError: there is no such leaf.
        Refused, FaultyInput: as ``current_checkpoint``.
    """
    return _proof(work, index, current_checkpoint(world, work))


def proof_under(view: UnitOfWork, index: int, note: Note) -> LogProof:
    """The proof that a leaf stands in the log under a checkpoint that was kept.

    Raises:
        IndexError: there is no such leaf, or it is younger than the checkpoint.
    """
    return _proof(view, index, note)


def _proof(view: UnitOfWork, index: int, note: Note) -> LogProof:
    leaf, size = view.log_leaf(index), parse_checkpoint(note.text).size
    if leaf is None:
        raise IndexError(f"leaf {index} of {view.log_size()}")
    return LogProof(
        event=leaf.event,
        subject=leaf.subject,
        body_digest=leaf.body_digest,
        salt=leaf.salt,
        index=index,
        size=size,
        path=view.inclusion_proof(index, size),
        note=note,
    )


def logged_claim_file(
    world: World,
    work: UnitOfWork,
    claim: SignedClaim,
    id: str,
    also_signed: Sequence[str] = (),
    disclosures: Sequence[str] = (),
) -> bytes:
    """The claim as a file, with the proof that its signing stands in the log.

    Appends the leaf, signs a checkpoint over it and asks the partners to witness it; ``id`` is
    the claim's own, ``disclosures`` go with a version of a passport.

    Raises:
        Refused, FaultyInput: as ``current_checkpoint``.
    """
    index = work.append_leaf(CLAIM_SIGNED, id, claim.jws.encode("utf-8"))
    proof = proof_for(world, work, index)
    leaf = canonical_bytes({"index": index, "digest": claim.digest})
    work.put(CLAIM_LEAF, id, leaf, expected_version=0)
    ask_witnesses(world, work)
    return render_claim_file(
        claim,
        world.keyring.did_document(),
        log=proof,
        also_signed=also_signed,
        disclosures=disclosures,
    )


def ask_witnesses(world: World, work: UnitOfWork) -> None:
    """Have the newest checkpoint sent to every partner, once this has been committed.

    One entry waits per partner at most. While one waits it may be under way with an older
    checkpoint, so the size is kept, and who sends it looks again before it is done. Leaves
    about checkpoints of others ask nobody: two nodes would never come to rest.
    """
    waiting = False
    for partner in world.node.partners:
        key = f"{WITNESS} {partner.did}"
        if work.waits(key):
            waiting = True
            continue
        enqueue(world, work, WITNESS, canonical_bytes({"did": partner.did}), key)
    if waiting:
        work.put(ASKED, "current", canonical_bytes({"size": work.log_size()}))

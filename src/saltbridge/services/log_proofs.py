"""What anybody may ask of this node's log: checkpoints it signed, and paths of hashes.

A claim file carries the proof it was made with; ``cosigned`` gives it the newest one that
witnesses have cosigned since.
"""

from saltbridge.core.canonical import FaultyJson, read_json
from saltbridge.core.errors import Refused
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.ports import World
from saltbridge.steps.log import (
    CLAIM_LEAF,
    current_checkpoint,
    kept_checkpoint,
    newest_checkpoint,
    proof_under,
)
from saltbridge.steps.records import document
from saltbridge.steps.witnessing import COSIGNED, hash_texts
from saltbridge.trust.note import render_note
from saltbridge.trust.signature import open_jws
from saltbridge.trust.suites import NotVerified


def signed_checkpoint(world: World, size: int | None = None) -> bytes | None:
    """The newest checkpoint that was signed, or that of a size, with its cosignatures."""
    with world.store.reading() as view:
        note = newest_checkpoint(view) if size is None else kept_checkpoint(view, size)
    return None if note is None else render_note(note)


def consistency(world: World, old: int, size: int) -> list[str] | None:
    """The hashes that join two sizes of the log; None where it never had these sizes."""
    with world.store.reading() as view:
        if not 0 < old <= size <= view.log_size():
            return None
        return hash_texts(tuple(view.consistency_proof(old, size)))


def inclusion(world: World, index: int, size: int) -> tuple[str, list[str]] | None:
    """Hash and path of a leaf in the tree of a size; None where there is no such leaf."""
    with world.store.reading() as view:
        leaf = view.log_leaf(index) if 0 <= index < size <= view.log_size() else None
        if leaf is None:
            return None
        (hashed,) = hash_texts((leaf.leaf_hash,))
        return hashed, hash_texts(tuple(view.inclusion_proof(index, size)))


def cosigned(world: World, content: bytes, name: str = "") -> bytes:
    """A claim file of this node with the newest proof of its signing that witnesses cosigned.

    Where no witness has seen it yet, the proof is under the checkpoint of the present size.

    Raises:
        FaultyInput: not a claim file.
        Refused: its signing does not stand in this node's log.
    """
    file = parse_claim_file(content, name)
    with world.store.unit_of_work() as work:
        leaf = document(work, CLAIM_LEAF, _claim_id(file.claim.jws))
        if leaf is None or leaf["digest"] != file.claim.digest:
            raise Refused.of("log.claim-not-here", digest=file.claim.digest)
        found = int(leaf["index"])
        sizes = [
            kept["size"]
            for kept in (document(work, COSIGNED, p.did) for p in world.node.partners)
            if kept is not None and kept["size"] > found
        ]
        note = kept_checkpoint(work, max(sizes)) if sizes else None
        note = note or current_checkpoint(world, work)
        proof = proof_under(work, found, note)
    return render_claim_file(file.claim, file.did_document, file.unknown, log=proof)


def _claim_id(jws: str) -> str:
    """The id a claim states; empty where it is none. Compared by digest afterwards."""
    try:
        statement = read_json(open_jws(jws).payload)
    except (NotVerified, FaultyJson):
        return ""
    return str(statement.get("id", "")) if isinstance(statement, dict) else ""

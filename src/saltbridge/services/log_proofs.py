"""What anybody may ask of this node's log: checkpoints it signed, and paths of hashes."""

from saltbridge.ports import World
from saltbridge.steps.log import kept_checkpoint, newest_checkpoint
from saltbridge.steps.witnessing import hash_texts
from saltbridge.trust.checkpoint import render_note


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

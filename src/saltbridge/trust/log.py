"""The append-only history as a Merkle tree: leaf hash, root, inclusion, consistency.

RFC 6962, sections 2.1 to 2.1.2 (the same tree as RFC 9162, section 2.1). Hashes only: where
leaves are kept is the store's business. Verification follows the step lists of RFC 9162,
sections 2.1.3.2 and 2.1.4.2. Both read in earlier work, recalled here.
"""

from collections.abc import Sequence
from hashlib import sha256

from saltbridge.core.canonical import canonical_bytes


def leaf_bytes(event: str, subject: str, body_digest: str, salt: str) -> bytes:
    """What is hashed for one event. The salt keeps a published hash from being guessed."""
    return canonical_bytes(
        {"body": body_digest, "event": event, "salt": salt, "subject": subject}
    )


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of a leaf: SHA-256 over 0x00 and the leaf.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + leaf).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    """Largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def tree_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Root over the leaf hashes; of the empty tree, SHA-256 of nothing.

    >>> tree_root([]).hex()[:16]
    'e3b0c44298fc1c14'
    """
    if not leaf_hashes:
        return sha256(b"").digest()
    # Complete subtrees, the largest first; merged when two are of one size.
    stack: list[tuple[int, bytes]] = []
    for leaf in leaf_hashes:
        size, node = 1, leaf
        while stack and stack[-1][0] == size:
            _, left = stack.pop()
            size, node = size * 2, _node_hash(left, node)
        stack.append((size, node))
    _, node = stack.pop()
    while stack:
        _, left = stack.pop()
        node = _node_hash(left, node)
    return node


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Audit path of the leaf ``index`` in the tree of all given leaves.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaf_hashes):
        raise IndexError(f"leaf {index} of {len(leaf_hashes)}")
    path: list[bytes] = []
    low, high = 0, len(leaf_hashes)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(tree_root(leaf_hashes[middle:high]))
            high = middle
        else:
            path.append(tree_root(leaf_hashes[low:middle]))
            low = middle
    return tuple(reversed(path))


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows the leaf hash at ``index`` of the tree of ``size`` leaves."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = _node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = _node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and node == root


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """Proof that the tree of all leaves continues the tree of the first ``old_size``.

    Raises:
        IndexError: the old tree is empty or larger than the new one.
    """
    if not 0 < old_size <= len(leaf_hashes):
        raise IndexError(f"{old_size} of {len(leaf_hashes)} leaves")
    return tuple(_subproof(leaf_hashes, old_size, whole=True))


def _subproof(leaves: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if whole else [tree_root(leaves)]
    middle = _split(len(leaves))
    if old_size <= middle:
        return [
            *_subproof(leaves[:middle], old_size, whole=whole),
            tree_root(leaves[middle:]),
        ]
    return [
        *_subproof(leaves[middle:], old_size - middle, whole=False),
        tree_root(leaves[:middle]),
    ]


def continues(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that nothing of the older tree was changed or removed."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    path = list(proof)
    if old_size & (old_size - 1) == 0:  # a complete tree is its own first node
        path.insert(0, old_root)
    if not path:
        return False
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_node = node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_node = _node_hash(sibling, old_node)
            node = _node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = _node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and old_node == old_root and node == root

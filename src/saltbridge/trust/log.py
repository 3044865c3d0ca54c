"""The append-only history as a Merkle tree: leaf hash, root, inclusion, consistency.

RFC 6962, sections 2.1 to 2.1.2 (the same tree as RFC 9162, section 2.1). Hashes only: where
leaves are kept is the store's business. Verification follows the step lists of RFC 9162,
sections 2.1.3.2 and 2.1.4.2. Both read in earlier work, recalled here.

Who keeps the complete subtrees of a log (their roots never change as it grows) needs a few of
them for a root or a proof: a plan names them by level and index, ``joined`` puts them together.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import TypeAlias

from saltbridge.core.canonical import canonical_bytes

# A complete subtree: its level (0 is a leaf, level 3 spans eight) and its index there.
Subtree: TypeAlias = tuple[int, int]


def leaf_bytes(event: str, subject: str, body_digest: str, salt: str) -> bytes:
    """What is hashed for one event. The salt keeps a published hash from being guessed.

    Canonical JSON (RFC 8785), spelt out here since an audit does it for every leaf there is;
    a property test holds it against ``core.canonical``.

    Raises:
        FaultyJson: a text holds half a surrogate pair.
    """
    try:
        return (
            f'{{"body":{encode_basestring(body_digest)},"event":{encode_basestring(event)},'
            f'"salt":{encode_basestring(salt)},"subject":{encode_basestring(subject)}}}'
        ).encode()
    except UnicodeEncodeError:
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
    return joined([node for _, node in stack])


def joined(subtrees: Sequence[bytes]) -> bytes:
    """Root over neighbouring complete subtrees, the largest (leftmost) first."""
    *rest, node = subtrees
    for left in reversed(rest):
        node = _node_hash(left, node)
    return node


@lru_cache(maxsize=4096)  # proofs of neighbours ask for the same ones
def complete_subtrees(begin: int, end: int) -> tuple[Subtree, ...]:
    """The complete subtrees that the leaves ``begin`` up to ``end`` consist of, left to right.

    >>> complete_subtrees(0, 7)
    ((2, 0), (1, 2), (0, 6))
    """
    found: list[Subtree] = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        found.append((level, begin >> level))
        begin += 1 << level
    return tuple(found)


def completing_leaf(subtree: Subtree) -> int:
    """Index of the leaf that completes a subtree: its last one.

    >>> completing_leaf((2, 0))
    3
    """
    level, index = subtree
    return ((index + 1) << level) - 1


class Edge:
    """The right edge of a growing tree: its complete subtrees, the largest first.

    >>> edge = Edge()
    >>> [len(edge.append(leaf_hash(b"x"))) for _ in range(4)]
    [0, 1, 0, 2]
    """

    def __init__(self, size: int = 0, subtrees: Sequence[bytes] = ()) -> None:
        """``subtrees`` are the roots of ``complete_subtrees(0, size)``."""
        if size.bit_count() != len(subtrees):
            raise ValueError(f"{len(subtrees)} subtrees for {size} leaves")
        self.size = size
        self._subtrees = list(subtrees)

    def append(self, leaf: bytes) -> list[bytes]:
        """Add a leaf hash; returns the roots of the subtrees it completes, from level 1 up."""
        completed: list[bytes] = []
        position, node, subtrees = self.size, leaf, self._subtrees
        while position & 1:
            node = sha256(b"\x01" + subtrees.pop() + node).digest()
            completed.append(node)
            position >>= 1
        subtrees.append(node)
        self.size += 1
        return completed

    def copy(self) -> "Edge":
        """The same edge, to be grown by itself."""
        return Edge(self.size, self._subtrees)

    @property
    def root(self) -> bytes:
        """Root of the tree so far."""
        return joined(self._subtrees) if self._subtrees else tree_root(())


def inclusion_plan(index: int, size: int) -> tuple[tuple[Subtree, ...], ...]:
    """What the audit path of a leaf is made of: per hash, the subtrees to be joined.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of {size}")
    path: list[tuple[Subtree, ...]] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(complete_subtrees(middle, high))
            high = middle
        else:
            path.append(complete_subtrees(low, middle))
            low = middle
    return tuple(reversed(path))


def consistency_plan(old_size: int, size: int) -> tuple[tuple[Subtree, ...], ...]:
    """What the proof that a tree continues an older one is made of: per hash, the subtrees.

    Raises:
        IndexError: the old tree is empty or larger than the new one.
    """
    if not 0 < old_size <= size:
        raise IndexError(f"{old_size} of {size} leaves")
    proof: list[tuple[Subtree, ...]] = []
    low, high = 0, size
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            proof.append(complete_subtrees(middle, high))
            high = middle
        else:
            proof.append(complete_subtrees(low, middle))
            low = middle
    if low:  # the old tree is not one of the subtrees on the way: its last part begins
        proof.append(complete_subtrees(low, high))
    return tuple(reversed(proof))


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

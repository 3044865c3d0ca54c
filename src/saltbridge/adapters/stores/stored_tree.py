"""Root and proofs of a log from its stored subtrees: a few reads, however long the log is.

With every leaf are stored the roots of the subtrees it completes: none for half the leaves,
one on average. A leaf's row never changes, as the subtrees do not.
"""

from collections.abc import Sequence

from saltbridge.trust.log import (
    Edge,
    Subtree,
    complete_subtrees,
    consistency_plan,
    inclusion_plan,
    joined,
    tree_root,
)

HASH_BYTES = 32


def subtree_in_row(subtree: Subtree, leaf_hash: bytes, nodes: bytes) -> bytes:
    """The root of a subtree, from the row of the leaf that completes it.

    Raises:
        IndexError: the row does not hold it.
    """
    level, _ = subtree
    if level == 0:
        return leaf_hash
    found = nodes[(level - 1) * HASH_BYTES : level * HASH_BYTES]
    if len(found) != HASH_BYTES:
        raise IndexError(f"no subtree of level {level} in this row")
    return found


class StoredTree:
    """Roots and proofs over ``log_size`` and ``_subtrees``, which an engine gives."""

    def log_size(self) -> int:
        """Number of leaves."""
        raise NotImplementedError

    def _subtrees(self, wanted: Sequence[Subtree]) -> Sequence[bytes]:
        """The roots of the subtrees, in the order asked for."""
        raise NotImplementedError

    def log_root(self, size: int | None = None) -> bytes:
        """Root of the tree of the first ``size`` leaves."""
        count = self.log_size() if size is None else self._within(size)
        return joined(self._subtrees(complete_subtrees(0, count))) if count else tree_root(())

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """Audit path of a leaf in the tree of the first ``size`` leaves."""
        return self._carried_out(inclusion_plan(index, self._within(size)))

    def inclusion_proofs(self, indexes: Sequence[int], size: int) -> list[tuple[bytes, ...]]:
        """Audit paths of many leaves; what several of them need is read and joined once."""
        within = self._within(size)
        plans = [inclusion_plan(index, within) for index in indexes]
        groups = list({group: None for plan in plans for group in plan})
        joints = dict(zip(groups, self._carried_out(groups), strict=True))
        return [tuple(joints[group] for group in plan) for plan in plans]

    def consistency_proof(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """Proof that the tree of ``size`` leaves continues the tree of ``old_size``."""
        return self._carried_out(consistency_plan(old_size, self._within(size)))

    def _edge(self) -> Edge:
        size = self.log_size()
        return Edge(size, self._subtrees(complete_subtrees(0, size)))

    def _within(self, size: int) -> int:
        stored = self.log_size()
        if not 0 <= size <= stored:
            raise IndexError(f"{size} of {stored} leaves")
        return size

    def _carried_out(self, plan: Sequence[Sequence[Subtree]]) -> tuple[bytes, ...]:
        roots = iter(self._subtrees([subtree for group in plan for subtree in group]))
        return tuple(joined([next(roots) for _ in group]) for group in plan)

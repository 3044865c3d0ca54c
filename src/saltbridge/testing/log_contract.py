"""What every store promises of its log; a part of ``StoreContract``."""

from collections.abc import Callable

import pytest

from saltbridge.core.canonical import digest
from saltbridge.ports import LogEvent, Store, UnitOfWork
from saltbridge.testing.builders import NOON
from saltbridge.testing.full_store import ALIKE, fill
from saltbridge.trust.log import (
    consistency_proof,
    continues,
    inclusion_proof,
    leaf_bytes,
    leaf_hash,
    tree_root,
)

# The contract is shipped for other store makers; assertions are its whole point.
# ruff: noqa: S101


class Mishap(Exception):
    """Something went wrong in the middle of a unit of work."""


class LogContract:
    """Leaves, roots, proofs, and what an audit reads, of the new store in ``store``."""

    def test_leaves_are_counted_from_zero_without_gaps(self, store: Store) -> None:
        with store.unit_of_work() as work:
            assert [work.append_leaf("e", "s", b"x") for _ in range(3)] == [0, 1, 2]
        with pytest.raises(Mishap), store.unit_of_work() as work:
            assert work.append_leaf("e", "lost", b"x") == 3
            raise Mishap
        with store.unit_of_work() as work:
            assert work.append_leaf("e", "s", b"x") == 3
            hashes = work.leaf_hashes()
        assert len(hashes) == 4
        assert {len(h) for h in hashes} == {32}
        assert len(tree_root(hashes)) == 32

    def test_a_leaf_hash_cannot_be_guessed_from_its_event(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.append_leaf("e", "s", b"x")
            work.append_leaf("e", "s", b"x")
            first, second = work.leaf_hashes()
        assert first != second

    def test_leaves_in_a_batch_are_as_leaves_one_by_one(self, store: Store) -> None:
        events = [LogEvent("e", f"s{n}", b"%d" % n) for n in range(70)]
        with store.unit_of_work() as work:
            assert work.append_leaves(events[:1]) == range(1)
            assert work.append_leaves(iter(events[1:40])) == range(1, 40)
            assert work.append_leaves([]) == range(40, 40)
            assert work.append_leaf(*events[40]) == 40
        with store.unit_of_work() as work:
            assert work.append_leaves(events[41:]) == range(41, 70)
        with store.reading() as view:
            for index, event in enumerate(events):
                leaf = view.log_leaf(index)
                assert leaf is not None
                assert (leaf.index, leaf.event, leaf.subject) == (index, *event[:2])
                assert leaf.body_digest == digest(event.body)
                parts = (leaf.event, leaf.subject, leaf.body_digest, leaf.salt)
                assert leaf.leaf_hash == leaf_hash(leaf_bytes(*parts))
                assert leaf.written_at == NOON
            assert view.log_size() == 70
            assert view.log_leaf(70) is None
            assert view.log_leaf(-1) is None
            assert [view.log_leaf(n).leaf_hash for n in range(70)] == list(  # type: ignore[union-attr]
                view.leaf_hashes()
            )

    def test_roots_and_proofs_are_those_of_the_definition(self, store: Store) -> None:
        with store.reading() as view:
            assert view.log_root() == tree_root(())
        with store.unit_of_work() as work:
            for count in (1, 2, 5, 11):  # 19 leaves, not in one go
                work.append_leaves(LogEvent("e", "s", b"") for _ in range(count))
                assert work.log_root() == tree_root(work.leaf_hashes())
        with store.reading() as view:
            hashes = view.leaf_hashes()
            for size in range(20):
                assert view.log_root(size) == tree_root(hashes[:size])
                indexes: list[int] = []
                proofs: list[tuple[bytes, ...]] = []
                for index in range(size):
                    proof = view.inclusion_proof(index, size)
                    assert proof == inclusion_proof(hashes[:size], index)
                    indexes.append(index)
                    proofs.append(proof)
                assert view.inclusion_proofs(indexes, size) == proofs
                assert view.log_leaves(indexes) == [view.log_leaf(i) for i in indexes]
                for old in range(1, size + 1):
                    proof = view.consistency_proof(old, size)
                    assert proof == consistency_proof(hashes[:size], old)
            faulty: tuple[Callable[[UnitOfWork], object], ...] = (
                lambda view: view.log_root(20),
                lambda view: view.log_root(-1),
                lambda view: view.inclusion_proof(5, 5),
                lambda view: view.inclusion_proof(-1, 5),
                lambda view: view.inclusion_proof(5, 20),
                lambda view: view.consistency_proof(0, 5),
                lambda view: view.consistency_proof(6, 5),
                lambda view: view.consistency_proof(5, 20),
            )
            for call in faulty:
                with pytest.raises(IndexError):
                    call(view)

    def test_leaves_of_a_lost_unit_of_work_leave_no_trace_in_the_tree(
        self, store: Store
    ) -> None:
        with store.unit_of_work() as work:
            work.append_leaves(LogEvent("e", "s", b"") for _ in range(3))
            root = work.log_root()
        with pytest.raises(Mishap), store.unit_of_work() as work:
            work.append_leaves(LogEvent("e", "lost", b"") for _ in range(6))
            raise Mishap
        with store.unit_of_work() as work:
            assert (work.log_size(), work.log_root()) == (3, root)
            work.append_leaf("e", "s", b"")
            assert work.log_root() == tree_root(work.leaf_hashes())
            assert continues(3, root, 4, work.log_root(), work.consistency_proof(3, 4))

    def test_everything_stored_is_there_for_an_audit(self, store: Store) -> None:
        fill(store, rounds=3)
        with store.auditing() as view:
            assert list(view.faults()) == []
            leaves = [leaf for page in view.leaves() for leaf in page]
            documents = [row for page in view.documents() for row in page]
            others = [row for page in view.others() for row in page]
        assert all(leaf.whole for leaf in leaves)
        assert all(row.whole for row in (*documents, *others))
        with store.reading() as view:
            assert [leaf.leaf_hash for leaf in leaves] == list(view.leaf_hashes())
            assert [leaf.position for leaf in leaves] == list(range(view.log_size()))
        assert [len(leaf.nodes) for leaf in leaves] == [
            0,
            32,
            0,
            64,
            0,
            32,
            0,
            96,
            0,
            32,
            0,
            64,
        ]
        kinds = [(row.table, row.kind, row.version) for row in documents]
        assert kinds.count(("records", "negotiation", 2)) == 3
        assert kinds.count(("releases", "release", 1)) == 3 + 3 * ALIKE
        assert {row.digest for row in documents if row.body} <= {
            digest(row.body) for row in documents
        }
        assert [row.id for row in others if row.table == "outbox"] == [
            f"{what}-{n}" for n in range(3) for what in ("waits", "late")
        ]

    def test_subtrees_that_are_right_are_left_alone(self, store: Store) -> None:
        fill(store, rounds=3)
        with store.reading() as view:
            root = view.log_root()
        assert store.rebuild_nodes() == 0
        with store.reading() as view:
            assert view.log_root() == root

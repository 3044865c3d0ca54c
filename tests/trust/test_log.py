"""The Merkle tree against its definition and the reference roots.

The hashes of the reference leaves are `published`, recalled: the test vectors of the
Certificate Transparency reference implementation (merkle_tree_test), eight leaves.
"""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

from saltbridge.core.canonical import FaultyJson, canonical_bytes
from saltbridge.trust.log import (
    Edge,
    Subtree,
    complete_subtrees,
    completing_leaf,
    consistency_plan,
    consistency_proof,
    continues,
    includes,
    inclusion_plan,
    inclusion_proof,
    joined,
    leaf_bytes,
    leaf_hash,
    tree_root,
)

# published (recalled), Certificate Transparency reference implementation.
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % n) for n in range(count)]


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert tree_root([]).hex() == EMPTY_ROOT


@pytest.mark.parametrize("count", range(1, 9))
def test_the_reference_roots(count: int) -> None:
    leaves = [leaf_hash(leaf) for leaf in REFERENCE_LEAVES[:count]]
    assert tree_root(leaves).hex() == REFERENCE_ROOTS[count - 1]


@pytest.mark.parametrize("count", range(34))
def test_the_root_is_that_of_the_definition(count: int) -> None:
    assert tree_root(hashes(count)) == by_definition(hashes(count))


@pytest.mark.parametrize("count", range(1, 18))
def test_every_leaf_is_shown_to_be_where_it_is_and_nowhere_else(count: int) -> None:
    leaves = hashes(count)
    root = tree_root(leaves)
    for index in range(count):
        proof = inclusion_proof(leaves, index)
        assert includes(leaves[index], index, count, proof, root)
        for wrong in range(count + 1):
            if wrong != index:
                assert not includes(leaves[index], wrong, count, proof, root)
        assert not includes(leaf_hash(b"other"), index, count, proof, root)
        assert not includes(leaves[index], index, count, proof, leaf_hash(b"other"))
        assert not includes(leaves[index], index, count, (*proof, root), root)
        if proof:
            assert not includes(leaves[index], index, count, proof[:-1], root)


@pytest.mark.parametrize("size", range(1, 18))
def test_a_grown_tree_is_shown_to_continue_the_old_one(size: int) -> None:
    leaves = hashes(size)
    root = tree_root(leaves)
    for old in range(1, size + 1):
        old_root = tree_root(leaves[:old])
        proof = consistency_proof(leaves, old)
        assert continues(old, old_root, size, root, proof)
        assert not continues(old, leaf_hash(b"x"), size, root, proof)
        assert not continues(old, old_root, size, leaf_hash(b"x"), proof)
        assert not continues(old, old_root, size, root, (*proof, root))
        if old < size:
            assert not continues(old, old_root, size, root, ())
            for wrong in range(1, size):
                if wrong != old:
                    assert not continues(wrong, old_root, size, root, proof)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(2, 200), st.data())
def test_a_rewritten_history_does_not_continue(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    victim = data.draw(st.integers(0, old - 1))
    honest = hashes(size)
    forged = [*honest[:victim], leaf_hash(b"forged"), *honest[victim + 1 :]]
    assert not continues(
        old,
        tree_root(honest[:old]),
        size,
        tree_root(forged),
        consistency_proof(forged, old),
    )


def test_faulty_calls_raise() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(hashes(3), 3)
    for old in (0, 4):
        with pytest.raises(IndexError):
            consistency_proof(hashes(3), old)
        assert not continues(old, b"", 3, b"", ())


def test_a_leaf_is_its_event_subject_digest_and_salt() -> None:
    parts = ("passport.issued", "p1", "sha256:00", "salt")
    changed = {
        leaf_bytes(*(p + "x" if i == n else p for i, p in enumerate(parts))) for n in range(4)
    }
    assert len(changed | {leaf_bytes(*parts)}) == 5


TEXTS = st.text(st.characters(exclude_categories=("Cs",)))


@settings(max_examples=examples(300), deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_the_fast_leaf_bytes_are_the_canonical_ones(
    event: str, subject: str, body_digest: str, salt: str
) -> None:
    due = {"body": body_digest, "event": event, "salt": salt, "subject": subject}
    assert leaf_bytes(event, subject, body_digest, salt) == canonical_bytes(due)


def test_every_single_character_is_written_as_canonical_json_has_it() -> None:
    for code in (*range(0x300), 0x7F, 0x2028, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF):
        due = {"body": "", "event": chr(code), "salt": "", "subject": ""}
        assert leaf_bytes(chr(code), "", "", "") == canonical_bytes(due), hex(code)


@pytest.mark.parametrize("place", range(4))
def test_half_a_character_has_no_leaf(place: int) -> None:
    with pytest.raises(FaultyJson):
        leaf_bytes(*("\ud800" if n == place else "x" for n in range(4)))


def stored(leaves: list[bytes]) -> dict[Subtree, bytes]:
    """Every complete subtree by definition."""
    found: dict[Subtree, bytes] = {}
    for level in range(len(leaves).bit_length()):
        for index in range(len(leaves) >> level):
            begin, end = index << level, (index + 1) << level
            found[level, index] = by_definition(leaves[begin:end])
    return found


@settings(max_examples=examples(120), deadline=None)
@given(st.integers(1, 300), st.data())
def test_plans_over_stored_subtrees_give_the_proofs_of_the_definition(
    size: int, data: st.DataObject
) -> None:
    leaves = hashes(size)
    have = stored(leaves)

    def carried_out(plan: tuple[tuple[Subtree, ...], ...]) -> tuple[bytes, ...]:
        return tuple(joined([have[s] for s in group]) for group in plan)

    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert joined([have[s] for s in complete_subtrees(0, size)]) == by_definition(leaves)
    inclusion, consistency = inclusion_plan(index, size), consistency_plan(old, size)
    assert carried_out(inclusion) == inclusion_proof(leaves, index)
    assert carried_out(consistency) == consistency_proof(leaves, old)
    # Few enough to be read one by one, however long the log is.
    depth = size.bit_length()
    for plan in (inclusion, consistency):
        assert sum(len(group) for group in plan) <= 2 * depth


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 300), st.integers(0, 300))
def test_a_growing_edge_completes_each_subtree_once_and_at_its_last_leaf(
    begin: int, more: int
) -> None:
    leaves = hashes(begin + more)
    have = stored(leaves)
    edge = Edge(begin, [have[s] for s in complete_subtrees(0, begin)])
    for index in range(begin, begin + more):
        assert edge.root == by_definition(leaves[:index])
        for level, node in enumerate(edge.append(leaves[index]), start=1):
            subtree = (level, index >> level)
            assert completing_leaf(subtree) == index
            assert have[subtree] == node
    assert (edge.size, edge.root) == (begin + more, by_definition(leaves))
    due = {completing_leaf(s) for s in have if s[0]}
    assert due == {n for n in range(begin + more) if n & 1}


def test_an_edge_that_does_not_fit_its_size_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="subtrees"):
        Edge(3, [b"x" * 32])
    for faulty in (lambda: inclusion_plan(3, 3), lambda: consistency_plan(0, 3)):
        with pytest.raises(IndexError):
            faulty()

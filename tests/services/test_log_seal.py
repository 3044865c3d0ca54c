"""Seals with ML-DSA-65: over the whole history, each over the one before, none over damage."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from saltbridge.adapters.stores.memory import MemoryStore
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Finding, finding
from saltbridge.ports import World
from saltbridge.services.log_audit import audit_store
from saltbridge.services.log_seal import SEAL, kept_seals, reseal
from saltbridge.testing.builders import FixedClock, memory_world


@dataclass
class Found:
    """An audit's result made for tests."""

    findings: tuple[Finding, ...] = ()

    @property
    def clean(self) -> bool:
        return not self.findings


def clean(store: Any) -> Found:
    return Found()


def grow(world: World, count: int = 3) -> None:
    with world.store.unit_of_work() as work:
        for number in range(count):
            work.append_leaf("test.done", str(number), b"{}")


def seals(world: World) -> list[Any]:
    with world.store.reading() as view:
        return [read_json(record.body) for record in view.find(SEAL)]


def overwrite(world: World, number: int, seal: Any) -> None:
    with world.store.unit_of_work() as work:
        work.put(SEAL, f"{number:020d}", canonical_bytes(seal))


def codes(world: World) -> list[str]:
    return [kept.code for kept in kept_seals(world)]


@pytest.fixture
def sealed() -> World:
    world = memory_world()
    for _ in range(3):
        grow(world)
        reseal(world, clean)
    return world


def test_each_seal_covers_all_leaves_and_the_seal_before_it(sealed: World) -> None:
    kept = [k.seal for k in kept_seals(sealed)]
    assert all(kept)
    assert [k.checkpoint.size for k in kept if k] == [3, 7, 11]  # a seal is a leaf too
    assert {k.suite for k in kept if k} == {"ML-DSA-65"}
    assert [bool(k.previous) for k in kept if k] == [False, True, True]


def test_the_real_audit_lets_a_sound_store_be_sealed() -> None:
    world = memory_world()
    grow(world)
    assert reseal(world, audit_store).checkpoint.size == 3


def test_nothing_is_sealed_where_the_audit_finds_something() -> None:
    world = memory_world()
    grow(world)
    with pytest.raises(Refused):
        reseal(world, lambda store: Found((finding("store.altered", kind="x", id="y"),)))
    assert seals(world) == []


def test_a_changed_signature_statement_or_order_is_found(sealed: World) -> None:
    first, second, third = seals(sealed)
    overwrite(sealed, 2, {**second, "signature": third["signature"]})
    assert codes(sealed)[1] == "trust.signature-wrong"
    overwrite(
        sealed, 2, {**second, "statement": second["statement"].replace("\\n7\\n", "\\n6\\n")}
    )
    assert codes(sealed)[1] == "trust.signature-wrong"
    overwrite(sealed, 2, third)
    assert codes(sealed) == ["", "log.seal-out-of-order", "log.seal-out-of-order"]
    overwrite(sealed, 2, {"statement": second["statement"]})
    assert codes(sealed)[1] == "trust.log-malformed"
    overwrite(sealed, 2, second)
    assert codes(sealed) == ["", "", ""]
    overwrite(sealed, 1, first)
    grow(sealed)
    assert reseal(sealed, clean).checkpoint.size > 11


def test_a_broken_seal_is_not_sealed_over(sealed: World) -> None:
    _, second, _ = seals(sealed)
    overwrite(sealed, 3, second)
    with pytest.raises(Refused) as refused:
        reseal(sealed, clean)
    assert refused.value.findings[0].code == "log.seal-broken"


def test_another_history_under_the_same_seals_is_found(sealed: World) -> None:
    other = replace(sealed, store=MemoryStore(FixedClock()))
    grow(other, 12)
    for number, seal in enumerate(seals(sealed), start=1):
        overwrite(other, number, seal)
    assert codes(other) == ["log.seal-other-history"] * 3


def test_a_stamp_that_a_seal_covers_and_that_is_gone(sealed: World) -> None:
    with sealed.store.unit_of_work() as work:
        work.put("log-stamp", "x", b"{}")
    reseal(sealed, clean)
    with sealed.store.unit_of_work() as work:
        work.put("log-stamp", "x", b'{"changed":1}')
    assert codes(sealed) == ["", "", "", "log.seal-stamp-gone"]


def test_a_seal_of_another_company(sealed: World) -> None:
    keyring = memory_world(replace(sealed.node, did="did:web:other.example")).keyring
    keyring.archive_signer()
    stranger = replace(sealed, keyring=keyring)
    assert set(codes(stranger)) == {"trust.log-origin"}


def test_the_audit_finds_the_document_of_every_signing() -> None:
    """A claim lies inside a file or a release; the record of its leaf names its digest."""
    from saltbridge.steps.log import logged_claim_file
    from saltbridge.steps.release import sign_claim
    from saltbridge.trust.claims import Receipt

    world = memory_world()
    id = world.identifiers.urn_uuid()
    claim = sign_claim(world, Receipt, {"a": 1}, world.clock.now(), id=id)
    with world.store.unit_of_work() as work:
        logged_claim_file(world, work, claim, id)
    found = audit_store(world.store)
    assert (found.clean, dict(found.found)) == (True, {})

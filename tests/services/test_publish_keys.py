"""What publishing does with keys: SM2 beside for China alone, the border's key sealed."""

import json
from dataclasses import dataclass, replace

import gmssl_pyx

from saltbridge.adapters.keys_files import raw_of_der
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.ports import World
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.steps.border_key import border_key, kept_border_key, seal_border_key
from saltbridge.testing.builders import BuiltKeyring, memory_world, node_profile, partner_of
from saltbridge.testing.canaries import pcf
from saltbridge.trust.claims import SupplierRecord, verify
from saltbridge.trust.did import KeyUse, VerificationKey, build_did_document, parse_did_document
from saltbridge.trust.parallel import verify_beside
from saltbridge.trust.suites import public_jwk

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))
CELLS = partner_of(node_profile("cellmaker", jurisdiction="CN", port=8102))


@dataclass
class KeyringWithSm2(BuiltKeyring):
    """The built keys, and an SM2 key beside them."""

    def __post_init__(self) -> None:
        self.public, self.private = gmssl_pyx.sm2_key_generate()

    @property
    def key_id(self) -> str:
        return f"{self.did}#sm2-1"

    suite = "SM2"

    def sign(self, content: bytes) -> bytes:
        return raw_of_der(gmssl_pyx.sm2_sign(self.private, self.public, content))

    def parallel_signer(self):
        return self

    def did_document(self):
        document = parse_did_document(super().did_document())
        uses = frozenset({KeyUse.ASSERTION})
        key = VerificationKey(self.key_id, public_jwk("SM2", self.public), uses)
        return build_did_document(replace(document, keys=(*document.keys, key)))


def miner(partner, *, sm2: bool) -> World:
    node = node_profile("miner", port=8101, partners=(partner,))
    world = memory_world(node)
    return replace(world, keyring=KeyringWithSm2(node.did)) if sm2 else world


def released(world: World, partner) -> bytes:
    wanted = PublishRequest(document=pcf(), kind="pcf", recipients=(partner.bpn,), person="Wu")
    published = publish(world, wanted)
    with world.store.reading() as view:
        dataset = read_json(view.get("dataset", published.dataset_id).body)
        kept = dataset["releases"][partner.bpn]
        return view.get_release(kept["digest"], kept["decision_id"]).content


def test_a_recipient_in_china_gets_sm2_beside() -> None:
    world = miner(CELLS, sm2=True)
    file = json.loads(released(world, CELLS))
    document = world.keyring.did_document()
    claim = verify(SupplierRecord(file["jws"]), document)
    assert verify_beside(claim, file["also_signed"], document) == (f"{world.node.did}#sm2-1",)


def test_nobody_else_does_and_no_node_without_such_a_key() -> None:
    assert "also_signed" not in json.loads(released(miner(CELLS, sm2=False), CELLS))
    abroad = node_profile("miner", jurisdiction="EU", port=8101, partners=(CARS,))
    world = replace(memory_world(abroad), keyring=KeyringWithSm2(abroad.did))
    assert "also_signed" not in json.loads(released(world, CARS))


def test_the_borders_key_lies_sealed_in_the_store() -> None:
    world = miner(CELLS, sm2=False)
    with world.store.unit_of_work() as work:
        made = border_key(world, work)
        assert border_key(world, work) == made
        body = work.get("border-key", "current").body
    assert set(read_json(body)) == {"sealed"}
    with world.store.reading() as view:
        assert kept_border_key(world.keyring, view) == made


def test_a_key_of_old_is_sealed_with_its_value_kept() -> None:
    """Pseudonyms that partners know stay what they are."""
    world = miner(CELLS, sm2=False)
    with world.store.unit_of_work() as work:
        work.put("border-key", "current", canonical_bytes({"key": "of-old" * 8}))
        before = kept_border_key(world.keyring, work)
        assert seal_border_key(world.keyring, work) is True
        assert b"of-old" not in work.get("border-key", "current").body
        assert kept_border_key(world.keyring, work) == before
        assert seal_border_key(world.keyring, work) is False

"""One way out for everything that leaves: decided, signed, released, recorded."""

import pytest

from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import Context, Recipient, Terms
from saltbridge.border.decide import decide, release
from saltbridge.border.rules import packaged_packs
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import StaleWrite
from saltbridge.steps.release import keep_decision, released_claim, sign_claim
from saltbridge.testing.builders import NOON, memory_world
from saltbridge.testing.peers import PCF_DOCUMENT
from saltbridge.trust.claims import Receipt, SupplierRecord, verify

PURPOSE = "cx.pcf.base:1"
OEM = "BPNL00000000OEM1"


def decision(world):
    context = Context(
        decision_id=world.identifiers.urn_uuid(),
        origin="CN",
        destination="EU",
        recipient=Recipient(OEM, "Carmaker", "EU"),
        purpose=PURPOSE,
        agreement=Terms("urn:uuid:offer", "offer", (OEM,), (PURPOSE,), NOON),
        at=NOON,
        counters={"year": 2026, "persons": 0, "sensitive_persons": 0},
        person="Export control",
    )
    return decide(PCF_DOCUMENT, context, catalogue_for("pcf"), packaged_packs())


def test_what_is_released_is_the_decided_view_signed_by_this_node():
    world = memory_world()
    decided = decision(world)
    with world.store.unit_of_work() as work:
        claim, released = released_claim(world, work, decided, SupplierRecord, NOON)
    file = parse_claim_file(released.content)
    assert file.claim == claim
    verified = verify(claim, world.keyring.did_document())
    assert verified.content == decided.view
    assert (verified.issuer, verified.issued_at) == (world.node.did, NOON)
    assert (released.audience, released.decision_id) == (OEM, decided.context.decision_id)
    assert b"CANARY" not in released.content


def test_a_decision_is_kept_once_with_manifest_and_leaf():
    world = memory_world()
    decided = decision(world)
    with world.store.unit_of_work() as work:
        _, released = released_claim(world, work, decided, SupplierRecord, NOON)
        record, manifest = keep_decision(work, decided, released)
        assert len(work.leaf_hashes()) == 2  # the signing and the decision
        for kind, kept in (("decision", record), ("manifest", manifest)):
            assert read_json(work.get(kind, decided.context.decision_id).body) == kept
    assert (record["verdict"], record["digest"]) == ("released", digest(released.content))
    with pytest.raises(StaleWrite), world.store.unit_of_work() as work:
        keep_decision(work, decided, None)


def test_a_refused_decision_says_so():
    world = memory_world()
    with world.store.unit_of_work() as work:
        record, _ = keep_decision(work, decision(world), None)
    assert (record["verdict"], record["digest"], record["size"]) == ("refused", None, 0)


def test_a_claim_gets_the_id_it_is_given_or_a_new_one():
    world = memory_world()
    id = world.identifiers.urn_uuid()
    claims = [sign_claim(world, Receipt, {"a": 1}, NOON, id=given) for given in (id, "", "")]
    ids = [verify(claim, world.keyring.did_document()).id for claim in claims]
    assert ids[0] == id
    assert len(set(ids)) == 3


def test_the_proof_in_a_file_is_for_this_claim_and_holds_nothing_beside():
    world = memory_world()
    decided = decision(world)
    with world.store.unit_of_work() as work:
        _, released = released_claim(world, work, decided, SupplierRecord, NOON)
        _, other = released_claim(world, work, decided, SupplierRecord, NOON)
    file, foreign = read_json(released.content), read_json(other.content)
    assert release(decided, released.content, "application/json", decided.view_bytes)
    log = file["log"]
    for changed in (
        {**log, "note": "free text"},
        {**log, "leaf": {**log["leaf"], "note": "free text"}},
        {**log, "leaf": {**log["leaf"], "salt": "free text".ljust(32)}},
        {**log, "size": log["size"] + 1},
        {**log, "checkpoint": f"{log['checkpoint']}free text\n"},
        foreign["log"],
        {},
        None,
    ):
        content = canonical_bytes({**file, "log": changed})
        with pytest.raises(Refused) as refused:
            release(decided, content, "application/json", decided.view_bytes)
        assert refused.value.findings[0].code == "border.carries-more"

"""A data set in its own format travels signed, and is a provider where it arrives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.provenance import Confidence
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import World
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.services.suppliers import offer_document
from saltbridge.services.verify_content import content_remarks
from saltbridge.steps.accounting import supplied_metals, verified_supplier_factors
from saltbridge.testing.builders import NOON, memory_world, node_profile, partner_of
from saltbridge.trust.claims import ClaimType, SupplierRecord, verify

CELLS = partner_of(node_profile("cellmaker", jurisdiction="EU", port=8102))
FIGURES = {
    "precursor-2026": 9.8,
    "aluminium-pact": 15.5,
    "cathode-component": 16.5,  # 11.2 + 5.1 + 0.2, the end of life apart
}


@pytest.fixture
def content(examples: Path) -> Callable[[str], bytes]:
    folder = examples / "partners" / "material-supplier" / "figures"
    return lambda name: (folder / f"{name}.json").read_bytes()


def offered(content: bytes, **more: Any) -> dict[str, Any]:
    given = {"flow": "glue", "methodology": "catena-x-pcf@v4", "on": NOON.date(), **more}
    return offer_document(content, "figure.json", **given)


def arrived(document: dict[str, Any]) -> tuple[World, dict[str, Any]]:
    """The supplier's node publishes; what its partner verifies, kept as a delivery."""
    maker = memory_world(node_profile("materials", partners=(CELLS,)))
    published = publish(
        maker,
        PublishRequest(document=document, kind="pcf", recipients=(CELLS.bpn,), person="Li Wei"),
    )
    with maker.store.reading() as work:
        stored = work.get("dataset", published.dataset_id)
        assert stored is not None
        kept = read_json(stored.body)["releases"][CELLS.bpn]
        released = work.get_release(kept["digest"], kept["decision_id"])
    assert released is not None
    jws = parse_claim_file(released.content).claim.jws
    signed = dict(verify(SupplierRecord(jws), maker.keyring.did_document()).content)
    here = memory_world(node_profile("cellmaker"))
    delivery = {"id": "d", "digest": "sha256:dd", "provider": {"bpn": "BPNLSIGNER"}}
    with here.store.unit_of_work() as work:
        work.put("pcf", "d", canonical_bytes({**signed, "delivery": delivery}))
    return here, signed


@pytest.mark.parametrize("name", FIGURES)
def test_every_official_member_arrives_and_the_factor_is_signed(
    name: str, content: Callable[[str], bytes]
) -> None:
    here, signed = arrived(offered(content(name)))
    (entry,) = signed["documents"]
    told = list(content_remarks(ClaimType.SUPPLIER_RECORD, signed))
    assert [(r.code, r.good) for r in told] == [("verify.figures-sound", True)]
    assert canonical_bytes(entry["content"]) == canonical_bytes(read_json(content(name)))
    with here.store.reading() as view:
        found, remarks = verified_supplier_factors(view)
        metals = supplied_metals(view)
    assert remarks == ()
    assert found[0].flow == "glue"
    assert found[0].kg_co2e_per_unit == pytest.approx(FIGURES[name], rel=1e-12)
    assert (found[0].supplier, found[0].record) == ("BPNLSIGNER", "sha256:dd")
    assert found[0].verification.startswith("signature verified by this node")
    assert found[0].confidence is Confidence.READ
    assert {m.material for m in metals} == (
        {"Nickel", "Cobalt"} if name == "cathode-component" else set()
    )


def test_members_that_no_schema_names_stay_at_home(content: Callable[[str], bytes]) -> None:
    document = read_json(content("aluminium-pact"))
    document["pcf"]["internalRecipe"] = "CANARY-1"
    document["extensions"] = [
        {"specVersion": "2.0.0", "dataSchema": "urn:x", "data": {"margin": "CANARY-2"}}
    ]
    _, signed = arrived(offered(canonical_bytes(document)))
    assert b"CANARY" not in canonical_bytes(signed)
    assert signed["documents"][0]["content"]["extensions"][0]["dataSchema"] == "urn:x"


def test_an_unsound_data_set_or_an_unknown_rule_set_is_not_offered(
    content: Callable[[str], bytes],
) -> None:
    document = read_json(content("precursor-2025"))
    stage = document["productLifeCycleStagesAndEmissions"][0]["productionStage"][0]
    stage["fossilGhgEmissions"] = 1
    with pytest.raises(FaultyInput) as refused:
        offered(canonical_bytes(document), methodology="catena-x-pcf@v9")
    assert [f.code for f in refused.value.findings] == [
        "supplier.sum-without-uptake",
        "supplier.unknown-rule-set",
    ]


def test_invented_values_stay_marked(content: Callable[[str], bytes]) -> None:
    here, signed = arrived(offered(content("aluminium-pact"), illustrative=True))
    assert signed["illustrative"] is True
    with here.store.reading() as view:
        (found,), _ = verified_supplier_factors(view)
    assert found.confidence is Confidence.ILLUSTRATIVE

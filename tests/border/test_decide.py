"""The border decision: nothing but public leaves once a single circumstance is wrong."""

import ast
import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.effort import examples

import saltbridge
from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import PUBLIC, Approval, Context, Recipient, Secrets, Terms
from saltbridge.border.decide import Decision, decide, release
from saltbridge.border.manifest import decision_record, manifest_of
from saltbridge.border.rules import packaged_packs
from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.testing.canaries import battery_record, canary, footprint, jws, pcf, receipt
from saltbridge.trust.did import DidDocument, build_did_document

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
CARS = Recipient("BPNL00000000CARS", "Cars", "EU")
SECRETS = Secrets(b"k" * 32)
DPP, PCF = "cx.circular.dpp:1", "cx.pcf.base:1"


def context(purpose: str = DPP, **changes: Any) -> Context:
    good = Context(
        decision_id="urn:uuid:00000000-0000-4000-8000-00000000000d",
        origin="CN",
        destination="EU",
        recipient=CARS,
        purpose=purpose,
        agreement=Terms("urn:uuid:offer", "offer", (CARS.bpn,), (purpose,), AT),
        at=AT,
        counters={"year": 2026, "persons": 0, "sensitive_persons": 0},
        person="Li Wei",
    )
    return replace(good, **changes)


def decided(document: dict[str, Any], given_context: Context | None = None) -> Decision:
    """The decision, with two persons behind it who approved the view it would let go."""
    given = given_context or context(DPP if document["kind"] != "pcf" else PCF)
    catalogue, packs = catalogue_for(document["kind"]), packaged_packs()
    proposed = decide(document, given, catalogue, packs, SECRETS, proposal=True)
    return decide(document, approved(given, proposed.view_bytes), catalogue, packs, SECRETS)


def approved(given: Context, content: bytes) -> Context:
    persons = (("p-zhang", "approver"), ("p-chen", "compliance-officer"))
    approvals = (Approval(id, role, digest(content), given.at) for id, role in persons)
    return replace(given, approvals=tuple(approvals))


BAD_CONTEXTS = {
    "origin unknown": {"origin": "XX"},
    "origin empty": {"origin": ""},
    "destination not the recipient's": {"destination": "US"},
    "recipient elsewhere": {"recipient": replace(CARS, jurisdiction="US")},
    "recipient without a pack": {
        "recipient": replace(CARS, jurisdiction="US"),
        "destination": "US",
    },
    "recipient not in the terms": {"recipient": replace(CARS, bpn="BPNL0000000OTHER")},
    "recipient without a BPN": {"recipient": replace(CARS, bpn="cars")},
    "recipient is everybody": {"recipient": PUBLIC},
    "purpose not agreed": {"purpose": "cx.core.qualityNotifications:1"},
    "purpose empty": {"purpose": ""},
    "no terms": {"agreement": None},
    "terms ended": {"agreement": replace(context().agreement, ends=AT)},
    "terms not begun": {
        "agreement": replace(context().agreement, starts=AT + timedelta(seconds=1))
    },
    "terms of a kind nobody knows": {"agreement": replace(context().agreement, kind="wish")},
    "terms for another purpose": {"agreement": replace(context().agreement, purposes=("x",))},
    "before any law": {"at": datetime(2020, 1, 1, tzinfo=UTC)},
    "before the export rules": {"at": datetime(2024, 3, 1, tzinfo=UTC)},
    "counters unreadable": {"counters": None},
    "counters of last year": {"counters": {"year": 2025, "persons": 0, "sensitive_persons": 0}},
    "counters incomplete": {"counters": {"year": 2026, "persons": 0}},
    "counters negative": {"counters": {"year": 2026, "persons": -1, "sensitive_persons": 0}},
    "counters no number": {"counters": {"year": 2026, "persons": "0", "sensitive_persons": 0}},
    "too many persons": {
        "counters": {"year": 2026, "persons": 100_000, "sensitive_persons": 0}
    },
    "sensitive persons": {"counters": {"year": 2026, "persons": 0, "sensitive_persons": 1}},
    "nobody named": {"person": "  "},
}


@pytest.mark.parametrize("document", [battery_record(), pcf()], ids=["battery", "pcf"])
@pytest.mark.parametrize("bad", BAD_CONTEXTS.values(), ids=BAD_CONTEXTS.keys())
def test_one_bad_circumstance_keeps_everything_but_public(document, bad):
    good = context(PCF if document["kind"] == "pcf" else DPP)
    if "agreement" in bad and bad["agreement"] is not None:
        purposes = bad["agreement"].purposes
        if purposes == (DPP,):
            bad = {"agreement": replace(bad["agreement"], purposes=good.agreement.purposes)}
    assert not decided(document, good).withholds_all_but_public
    decision = decided(document, replace(good, **bad))
    assert decision.withholds_all_but_public
    public = {
        "pcf": {"kind", "illustrative"},
        "battery-supplier-record": {"kind", "manufacturer"},
    }
    assert decision.view.keys() <= public[document["kind"]]


@pytest.mark.parametrize("document", [battery_record(), pcf()], ids=["battery", "pcf"])
@pytest.mark.parametrize("bad", BAD_CONTEXTS.values(), ids=BAD_CONTEXTS.keys())
@pytest.mark.parametrize("zone", ["shanghai-lingang", "beijing", "no such zone"])
def test_in_a_zone_one_bad_circumstance_keeps_just_as_much(document, bad, zone):
    good = context(PCF if document["kind"] == "pcf" else DPP)
    if bad.get("agreement") is not None and bad["agreement"].purposes == (DPP,):
        bad = {"agreement": replace(bad["agreement"], purposes=good.agreement.purposes)}
    assert decided(document, replace(good, **bad, zone=zone)).withholds_all_but_public


@pytest.mark.parametrize("zone", ["shanghai-lingang", "beijing", "no such zone"])
def test_a_zone_opens_nothing_while_its_list_is_missing(zone):
    plain = decided(battery_record())
    assert decided(battery_record(), context(zone=zone)).view_bytes == plain.view_bytes


@pytest.mark.parametrize("recipient", [replace(CARS, bpn="cars"), replace(PUBLIC, name="x")])
def test_terms_that_name_everybody_or_nobody_open_nothing(recipient):
    terms = replace(context().agreement, recipients=(recipient.bpn,))
    careless = context(recipient=replace(recipient, jurisdiction="EU"), agreement=terms)
    assert decided(battery_record(), careless).withholds_all_but_public


@pytest.mark.parametrize("document", [battery_record(), pcf()], ids=["battery", "pcf"])
def test_no_pack_no_leave(document):
    decision = decide(document, context(PCF), catalogue_for(document["kind"]), (), SECRETS)
    assert decision.view_bytes == b"{}"
    with pytest.raises(Refused):
        release(decision, b"{}", "application/json", b"{}")


@pytest.mark.parametrize("document", [battery_record(), pcf()], ids=["battery", "pcf"])
def test_canaries_stay(document):
    assert b"CANARY" in canonical_bytes(document)
    decision = decided(document)
    released = release(decision, decision.view_bytes, "application/json", decision.view_bytes)
    for outgoing in (
        released.content,
        canonical_bytes(decision_record(decision, released)),
        canonical_bytes(manifest_of(decision)),
        repr(decision.context).encode(),
    ):
        assert b"CANARY" not in outgoing and b"7f3c9a" not in outgoing
        assert b"31.123456" not in outgoing and b"9876.54" not in outgoing


def test_what_the_carmaker_needs_leaves():
    view = decided(battery_record()).view
    carried = view["footprint"]
    assert carried["declared"] == {"value": 0.174, "unit": "kg CO2e/kWh"}
    assert carried["methodology"]["id"] == "eu-cfb"
    assert carried["holes_count"] == 1 and "holes" not in carried
    assert carried["licences"] == ["CC BY 4.0"] and "lines" not in carried
    assert carried["rules_not_loaded"] == []
    assert view["attributes"].keys() == {"A018", "A028", "A033", "A063", "A065"}
    assert view["receipt"] == receipt()
    assert [item["serial"] for item in view["items"]] == ["SN0", "SN1"]
    assert view["suppliers"][0]["name"].startswith("supplier-")


def test_attributes_leave_for_the_passport_and_for_nothing_else():
    view = decided(battery_record(), context(PCF)).view
    assert "attributes" not in view and view["footprint"]["declared"]["value"] == 0.174


def test_material_values_leave_inside_china_too():
    cells = Recipient("BPNL00000000CELL", "Cells", "CN")
    terms = Terms("o", "offer", (cells.bpn,), (PCF,), AT)
    domestic = context(PCF, recipient=cells, destination="CN", agreement=terms)
    view = decided(pcf(), domestic).view
    assert view["records"][0]["kg_co2e_per_unit"] == 21.5
    assert (
        view["records"][0]
        .keys()
        .isdisjoint({"production_stages", "electricity_kwh_per_unit", "sub_suppliers"})
    )


def test_the_stages_that_may_be_told_and_the_rest_sum_to_the_total():
    carried = decided(battery_record()).view["footprint"]
    assert carried["stages"].keys() == {"raw_material_acquisition", "distribution"}
    merged = carried["stages_merged"]
    assert merged["stages"] == ["main_production", "end_of_life"]
    told = sum(carried["stages"].values()) + merged["kg_co2e"]
    assert told == pytest.approx(carried["total_kg_co2e"], rel=1e-5)
    assert carried["stages_declared"].keys() == carried["stages"].keys()


def test_exact_totals_do_not_leave():
    document = battery_record()
    carried = decided(document).view["footprint"]
    assert document["footprint"]["total_kg_co2e"] != carried["total_kg_co2e"]
    assert carried["range_kg_co2e"] == {"low": 5000.12, "high": 6000.99}


def test_without_a_key_no_pseudonym_and_no_commitment_leave():
    decision = decide(
        battery_record(), context(), catalogue_for("battery-supplier-record"), packaged_packs()
    )
    assert "suppliers" not in decision.view
    assert "lines_commitment" not in decision.view["footprint"]


def test_a_receipt_with_one_unknown_member_stays_whole():
    document = battery_record()
    document["receipt"] = receipt(note=canary("note"))
    assert "receipt" not in decided(document).view
    document["receipt"] = jws({"type": "receipt", "content": canary("payload")})
    assert "receipt" not in decided(document).view
    document["receipt"] = canary("receipt")
    assert "receipt" not in decided(document).view


def test_a_receipt_that_names_a_partner_stays():
    document = battery_record()
    document["receipt"] = receipt(factor_sets={"pcf:BPNL00000000SUPP": "sha256:" + "2" * 64})
    assert "receipt" not in decided(document).view


def test_null_and_empty_say_nothing_and_leave_where_their_fields_may():
    document = battery_record()
    document["footprint"]["data_quality"] = None
    document["footprint"]["range_kg_co2e"] = None
    document["footprint"]["lines"] = []
    document["unknown"] = None
    view = decided(document).view
    assert view["footprint"]["data_quality"] is None
    assert view["footprint"]["range_kg_co2e"] is None
    assert "lines" not in view["footprint"] and "unknown" not in view


def test_a_public_view_lets_no_restricted_attribute_through():
    document = {
        "kind": "passport-public-view",
        "serial": "SN1",
        "attributes": {
            "A018": {"value": "SB-1"},
            "A065": {"value": [{"name": canary("composition")}]},
            "A035": {"value": canary("status")},
            "A046": {"value": canary("report")},
        },
        "company_information": {"footprint": {"lines": [{"flow": canary("line")}]}},
    }
    public = context(
        recipient=PUBLIC, destination="*", agreement=None, counters=None, person=""
    )
    decision = decided(document, public)
    assert decision.view["attributes"] == {"A018": {"value": "SB-1"}}
    assert b"CANARY" not in decision.view_bytes
    assert (
        release(decision, decision.view_bytes, "application/json", decision.view_bytes).audience
        == "public"
    )


@given(
    where=st.sampled_from(["", "footprint", "product", "manufacturer", "plant", "attributes"]),
    name=st.text(min_size=1, max_size=30).map(lambda n: f"extra {n}"),
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=8,
    ),
)
@settings(max_examples=examples(60), deadline=None)
def test_fields_nobody_thought_of_stay(where, name, value):
    document = battery_record()
    holder = document[where] if where else document
    before = decided(document).view_bytes
    holder[name] = value
    decision = decided(document)
    assert decision.view_bytes == before
    assert any(f.rule == "uncatalogued" for f in decision.stays)


@given(st.data())
@settings(max_examples=examples(60), deadline=None)
def test_an_extra_member_anywhere_stays(data):
    document = battery_record()
    places = list(_objects(document))
    place = data.draw(st.sampled_from(range(len(places))))
    places[place]["zz-extra"] = canary("extra")
    assert b"CANARY" not in decided(document).view_bytes


def _objects(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def test_a_scalar_swapped_for_an_object_does_not_smuggle():
    for path in (("product", "name"), ("footprint", "total_kg_co2e"), ("plant", "province")):
        document = battery_record()
        document[path[0]][path[1]] = {"hidden": canary("hidden")}
        assert b"CANARY" not in decided(document).view_bytes


def test_the_document_is_not_changed_by_deciding():
    document = battery_record()
    before = copy.deepcopy(document)
    decided(document)
    assert document == before


def test_a_document_of_another_kind_is_faulty():
    with pytest.raises(FaultyInput):
        decide(pcf(), context(), catalogue_for("battery-supplier-record"), packaged_packs())


# Releases


DOCUMENT = build_did_document(DidDocument("did:web:cells.example", (), ()))


def claim_file(content: Any, **changes: Any) -> bytes:
    issuer = "did:web:cells.example"
    statement = {
        "type": "supplier-record",
        "id": "urn:uuid:00000000-0000-4000-8000-000000000002",
        "issuer": issuer,
        "issued_at": "2026-11-23T10:00:00Z",
        "content": content,
    }
    file = {
        "saltbridge": "supplier-record",
        "jws": jws({**statement, **changes.pop("statement", {})}),
        "did_document": DOCUMENT,
    }
    return canonical_bytes({**file, **changes})


def test_a_signed_view_is_released():
    content = claim_file(decided(battery_record()).view)
    given, kind = approved(context(), content), "battery-supplier-record"
    decision = decide(battery_record(), given, catalogue_for(kind), packaged_packs(), SECRETS)
    released = release(decision, content, "application/json", decision.view_bytes)
    assert released.content == content and released.audience == CARS.bpn
    assert released.decision_id == decision.context.decision_id


def test_bytes_that_carry_more_than_the_view_are_refused():
    """Even where two persons approved those very bytes."""
    view = decided(battery_record()).view
    view_bytes = canonical_bytes(view)
    private_key = {
        "id": "did:web:cells.example",
        "verificationMethod": [{"publicKeyJwk": {"kty": "EC", "d": "secret"}}],
    }
    for content in (
        view_bytes + b" ",
        claim_file(view) + b" " * 7,
        claim_file(view).replace(b":", b": ", 1),
        claim_file(view).replace(b"supplier", b"\\u0073upplier", 1),
        claim_file(view, statement={"id": "urn:uuid:the recipe is 8 parts of one"}),
        claim_file(view, statement={"id": 7}),
        claim_file(view, statement={"issued_at": "2026-11-23T10:00:00Z, recipe: 8 parts"}),
        claim_file(view, statement={"issued_at": "2026-11-23T10:00:00.123456789Z"}),
        canonical_bytes(battery_record()),
        claim_file(battery_record()),
        claim_file({**view, "more": 1}),
        claim_file(view, more="x"),
        claim_file(view, statement={"more": "x"}),
        claim_file(view, statement={"type": "passport"}),
        claim_file(view, did_document={"id": "did:web:cells.example", "note": "x"}),
        claim_file(view, did_document=private_key),
        claim_file(view, did_document={**DOCUMENT, "alsoKnownAs": ["recipe: 8 parts"]}),
        claim_file(view, did_document={**DOCUMENT, "controller": "recipe: 8 parts"}),
        claim_file(view, did_document={**DOCUMENT, "keyAgreement": ["recipe: 8 parts"]}),
        claim_file(view, did_document={**DOCUMENT, "@context": ["recipe: 8 parts"]}),
        claim_file(
            view,
            did_document={**DOCUMENT, "service": [{"id": "x", "type": "recipe: 8 parts"}]},
        ),
        claim_file(view, jws=jws({"content": view}, {"alg": "ES256", "kid": "k", "typ": "t"})),
        claim_file(view, jws="not a jws"),
        claim_file(view, jws=_with_header(claim_file(view), note="x")),
        b"not json",
    ):
        given, kind = approved(context(), content), "battery-supplier-record"
        decision = decide(
            battery_record(), given, catalogue_for(kind), packaged_packs(), SECRETS
        )
        with pytest.raises(Refused) as refusal:
            release(decision, content, "application/json", decision.view_bytes)
        assert refusal.value.findings[0].code == "border.carries-more"


def _with_header(file: bytes, **more: str) -> str:
    header = {"alg": "ES256", "kid": "k", "typ": "t", **more}
    _, payload, signature = json.loads(file)["jws"].split(".")
    return ".".join([jws({}, header).split(".")[0], payload, signature])


def test_another_view_than_the_decided_one_is_refused():
    whole = canonical_bytes(battery_record())
    with pytest.raises(Refused):
        release(decided(battery_record()), whole, "application/json", whole)


def test_a_decision_cannot_be_made_by_hand():
    decision = decided(battery_record())
    with pytest.raises(TypeError):
        replace(decision, view_bytes=canonical_bytes(battery_record()), _seal=None)


def test_nobody_but_decide_and_the_seam_itself_mints():
    callers = set()
    for file in Path(saltbridge.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            named = (
                (isinstance(node, ast.Name) and node.id in ("_mint", "_SEAL", "_Seal"))
                or (isinstance(node, ast.Attribute) and node.attr in ("_mint", "_Seal"))
                or (isinstance(node, ast.alias) and node.name in ("_mint", "_Seal"))
                or (isinstance(node, ast.Constant) and node.value in ("_mint", "_Seal"))
            )
            if named and "_mint" in ast.dump(node):
                callers.add(file.name)
    assert callers == {"release.py", "decide.py"}


def test_records_name_packs_catalogue_and_person_but_no_value():
    decision = decided(battery_record())
    record = decision_record(decision, None)
    assert record["verdict"] == "refused" and record["digest"] is None
    assert record["person"] == "Li Wei"
    assert {p["id"] for p in record["packs"]} == {
        "house",
        "cn-cross-border-2024",
        "cn-automotive-2026",
        "eu-battery",
        "eu-data-act",
        "eu-gdpr",
    }
    assert all(p["digest"].startswith("sha256:") for p in record["packs"])
    assert record["counters"]["after"] == {
        "year": 2026,
        "persons": 0,
        "sensitive_persons": 0,
    }
    lines = [f for f in record["fields"] if f["path"] == "/footprint/lines/[]/amount"]
    assert [f["count"] for f in lines] == [len(footprint()["lines"])]


def test_both_totals_of_biogenic_carbon_leave_and_where_it_comes_from_stays():
    document = battery_record()
    document["footprint"]["biogenic"] = {
        "taken_up_kg_co2": 4.9512345678,
        "given_back_kg_co2": 1.0,
        "uptake_kg_co2e": -3.9512345678,
        "excluding_uptake_kg_co2e": 17.3,
        "including_uptake_kg_co2e": 13.3487654322,
        "origins": {"aircraft": 1.1, "fossil": 16.2},
    }
    document["footprint"]["cut_off"] = {
        "mass_share": 0.004,
        "emission_share": 0.02,
        "of": "mass",
        "allowed": 0.01,
        "within": True,
    }
    carried = decided(document).view["footprint"]
    assert carried["biogenic"] == {
        "taken_up_kg_co2": 4.95123,
        "given_back_kg_co2": 1.0,
        "uptake_kg_co2e": -3.95123,
        "excluding_uptake_kg_co2e": 17.3,
        "including_uptake_kg_co2e": 13.3488,
    }
    assert carried["cut_off"] == document["footprint"]["cut_off"]

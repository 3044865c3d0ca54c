"""A what-if on a node: under every rule set, and signed as what it is."""

from dataclasses import replace
from typing import Any

import pytest
from tests.services.proposing import LI

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.footprint.methodologies import known
from saltbridge.footprint.model import Carrier, FactorSet, Inventory
from saltbridge.footprint.whatif_changes import parse_change
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import World
from saltbridge.services.account import FootprintRequest, account
from saltbridge.services.approval import approve, proposal
from saltbridge.services.compose_record import ComposeRequest, compose_record
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.services.verify_content import content_remarks
from saltbridge.services.what_if import (
    WhatIfRequest,
    as_estimate,
    estimate_document,
    what_if_on,
)
from saltbridge.testing.approvals import two_approvers
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record
from saltbridge.testing.inventories import factor, inventory, process, row
from saltbridge.trust.claims import ClaimType, Estimate, SupplierRecord, verify
from saltbridge.trust.suites import NotVerified

SET = FactorSet("set-1", "test", (factor("cell", 10.0),), "sha256:5e7")


def battery() -> Inventory:
    return inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", 300.0),
        factor_sets=("set-1",),
    )


def world() -> World:
    return memory_world(factor_sets={"set-1": SET})


def asked() -> WhatIfRequest:
    return WhatIfRequest(
        inventory=battery(),
        inventory_digest="sha256:1177",
        methodology="catena-x-pcf",
        changes=(parse_change("supplier", "cell=8 kg/kg"),),
    )


def test_every_rule_set_answers_or_says_why_not() -> None:
    answer = what_if_on(world(), asked())
    assert {f"{u.methodology}@{u.edition}" for u in answer.everywhere} == set(known())
    for under in answer.everywhere:
        assert (under.before is None) == bool(under.obstacle)
    assert answer.chosen.before is not None and answer.chosen.after is not None
    assert answer.chosen.before.total_kg_co2e == pytest.approx(3000)
    assert answer.chosen.after.total_kg_co2e == pytest.approx(2400)
    assert answer.levers[0].kg_co2e == pytest.approx(-30)


def test_a_scenario_is_signed_as_an_estimate_that_says_so() -> None:
    w = world()
    answer = what_if_on(w, asked())
    signed = account(w, as_estimate(asked(), answer))
    assert isinstance(signed.claim, Estimate)
    assert signed.record["scenario"]["changes"] == [
        {"kind": "supplier", "target": "cell", "value": "8 kg/kg"}
    ]
    assert signed.record["scenario"]["base_inputs_digest"] == "sha256:1177"
    assert signed.obstacles[0].code == "whatif.no-declaration"
    with w.store.reading() as view:
        stored = [read_json(r.body) for r in view.find("footprint")]
    assert stored[0]["record"]["scenario"]["kind"] == "what-if"
    assert stored[0]["inputs_digest"] != "sha256:1177"


def test_a_scenario_is_never_declared() -> None:
    request = as_estimate(asked(), what_if_on(world(), asked()))
    declared = FootprintRequest(
        inventory=request.inventory,
        inventory_digest=request.inventory_digest,
        methodology=request.methodology,
        scenario=request.scenario,
        declare=True,
    )
    with pytest.raises(Refused) as refused:
        account(world(), declared)
    assert refused.value.findings[0].code == "whatif.no-declaration"


def test_a_scenario_is_not_handed_on_as_the_battery() -> None:
    """The newest footprint is the newest real one; by its id a scenario is refused."""
    w = world()
    real = account(
        w,
        FootprintRequest(
            inventory=battery(), inventory_digest="sha256:1177", methodology="catena-x-pcf"
        ),
    )
    scenario = account(w, as_estimate(asked(), what_if_on(w, asked())))
    record = compose_record(w, ComposeRequest(attributes={}, items=()))
    assert record["footprint"]["total_kg_co2e"] == real.record["total_kg_co2e"]
    assert "scenario" not in record["footprint"]
    with pytest.raises(FaultyInput) as refused:
        compose_record(w, ComposeRequest(attributes={}, items=(), footprint=scenario.id))
    assert [f.code for f in refused.value.findings] == ["record.scenario"]


def test_a_record_of_a_footprint_has_no_such_member() -> None:
    w = world()
    real = account(
        w,
        FootprintRequest(
            inventory=battery(), inventory_digest="sha256:1177", methodology="catena-x-pcf"
        ),
    )
    assert "scenario" not in real.record


def test_an_assumption_that_no_rule_set_knows_is_a_fault() -> None:
    with pytest.raises(FaultyInput) as refused:
        what_if_on(world(), replace(asked(), assumptions={"elektricity": "contract"}))
    assert [f.code for f in refused.value.findings] == ["footprint.unknown-assumption"]


def test_assumptions_of_other_rule_sets_do_not_keep_the_chosen_one_from_signing() -> None:
    """And the partner reads which assumption stands behind which number."""
    w, request = cellmaker(), replace(asked(), assumptions={"cycles": "1000"})
    answer = what_if_on(w, request)
    assert account(w, as_estimate(request, answer)).record["assumptions"] == {}
    document = estimate_document(w.node, request, answer)
    claim = Estimate(parse_claim_file(released_by_two(w, document)).claim.jws)
    rows = verify(claim, w.keyring.did_document()).content["rule_sets"]
    said = {f"{r['methodology']}@{r['edition']}": r.get("assumptions", []) for r in rows}
    assert said["cn-miit-551@2025-551"] == [{"rule": "cycles", "value": "1000"}]
    assert not said["catena-x-pcf@v4"]


def test_levers_belong_to_the_footprint_that_is_shown() -> None:
    """Hand: 100 kWh at 0.6 of operational CO2, let in by the assumption, are 60 kg more."""
    grid = factor(
        "electricity", 0.6, "kWh", location="CN", gas_basis="co2", scope="operational"
    )
    mixed = FactorSet("set-1", "test", (factor("cell", 10.0), grid), "sha256:5e8")
    power = row("pack", "input", "electricity", 100.0, "kWh", carrier=Carrier.ELECTRICITY)
    rows = (*battery().exchanges, replace(power, location="CN"))
    request = replace(
        asked(),
        inventory=replace(battery(), exchanges=rows),
        assumptions={"electricity_basis": "mixed"},
    )
    answer = what_if_on(memory_world(factor_sets={"set-1": mixed}), request)
    assert answer.chosen.before is not None
    assert answer.chosen.before.total_kg_co2e == pytest.approx(3060)
    (lever,) = [found for found in answer.levers if found.target == grid.id]
    assert lever.kg_co2e == pytest.approx(-0.6)
    assert lever.share_percent == pytest.approx(-100 * 0.6 / 3060)


CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))


def cellmaker() -> World:
    return memory_world(node_profile("cellmaker", partners=(CARS,)), factor_sets={"set-1": SET})


def published(w: World, document: dict[str, Any], kind: str) -> Any:
    return publish(
        w, PublishRequest(document=document, kind=kind, recipients=(CARS.bpn,), proposer=LI)
    )


def released_by_two(w: World, document: dict[str, Any]) -> bytes:
    """What leaves of a scenario once two persons have approved it; nothing before."""
    first, second = two_approvers(w)
    result = published(w, document, "what-if-estimate")
    (waiting,) = result.proposals
    approve(w, first, waiting["id"], proposal(w, waiting["id"])["digest"])
    assert _kept(w, result.dataset_id) == {}
    approve(w, second, waiting["id"], proposal(w, waiting["id"])["digest"])
    kept = _kept(w, result.dataset_id)[CARS.bpn]
    with w.store.reading() as work:
        released = work.get_release(kept["digest"], kept["decision_id"])
    assert released is not None
    return released.content


def _kept(w: World, dataset: str) -> dict[str, Any]:
    with w.store.reading() as work:
        stored = work.get("dataset", dataset)
    assert stored is not None
    releases: dict[str, Any] = read_json(stored.body)["releases"]
    return releases


def test_the_totals_leave_with_three_digits_since_their_difference_tells_the_energy() -> None:
    """Hand: 100 kWh from 0.6 to 0.05 kg/kWh: 3060 → 3005 kg, so 55 / 0.55 = 100 kWh exactly.

    With three digits 3060 → 3000 (half to even) is all that is told, by two persons' leave.
    """
    grid = [
        factor("electricity", value, "kWh", location=place)
        for place, value in (("CN", 0.6), ("FR", 0.05))
    ]
    power = row("pack", "input", "electricity", 100.0, "kWh", carrier=Carrier.ELECTRICITY)
    rows = (*battery().exchanges, replace(power, location="CN"))
    request = replace(
        asked(),
        inventory=replace(battery(), exchanges=rows),
        changes=(parse_change("electricity", "pack=FR"),),
    )
    sets = {"set-1": FactorSet("set-1", "test", (factor("cell", 10.0), *grid), "sha256:5e9")}
    w = memory_world(node_profile("cellmaker", partners=(CARS,)), factor_sets=sets)
    document = estimate_document(w.node, request, what_if_on(w, request))
    (at_home,) = [r for r in document["rule_sets"] if r["edition"] == "v4"]
    assert (at_home["before"], at_home["after"]) == pytest.approx((3060, 3005))
    jws = parse_claim_file(released_by_two(w, document)).claim.jws
    content = verify(Estimate(jws), w.keyring.did_document()).content
    (told,) = [r for r in content["rule_sets"] if r["edition"] == "v4"]
    assert (told["before"], told["after"]) == (3060, 3000)
    assert content["scenario"]["changes"] == [
        {"kind": "electricity", "target": "pack", "place": "FR"}
    ]


def test_a_partner_gets_an_estimate_that_says_what_it_is() -> None:
    """The mark and the place of a change leave; a supplier's figure and the inputs stay."""
    w = cellmaker()
    answer = what_if_on(w, asked())
    released = released_by_two(w, estimate_document(w.node, asked(), answer))
    jws = parse_claim_file(released).claim.jws
    content = verify(Estimate(jws), w.keyring.did_document()).content
    assert content["kind"] == "what-if-estimate"
    assert content["scenario"]["kind"] == "what-if"
    assert content["scenario"]["changes"] == [{"kind": "supplier", "target": "cell"}]
    assert "base_inputs_digest" not in content["scenario"]
    row = next(r for r in content["rule_sets"] if r["methodology"] == "catena-x-pcf")
    assert (row["before"], row["after"]) == (3000, 2400)
    with pytest.raises(NotVerified):
        verify(SupplierRecord(jws), w.keyring.did_document())


def test_a_marked_footprint_does_not_travel_inside_a_supplier_record() -> None:
    """The border would drop the mark and let the number go: so nothing goes."""
    w = cellmaker()
    document = battery_record()
    document["footprint"] = {**document["footprint"], "scenario": {"kind": "what-if"}}
    with pytest.raises(FaultyInput) as refused:
        published(w, document, "battery-supplier-record")
    assert [f.code for f in refused.value.findings] == ["record.scenario"]


def test_whoever_verifies_a_scenario_is_told() -> None:
    w = world()
    signed = account(w, as_estimate(asked(), what_if_on(w, asked())))
    remarks = content_remarks(ClaimType.ESTIMATE, signed.record)
    assert "verify.scenario" in [remark.code for remark in remarks]

"""A what-if on a node: under every rule set, and signed as what it is."""

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.footprint.methodologies import known
from saltbridge.footprint.model import FactorSet, Inventory
from saltbridge.footprint.whatif_changes import parse_change
from saltbridge.ports import World
from saltbridge.services.account import FootprintRequest, account
from saltbridge.services.compose_record import ComposeRequest, compose_record
from saltbridge.services.what_if import WhatIfRequest, as_estimate, what_if_on
from saltbridge.testing.builders import memory_world
from saltbridge.testing.inventories import factor, inventory, process, row
from saltbridge.trust.claims import Estimate

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

"""Under every rule set a what-if is the footprint of the inventory that was really changed.

Each change is also made by hand: ``battery`` is written down anew with the other place,
contract, figure, share, yield or distance. Both are calculated under every edition; totals,
stages and holes have to be the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.methodologies import known, methodologies
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    ElectricityContract,
    EmissionFactor,
    FactorSet,
    Inventory,
    LocalFactor,
    Stage,
)
from saltbridge.footprint.whatif_changes import parse_change
from saltbridge.services.what_if import WhatIfRequest, what_if
from saltbridge.testing.builders import GivenFactors
from saltbridge.testing.inventories import DAY, factor, inventory, process, row

MADE = {"source": "by hand", "licence": "CC0-1.0", "confidence": Confidence.ILLUSTRATIVE}
GRID: dict[str, Any] = {"unit": "kWh", "year": 2024, "gas_basis": "co2e", "scope": "life_cycle"}
SET = FactorSet(
    "set-1",
    "test",
    (
        factor("powder", 10.0),
        factor("aluminium", 8.0),
        factor("electricity", 0.6, location="CN", market="location", **GRID),
        factor("electricity", 0.1, location="FR", market="location", **GRID),
        factor("lorry", 0.1, "tkm"),
    ),
    "sha256:5e7",
)
# A flow of its own: as "powder" it would price the row of the base already.
OTHER = factor(
    "powder of others",
    6.5,
    id="supplier:BPNLOTHER:powder of others@CN",
    supplier="BPNLOTHER",
    record="d",
)


def battery(
    *,
    cell: str = "CN",
    contract: ElectricityContract | None = None,
    powder: LocalFactor | str | None = None,
    R1: float = 0.2,
    made: float = 1.0,
    tkm: float = 30.0,
    mode: LocalFactor | None = None,
    powder_kg: float = 1.0,
    plant: str = "CN",
) -> Inventory:
    """A pack of cells and aluminium, brought to the buyer and taken apart at the end."""
    own = tuple(f for f in (powder, mode) if isinstance(f, LocalFactor))
    priced = powder.id if isinstance(powder, LocalFactor) else powder or ""
    what = inventory(
        process("pack", unit="piece", location=plant, stage=Stage.MAIN_PRODUCTION),
        process(
            "cell", location=plant, production_amount=made, stage=Stage.MAIN_PRODUCTION
        ),
        process("distribution", unit="piece", location="CN", stage=Stage.DISTRIBUTION),
        row("distribution", "input", "pack", 1.0, "piece", provider="pack"),
        row(
            "distribution", "input", mode.flow if mode else "lorry", tkm, "tkm",
            carrier=Carrier.TRANSPORT, factor=mode.id if mode else "",
        ),
        row("pack", "input", "cell", 200.0, provider="cell"),
        row("pack", "input", "aluminium", 100.0, circular="al", stage=Stage.RAW_MATERIAL),
        row("pack", "waste", "scrap", 100.0, circular="al", stage=Stage.END_OF_LIFE),
        row("cell", "input", "powder", powder_kg, factor=priced, stage=Stage.RAW_MATERIAL),
        row(
            "cell", "input", "electricity", 2.0, "kWh", carrier=Carrier.ELECTRICITY,
            location=cell, contract=contract.id if contract else "",
        ),
        circular=(
            CircularTerms(
                id="al", material="aluminium", A=0.2, R1=R1, R2=0.9, R3=0.0, Qsin_Qp=1.0,
                Qsout_Qp=1.0, Ev_star=8.0, Erecycled=1.0, ErecyclingEoL=1.0, Ed=0.02,
            ),
        ),
        factors=own,
        electricity=(contract,) if contract else (),
        factor_sets=("set-1",),
    )  # fmt: skip
    product = replace(what.product, reference_process="distribution")
    return replace(what, product=product, plant=replace(what.plant, country=plant))


def power(share: float) -> ElectricityContract:
    return ElectricityContract(
        id="bought", kind="ppa", share=share, kg_co2e_per_kwh=0.05, year=2024,
        certificates_cancelled=True, **MADE,
    )  # fmt: skip


def own_factor(flow: str, value: float, unit: str = "kg") -> LocalFactor:
    return LocalFactor(
        id="own", flow=flow, unit=unit, location="own", kg_co2e_per_unit=value, **MADE
    )


BY_HAND: Mapping[tuple[str, str], Callable[[], Inventory]] = {
    ("electricity", "cell=FR"): lambda: battery(cell="FR"),
    ("contract", "cell=ppa:0.05@0.8"): lambda: battery(contract=power(0.8)),
    ("supplier", "powder=4 kg/kg"): lambda: battery(powder=own_factor("powder", 4.0)),
    ("supplier", f"powder=factor:{OTHER.id}"): lambda: battery(powder=OTHER.id),
    ("recycled", "aluminium=0.5"): lambda: battery(R1=0.5),
    ("yield", "cell=0.8"): lambda: battery(made=0.8),
    ("distance", "distribution=0.5x"): lambda: battery(tkm=15.0),
    ("transport", "distribution=rail@0.02"): lambda: battery(
        mode=own_factor("rail", 0.02, "tkm")
    ),
    ("location", "plant=FR"): lambda: battery(cell="FR", plant="FR"),
    ("amount", "cell/powder=0.7 kg"): lambda: battery(powder_kg=0.7),
}


def asked(*changes: tuple[str, str]) -> WhatIfRequest:
    return WhatIfRequest(
        inventory=battery(),
        inventory_digest="sha256:1177",
        methodology="eu-cfb@draft-2024-04",
        changes=tuple(parse_change(kind, text) for kind, text in changes),
    )


def answered(*changes: tuple[str, str], supplied: tuple[EmissionFactor, ...] = (OTHER,)) -> Any:
    library = GivenFactors({"set-1": SET})
    return what_if(library, DAY, asked(*changes), supplied)


def calculated(what: Inventory, methodology: str, edition: str) -> Any:
    rules = methodologies()[methodology]
    return calculate(
        what, rules, rules.rule_set(edition).edition, [SET], supplier_factors=[OTHER]
    )


@pytest.mark.parametrize(("kind", "text"), BY_HAND)
def test_a_change_is_the_footprint_of_the_changed_inventory_under_every_rule_set(
    kind: str, text: str
) -> None:
    answer, by_hand = answered((kind, text)), BY_HAND[kind, text]()
    worked_out = 0
    for under in answer.everywhere:
        try:
            due = calculated(by_hand, under.methodology, under.edition)
        except SaltbridgeError as fault:
            assert under.after is None
            assert [f.code for f in under.obstacle] == [f.code for f in fault.findings]
            continue
        worked_out += 1
        assert under.after.total_kg_co2e == pytest.approx(due.total_kg_co2e, rel=1e-12)
        for stage in Stage:
            assert under.after.stage_kg_co2e(stage) == pytest.approx(
                due.stage_kg_co2e(stage), rel=1e-12, abs=1e-12
            )
        assert len(under.after.holes) == len(due.holes)
    assert len(answer.everywhere) == len(known())
    assert worked_out == len(known())


def test_each_change_moves_the_rule_set_that_counts_it() -> None:
    """What moves nothing anywhere would pass the comparison above without being made."""
    for change in BY_HAND:
        answer = answered(change)
        assert any(
            abs(u.after.total_kg_co2e - u.before.total_kg_co2e) > 1e-6
            for u in answer.everywhere
        ), change


def test_the_draft_of_the_eu_act_is_blind_to_a_contract_that_catena_x_counts() -> None:
    """Hand: 200 cells at 2 kWh: 400 kWh, 0.8 of them at 0.05 in place of 0.6: -176 kg."""
    answer = answered(("contract", "cell=ppa:0.05@0.8"))
    deltas = {
        f"{u.methodology}@{u.edition}": u.after.total_kg_co2e - u.before.total_kg_co2e
        for u in answer.everywhere
    }
    assert deltas["eu-cfb@draft-2024-04"] == 0
    assert deltas["catena-x-pcf@v4"] == pytest.approx(-176, rel=1e-9)

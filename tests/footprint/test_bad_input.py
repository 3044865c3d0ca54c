"""Bad input: a finding with what to do, in every language, and nothing is declared."""

from dataclasses import replace
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding
from saltbridge.footprint.declare.declaration import DECLARATION, declaration_or_findings
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    ElectricityContract,
    Inventory,
    LocalFactor,
    ServiceLife,
    Warranty,
)
from saltbridge.locales import LANGUAGES, text
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

CELL = factor("cell", 10.0)
GRID = factor("electricity", 0.5, "kWh", location="CN", gas_basis="co2", scope="operational")
AHEAD = factor("cell", 4.0, prospective=True)


def pack(*rows: Any, **more: Any) -> Inventory:
    return inventory(
        process("pack", unit="piece"), row("pack", "input", "cell", 1.0), *rows, **more
    )


def own(id: str, **more: Any) -> LocalFactor:
    given: dict[str, Any] = {"licence": "CC0-1.0", "kg_co2e_per_unit": 1.0, **more}
    return LocalFactor(id=id, flow="glue", unit="kg", **given)


GLUE = row("pack", "input", "glue", 1.0)
POWER = row(
    "pack", "input", "electricity", 1.0, "kWh", location="CN", carrier=Carrier.ELECTRICITY
)
RECYCLED = row("pack", "input", "steel", 1.0, circular="steel")
CASES: dict[str, tuple[Inventory, tuple[Any, ...], str]] = {
    "singular system": (
        inventory(
            process("a", unit="piece"), row("a", "input", "b", 1.0, "piece"),
            process("b", unit="piece"), row("b", "input", "a", 1.0, "piece"),
        ),
        (),
        "footprint.no-solution",
    ),
    "zero output of a process": (
        inventory(
            process("pack", unit="piece", production_amount=0.0),
            row("pack", "input", "cell", 1.0),
        ),
        (CELL,),
        "footprint.zero-production",
    ),
    "zero output of a co-product": (
        pack(row("pack", "output", "scrap", 0.0)), (CELL,), "pass.zero-output",
    ),
    "negative variance": (
        pack(row("pack", "input", "glue", 1.0, distribution="normal", scale=-0.2)),
        (CELL, factor("glue", 1.0)),
        "analysis.negative-spread",
    ),
    "factor without licence": (
        pack(GLUE, factors=(own("g", licence=""),)), (CELL,), "pass.factor-without-licence",
    ),
    "factor of a set without licence": (
        pack(), (factor("cell", 10.0, licence=""),), "pass.factor-without-licence",
    ),
    "two factors of one's own for one flow": (
        pack(GLUE, factors=(own("g"), own("h", kg_co2e_per_unit=2.0))),
        (CELL,),
        "footprint.factor-twice",
    ),
    "two factors of a set for one flow": (
        pack(GLUE),
        (CELL, factor("glue", 1.0, id="one"), factor("glue", 2.0, id="other")),
        "footprint.factors-equal",
    ),
    "electricity of another basis": (pack(POWER), (CELL, GRID), "footprint.basis-refused"),
    "recycled share above 1": (
        pack(RECYCLED, circular=(CircularTerms(id="steel", material="steel", R1=1.2),)),
        (CELL,),
        "footprint.share-outside",
    ),
    "recycled and burnt share above 1": (
        pack(RECYCLED, circular=(CircularTerms(id="steel", material="steel", R2=0.7, R3=0.6),)),
        (CELL,),
        "footprint.shares-above-one",
    ),
    "negative service life": (
        pack(service_life=ServiceLife(total_energy_kwh=-5.0)),
        (CELL,),
        "footprint.negative-service-life",
    ),
    "negative warranty": (
        pack(warranty=Warranty(years=-8)), (CELL,), "footprint.negative-service-life",
    ),
    "prospective data": (pack(), (AHEAD,), "supplier.prospective-declared"),
    "recycled share below 0": (
        pack(RECYCLED, circular=(CircularTerms(id="steel", material="steel", R1=-0.1),)),
        (CELL,),
        "footprint.share-outside",
    ),
}  # fmt: skip


def judged(what: Inventory, factors: tuple[Any, ...]) -> tuple[bool, list[Finding]]:
    """Whether the footprint may be declared, and everything said about it."""
    try:
        result = footprint(what, *factors)
    except FaultyInput as fault:
        return False, list(fault.findings)
    kind, obstacles = declaration_or_findings(result)
    return kind == DECLARATION, [*result.findings, *obstacles]


@pytest.mark.parametrize("case", CASES)
def test_a_finding_with_its_remedy_and_nothing_declared(case: str) -> None:
    what, factors, code = CASES[case]
    declared, found = judged(what, factors)
    told = [f for f in found if f.code == code]
    assert told, [f.code for f in found]
    assert not declared
    for language in LANGUAGES:
        for message in (told[0].code, told[0].remedy):
            said = text(message, dict(told[0].arguments), language)
            assert said and said != message and "{" not in said, (language, message)


def test_the_same_battery_without_the_fault_is_declared() -> None:
    """So that each case above is refused for its fault and for nothing else."""
    declared, found = judged(pack(), (CELL,))
    assert declared, [f.code for f in found]
    clean = (CELL, factor("glue", 1.0))
    assert judged(pack(GLUE), clean)[0]
    assert judged(pack(GLUE, factors=(own("g"),)), (CELL,))[0]


def test_electricity_of_another_basis_is_mixed_on_purpose_only() -> None:
    what = pack(POWER)
    mixed = footprint(what, CELL, GRID, assumptions={"electricity_basis": "mixed"})
    assert mixed.total_kg_co2e == pytest.approx(10.5)
    assert declaration_or_findings(mixed)[0] != DECLARATION
    alone = footprint(what, CELL, replace(GRID, gas_basis="co2e", scope="life_cycle"))
    assert alone.total_kg_co2e == pytest.approx(10.5) and not alone.holes


def test_a_suppliers_figure_and_a_contract_need_no_licence() -> None:
    bought = replace(POWER, contract="ppa")
    what = pack(
        bought,
        electricity=(ElectricityContract(id="ppa", kind="ppa", kg_co2e_per_kwh=0.05),),
    )
    figure = factor("cell", 10.0, licence="", supplier="BPNL1", record="sha256:0")
    _, found = judged(what, (figure,))
    assert "pass.factor-without-licence" not in {f.code for f in found}

"""hand: metal values of a component supplier in the circular footprint formula, to the total.

20 kg of nickel, 8 kg of cobalt and 5 kg of lithium carbonate enter a pack and leave it at the
end of life; A = 0.2, both quality ratios 1. Ev and Erecycled are the supplier's. In kg CO2e/kg:

  metal   Ev  Erecycled  R1   R2    ErecyclingEoL  acquisition                end of life
  Ni      14  2.5        0.2  0.9   2              11.2 + 0.2 * 11.7 = 13.54  0.8 * 0.9 * -12
  Co      15  4          0.5  0.95  3              7.5 + 0.5 * 12.8 = 13.9    0.8 * 0.95 * -12
  Li2CO3  20  6          0    0.5   6              20                         0.8 * 0.5 * -14

Acquisition 20 * 13.54 + 8 * 13.9 + 5 * 20 = 482; end of life -172.8 - 72.96 - 28 = -273.76;
disposal at 0.02 of what is not recycled: 20 * 0.1 + 8 * 0.05 + 5 * 0.5 = 4.9 kg, 0.098.
Total 208.338 kg CO2e per pack.
"""

from typing import Any

import pytest

from saltbridge.core.finding import errors_in
from saltbridge.footprint.model import CircularTerms, Inventory, Stage, Supplier
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.footprint.supplier_providers import Origin, figure_metals, supplement
from saltbridge.formats.pcf import parse_pcf
from saltbridge.testing.inventories import footprint, inventory, process, row

BPN = "BPNL00000000MATS"
MASS_KG = {"nickel": 20.0, "cobalt": 8.0, "lithium carbonate": 5.0}
METALS = (("nickel", 14, 2.5), ("cobalt", 15, 4), ("lithium carbonate", 20, 6))


def document(metals: tuple[tuple[str, float, float], ...] = METALS) -> dict[str, Any]:
    lines = [
        f"Material: {name}, Specific Content: 10%, EV_Mat: {virgin} kg CO₂e/kg, "
        f"Erecycled_Mat: {recycled} kg CO₂e/kg"
        for name, virgin, recycled in metals
    ]
    stages = ("1RawMaterialAquisitionPreProcessing", "2MainProductProduction", "3Distribution",
              "4EndOfLifeRecycling")  # fmt: skip
    shares: dict[str, Any] = {f"stage{name}": {"stageValue": 1} for name in stages}
    shares |= {"declaredUnit": "CO2KG/KG", "absPcfValue": {"stageValue": 4}}
    return {"pcfValues": {"sharesPerStage": shares}, "contentC02Metals": ["; ".join(lines)]}


def battery() -> Inventory:
    def terms(material: str, R1: float, R2: float, recycling: float) -> CircularTerms:
        return CircularTerms(
            id=material, material=material, A=0.2, R1=R1, R2=R2, R3=0.0, Qsin_Qp=1.0,
            Qsout_Qp=1.0, ErecyclingEoL=recycling, Ed=0.02,
        )  # fmt: skip

    return inventory(
        process("pack", unit="piece"),
        *(
            row("pack", "input", m, kg, circular=m, supplier="mats")
            for m, kg in MASS_KG.items()
        ),
        *(
            row("pack", "waste", f"{m} scrap", kg, circular=m, stage=Stage.END_OF_LIFE)
            for m, kg in MASS_KG.items()
        ),
        circular=(
            terms("nickel", 0.2, 0.9, 2.0),
            terms("cobalt", 0.5, 0.95, 3.0),
            terms("lithium carbonate", 0.0, 0.5, 6.0),
        ),
        suppliers=(Supplier(id="mats", name="Mats", bpn=BPN),),
    )  # fmt: skip


def supplied(said: dict[str, Any]) -> CarbonFootprint:
    figure, unread = parse_pcf(said)
    assert errors_in(unread) == ()
    metals = figure_metals(figure, Origin(supplier=BPN, digest="sha256:ab", signed=True))
    filled, _, used = supplement(battery(), metals)
    assert used == ("sha256:ab",)
    return footprint(filled, methodology="eu-cfb@draft-2024-04")


def test_three_metals_of_one_supplier_to_the_total() -> None:
    found = supplied(document())
    assert found.holes == ()
    assert found.total_kg_co2e == pytest.approx(208.338, rel=1e-12)
    assert found.stage_kg_co2e(Stage.END_OF_LIFE) == pytest.approx(-273.76 + 0.098, rel=1e-12)


def test_one_kilogram_more_in_one_metal_moves_what_the_formula_says() -> None:
    """hand: d/dEv of cobalt = 8 · (0.5 + 0.5 · 0.8 − 0.8 · 0.95) = 8 · 0.14 = 1.12."""
    dearer = (METALS[0], ("cobalt", 16, 4), METALS[2])
    found = supplied(document(dearer))
    assert found.total_kg_co2e == pytest.approx(208.338 + 1.12, rel=1e-12)


def test_without_the_supplier_the_same_battery_has_holes_not_zeros() -> None:
    assert len(footprint(battery(), methodology="eu-cfb@draft-2024-04").holes) == 6

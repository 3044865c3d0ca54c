"""Links are made where they are certain; everything else is told, and never counts as zero.

hand: Heijungs & Suh's two processes (The Computational Structure of LCA, 2002, ch. 2, as quoted
in golden/lca.json): 10 kWh from 2 l of fuel with 1 kg CO2; 100 l of fuel with 10 kg CO2.
"""

from dataclasses import replace

import pytest

from saltbridge.core.provenance import Confidence
from saltbridge.footprint.background.emissions import Uncharacterised, weight_kg_co2e
from saltbridge.footprint.background.linked import LinkedBackground
from saltbridge.footprint.background.linking import link
from saltbridge.footprint.background.model import Activity, BackgroundSystem, Flow, FlowKind
from saltbridge.footprint.background.reduction import factors, loops, product_rows
from saltbridge.footprint.engine.unit_footprints import unit_footprints
from saltbridge.footprint.model import EmissionFactor

P, C, T, W, E = (
    FlowKind.PRODUCT, FlowKind.CO_PRODUCT, FlowKind.INPUT, FlowKind.WASTE, FlowKind.EMISSION,
)  # fmt: skip


def flow(kind: FlowKind, name: str, amount: float, unit: str = "kg", **more: str) -> Flow:
    return Flow(kind=kind, name=name, unit=unit, amount=amount, **more)


def co2(amount: float) -> Flow:
    return flow(E, "carbon dioxide", amount, compartment="air")


def activity(id: str, *flows: Flow, location: str = "") -> Activity:
    return Activity(id=id, name=id, location=location, flows=flows)


def linked(*activities: Activity, **more: object) -> LinkedBackground:
    system = BackgroundSystem(activities=activities, source="own")
    return link(system, ("AR6",), **more)  # type: ignore[arg-type]


def reduced(found: LinkedBackground) -> dict[str, float | None]:
    """Id → kg CO2e per unit, None where the product is not whole."""
    rows = product_rows(found, unit_footprints(found.technosphere, found.burdens))
    return {row.id: row.kg_co2e_per_unit if row.whole else None for row in rows}


def as_factors(found: LinkedBackground) -> tuple[EmissionFactor, ...]:
    rows = product_rows(found, unit_footprints(found.technosphere, found.burdens))
    return factors(rows, set_id="s", source="own", licence="L", gwp_set="AR6")


def codes(found: LinkedBackground) -> list[str]:
    return [f.code.removeprefix("background.") for f in found.findings]


POWER = activity("power", flow(P, "electricity", 10, "kWh"), flow(T, "fuel", 2, "l"), co2(1))
FUEL = activity("refinery", flow(P, "fuel", 100, "l"), co2(10))


def test_production_amounts_are_divided_by_and_told() -> None:
    found = linked(POWER, FUEL)
    # 1,000 kWh need 100 runs and 200 l, that is 2 runs of the refinery: 120 kg CO2.
    assert reduced(found) == {"power": pytest.approx(0.12), "refinery": pytest.approx(0.1)}
    assert codes(found) == ["production-amount", "production-amount"]


def test_an_input_without_producer_spoils_everything_downstream() -> None:
    user = activity("user", flow(P, "heat", 1, "MJ"), flow(T, "electricity", 1, "kWh"))
    broken = replace(FUEL, flows=(*FUEL.flows, flow(T, "crude oil", 50)))
    values = reduced(linked(POWER, broken, user, activity("alone", flow(P, "air", 1), co2(2))))
    assert values == {"power": None, "refinery": None, "user": None, "alone": 2.0}


def test_an_input_of_nothing_is_told_and_spoils_nothing() -> None:
    found = linked(replace(FUEL, flows=(*FUEL.flows, flow(T, "crude oil", 0.0))))
    assert "no-producer" in codes(found)
    assert reduced(found) == {"refinery": pytest.approx(0.1)}


def test_another_unit_is_not_turned_unless_asked() -> None:
    cubic = activity("power", flow(P, "electricity", 1, "kWh"), flow(T, "fuel", 0.001, "m3"))
    found = linked(cubic, FUEL)
    mismatch = next(f for f in found.findings if f.code == "background.unit-mismatch")
    assert mismatch.remedy == "background.unit-converts.remedy"
    assert reduced(found)["power"] is None
    assert reduced(linked(cubic, FUEL, convert_units=True))["power"] == pytest.approx(0.1)


def test_kilograms_of_what_is_made_in_litres_are_never_turned() -> None:
    by_mass = activity("power", flow(P, "electricity", 1, "kWh"), flow(T, "fuel", 1, "kg"))
    found = linked(by_mass, FUEL, convert_units=True)
    assert "unit-mismatch" in codes(found)
    assert reduced(found)["power"] is None


def test_of_several_producers_none_is_chosen_but_by_name_or_place() -> None:
    here = activity("here", flow(P, "steel", 1), co2(1), location="DE")
    there = activity("there", flow(P, "steel", 1), co2(3), location="CN")
    unsure = activity("unsure", flow(P, "a", 1), flow(T, "steel", 1))
    placed = activity("placed", flow(P, "b", 1), flow(T, "steel", 1, location="CN"))
    named = activity("named", flow(P, "c", 1), flow(T, "steel", 1, provider="here"))
    found = linked(here, there, unsure, placed, named)
    assert codes(found) == ["several-producers", "ambiguous-input"]
    values = reduced(found)
    assert (values["unsure"], values["placed"], values["named"]) == (None, 3.0, 1.0)


def test_co_products_are_told_and_nobody_allocates_them() -> None:
    mine = activity("mine", flow(P, "copper", 1), flow(C, "cobalt", 0.1), co2(4))
    user = activity("user", flow(P, "wire", 1), flow(T, "copper", 1))
    found = linked(mine, user)
    assert codes(found) == ["co-products"]
    assert reduced(found) == {"mine": None, "user": None}


def test_waste_is_priced_by_its_treatment_and_a_treatment_per_unit_handed_over() -> None:
    # hand: 0.3 kg of waste at 2 kg CO2e per kg handed over.
    treatment = activity("burning", flow(P, "waste", -1), co2(2))
    by_output = activity("a", flow(P, "a", 1), flow(W, "waste", 0.3))
    by_input = activity("b", flow(P, "b", 1), flow(T, "waste", -0.3))
    found = linked(treatment, by_output, by_input)
    values = reduced(found)
    assert values["a"] == pytest.approx(0.6)
    assert values["b"] == pytest.approx(0.6)
    assert values["burning"] == pytest.approx(2.0)
    assert codes(found) == ["negative-reference"]
    assert "no-treatment" in codes(linked(by_output))


@pytest.mark.parametrize(
    ("flows", "code"),
    [
        ((flow(P, "a", 0.0), co2(1)), "zero-output"),
        ((flow(P, "a", 1), flow(T, "a", 1, provider="x")), "zero-output"),
        ((co2(1),), "no-product"),
    ],
)
def test_what_makes_nothing_is_told_and_breaks_no_solve(
    flows: tuple[Flow, ...], code: str
) -> None:
    found = linked(activity("x", *flows), FUEL)
    assert code in codes(found)
    assert reduced(found) == {"x": None, "refinery": pytest.approx(0.1)}


def test_loops_are_solved_and_told() -> None:
    # hand: 1 kWh takes 0.1 kg coal, 1 kg coal takes 0.2 kWh: p = 1 + 0.1 c, c = 0.2 p.
    plant = activity("plant", flow(P, "power", 1, "kWh"), flow(T, "coal", 0.1), co2(1))
    mine = activity("mine", flow(P, "coal", 1), flow(T, "power", 0.2, "kWh"))
    found = linked(plant, mine)
    assert reduced(found)["plant"] == pytest.approx(1 / 0.98)
    assert [f.arguments["count"] for f in loops(found)] == [2]


def test_a_factor_that_was_brought_fills_an_input_and_says_so() -> None:
    broken = replace(FUEL, flows=(*FUEL.flows, flow(T, "crude oil", 50)))
    oil = EmissionFactor(
        id="oil", flow="crude oil", unit="kg", kg_co2e_per_unit=0.2, source="own",
        licence="own", confidence=Confidence.MEASURED,
    )  # fmt: skip
    found = linked(broken, fill=[oil])
    assert reduced(found) == {"refinery": pytest.approx((10 + 50 * 0.2) / 100)}
    rows = product_rows(found, unit_footprints(found.technosphere, found.burdens))
    (made,) = factors(rows, set_id="s", source="own", licence="own", gwp_set="AR6")
    assert "1 inputs priced by a factor brought" in made.comment
    assert (made.confidence, made.licence) == (Confidence.COMPUTED, "own")


def test_what_a_brought_factor_is_worth_goes_down_the_supply_chain() -> None:
    broken = replace(FUEL, flows=(*FUEL.flows, flow(T, "crude oil", 50)))
    alone = activity("alone", flow(P, "air", 1), co2(2))
    oil = EmissionFactor(
        id="oil", flow="crude oil", unit="kg", kg_co2e_per_unit=0.2, source="invented",
        licence="CC0-1.0", confidence=Confidence.ILLUSTRATIVE, prospective=True,
    )  # fmt: skip
    made = {f.id: f for f in as_factors(linked(POWER, broken, alone, fill=[oil]))}
    for id in ("s/refinery", "s/power"):
        assert made[id].confidence is Confidence.ILLUSTRATIVE
        assert (made[id].licence, made[id].prospective) == ("L; CC0-1.0", True)
    untouched = made["s/alone"]
    assert (untouched.confidence, untouched.licence, untouched.prospective) == (
        Confidence.COMPUTED, "L", False,
    )  # fmt: skip
    unlicensed = as_factors(linked(POWER, broken, fill=[replace(oil, licence="")]))
    assert {f.licence for f in unlicensed} == {""}  # for estimates only


def test_a_gwp_that_was_brought_weighs_an_emission_that_no_set_holds() -> None:
    """Hand: (10 + 0.5 * 6.34) kg CO2e per 100 l; without it there is no value."""
    emits = replace(
        FUEL, flows=(*FUEL.flows, flow(E, "Tetrachloroethylene", 0.5, compartment="air"))
    )
    assert reduced(linked(emits)) == {"refinery": None}
    weight = EmissionFactor(
        id="pce", flow="Tetrachloroethylene", unit="kg", kg_co2e_per_unit=6.34, source="own",
        licence="own", confidence=Confidence.RECALLED,
    )  # fmt: skip
    found = linked(emits, fill=[weight])
    assert reduced(found) == {"refinery": pytest.approx((10 + 0.5 * 6.34) / 100)}
    assert as_factors(found)[0].confidence is Confidence.RECALLED


@pytest.mark.parametrize(
    ("name", "compartment", "expected"),
    [
        ("Methane", "air", 29.8),
        ("Carbon dioxide, non-fossil", "air", 0.0),
        ("HFC-134a", "air", 1526.0),
        ("Methane", "water", None),
        ("Zinc", "air", None),
        ("Carbon monoxide", "air", None),
    ],
)
def test_emissions_weigh_what_the_gwp_set_says(
    name: str, compartment: str, expected: float | None
) -> None:
    what = flow(E, name, 1.0, compartment=compartment)
    found = weight_kg_co2e(what, ("AR6",))
    assert found == (None if expected is None else pytest.approx(expected, rel=5e-3))


@pytest.mark.parametrize("name", ["Perfluorocarbons", "1,2-Dichloroethane", "HFC-9999x"])
def test_what_may_be_a_greenhouse_gas_is_never_taken_as_nothing(name: str) -> None:
    with pytest.raises(Uncharacterised):
        weight_kg_co2e(flow(E, name, 1.0, compartment="air"), ("AR6",))
    emits = replace(FUEL, flows=(*FUEL.flows, flow(E, name, 1e-9)))
    found = linked(emits)
    assert "uncharacterised" in codes(found)
    assert reduced(found) == {"refinery": None}


def test_a_mass_of_gas_in_cubic_metres_is_unknown() -> None:
    with pytest.raises(Uncharacterised):
        weight_kg_co2e(flow(E, "Methane", 1.0, "m3", compartment="air"), ("AR6",))

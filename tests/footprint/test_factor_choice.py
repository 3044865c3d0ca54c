"""Which factor prices a row: exact matches in a fixed order, and never a guess."""

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.characterisation import characterise
from saltbridge.footprint.model import LocalFactor, Supplier
from saltbridge.footprint.result import HoleReason
from saltbridge.testing.inventories import factor, footprint, inventory, process, row


def bought(**more: object) -> object:
    return inventory(process("cell"), row("cell", "input", "nickel", 2.0, **more))


def test_order_named_own_supplier_set() -> None:
    suppliers = (Supplier(id="s1", name="S", bpn="BPNL0000000000S1"),)
    own = LocalFactor(id="own", flow="nickel", unit="kg", kg_co2e_per_unit=3.0)
    offered = factor("nickel", 5.0, id="offer", supplier="BPNL0000000000S1")
    general = factor("nickel", 7.0, id="general")

    def total(with_own: bool, with_offer: bool, **more: object) -> float:
        what = inventory(
            process("cell"),
            row("cell", "input", "nickel", 2.0, **more),
            factors=(own,) if with_own else (),
            suppliers=suppliers,
        )
        offers = (offered,) if with_offer else ()
        return footprint(what, general, supplier_factors=offers).total_kg_co2e

    assert total(True, True, factor="general") == 14.0
    assert total(True, True) == 6.0
    assert total(False, True) == 10.0
    assert total(False, False) == 14.0
    assert total(False, True, supplier="s1") == 10.0


@pytest.mark.parametrize(
    ("made_at", "named", "counts"),
    [("DE", False, False), ("", False, True), ("CN-FJ", False, True), ("DE", True, True)],
)
def test_what_is_made_elsewhere_counts_only_where_the_row_names_its_supplier(
    made_at: str, named: bool, counts: bool
) -> None:
    """Hand: 2 kg from CN, at 5 of a supplier or at 1 of the factor set."""
    supplier = "s1" if named else ""
    what = inventory(
        process("cell"),
        row("cell", "input", "nickel", 2.0, location="CN", supplier=supplier),
        suppliers=(Supplier(id="s1", name="S", bpn="BPNL0000000000S1"),),
    )
    offer = factor("nickel", 5.0, id="offer", supplier="BPNL0000000000S1", location=made_at)
    result = footprint(what, factor("nickel", 1.0), supplier_factors=[offer])
    assert result.total_kg_co2e == (10.0 if counts else 2.0)


def test_another_suppliers_record_does_not_count() -> None:
    what = inventory(
        process("cell"),
        row("cell", "input", "nickel", 2.0, supplier="s2"),
        suppliers=(Supplier(id="s2", name="T", bpn="BPNL0000000000S2"),),
    )
    offer = factor("nickel", 5.0, supplier="BPNL0000000000S1")
    result = footprint(what, supplier_factors=(offer,))
    assert [h.reason for h in result.holes] == [HoleReason.NO_FACTOR]


def test_location_first_then_anywhere_and_nothing_between() -> None:
    what = inventory(process("cell"), row("cell", "input", "nickel", 1.0, location="CN-FJ"))
    anywhere, there = factor("nickel", 1.0), factor("nickel", 2.0, location="CN-FJ")
    country, near = factor("nickel", 4.0, location="CN"), factor("nickel sulfate", 8.0)
    assert footprint(what, anywhere, there, country).total_kg_co2e == 2.0
    assert footprint(what, anywhere, country).total_kg_co2e == 1.0
    assert footprint(what, country, near).holes[0].flow == "nickel"


def test_two_factors_that_fit_equally_are_a_finding() -> None:
    with pytest.raises(FaultyInput) as caught:
        footprint(bought(), factor("nickel", 1.0, id="a"), factor("nickel", 2.0, id="b"))
    assert [f.code for f in caught.value.findings] == ["footprint.factors-equal"]
    assert footprint(
        bought(), factor("nickel", 1.0, id="a"), factor("nickel", 1.0, id="b")
    ).total_kg_co2e == pytest.approx(2.0)


def test_units_are_turned_by_dimension_or_by_mass() -> None:
    assert footprint(bought(), factor("nickel", 1000.0, "t")).total_kg_co2e == 2.0
    piece = inventory(
        process("cell"), row("cell", "input", "bolt", 3.0, "piece", mass_kg_per_unit=0.5)
    )
    assert footprint(piece, factor("bolt", 2.0)).total_kg_co2e == pytest.approx(3.0)


def test_a_named_factor_of_another_dimension_is_a_fault() -> None:
    with pytest.raises(FaultyInput) as caught:
        footprint(bought(factor="f"), factor("nickel", 1.0, "kWh", id="f"))
    assert caught.value.findings[0].code == "footprint.factor-unit"


def test_an_unknown_factor_id_is_a_fault() -> None:
    with pytest.raises(FaultyInput) as caught:
        footprint(bought(factor="nowhere"))
    assert caught.value.findings[0].code == "footprint.factor-not-found"


def test_same_as_points_to_a_factor_of_a_set_and_keeps_its_source() -> None:
    pointer = LocalFactor(id="p", flow="nickel", unit="kg", same_as="set/ni//")
    what = inventory(process("cell"), row("cell", "input", "nickel", 2.0), factors=(pointer,))
    result = footprint(what, factor("ni", 5.0, source="a table"))
    assert result.total_kg_co2e == 10.0
    assert result.contributions[0].factor.source == "a table"


@pytest.mark.parametrize(
    ("of_row", "of_target", "found"),
    [
        (Confidence.ILLUSTRATIVE, Confidence.READ, Confidence.ILLUSTRATIVE),
        (Confidence.MEASURED, Confidence.RECALLED, Confidence.RECALLED),
    ],
)
def test_what_stands_for_another_is_as_sure_as_the_weaker_of_both(
    of_row: Confidence, of_target: Confidence, found: Confidence
) -> None:
    """Germany for Europe, an assumption of ours, is not read because Germany's value is."""
    pointer = LocalFactor(id="p", flow="ni", unit="kg", same_as="set/x//", confidence=of_row)
    what = inventory(process("cell"), row("cell", "input", "ni", 2.0), factors=(pointer,))
    result = footprint(what, factor("x", 5.0, confidence=of_target))
    assert result.total_kg_co2e == 10.0
    assert result.contributions[0].factor.confidence is found


def test_gases_have_versions_and_the_unknown_is_never_zero() -> None:
    what = inventory(
        process("cell"),
        row("cell", "emission", "CH4", 1.0, origin="biogenic"),
        row("cell", "emission", "methane", 1.0),
        row("cell", "emission", "SF6", 1.0, "g"),
        row("cell", "emission", "CO2", 1.0, origin="biogenic"),
        row("cell", "emission", "unobtainium", 1.0),
        row("cell", "emission", "SO2", 1.0),
    )
    result = footprint(what)
    values = [(c.flow, round(c.kg_co2e, 6)) for c in result.contributions]
    assert values == [("CH4", 27.0), ("methane", 29.8), ("SF6", 25.2), ("CO2", 0.0)]
    (hole,) = result.holes
    assert (hole.flow, hole.low_kg_co2e) == ("unobtainium", None)
    assert result.detail["without_climate_effect"] == ["SO2"]
    assert {f.code for f in result.findings} >= {
        "footprint.unknown-gas",
        "footprint.methane-origin",
    }
    ef = footprint(what, methodology="eu-cfb@draft-2024-04")
    marks = {c.flow: c.factor.confidence for c in ef.contributions}
    assert marks["methane"] is Confidence.RECALLED


@pytest.mark.parametrize(
    ("gwp_set", "fossil", "biogenic", "n2o", "sf6", "cf4"),
    [
        # Published: IPCC reports as the package globalwarmingpotentials 0.13.2 holds them.
        ("AR4", 25.0, 25.0, 298.0, 22800.0, 7390.0),
        ("AR5", 30.0, 28.0, 265.0, 23500.0, 6630.0),
        ("AR6", 29.8, 27.0, 273.0, 25200.0, 7380.0),
        ("EF31", 29.8, 27.0, 273.0, 25200.0, 7380.0),
    ],
)
def test_the_four_sets_are_data(
    gwp_set: str,
    fossil: float,
    biogenic: float,
    n2o: float,
    sf6: float,
    cf4: float,
) -> None:
    def value(flow: str, origin: str = "") -> float | None:
        found = characterise(row("p", "emission", flow, 1.0, origin=origin), [gwp_set])
        return None if found is None else found.kg_co2e_per_unit

    assert value("CO2", "fossil") == 1.0 and value("CO2", "biogenic") == 0.0
    assert (value("CH4", "fossil"), value("CH4", "biogenic")) == (fossil, biogenic)
    assert (value("N2O"), value("SF6"), value("CF4")) == (n2o, sf6, cf4)

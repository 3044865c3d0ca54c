"""Providers out of figures: per unit, with origin and verification; metals fill empty terms."""

from decimal import Decimal

import pytest

from saltbridge.core.provenance import Confidence
from saltbridge.footprint import circularity
from saltbridge.footprint.methodology import CFF
from saltbridge.footprint.model import CircularTerms, Supplier
from saltbridge.footprint.supplier_figure import (
    CATENA_X_9,
    COMPONENT_1,
    MetalTerms,
    SupplierFigure,
    Value,
)
from saltbridge.footprint.supplier_providers import (
    Origin,
    figure_factors,
    figure_metals,
    supplement,
)
from saltbridge.testing.inventories import footprint, inventory, process, row

FILE = Origin(supplier="BPNL00000000MATS", digest="sha256:ab", signed=False)
VALUES: dict[str, Value] = {
    "product_name": "cathode", "unit": "piece", "amount": Decimal(4), "mass_kg": Decimal(10),
    "production.excluding": Decimal(20), "production.including": Decimal(18),
    "packaging.excluding": Decimal(2), "distribution.excluding": Decimal(1),
    "distribution.counted": True, "country": "CN", "period_end": "2025-12-31T00:00:00Z",
    "gwp_sets": ("AR6",), "primary_data_share": Decimal("56.1"), "TeR": Decimal(2),
    "verified_third_party": Decimal(80),
    "attestations": (
        {"type": "3rd party", "provider": "Prover", "completed_at": "2026-03-01"},
    ),
}  # fmt: skip


def test_a_factor_is_per_unit_not_per_declared_amount() -> None:
    """Hand: (20 + 1) kg CO2e / 4 pieces; packaging is in the 20 already; 10 kg / 4 pieces."""
    (factor,) = figure_factors(SupplierFigure(CATENA_X_9, VALUES), FILE)
    assert factor.kg_co2e_per_unit == 5.25
    assert (factor.unit, factor.mass_kg_per_unit) == ("piece", 2.5)
    assert (factor.location, factor.year, factor.gwp_set) == ("CN", 2025, "AR6")
    assert (factor.primary_data_share, factor.TeR, factor.GeR) == (56.1, 2.0, None)
    assert (factor.supplier, factor.record) == ("BPNL00000000MATS", "sha256:ab")
    assert factor.verification == (
        "not verified by signature; 3rd party by Prover 2026-03-01; 80 % verified or certified"
    )
    assert factor.confidence is Confidence.SECONDARY


def test_the_uptake_of_a_supplier_is_taken_up_by_the_buyer_too() -> None:
    """Hand: T1 − T2 = 18 − 20 kg CO2 for 4 pieces, as carbon 2 × 12/44 / 4 kg a piece."""
    (factor,) = figure_factors(SupplierFigure(CATENA_X_9, VALUES), FILE)
    assert factor.biogenic_carbon_kg == pytest.approx(0.5 * 12 / 44)
    what = inventory(
        process("cell"), row("cell", "input", "cathode", 8.0, "piece", location="CN")
    )
    found = footprint(what, supplier_factors=[factor])
    carbon = found.detail["carbon_origins"]
    assert carbon.excluding_uptake == pytest.approx(8 * 5.25)
    assert carbon.including_uptake == pytest.approx(8 * 5.25 - 4.0)
    stated = {**VALUES, "production.uptake": Decimal(-1)}
    (other,) = figure_factors(SupplierFigure(CATENA_X_9, stated), FILE)
    assert other.biogenic_carbon_kg == pytest.approx(0.25 * 12 / 44)
    silent = {k: v for k, v in VALUES.items() if k != "production.including"}
    (unsaid,) = figure_factors(SupplierFigure(CATENA_X_9, silent), FILE)
    assert unsaid.biogenic_carbon_kg is None


def test_distribution_that_is_not_counted_is_not_added() -> None:
    (factor,) = figure_factors(
        SupplierFigure(CATENA_X_9, {**VALUES, "distribution.counted": False}), FILE
    )
    assert factor.kg_co2e_per_unit == 5.0


def test_a_signed_figure_says_who_verified_it() -> None:
    signed = Origin(supplier="B", digest="d", signed=True, verified_by="this node", flow="NMC")
    (factor,) = figure_factors(SupplierFigure(CATENA_X_9, VALUES), signed)
    assert factor.verification.startswith("signature verified by this node")
    assert (factor.flow, factor.id) == ("NMC", "supplier:B:NMC@CN")
    assert factor.confidence is Confidence.READ


COMPONENT: dict[str, Value] = {
    "part_id": "CAM", "unit": "kilogram", "stage.acquisition": Decimal(11),
    "stage.production": Decimal(5), "stage.distribution": Decimal("0.25"),
    "stage.end_of_life": Decimal("-0.5"), "stage.total": Decimal("15.75"),
}  # fmt: skip
NICKEL = MetalTerms("Nickel", Decimal("50.5"), Decimal("14.5"), Decimal("2.5"))


def test_a_component_gives_its_end_of_life_apart() -> None:
    figure = SupplierFigure(COMPONENT_1, COMPONENT)
    gate, afterwards = figure_factors(figure, FILE)
    assert (gate.flow, gate.kg_co2e_per_unit) == ("CAM", 16.25)
    assert (afterwards.flow, afterwards.kg_co2e_per_unit) == ("CAM, end of life", -0.5)


def battery(supplier: str, **terms: float) -> object:
    return inventory(
        process("pack", unit="piece"),
        row("pack", "input", "nickel metal", 2.0, circular="ni", supplier=supplier),
        circular=(
            CircularTerms(id="ni", material="nickel", A=0.2, R1=0.5, Qsin_Qp=1.0, **terms),
        ),
        suppliers=(Supplier(id="mats", name="Mats", bpn="BPNL00000000MATS"),),
    )


def test_metals_fill_what_the_circular_terms_leave_empty() -> None:
    """Hand: 0.5 * 14.5 + 0.5 * (0.2 * 2.5 + 0.8 * 14.5 * 1) = 7.25 + 6.05 = 13.3 kg/kg."""
    metals = figure_metals(SupplierFigure(COMPONENT_1, COMPONENT, (NICKEL,)), FILE)
    filled, notes, used = supplement(battery("mats"), metals)  # type: ignore[arg-type]
    (terms,) = filled.circular
    assert (terms.Ev, terms.Erecycled) == (14.5, 2.5)
    assert terms.confidence is Confidence.SECONDARY
    assert circularity.acquisition(terms, CFF).value == pytest.approx(13.3, rel=1e-12)
    assert [n.code for n in notes] == ["supplier.metal-taken"]
    assert used == ("sha256:ab",)


def test_metals_replace_nothing_and_go_to_nobody_elses_row() -> None:
    metals = figure_metals(SupplierFigure(COMPONENT_1, COMPONENT, (NICKEL,)), FILE)
    stated = battery("mats", Ev=9.0, Erecycled=1.0)
    assert supplement(stated, metals) == (stated, (), ())  # type: ignore[arg-type]
    other = battery("somebody-else")
    assert supplement(other, metals) == (other, (), ())  # type: ignore[arg-type]


def test_a_symbol_is_the_metal_and_what_no_row_takes_is_told() -> None:
    by_symbol = figure_metals(
        SupplierFigure(
            COMPONENT_1,
            COMPONENT,
            (MetalTerms("Ni", None, Decimal("14.5"), Decimal("2.5")),
             MetalTerms("Cobalt", None, Decimal(15), Decimal(4))),
        ),
        FILE,
    )  # fmt: skip
    filled, notes, _ = supplement(battery("mats"), by_symbol)  # type: ignore[arg-type]
    assert filled.circular[0].Ev == 14.5
    assert [(n.code, n.arguments.get("material")) for n in notes] == [
        ("supplier.metal-taken", None),
        ("supplier.metal-not-taken", "Cobalt"),
    ]
    # A row that states its own values has met the metal: nothing is left over.
    stated = battery("mats", Ev=9.0, Erecycled=1.0)
    assert supplement(stated, by_symbol[:1])[1] == ()  # type: ignore[arg-type]

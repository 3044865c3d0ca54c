"""A supplier's figure is sound in itself, or says where it is not."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from saltbridge.core.finding import Severity
from saltbridge.footprint.supplier_checks import check_figure
from saltbridge.footprint.supplier_figure import (
    CATENA_X_9,
    COMPONENT_1,
    PACT_3,
    SupplierFigure,
    Value,
)

TODAY = date(2026, 11, 23)
SOUND: dict[str, Value] = {
    "product_name": "cathode",
    "unit": "kilogram",
    "amount": Decimal(1000),
    "mass_kg": Decimal(1000),
    "production.excluding": Decimal("14000.5"),
    "production.including": Decimal("13990.5"),
    "production.fossil": Decimal("13000.2"),
    "production.biogenic_non_co2": Decimal("300.1"),
    "production.uptake": Decimal(-10),
    "production.land_use_change": Decimal("700.2"),
    "production.land_management": Decimal("10.0"),
    "production.removals": Decimal("-15.0"),
    "production.aviation": Decimal("5.0"),
    "primary_data_share": Decimal(60),
    "valid_until": "2027-12-31T00:00:00Z",
}
COMPONENT: dict[str, Value] = {
    "part_id": "CAM", "unit": "kilogram", "stage.acquisition": Decimal("11.2"),
    "stage.production": Decimal("5.1"), "stage.distribution": Decimal("0.2"),
    "stage.end_of_life": Decimal("0.5"), "stage.total": Decimal("17.0"),
}  # fmt: skip


def codes(values: dict[str, Value], format: str = CATENA_X_9) -> list[str]:
    return [f.code for f in check_figure(SupplierFigure(format, values), TODAY)]


def test_a_sound_figure_has_no_findings() -> None:
    assert codes(SOUND) == []
    assert codes(COMPONENT, COMPONENT_1) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unit": "bag"}, "supplier.unit-unknown"),
        ({"unit": "liter", "mass_kg": Decimal(0)}, "supplier.unit-not-catena-x"),
        ({"amount": Decimal(0)}, "supplier.amount-not-positive"),
        ({"mass_kg": Decimal(1)}, "supplier.mass-not-amount"),
        ({"production.aviation": Decimal("50.0")}, "supplier.sum-without-uptake"),
        ({"production.uptake": Decimal(10)}, "supplier.sum-with-uptake"),
        ({"production.including": Decimal("14000.5")}, "supplier.uptake-neglected"),
        ({"unit": ""}, "supplier.unit-unknown"),
        ({"packaging.counted": False}, "supplier.packaging-left-out"),
        ({"primary_data_share": Decimal(101)}, "supplier.not-a-percentage"),
        ({"exempted_percent": Decimal("3.1")}, "supplier.much-exempted"),
        ({"TeR": Decimal("0.9")}, "supplier.not-a-rating"),
        ({"status": "Deprecated"}, "supplier.deprecated"),
        ({"valid_until": "2026-11-22T00:00:00Z"}, "supplier.expired"),
        ({"valid_from": "2026-12-01T00:00:00Z"}, "supplier.not-yet-valid"),
        ({"valid_from": "2028-12-01T00:00:00Z"}, "supplier.validity-reversed"),
        ({"packaging.excluding": Decimal(20000)}, "supplier.packaging-above-production"),
        (
            {"distribution.counted": False, "distribution.excluding": Decimal(3)},
            "supplier.block-not-counted",
        ),
        (
            {
                "pcf_type": "Prospective PCF without forerunner",
                "primary_data_share": Decimal(0),
            },
            "supplier.prospective",
        ),
    ],
)
def test_each_fault_is_found(change: dict[str, Value], code: str) -> None:
    assert code in codes({**SOUND, **change})


def test_totals_in_each_others_place_are_told_as_that() -> None:
    """Hand: T2 = 14000.5 and T1 = T2 - 10; written the other way round, T1 lies above T2."""
    swapped: dict[str, Value] = {
        **SOUND,
        "production.excluding": Decimal("13990.5"),
        "production.including": Decimal("14000.5"),
    }
    assert codes(swapped) == ["supplier.sum-without-uptake", "supplier.totals-swapped"]
    unstated = {k: v for k, v in swapped.items() if k != "production.uptake"}
    assert "supplier.totals-swapped" in codes(unstated)  # uptake never raises a total


def test_t1_may_equal_t2_while_uptake_is_below_the_cut_off() -> None:
    """Hand: 3 % of 100.0 are 3.0; 3.1 is more than that, so T1 = T2 hides it."""
    values: dict[str, Value] = {
        "product_name": "x", "unit": "piece", "amount": Decimal(1),
        "production.excluding": Decimal("100.0"), "production.including": Decimal("100.0"),
        "production.uptake": Decimal("-3.0"),
    }  # fmt: skip
    assert codes(values) == ["supplier.uptake-neglected"]
    assert codes({**values, "production.uptake": Decimal("-3.1")}) == [
        "supplier.sum-with-uptake"
    ]
    assert codes({**values, "production.uptake": Decimal(0)}) == []


def test_packaging_left_out_is_against_catena_x_and_open_under_pact() -> None:
    left_out: dict[str, Value] = {**SOUND, "packaging.counted": False}
    for format, severity in ((CATENA_X_9, Severity.WARNING), (PACT_3, Severity.NOTE)):
        found = check_figure(SupplierFigure(format, left_out), TODAY)
        told = [f.severity for f in found if f.code == "supplier.packaging-left-out"]
        assert told == [severity]
    assert codes({**SOUND, "packaging.counted": True}) == []


def test_what_is_not_stated_is_no_zero() -> None:
    partly = {k: v for k, v in SOUND.items() if k != "production.land_use_change"}
    (found,) = check_figure(SupplierFigure(CATENA_X_9, partly), TODAY)
    assert found.code == "supplier.parts-not-stated"
    assert found.arguments["missing"] == "land_use_change"
    assert found.arguments["difference"] == pytest.approx(700.2)


def test_pact_counts_captured_carbon_and_leaves_aviation_beside() -> None:
    """Hand: 10.0 + 1.0 - 3.0 = 8.0; aviation is not in the sum (OpenAPI 3.0, x-note)."""
    values: dict[str, Value] = {
        "product_name": "x", "unit": "piece", "amount": Decimal(1),
        "production.excluding": Decimal("8.0"), "production.fossil": Decimal("10.0"),
        "production.land_use_change": Decimal("1.0"),
        "production.land_management": Decimal(0), "production.removals": Decimal(0),
        "production.biogenic_non_co2": Decimal(0), "production.capture": Decimal("-3.0"),
        "aviation_beside": Decimal("2.0"), "period_end": "2025-12-31T00:00:00Z",
    }  # fmt: skip
    assert codes(values, PACT_3) == []
    assert codes({**values, "valid_until": "2029-06-01"}, PACT_3) == ["supplier.valid-too-long"]
    assert codes({**values, "period_end": "2023-01-31T00:00:00Z"}, PACT_3) == [
        "supplier.expired"  # three years after the reference period
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"stage.production": Decimal("6.1")}, "supplier.sum-of-stages"),
        ({"stage.end_of_life": Decimal("-0.5"), "stage.total": Decimal("16.0")},
         "supplier.negative-stage"),
        ({"stage.acquisition": Decimal(70), "stage.production": Decimal(20),
          "stage.distribution": Decimal(4), "stage.end_of_life": Decimal(6)},
         "supplier.stages-as-percent"),
        ({"TeR": Decimal(2), "GeR": Decimal(4), "TiR": Decimal(2), "DQR": Decimal(3)},
         "supplier.rating-not-mean"),
    ],
)  # fmt: skip
def test_faults_of_the_component_model(change: dict[str, Any], code: str) -> None:
    assert codes({**COMPONENT, **change}, COMPONENT_1) == [code]


def test_a_rating_may_be_rounded_to_its_places() -> None:
    """Published: PEFDPP declares 3.33 for 4, 3, 3 (methodology.md, 1.4)."""
    rated = {"TeR": Decimal(4), "GeR": Decimal(3), "TiR": Decimal(3), "DQR": Decimal("3.33")}
    assert codes({**COMPONENT, **rated}, COMPONENT_1) == []

"""Units that partners write where a format leaves the unit to them."""

import pytest

from saltbridge.formats.passport_formats import parse_document, render_document


@pytest.mark.parametrize(
    ("unit", "amount", "read_as"),
    [
        ("%", 60, 0.048),
        ("g CO2e / kWh", 48, 0.048),
        ("kg CO2-eq/MWh", 48, 0.048),
        ("kg CO2e / kWh", 0.048, 0.048),
    ],
)
def test_a_stage_of_the_footprint_is_read_in_the_units_that_partners_write(
    unit: str, amount: float, read_as: float
) -> None:
    """hand: of 0.08 kg CO2e/kWh; the document comes back in its own words."""
    whole = {"lifecycle": "total", "unit": "kg CO2e / kWh", "value": 0.08}
    stage = {"lifecycle": "main product production", "unit": unit, "value": amount}
    listed = [{**one, "type": "Climate Change Total"} for one in (whole, stage)]
    spec = "urn:samm:io.catenax.battery.battery_pass:6.1.0#BatteryPass"
    document = {"specVersion": spec, "sustainability": {"carbonFootprint": listed}}
    read = parse_document(document, "catena_x_6_1_0")
    assert read.values["A051"].value == pytest.approx(read_as, rel=1e-12)
    assert read.values["A051"].unit == "kgCO2e/kWh"
    assert render_document(read) == document

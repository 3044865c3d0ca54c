"""Transport legs: distance × mass by a mode, and deliveries without one."""

from typing import Any

import pytest

from saltbridge.core.finding import Severity
from saltbridge.footprint.check import check_inventory
from saltbridge.footprint.model import Carrier, Exchange
from saltbridge.footprint.transport import mode_of, transport_legs
from saltbridge.testing.inventories import factor, footprint, inventory, model, process, row

LORRY = factor("transport, lorry", 0.1, "tkm")
CELL = factor("cell", 10.0)


def leg(amount: float, unit: str, flow: str = "transport, lorry", **more: Any) -> Exchange:
    return row("pack", "input", flow, amount, unit, carrier=Carrier.TRANSPORT, **more)


def codes(*rows: Any) -> set[str]:
    what = inventory(process("pack"), row("pack", "input", "cell", 2.0), *rows)
    found = footprint(what, CELL, LORRY).findings
    return {f.code for f in found if f.code.startswith("pass.")}


@pytest.mark.parametrize(
    ("given", "tkm"),
    [
        (leg(12.0, "tkm"), 12.0),
        (leg(400.0, "kg", distance_km=1000.0), 400.0),
        (leg(0.4, "t", distance_km=1000.0), 400.0),
        (leg(1000.0, "km", load_kg=400.0), 400.0),
        (leg(3.0, "piece", distance_km=500.0, load_kg=200.0), 300.0),
    ],
)
def test_a_leg_is_distance_times_mass(given: Exchange, tkm: float) -> None:
    """Hand: kg × km / 1,000, whichever of the two the amount is."""
    what = inventory(process("pack"), given)
    legs, findings = transport_legs(what)
    assert findings == ()
    assert (legs.exchanges[0].amount, legs.exchanges[0].unit) == (pytest.approx(tkm), "tkm")
    assert footprint(what, LORRY).total_kg_co2e == pytest.approx(0.1 * tkm)
    assert [f for f in check_inventory(what) if f.severity is Severity.ERROR] == []


def test_a_leg_by_a_process_of_ones_own() -> None:
    what = inventory(
        process("pack"),
        leg(400.0, "kg", "transport, lorry", distance_km=100.0, provider="lorry"),
        process("lorry", "transport, lorry", "tkm"),
        row("lorry", "emission", "CO2", 0.17, origin="fossil"),
    )
    assert footprint(what).total_kg_co2e == pytest.approx(40 * 0.17)


def test_the_amount_of_a_leg_stays_one_parameter_as_it_was_written() -> None:
    what = inventory(process("pack"), leg(400.0, "kg", distance_km=1000.0))
    (amount,) = [p for p in model(what, LORRY).parameters if p.id.startswith("amount:")]
    assert (amount.value, amount.unit) == (400.0, "kg")
    assert model(what, LORRY).footprint.total_kg_co2e == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (leg(400.0, "kg"), "pass.leg-incomplete"),
        (leg(1000.0, "km"), "pass.leg-incomplete"),
        (leg(3.0, "piece", distance_km=500.0), "pass.leg-incomplete"),
        (leg(12.0, "tkm", distance_km=100.0, load_kg=400.0), "pass.leg-amount"),
        (leg(12.0, "tkm", "delivery of parts"), "pass.leg-without-mode"),
    ],
)
def test_what_a_leg_lacks_is_told(given: Exchange, code: str) -> None:
    assert codes(given) == {code}


def test_tonne_kilometres_that_agree_are_quiet() -> None:
    assert codes(leg(40.2, "tkm", distance_km=100.0, load_kg=400.0)) == set()


def test_a_leg_without_mass_is_a_hole_and_not_zero() -> None:
    result = footprint(inventory(process("pack"), leg(400.0, "kg")), LORRY)
    assert not result.contributions
    (hole,) = result.holes
    assert (hole.flow, hole.low_kg_co2e, hole.high_kg_co2e) == ("transport, lorry", None, None)
    pool = (factor("steel", 2.0), factor("copper", 4.0), LORRY)
    (unpriced,) = footprint(inventory(process("pack"), leg(400.0, "kg", "truck")), *pool).holes
    assert unpriced.high_kg_co2e is None  # the load is no material that is used up


def test_a_lorry_counted_per_kilometre_stays_so() -> None:
    what = inventory(
        process("pack"),
        leg(100.0, "km", "own lorry", load_kg=400.0, provider="lorry"),
        process("lorry", "own lorry", "km"),
        row("lorry", "emission", "CO2", 0.8, origin="fossil"),
    )
    assert footprint(what).total_kg_co2e == pytest.approx(80.0)


def test_a_delivery_known_by_its_flow_alone_needs_a_leg_too() -> None:
    what = inventory(
        process("pack", location="DE"),
        row("pack", "input", "cells", 2.0),
        process("plant", "cells", location="CN"),
        row("plant", "input", "cell", 1.0),
    )
    (found,) = [f for f in footprint(what, CELL).findings if "delivery" in f.code]
    assert found.arguments["provider"] == "plant"


@pytest.mark.parametrize(
    ("start", "end", "more", "told"),
    [
        ("CN", "DE", (), True),
        ("CN-FJ", "CN-SC", (), True),
        ("CN", "CN-FJ", (), False),
        ("CN", "CN", (), False),
        ("GLO", "DE", (), False),
        ("CN", "", (), False),
        ("CN", "DE", (leg(1.0, "tkm"),), False),
    ],
)
def test_a_delivery_to_another_site_needs_a_leg(
    start: str, end: str, more: Any, told: bool
) -> None:
    what = inventory(
        process("pack", location=end),
        row("pack", "input", "cells", 2.0, provider="plant"),
        process("plant", "cells", location=start),
        row("plant", "input", "cell", 1.0),
        *more,
    )
    found = [f for f in footprint(what, CELL, LORRY).findings if "delivery" in f.code]
    assert bool(found) is told
    if told:
        assert found[0].arguments["provider"] == "plant" and found[0].place.column == "provider"


@pytest.mark.parametrize(
    ("flow", "mode"),
    [
        ("market group for transport, freight, lorry, unspecified", "road"),
        ("market group for transport, freight, light commercial vehicle", "road"),
        ("market group for transport, freight train", "rail"),
        ("market for transport, freight, sea, container ship", "sea"),
        ("market for transport, freight, inland waterways, barge", "inland_water"),
        ("market for transport, freight, aircraft, unspecified", "air"),
        ("transport, pipeline", "pipeline"),
        ("Transport, Lkw 16–32 t", "road"),
        ("海运", "sea"),
        ("公路货运", "road"),
        ("freight", ""),
    ],
)
def test_the_flow_names_the_mode(flow: str, mode: str) -> None:
    assert mode_of(flow) == mode

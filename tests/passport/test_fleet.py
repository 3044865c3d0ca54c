"""What a fleet keeps from battery to battery gives the results of the whole functions."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.piece import whole
from saltbridge.passport.assemble import assemble, parse_values
from saltbridge.passport.fleet import FleetParts, FleetReadiness
from saltbridge.passport.fleet_assembly import FleetAssembly, FleetValues
from saltbridge.passport.model import (
    AttributeValue,
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
    Origin,
    OriginKind,
)
from saltbridge.passport.validate import readiness
from saltbridge.passport.views import header, parts, unshown
from saltbridge.testing.deliveries import example_record, example_request

DAY = date(2027, 2, 18)
BY = Origin(OriginKind.SUPPLIER_RECORD, "maker", "urn:uuid:1")


def per_kwh(value: float, unit: str = "kgCO2e/kWh") -> AttributeValue:
    return AttributeValue(value, unit, BY)


@pytest.fixture
def stated(examples: Path) -> tuple[dict[str, Any], list[ItemFacts]]:
    """What all batteries share, and batteries that differ in every way a fleet's may, the
    like ones beside each other."""
    record = example_record(examples)
    model, _ = parse_values(record["attributes"], BY, "")
    operator, _ = parse_values(example_request(examples, [])["facts"]["attributes"], BY, "")
    item, _ = parse_values(record["items"][0]["attributes"], BY, "")
    numbers = [id for id, v in item.items() if isinstance(v.value, float)]
    number = numbers[0]
    derived = replace(item["A088"], value=12.5, unit="%")
    variants: list[dict[str, Any]] = [
        item,
        item,
        {**item, number: replace(item[number], value=item[number].value * 0.5)},
        *({**item, n: replace(item[n], value=item[n].value * 0.9)} for n in numbers),
        {**item, number: replace(item[number], value=-1.0)},
        {**item, number: replace(item[number], value=2)},
        {**item, number: replace(item[number], value="many")},
        {**item, number: replace(item[number], value=2.5, measured_on="2027-01-09")},
        {k: v for k, v in item.items() if k != number},
        {**item, number: replace(item[number], value=None, not_applicable="none")},
        {**item, number: replace(item[number], value=None, not_applicable="none at all")},
        {**item, number: replace(item[number], value=None, unknown="lost")},
        {**item, number: replace(item[number], value=[])},
        {**item, "A067": replace(model["A033"], value={"cadmium": 90.0, "lead": 0.0}, unit="")},
        {**item, "A090": derived},
        {**item, "A090": replace(derived, value=13.5)},
        {**item, "A006": replace(model["A018"], value="stated, and replaced")},
        {**item, "A009": replace(model["A018"], value="kept back, perhaps")},
        {**item, "A009": replace(model["A018"], value="kept back, and another")},
        {**item, "A049": per_kwh(0.08), "A051": per_kwh(60.0, "%")},
        {**item, "A049": per_kwh(0.04), "A051": per_kwh(60.0, "%")},
        {**item, "A049": per_kwh(0.04), "A051": per_kwh(30.0, "%")},
        dict(reversed(item.items())),
        item,
    ]
    shared: dict[str, Any] = {
        "gtin": "09521234567899",
        "category": "ev",
        "placed_on_market": DAY,
        "issuer": Issuer("Isarwerk", "did:web:x.example", ""),
        "model": ModelFacts(model),
        "operator": operator,
        "company_information": {"kind": "estimate", "stages": []},
        "on": DAY,
    }
    return shared, [ItemFacts(f"S{n}", values) for n, values in enumerate(variants)]


def named(number: int) -> dict[str, str]:
    return {
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "product_id": f"https://x.example/01/09521234567899/21/S{number}",
        "issued_at": f"2027-02-1{number // 9}T12:00:00Z",
    }


@pytest.fixture
def batteries(stated: tuple[dict[str, Any], list[ItemFacts]]) -> list[ItemPassport]:
    shared, items = stated
    return [assemble(**shared, **named(n), item=item) for n, item in enumerate(items)]


@pytest.mark.parametrize("category", ["ev", "industrial"])
def test_passports_are_put_together_as_each_alone(
    stated: tuple[dict[str, Any], list[ItemFacts]], category: str
) -> None:
    shared, items = stated
    shared["category"] = category
    assembly = FleetAssembly(**shared)
    order = [*range(len(items)), *reversed(range(len(items)))]
    for n in order:
        due = assemble(**shared, **named(n), item=items[n])
        made = assembly.of(**named(n), item=items[n])
        assert made == due
        assert list(made.values) == list(due.values)
        assert list(made.kept_back) == list(due.kept_back)


def test_readiness_and_parts_are_those_of_each_battery_alone(batteries):
    states, pieces = FleetReadiness("ev", DAY), FleetParts()
    seen = set()
    for passport in batteries:
        status, due = states.of(passport.values), readiness(passport.values, "ev", DAY)
        assert status == due
        seen.add((len(due.findings), tuple(due.states.values())))
        told = pieces.header(passport, status)
        assert whole(told).content == canonical_bytes(header(passport, due))
        made = pieces.of(passport, status)
        assert {p: whole(m).content for p, m in made.items()} == {
            p: canonical_bytes(m) for p, m in parts(passport, due).items()
        }
        assert pieces.unshown(passport).content == canonical_bytes(unshown(passport))
    assert len(seen) >= 4  # the batteries do differ


def test_values_are_kept_only_for_the_very_same_statement():
    known = FleetValues()
    entry = {"value": 5.0, "unit": "Ah", "measured_on": "2027-01-01"}
    given = [{"A088": entry}, {"A088": entry}, {"A088": dict(entry)}, {"A088": {"value": 6}}]
    given += [{"A088": {"value": 7}}, {"A088": {"value": 7.5}}, {"A088": {"value": "7"}}]
    given += [{"A088": {"value": v, "unit": "kWh"}} for v in (1.0, 2.0, [3.0], 4.0)]
    given += [{"A088": {"value": v, "unit": 7}} for v in (1.0, 2.0)]
    given += [{"A088": {"value": v, "unit": "mAh"}} for v in (1000.0, 2000.0)]
    given += [{"A088": {"value": v, "strange": 1}} for v in (1.0, 2.0)]
    given += [{"A088": "no table"}, {"A088": "no table"}, {"X": entry}, {"X": entry}]
    for one in given:
        assert known.of(one, BY, "/p") == parse_values(one, BY, "/p")
    assert known.of([], BY, "/p") == parse_values([], BY, "/p")
    first, again = known.of(given[0], BY, "")[0], known.of(given[1], BY, "")[0]
    assert first["A088"] is again["A088"]

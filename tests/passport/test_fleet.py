"""What a fleet keeps from battery to battery gives the results of the whole functions."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.piece import whole
from saltbridge.passport.assemble import assemble, parse_values
from saltbridge.passport.fleet import FleetParts, FleetReadiness, FleetValues
from saltbridge.passport.model import (
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
    Origin,
    OriginKind,
)
from saltbridge.passport.validate import readiness
from saltbridge.passport.views import parts, unshown
from saltbridge.testing.deliveries import example_record, example_request

DAY = date(2027, 2, 18)
BY = Origin(OriginKind.SUPPLIER_RECORD, "maker", "urn:uuid:1")


@pytest.fixture
def batteries(examples: Path) -> list[ItemPassport]:
    """Batteries that differ in every way a fleet's may, the like ones beside each other."""
    record = example_record(examples)
    model, _ = parse_values(record["attributes"], BY, "")
    operator, _ = parse_values(example_request(examples, [])["facts"]["attributes"], BY, "")
    item, _ = parse_values(record["items"][0]["attributes"], BY, "")
    number = next(id for id, v in item.items() if isinstance(v.value, float))
    variants: list[dict[str, Any]] = [
        item,
        item,
        {**item, number: replace(item[number], value=item[number].value * 0.5)},
        {**item, number: replace(item[number], value=-1.0)},
        {k: v for k, v in item.items() if k != number},
        {**item, number: replace(item[number], value=None, not_applicable="none")},
        {**item, number: replace(item[number], value=None, unknown="lost")},
        {**item, "A067": replace(model["A033"], value={"cadmium": 90.0, "lead": 0.0}, unit="")},
        item,
    ]
    return [
        assemble(
            id=f"urn:uuid:00000000-0000-4000-8000-{n:012}",
            product_id=f"https://x.example/01/09521234567899/21/S{n}",
            gtin="09521234567899",
            category="ev",
            placed_on_market=DAY,
            issued_at="2027-02-18T12:00:00Z",
            issuer=Issuer("Isarwerk", "did:web:x.example", ""),
            model=ModelFacts(model),
            item=ItemFacts(f"S{n}", values),
            operator=operator,
            company_information={"kind": "estimate", "stages": []},
            on=DAY,
        )
        for n, values in enumerate(variants)
    ]


def test_readiness_and_parts_are_those_of_each_battery_alone(batteries):
    states, pieces = FleetReadiness("ev", DAY), FleetParts()
    seen = set()
    for passport in batteries:
        status, due = states.of(passport.values), readiness(passport.values, "ev", DAY)
        assert status == due
        seen.add((len(due.findings), tuple(due.states.values())))
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
    given += [{"A088": "no table"}, {"A088": "no table"}, {"X": entry}, {"X": entry}]
    for one in given:
        assert known.of(one, BY, "/p") == parse_values(one, BY, "/p")
    assert known.of([], BY, "/p") == parse_values([], BY, "/p")
    first, again = known.of(given[0], BY, "")[0], known.of(given[1], BY, "")[0]
    assert first["A088"] is again["A088"]

"""Twins of the walk's batteries, registered, told of, found and read: nothing else is heard."""

import json
from pathlib import Path
from typing import Any

import pytest

from saltbridge.bootstrap import exchange_ways
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange.twins import AssetLink
from saltbridge.services import twin_events, twin_find
from saltbridge.services.twin_publish import TwinRequest, publish_twins
from saltbridge.testing.aviary import CARS, CELLS, SUPPLIER

WAYS = exchange_ways()


def opened(companies: Any, step: Any) -> Any:
    for _ in range(20):
        edr = step()
        if edr is not None:
            return edr
        companies.pump()
        companies.clock.advance(seconds=2)
    raise AssertionError("the interface never opens")


def read_everything(companies: Any, reader: str) -> int:
    """Every twin the cell maker shows, and every aspect of each; how many values came."""
    world, partner = companies.worlds[reader], companies.partner(reader, CELLS)
    edr = opened(companies, lambda: twin_find.registry_of(world, WAYS, partner))
    maker = AssetLink("manufacturerId", companies.worlds[CELLS].node.bpn)
    count = 0
    for id in twin_find.find(world, partner, edr, [maker]):
        twin = twin_find.read(world, partner, edr, id)
        for aspect in twin.aspects:
            way = opened(
                companies, lambda a=aspect: twin_find.value_of(world, WAYS, partner, a)
            )
            twin_find.read_value(world, partner, way, twin, aspect)
            count += 1
    return count


@pytest.mark.full("walks the whole path once more")
def test_a_partner_hears_of_twins_what_is_for_it_and_nobody_else_hears_anything(
    examples: Path, walk_again: Any
) -> None:
    companies = walk_again(examples)
    aviary, cells = companies.aviary, companies.worlds[CELLS]
    record = companies.all(CELLS, "proposal-document")[0]
    record = record.get("document", record)
    assert "CANARY-" in json.dumps(record)
    twin_events.listen(companies.worlds[CARS], companies.partner(CARS, CELLS))
    before = len(companies.heard)
    officer = aviary.text("twin-officer", CELLS)
    publish_twins(cells, TwinRequest(record=record, recipients=[CARS], person=officer))
    for _ in range(6):
        companies.pump()
        companies.clock.advance(seconds=2)
    assert read_everything(companies, CARS) >= 6
    assert list(twin_events.received(companies.worlds[CARS]))
    with pytest.raises(FaultyInput):
        read_everything(companies, SUPPLIER)
    said = companies.heard[before:]
    assert any("submodel/$value" in what or "aspects" in what for _, what, _ in said)
    leaks = [
        (hearer, what, found)
        for hearer, what, content in said
        if (found := aviary.heard_by(hearer, content))
    ]
    assert leaks == []
    assert officer.encode() not in companies.stored(CARS)

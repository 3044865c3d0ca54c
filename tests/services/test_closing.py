"""``saltbridge compare`` closes on every example, between every two editions, in every order.

On a bare machine the packs without background are priced by a stand-in (``stand_in``): its
values say nothing about a battery, but no line is without one, and that is what closing asks
for. ``make test-all`` does the same with the real background. Footprints are shared between
the pairs: a footprint depends on the fields that the bridge replaces, and on nothing else.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from itertools import permutations
from math import fsum
from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters.factors.library import OPEN_2026, Library
from saltbridge.adapters.inventory_files import load
from saltbridge.footprint import bridge as bridging
from saltbridge.footprint.bridge import RULES, bridge
from saltbridge.footprint.bridge_result import Bridge
from saltbridge.footprint.methodologies import known, methodologies
from saltbridge.footprint.methodology import Methodology
from saltbridge.footprint.model import Direction, FactorSet, Inventory
from saltbridge.testing.inventories import factor, factor_set

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PACKS = ("nmc111", "nmc622", "nmc811", "lfp")
PAIRS = tuple(permutations(known(), 2))
# The rule sets the examples and the pages use.
USED = ("eu-cfb@draft-2024-04", "catena-x-pcf@v4", "cn-miit-551@2025-551")
FIELDS = tuple(name for rule in RULES for name in rule.fields)


@cache
def example(name: str) -> Inventory:
    return load(EXAMPLES / f"{name}-pack").inventory


@cache
def stand_in(name: str) -> FactorSet:
    """A price for everything the example buys: 0.1 to 9.9 kg CO2e a unit, by its name."""
    what = example(name)
    made = {p.reference_flow for p in what.processes}
    bought = {
        (row.flow, row.unit, row.location)
        for row in what.exchanges
        if row.direction in (Direction.INPUT, Direction.WASTE) and row.flow not in made
    }
    named_as = {f.same_as: f.unit for f in what.factors if f.same_as}
    return factor_set(
        *(factor(flow, _price(flow), unit, location=at) for flow, unit, at in sorted(bought)),
        *(factor(id, _price(id), unit, id=id) for id, unit in named_as.items()),
    )


def _price(name: str) -> float:
    return 0.1 + sha256(name.encode()).digest()[0] % 99 / 10


def prices(name: str) -> list[FactorSet]:
    """What a bare machine can price the example with."""
    return [Library().factor_set(OPEN_2026) if name == "nmc111" else stand_in(name)]


def named(text: str) -> tuple[Methodology, str]:
    id, _, edition = text.partition("@")
    return methodologies()[id], edition


@contextmanager
def shared_footprints() -> Iterator[dict[Any, Any]]:
    """Footprints of one inventory, calculated once for each set of rules."""
    calculate: Callable[..., Any] = bridging.calculate_under
    found: dict[Any, Any] = {}

    def once(rules: Any, *given: Any, **more: Any) -> Any:
        key = tuple(repr(getattr(rules, name)) for name in FIELDS)
        if key not in found:
            found[key] = calculate(rules, *given, **more)
        return found[key]

    bridging.calculate_under = once  # type: ignore[assignment]
    try:
        yield found
    finally:
        bridging.calculate_under = calculate


def closes(found: Bridge) -> None:
    """Steps sum to the difference, lines to their step, and the rules stand in their order."""
    start, end = found.start.footprint.total_kg_co2e, found.end.footprint.total_kg_co2e
    assert abs(fsum(s.delta_kg_co2e for s in found.steps) - (end - start)) <= 1e-9
    for step in found.steps:
        moved = fsum(line.delta_kg_co2e for line in step.lines)
        assert abs(moved - step.delta_kg_co2e) <= 1e-9, step.rule
    order = [rule.id for rule in RULES]
    taken = [order.index(step.rule) for step in found.steps]
    assert taken == sorted(taken)


def walk(
    name: str, sets: list[FactorSet], pairs: Iterable[tuple[str, str]], *orders: bool
) -> dict[tuple[str, str], Bridge]:
    """Every pair in every order asked for (True: averaged); those of the last order."""
    found: dict[tuple[str, str], Bridge] = {}
    asked = list(pairs)
    with shared_footprints():
        for shapley in orders:
            for start, end in asked:
                one = bridge(example(name), named(start), named(end), sets, shapley=shapley)
                assert (one.start.name, one.end.name, one.shapley) == (start, end, shapley)
                closes(one)
                found[start, end] = one
    return found


PRINTED, AVERAGED = False, True


@pytest.mark.full("some seconds for all pairs of editions")
def test_every_two_editions_close_on_the_example_without_background() -> None:
    found = walk("nmc111", prices("nmc111"), PAIRS, PRINTED)
    assert len(found) == len(known()) * (len(known()) - 1)
    moved = {step.rule for one in found.values() for step in one.steps}
    assert {"boundary", "recycling", "electricity"} <= moved  # it was not all zeros
    for (start, end), one in found.items():  # there and back is the same difference
        back = found[end, start].difference_kg_co2e
        assert one.difference_kg_co2e == pytest.approx(-back, abs=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        name
        if name == PACKS[0]
        else pytest.param(name, marks=pytest.mark.full("half a minute of averaging"))
        for name in PACKS
    ],
)
def test_the_rule_sets_of_the_examples_close_in_both_orders(name: str) -> None:
    for one in walk(name, prices(name), permutations(USED, 2), PRINTED, AVERAGED).values():
        assert one.steps


@pytest.mark.full("minutes of averaging over every order")
@pytest.mark.parametrize("name", PACKS)
def test_every_two_editions_close_in_both_orders(name: str) -> None:
    walk(name, prices(name), PAIRS, PRINTED, AVERAGED)


@pytest.mark.full("the carculator background in the cache")
@pytest.mark.parametrize("name", ["nmc622", "nmc811", "lfp"])
def test_every_two_editions_close_with_the_background(name: str) -> None:
    from saltbridge.adapters.background.carculator import FETCH_COMMAND, is_fetched

    if not is_fetched():
        pytest.skip(f"the carculator background is not in the cache: {FETCH_COMMAND}")
    sets = [Library().factor_set(id) for id in example(name).factor_sets]
    walk(name, sets, PAIRS, PRINTED, AVERAGED)

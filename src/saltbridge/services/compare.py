"""Compare: one inventory under two rule sets, and what each difference of the rules moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.bridge import bridge
from saltbridge.footprint.bridge_result import Bridge
from saltbridge.footprint.check import check_content
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import EmissionFactor, Inventory
from saltbridge.ports import FactorLibrary, World
from saltbridge.steps.accounting import verified_supplier_factors, with_supplied_metals


@dataclass(frozen=True, kw_only=True)
class CompareRequest:
    """What to compare. ``start`` and ``end`` are ``ID`` or ``ID@EDITION``."""

    inventory: Inventory
    start: str
    end: str
    assumptions: Mapping[str, str] = field(default_factory=dict)
    shapley: bool = False


def compare(
    library: FactorLibrary,
    today: date,
    request: CompareRequest,
    supplied: Sequence[EmissionFactor] = (),
) -> Bridge:
    """The bridge of a request; nothing is signed or stored.

    Raises:
        FaultyInput: the inventory, a methodology or an assumption is faulty.
        NoEditionInForce: no edition was named and none is in force.
        Unavailable: a factor set cannot be had.
    """
    empty = check_content(request.inventory)
    if empty:
        raise FaultyInput(empty)
    sides = [choose(name, today) for name in (request.start, request.end)]
    (first, first_edition), (last, last_edition) = sides
    return bridge(
        request.inventory,
        (first, first_edition.name),
        (last, last_edition.name),
        [library.factor_set(name) for name in request.inventory.factor_sets],
        supplier_factors=supplied,
        assumptions=request.assumptions,
        shapley=request.shapley,
    )


def compare_on_node(world: World, request: CompareRequest) -> Bridge:
    """As ``compare``, with the supplier records the node has verified."""
    with world.store.reading() as view:
        supplied, _ = verified_supplier_factors(view)
        inventory = with_supplied_metals(view, request.inventory)
    asked = replace(request, inventory=inventory)
    return compare(world.factor_library, world.clock.now().date(), asked, supplied)

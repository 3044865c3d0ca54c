"""What if: one inventory before and after its changes, under every rule set there is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeAlias

from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.core.finding import Finding, finding
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.levers import Lever, levers
from saltbridge.footprint.methodologies import choose, methodologies
from saltbridge.footprint.methodology import RuleSet
from saltbridge.footprint.model import EmissionFactor, Inventory, Stage
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.footprint.supplier_providers import SuppliedMetal, supplement
from saltbridge.footprint.whatif import apply_changes
from saltbridge.footprint.whatif_changes import Change, scenario_record
from saltbridge.formats.inventory_sources import render_sources
from saltbridge.ports import FactorLibrary, NodeProfile, World
from saltbridge.steps.accounting import (
    FootprintRequest,
    supplied_metals,
    verified_supplier_factors,
)

DOCUMENT_KIND: Final = "what-if-estimate"
_ALWAYS: Final = "electricity_basis"  # a person may allow it under every rule set
JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class WhatIfRequest:
    """What to ask. ``methodology`` is the rule set whose stages and levers are shown."""

    inventory: Inventory
    inventory_digest: str
    methodology: str
    changes: Sequence[Change] = ()
    assumptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnderRules:
    """Both footprints under one edition; ``obstacle`` says why there are none."""

    methodology: str
    edition: str
    before: CarbonFootprint | None = None
    after: CarbonFootprint | None = None
    obstacle: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The answer. ``chosen`` is the rule set that was named; ``levers`` are of the base."""

    changed: Inventory
    chosen: UnderRules
    everywhere: tuple[UnderRules, ...]
    levers: tuple[Lever, ...]


def what_if(
    library: FactorLibrary,
    today: date,
    request: WhatIfRequest,
    supplied: Sequence[EmissionFactor] = (),
    metals: Sequence[SuppliedMetal] = (),
) -> WhatIf:
    """Both footprints under every edition of every rule set, and the levers of the base.

    ``metals`` fill empty terms of the circular footprint formula, before and after the changes.
    Assumptions go to the rule sets that know them; the others are calculated without.

    Raises:
        FaultyInput: a change meets nothing, or the inventory cannot be accounted under the
            rule set that was named.
        Refused: no edition of it is in force.
        Unavailable: a factor set cannot be had.
    """
    _known_somewhere(request.assumptions)
    changed = apply_changes(request.inventory, request.changes)
    base, changed_base = (supplement(i, metals)[0] for i in (request.inventory, changed))
    sets = [library.factor_set(name) for name in request.inventory.factor_sets]
    methodology, edition = choose(request.methodology, today)

    def calculated(name: str, edition_name: str) -> UnderRules:
        rules = methodologies()[name].rule_set(edition_name)
        given = _taken_by(rules, request.assumptions)
        run: Callable[[Inventory], CarbonFootprint] = lambda inventory: calculate(  # noqa: E731
            inventory,
            methodologies()[name],
            rules.edition,
            sets,
            supplier_factors=supplied,
            assumptions=given,
        )
        try:
            return UnderRules(name, edition_name, run(base), run(changed_base))
        except SaltbridgeError as fault:
            return UnderRules(name, edition_name, obstacle=tuple(fault.findings))

    everywhere = tuple(
        calculated(m.id, e.name) for m in methodologies().values() for e in m.editions
    )
    chosen = next(
        u for u in everywhere if (u.methodology, u.edition) == (methodology.id, edition.name)
    )
    if chosen.before is None:
        raise FaultyInput(chosen.obstacle)
    found = levers(
        base,
        methodology,
        edition,
        sets,
        supplier_factors=supplied,
        assumptions=_taken_by(methodology.rule_set(edition), request.assumptions),
    )
    return WhatIf(changed, chosen, everywhere, found)


def _taken_by(rules: RuleSet, assumptions: Mapping[str, str]) -> dict[str, str]:
    """The assumptions that a rule set knows."""
    return {k: v for k, v in assumptions.items() if k in (*rules.assumptions, _ALWAYS)}


def _known_somewhere(assumptions: Mapping[str, str]) -> None:
    """A misspelt assumption would change nothing anywhere, in silence."""
    known = {_ALWAYS} | {
        key for m in methodologies().values() for r in m.rule_sets for key in r.assumptions
    }
    unknown = [key for key in assumptions if key not in known]
    if unknown:
        raise FaultyInput(
            finding("footprint.unknown-assumption", key=key, known=", ".join(sorted(known)))
            for key in unknown
        )


def what_if_on(world: World, request: WhatIfRequest) -> WhatIf:
    """As ``what_if``, with the supplier records that the node has verified."""
    with world.store.reading() as view:
        supplied, _ = verified_supplier_factors(view)
        metals = supplied_metals(view)
    today = world.clock.now().date()
    return what_if(world.factor_library, today, request, supplied, metals)


def as_estimate(request: WhatIfRequest, answer: WhatIf) -> FootprintRequest:
    """The request that signs the scenario as an estimate which says that it is one.

    Its inputs are the changed inventory, rendered; the digest of the real one stands in the
    scenario, so that nobody can take one for the other.
    """
    chosen = answer.chosen
    rules = methodologies()[chosen.methodology].rule_set(chosen.edition)
    return FootprintRequest(
        inventory=answer.changed,
        inventory_digest=render_sources(answer.changed).digest,
        methodology=f"{chosen.methodology}@{chosen.edition}",
        assumptions=_taken_by(rules, request.assumptions),
        sources=render_sources(answer.changed),
        scenario=scenario_record(tuple(request.changes), request.inventory_digest),
    )


def estimate_document(node: NodeProfile, request: WhatIfRequest, answer: WhatIf) -> JsonObject:
    """The document to publish to a partner: changes, and the result under every rule set.

    Its kind has a catalogue of its own at the border: places of the changes leave, their values
    (a yield, another supplier's figure) stay.
    """
    inventory = request.inventory
    product = inventory.product
    record: JsonObject = scenario_record(tuple(request.changes), request.inventory_digest)
    changes = [
        {
            "kind": change.kind,
            "target": change.target,
            ("place" if "place" in change.parts else "value"): change.value,
        }
        for change in request.changes
    ]
    return {
        "kind": DOCUMENT_KIND,
        "manufacturer": {"name": node.legal_name, "bpn": node.bpn},
        "product": {
            "id": product.id,
            "name": product.name,
            "category": product.category,
            "chemistry": product.chemistry,
            "mass_kg": product.mass_kg,
            "usable_energy_kwh": product.usable_energy_kwh,
        },
        "period": {
            "start": inventory.period.start.isoformat(),
            "end": inventory.period.end.isoformat(),
        },
        "methodology": {
            "id": answer.chosen.methodology,
            "edition": answer.chosen.edition,
        },
        "scenario": {**record, "changes": changes},
        "rule_sets": [
            {
                "methodology": under.methodology,
                "edition": under.edition,
                "unit": unit,
                "before": before,
                "after": after,
                "before_holes": len(under.before.holes),
                "after_holes": len(under.after.holes),
                "assumptions": [
                    {"rule": rule, "value": value}
                    for rule, value in under.before.assumptions.items()
                ],
            }
            for under in answer.everywhere
            if under.before is not None and under.after is not None
            for before, after, unit in (per_unit(under.before, under.after),)
        ],
    }


def per_unit(before: CarbonFootprint, after: CarbonFootprint) -> tuple[float, float, str]:
    """Both totals per declared unit, or per unit of product where the rules have none."""
    if before.declared_unit is None or after.declared_unit is None:
        unit = before.unit_of_product.removeprefix("1 ")
        return before.total_kg_co2e, after.total_kg_co2e, f"kg CO2e/{unit}"
    return (
        before.total_kg_co2e / before.declared_unit.amount,
        after.total_kg_co2e / after.declared_unit.amount,
        f"kg CO2e/{before.declared_unit.unit}",
    )


def stage_changes(under: UnderRules) -> dict[Stage, tuple[float, float]]:
    """Known kg CO2e per unit of product of every stage, before and after."""
    if under.before is None or under.after is None:
        return {}
    return {
        stage: (under.before.stage_kg_co2e(stage), under.after.stage_kg_co2e(stage))
        for stage in Stage
    }

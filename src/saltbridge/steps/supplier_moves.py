"""What a supplier's new value does to the footprints on this node, and whether that is enough.

A line that the supplier's factor prices moves by its amount times the change; what goes
through the circular footprint formula is worked out again from the model that was kept with the
footprint. Each movement is held against the rule of its rule set on new declarations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isclose
from typing import Any, Final

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import SaltbridgeError
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.methodology import RuleSet
from saltbridge.footprint.model import EmissionFactor
from saltbridge.footprint.propagation import Movement, moved, through_metals
from saltbridge.footprint.result import AppliedRule
from saltbridge.formats.inventory_sources import parse_sources
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.accounting import (
    FootprintRequest,
    supplied_metals,
    verified_supplier_factors,
    work_out,
)
from saltbridge.steps.models import kept_model, sources_of
from saltbridge.steps.records import every
from saltbridge.steps.supplier_documents import KeptDocument
from saltbridge.trust.did import from_iso

REDECLARATION: Final = "redeclaration"  # id of the rule, in every rule set that has one


@dataclass(frozen=True)
class Judged:
    """A movement with the threshold of its rule set.

    ``beyond`` is None where the rule set states no number (it then asks for a new declaration
    when the bill of materials or the energy mix changes) or where the change stays ``unknown``.
    ``clause`` is the rule of the rule set on new declarations, with its citation.
    """

    movement: Movement
    redeclare_above: float | None
    unknown: bool = False
    clause: AppliedRule | None = None

    @property
    def beyond(self) -> bool | None:
        """Whether the change is larger than the threshold."""
        return None if self.unknown else self.movement.beyond(self.redeclare_above)


def judged_by(
    world: World,
    view: UnitOfWork,
    factors: Sequence[EmissionFactor],
    document: KeptDocument | None = None,
) -> tuple[Judged, ...]:
    """Movements of the stored footprints, declarations first, each with its threshold.

    What-ifs are left out: none of them is the footprint of a battery.

    The new values are those of a kept ``document``, its metals too, or are tried and kept
    nowhere.
    """
    materials = () if document is None else {m.material for m in document.metals()}
    tried = factors if document is None else ()
    stored: dict[str, Mapping[str, Any]] = {
        record.id: read_json(record.body) for record in every(view, "footprint")
    }
    records = [
        (id, s["kind"], s["record"])
        for id, s in stored.items()
        if "scenario" not in s["record"]
    ]
    by_footprint: dict[str, Movement] = {}
    for factor in factors:
        for movement in moved(records, factor):
            before = by_footprint.get(movement.footprint)
            by_footprint[movement.footprint] = _together(before, movement)
    for movement in through_metals(records, materials):
        before = by_footprint.get(movement.footprint)
        by_footprint[movement.footprint] = _together(before, movement)
    judged = []
    for id, movement in by_footprint.items():
        total = None
        if movement.open_lines:
            total = _total_again(world, view, id, stored[id], document, tried)
            if total is not None and not movement.lines and _as_before(total, movement):
                continue  # worked out again: neither the value nor a metal stands behind it
        unknown = bool(movement.open_lines) and total is None
        if total is not None:
            delta = total - movement.before_kg_co2e
            movement = replace(movement, delta_kg_co2e=delta, open_lines=())
        rules = _rule_set(movement.methodology)
        threshold = None if rules is None else rules.redeclare_above
        judged.append(Judged(movement, threshold, unknown, _clause(rules)))
    return tuple(
        sorted(
            judged,
            key=lambda j: (
                j.movement.kind != "declaration",
                -abs(j.movement.share),
                j.movement.footprint,
            ),
        )
    )


def _as_before(total: float, movement: Movement) -> bool:
    """Whether it is the same footprint; another machine may differ in the last digits."""
    return isclose(total, movement.before_kg_co2e, rel_tol=1e-12, abs_tol=1e-12)


def _together(before: Movement | None, movement: Movement) -> Movement:
    if before is None:
        return movement
    return replace(
        before,
        delta_kg_co2e=before.delta_kg_co2e + movement.delta_kg_co2e,
        amount=before.amount + movement.amount,
        lines=before.lines + movement.lines,
        open_lines=tuple(dict.fromkeys((*before.open_lines, *movement.open_lines))),
    )


def redeclare_above(methodology: str) -> float | None:
    """The share above which the rule set (ID@EDITION) asks for a new declaration, or None."""
    rules = _rule_set(methodology)
    return None if rules is None else rules.redeclare_above


def _rule_set(methodology: str) -> RuleSet | None:
    id, _, edition = methodology.partition("@")
    try:
        return methodologies()[id].rule_set(edition)
    except KeyError:
        return None


def _clause(rules: RuleSet | None) -> AppliedRule | None:
    """The rule on new declarations; None where the rule set has none, or lists it as unread."""
    named = [] if rules is None else [r for r in rules.rules if r.id == REDECLARATION]
    return named[0] if named else None


def _total_again(
    world: World,
    view: UnitOfWork,
    id: str,
    stored: Mapping[str, Any],
    document: KeptDocument | None,
    tried: Sequence[EmissionFactor],
) -> float | None:
    """The total with what the footprint knew then, and the document or the tried values besides
    [kg CO2e per unit of product]; None where its model is gone or can no longer be worked out.
    """
    model = kept_model(view, id)
    if model is None:
        return None
    try:
        inventory, _ = parse_sources(sources_of(view, model))
        if inventory is None:
            return None
        method = stored["record"]["methodology"]
        request = FootprintRequest(
            inventory=inventory,
            inventory_digest=stored["inputs_digest"],
            methodology=f"{method['id']}@{method['edition']}",
            factor_sets=model.factor_sets,
            assumptions=model.assumptions,
        )
        new = () if document is None else (document.id,)
        then = frozenset((*model.deliveries, *new))
        known, _ = verified_supplier_factors(view, then)
        supplied = (*(f for f in known if f.id not in {t.id for t in tried}), *tried)
        metals = supplied_metals(view, then)
        made: datetime = from_iso(stored["made_at"])
        return work_out(
            world.factor_library, made.date(), request, supplied, metals
        ).footprint.total_kg_co2e
    except SaltbridgeError:
        return None

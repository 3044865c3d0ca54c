"""The bridge between two rule sets as a document: what programs read and reports draw.

kg CO2e per unit of product unless a name says otherwise.
"""

from typing import Any

from saltbridge.footprint.bridge_result import (
    Bridge,
    Clause,
    HoleMove,
    LineMove,
    Row,
    Side,
    Span,
    Step,
)
from saltbridge.footprint.declare.functional_unit import batteries_per_unit
from saltbridge.footprint.model import Inventory


def bridge_record(found: Bridge, inventory: Inventory) -> dict[str, Any]:
    """The bridge as JSON."""
    batteries, mass = batteries_per_unit(inventory.product), inventory.product.mass_kg
    return {
        "type": "method-bridge",
        "product": {
            "id": inventory.product.id,
            "name": inventory.product.name,
            "mass_kg": inventory.product.mass_kg,
        },
        "mass_per_unit_kg": None if batteries is None or mass is None else batteries * mass,
        "unit_of_product": found.start.footprint.unit_of_product,
        "from": _side(found.start),
        "to": _side(found.end),
        "difference_kg_co2e": found.difference_kg_co2e,
        "gap_kg_co2e": found.gap_kg_co2e,
        "order": "shapley" if found.shapley else "printed",
        "calculations": found.calculations,
        "steps": [_step(step) for step in found.steps],
        "without_effect": [
            {
                "rule": rule.rule,
                "why": rule.why.value,
                "from": _clause(rule.before),
                "to": _clause(rule.after),
            }
            for rule in found.unmoved
        ],
    }


def _side(side: Side) -> dict[str, Any]:
    footprint = side.footprint
    unit = footprint.declared_unit
    return {
        "methodology": side.name,
        "status": footprint.edition.status.value,
        "total_kg_co2e": footprint.total_kg_co2e,
        "range_kg_co2e": _range(footprint.range_kg_co2e),
        "holes": len(footprint.holes),
        "unit": None
        if unit is None
        else {"kind": unit.kind, "amount": unit.amount, "unit": unit.unit},
        "kg_co2e_per_unit": side.per_unit,
        "unit_rule": _clause(side.unit_clause),
        "assumptions": dict(side.assumptions),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "clause": step.after.citation or step.before.citation,
        "delta_kg_co2e": step.delta_kg_co2e,
        "total_after_kg_co2e": step.total_after,
        "range_after_kg_co2e": _range(step.range_after),
        "from": _clause(step.before),
        "to": _clause(step.after),
        "lines": [_line(line) for line in step.lines],
        "holes": [_hole(hole) for hole in step.holes],
    }


def _clause(clause: Clause) -> dict[str, Any]:
    return {
        "status": clause.status.value,
        "value": clause.value,
        "citation": clause.citation,
        "confidence": None if clause.confidence is None else clause.confidence.value,
    }


def _line(line: LineMove) -> dict[str, Any]:
    return {
        **_row(line.row),
        "term": line.row.term,
        "change": line.change.value,
        "before_kg_co2e": line.before_kg_co2e,
        "after_kg_co2e": line.after_kg_co2e,
        "delta_kg_co2e": line.delta_kg_co2e,
    }


def _hole(hole: HoleMove) -> dict[str, Any]:
    return {
        **_row(hole.row),
        "change": hole.change.value,
        "before": _span(hole.before),
        "after": _span(hole.after),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "stage": row.stage.value,
        "process": row.process,
        "flow": row.flow,
        "file": row.place.file,
        "row": row.place.row,
    }


def _span(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    return {
        "low_kg_co2e": span.low,
        "high_kg_co2e": span.high,
        "reasons": list(span.reasons),
    }


def _range(bounds: tuple[float, float] | None) -> dict[str, float] | None:
    return None if bounds is None else {"low": bounds[0], "high": bounds[1]}

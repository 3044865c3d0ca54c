"""The footprint record: the document that is shown, signed, and cut down at the border.

Numbers are kg CO2e per unit of product unless a name says otherwise. Absolute values are
kept; shares of stages are derived by whoever needs them.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from saltbridge.core.finding import Finding, Place
from saltbridge.core.provenance import weakest
from saltbridge.core.quantity import round_significant
from saltbridge.footprint.biogenic import BLOCKS, CarbonOrigins
from saltbridge.footprint.completeness import Coverage
from saltbridge.footprint.cut_off import left_out
from saltbridge.footprint.data_quality import FIVE, WORST, DataQuality
from saltbridge.footprint.declare.declaration import declared_value
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.methodology import CutOff
from saltbridge.footprint.model import EmissionFactor, Inventory, Stage
from saltbridge.footprint.result import CarbonFootprint, Contribution, Hole


def footprint_record(
    footprint: CarbonFootprint,
    inventory: Inventory,
    kind: str,
    placed_on_market: date | None = None,
) -> dict[str, Any]:
    """The record of a footprint as JSON. ``kind`` is ``estimate`` or ``declaration``.

    ``placed_on_market`` is the day that says which edition governs; a record without that
    member names no day.
    """
    methodology = methodologies()[footprint.methodology]
    rules = methodology.rule_set(footprint.edition)
    stages = {s.value: footprint.stage_kg_co2e(s) for s in rules.boundary}
    unit = footprint.declared_unit
    value = declared_value(footprint)
    bounds = footprint.range_kg_co2e
    digits = footprint.rounding_digits
    return {
        "type": kind,
        "product": _product(inventory),
        "plant": {
            "id": inventory.plant.id,
            "name": inventory.plant.name,
            "country": inventory.plant.country,
            "province": inventory.plant.province,
        },
        "period": {
            "start": inventory.period.start.isoformat(),
            "end": inventory.period.end.isoformat(),
        },
        **({"placed_on_market": placed_on_market.isoformat()} if placed_on_market else {}),
        "methodology": {
            "id": footprint.methodology,
            "edition": footprint.edition.name,
            "title": methodology.title,
            "status": footprint.edition.status.value,
        },
        "unit": None
        if unit is None
        else {"kind": unit.kind, "amount": unit.amount, "unit": unit.unit},
        "unit_of_product": footprint.unit_of_product,
        "total_kg_co2e": footprint.total_kg_co2e,
        "declared": None if unit is None else {"value": value, "unit": f"kg CO2e/{unit.unit}"},
        "stages": stages,
        "stages_declared": None
        if unit is None
        else {s: round_significant(kg / unit.amount, digits) for s, kg in stages.items()},
        "significant_digits": digits,
        "stage_confidence": _stage_confidence(footprint),
        "coverage": _coverage(footprint),
        "primary_data_share": footprint.detail.get("primary_data_share"),
        "data_quality": _data_quality(footprint),
        "cut_off": _cut_off(footprint, rules.cut_off),
        "biogenic": _biogenic(footprint, rules.biogenic),
        "range_kg_co2e": None if bounds is None else {"low": bounds[0], "high": bounds[1]},
        "holes": [_hole(h) for h in footprint.holes],
        "lines": [_line(c) for c in footprint.contributions],
        "rules": [
            {
                "id": r.id,
                "value": r.value,
                "citation": r.citation,
                "confidence": r.confidence.value,
            }
            for r in footprint.rules
        ],
        "rules_not_loaded": [
            {"id": r.id, "citation": r.citation, "effect": r.effect}
            for r in footprint.rules_not_loaded
        ],
        "assumptions": dict(footprint.assumptions),
        "findings": [finding_record(f) for f in footprint.findings],
    }


def finding_record(found: Finding) -> dict[str, Any]:
    """A finding as JSON; the place is one line of text."""
    return {
        "code": found.code,
        "arguments": dict(found.arguments),
        "place": str(found.place),
        "severity": found.severity.value,
    }


def _product(inventory: Inventory) -> dict[str, Any]:
    product = inventory.product
    return {
        "id": product.id,
        "name": product.name,
        "category": product.category,
        "chemistry": product.chemistry,
        "mass_kg": product.mass_kg,
        "usable_energy_kwh": product.usable_energy_kwh,
        "rated_capacity_ah": product.rated_capacity_ah,
        "nominal_voltage_v": product.nominal_voltage_v,
        "gtin": product.gtin,
        "manufacturer_part_id": product.manufacturer_part_id,
    }


def _stage_confidence(footprint: CarbonFootprint) -> dict[str, str]:
    """The weakest confidence among the factors of each stage.

    Lines do not cross the border; this mark does, so that an illustrative stage is still
    called so by whoever receives its sum.
    """
    found: dict[str, str] = {}
    for stage in Stage:
        mark = weakest(c.factor.confidence for c in footprint.contributions if c.stage is stage)
        if mark is not None:
            found[stage.value] = mark.value
    return found


def _coverage(footprint: CarbonFootprint) -> dict[str, float] | None:
    coverage = footprint.detail.get("coverage")
    if not isinstance(coverage, Coverage):
        return None
    return {
        "mass_share": coverage.mass_share,
        "mass_without_factor_kg": coverage.mass_without_factor_kg,
    }


def _data_quality(footprint: CarbonFootprint) -> dict[str, Any] | None:
    quality = footprint.detail.get("data_quality")
    if not isinstance(quality, DataQuality):
        return None
    five = {"completeness": quality.completeness, "reliability": quality.reliability}
    return {
        "TeR": quality.TeR,
        "GeR": quality.GeR,
        "TiR": quality.TiR,
        **(five if quality.scheme == FIVE else {}),
        "DQR": quality.DQR,
        "worst": WORST[quality.scheme],
        "rated_share": quality.rated_share,
    }


def _cut_off(footprint: CarbonFootprint, rule: CutOff | None) -> dict[str, Any]:
    """Shares (0 to 1) without a factor, at their most, and the share the rule set allows."""
    found = left_out(footprint, rule)
    return {
        "mass_share": found.mass,
        "emission_share": found.emissions,
        "of": None if rule is None else rule.of,
        "allowed": None if rule is None else rule.share,
        "within": found.within,
    }


def _biogenic(footprint: CarbonFootprint, rule: str) -> dict[str, Any] | None:
    """Biogenic CO2 both ways; the total with uptake only where the rule set knows it."""
    origins = footprint.detail.get("carbon_origins")
    if not isinstance(origins, CarbonOrigins):
        return None
    both = rule == "both"
    return {
        "taken_up_kg_co2": origins.taken_up_kg_co2,
        "given_back_kg_co2": origins.given_back_kg_co2,
        "uptake_kg_co2e": origins.uptake,
        "excluding_uptake_kg_co2e": origins.excluding_uptake,
        "including_uptake_kg_co2e": origins.including_uptake if both else None,
        "origins": {name: getattr(origins, name) for name in BLOCKS},
    }


def _hole(hole: Hole) -> dict[str, Any]:
    return {
        "stage": hole.stage.value,
        "process": hole.process,
        "flow": hole.flow,
        "amount": hole.amount,
        "unit": hole.unit,
        "mass_kg": hole.mass_kg,
        "reason": hole.reason.value,
        "low_kg_co2e": hole.low_kg_co2e,
        "high_kg_co2e": hole.high_kg_co2e,
        "range_source": hole.range_source,
        **_where(hole.place),
    }


def _line(line: Contribution) -> dict[str, Any]:
    return {
        "stage": line.stage.value,
        "process": line.process,
        "flow": line.flow,
        "amount": line.amount,
        "unit": line.unit,
        "term": line.term,
        "rule": line.rule,
        "kg_co2e": line.kg_co2e,
        "primary": line.primary,
        "supplier": line.supplier,
        **_where(line.place),
        "factor": _factor(line.factor),
    }


def _where(place: Place) -> Mapping[str, str | int | None]:
    return {"file": place.file, "row": place.row}


def _factor(factor: EmissionFactor) -> dict[str, Any]:
    return {
        "id": factor.id,
        "flow": factor.flow,
        "location": factor.location,
        "value": factor.kg_co2e_per_unit,
        "unit": factor.unit,
        "gas_basis": factor.gas_basis,
        "scope": factor.scope,
        "market": factor.market,
        "year": factor.year,
        "source": factor.source,
        "licence": factor.licence,
        "confidence": factor.confidence.value,
    }

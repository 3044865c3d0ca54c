"""The carbon footprint declaration of Article 7: its seven items, or what stands in its way.

Article 7(1) of Regulation (EU) 2023/1542 (OJ L 191, read 2026-11-23) asks for, per battery
model and manufacturing plant: (a) the manufacturer, (b) the battery model, (c) the place of
the plant, (d) the footprint in kg CO2e per kWh of total energy over service life, (e) the
same by life-cycle stage, (f) the identifier of the EU declaration of conformity, (g) a link
to a public version of the study. The implementing act that sets the format is not adopted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.quantity import round_significant
from saltbridge.footprint.declare.declaration import (
    DECLARATION,
    declaration_or_findings,
    declared_value,
)
from saltbridge.footprint.model import Inventory, Stage
from saltbridge.footprint.result import CarbonFootprint

METHODOLOGY = "eu-cfb"
# A stationary storage system is an industrial battery (Article 3(1)(13) and (15)).
# What a complete document says of itself while nobody has signed it.
UNSIGNED = (
    "Complete, but signed by nobody: no declaration and no filing until the responsible "
    "economic operator has signed it (saltbridge declare --node)."
)
_CATEGORIES = frozenset({"ev", "lmt", "industrial", "stationary"})


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclarationFacts:
    """What a declaration or filing needs that no inventory holds."""

    declaration_of_conformity: str = ""  # identifier of the EU declaration of conformity
    study_link: str = ""  # where the public version of the study can be read
    verified_by: str = ""  # the third party that verified the footprint
    placed_on_market: date | None = None  # the day that says which edition governs


@dataclass(frozen=True)
class DeclarationDocument:
    """The document and what stands in the way; complete without obstacles."""

    content: Mapping[str, Any]
    obstacles: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        """Whether it may be called a declaration."""
        return not self.obstacles


def article_7(
    footprint: CarbonFootprint, inventory: Inventory, facts: DeclarationFacts
) -> DeclarationDocument:
    """The seven items [kg CO2e per kWh], with everything that stands in the way at once.

    What is unread or pending is part of the document. A document with obstacles says
    ``draft`` and is no declaration.
    """
    kind, obstacles = declaration_or_findings(footprint, facts.placed_on_market)
    faults = [*obstacles, *_missing(footprint, inventory, facts)]
    unit = footprint.declared_unit
    value = declared_value(footprint)
    digits = footprint.rounding_digits
    stages = {
        s.value: None
        if unit is None
        else round_significant(footprint.stage_kg_co2e(s) / unit.amount, digits)
        for s in Stage
    }
    operator, product, plant = inventory.operator, inventory.product, inventory.plant
    content = {
        "type": "article-7-declaration"
        if kind == DECLARATION and not faults
        else "article-7-draft",
        "a_manufacturer": {
            "name": operator.name,
            "address": operator.address,
            "country": operator.country,
            "website": operator.website,
        },
        "b_battery_model": {
            "id": product.manufacturer_part_id or product.id,
            "name": product.name,
            "category": product.category,
        },
        "c_plant": {
            "name": plant.name,
            "address": plant.address,
            "country": plant.country,
            "province": plant.province,
        },
        "d_carbon_footprint": {"value": value, "unit": "kg CO2e/kWh"},
        "e_stages": {"values": stages, "unit": "kg CO2e/kWh"},
        "f_declaration_of_conformity": facts.declaration_of_conformity,
        "g_study": facts.study_link,
        **common_part(footprint, inventory, facts),
    }
    return DeclarationDocument(content, tuple(faults))


def signed_as(document: DeclarationDocument, claim: str) -> DeclarationDocument:
    """The document with the id of its signed claim; without one it calls itself unsigned.

    A draft stays one, whoever signs the estimate behind it.
    """
    if not document.complete:
        return document
    content = dict(document.content)
    if claim:
        return replace(document, content={**content, "signed_as": claim})
    kind = str(content.pop("type")).removesuffix("-declaration")
    return replace(
        document,
        content={
            "type": f"{kind}-unsigned",
            "unsigned": UNSIGNED,
            **content,
            "signed_as": None,
        },
    )


def common_part(
    footprint: CarbonFootprint, inventory: Inventory, facts: DeclarationFacts
) -> dict[str, Any]:
    """What every declaration and filing says besides its own items: rules, what is unread."""
    day = facts.placed_on_market
    return {
        "holes": len(footprint.holes),  # flows without a factor: no part of any value here
        "placed_on_market": None if day is None else day.isoformat(),
        "period": {
            "start": inventory.period.start.isoformat(),
            "end": inventory.period.end.isoformat(),
        },
        "methodology": {
            "id": footprint.methodology,
            "edition": footprint.edition.name,
            "status": footprint.edition.status.value,
            "text": footprint.edition.title,
        },
        "rules": [
            {"id": r.id, "value": r.value, "citation": r.citation, "known": r.confidence.value}
            for r in footprint.rules
        ],
        "unread": [{"id": r.id, "citation": r.citation} for r in footprint.rules_not_loaded],
        "conformance": "No conformance is claimed with a rule listed as unread, or marked "
        "recalled or secondary.",
    }


def _missing(
    footprint: CarbonFootprint, inventory: Inventory, facts: DeclarationFacts
) -> list[Finding]:
    found: list[Finding] = []
    if footprint.methodology != METHODOLOGY:
        found.append(
            finding("declare.other-methodology", found=footprint.methodology, due=METHODOLOGY)
        )
    if facts.placed_on_market is None:
        found.append(finding("declare.no-market-day"))
    unit = footprint.declared_unit
    if unit is not None and unit.unit != "kWh":
        found.append(finding("declare.not-per-kwh", unit=unit.unit))
    if inventory.product.category not in _CATEGORIES:
        place = Place(pointer="/product/category")
        found.append(
            finding("declare.category", place, category=inventory.product.category or "–")
        )
    given = {
        "a": ("/operator/address", inventory.operator.address and inventory.operator.name),
        "b": (
            "/product/manufacturer_part_id",
            inventory.product.manufacturer_part_id or inventory.product.id,
        ),
        "c": ("/plant/address", inventory.plant.address and inventory.plant.country),
        "f": ("--conformity", facts.declaration_of_conformity.strip()),
        "g": ("--study-link", facts.study_link.strip()),
    }
    found += [
        finding("declare.item-missing", item=item, where=where)
        for item, (where, value) in given.items()
        if not value
    ]
    link = facts.study_link.strip()
    if link and not link.startswith("https://"):
        found.append(finding("declare.study-link", link=link[:120]))
    return found

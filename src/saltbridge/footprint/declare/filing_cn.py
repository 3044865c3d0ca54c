"""The Chinese filing of a traction battery's footprint (MIIT 工信厅通装函〔2025〕551号).

Known of the notice, from copies and the ministry's answers (secondary, read 2026-11): the
maker of the pack files every traction battery above 2 kWh sold in China; the footprint is the
sum of four stages divided by the total energy over the life cycle; a third party verifies it
in the trial. The annexes with the form were not read. This is therefore a list of what a
filer must enter, not the official form.
"""

from typing import Any

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.quantity import round_significant
from saltbridge.footprint.declare.article_7 import (
    DeclarationDocument,
    DeclarationFacts,
    common_part,
)
from saltbridge.footprint.declare.declaration import (
    declaration_or_findings,
    declared_value,
)
from saltbridge.footprint.model import Inventory, Stage
from saltbridge.footprint.result import CarbonFootprint

METHODOLOGY = "cn-miit-551"
LEAST_KWH = 2.0  # secondary: copies of the notice
FORM_UNREAD = "MIIT 工信厅通装函〔2025〕551号, annex with the filing form: not read"


def filing_cn(
    footprint: CarbonFootprint, inventory: Inventory, facts: DeclarationFacts
) -> DeclarationDocument:
    """What is filed of one battery model [kg CO2e, kg CO2e/kWh], and what stands in the way."""
    _, obstacles = declaration_or_findings(footprint, facts.placed_on_market)
    faults = [*obstacles, *_missing(footprint, inventory, facts)]
    unit, value = footprint.declared_unit, declared_value(footprint)
    product, operator, plant = inventory.product, inventory.operator, inventory.plant
    digits = footprint.rounding_digits
    stages: dict[str, Any] = {}
    for stage in Stage:
        kg = footprint.stage_kg_co2e(stage)
        stages[stage.value] = {
            "kg_co2e": round_significant(kg, digits),
            "kg_co2e_per_kwh": None
            if unit is None
            else round_significant(kg / unit.amount, digits),
        }
    content = {
        "type": "cn-filing" if not faults else "cn-filing-draft",
        "form": FORM_UNREAD,
        "pack_maker": {
            "name": operator.name,
            "address": operator.address,
            "country": operator.country,
        },
        "plant": {"name": plant.name, "address": plant.address, "province": plant.province},
        "battery_model": {
            "id": product.manufacturer_part_id or product.id,
            "name": product.name,
            "chemistry": product.chemistry,
            "mass_kg": product.mass_kg,
            "usable_energy_kwh": product.usable_energy_kwh,
            "rated_capacity_ah": product.rated_capacity_ah,
            "nominal_voltage_v": product.nominal_voltage_v,
        },
        "total_energy_kwh": None if unit is None else unit.amount,
        "unit_of_product": footprint.unit_of_product,
        "stages": stages,
        "carbon_footprint": {"value": value, "unit": "kg CO2e/kWh"},
        "verified_by": facts.verified_by,
        **common_part(footprint, inventory, facts),
    }
    return DeclarationDocument(content, tuple(faults))


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
    energy = inventory.product.usable_energy_kwh
    if energy is None or energy <= LEAST_KWH:
        found.append(
            finding(
                "declare.below-filing",
                Place(pointer="/product/usable_energy_kwh"),
                found="–" if energy is None else energy,
                least=LEAST_KWH,
            )
        )
    product, operator, plant = inventory.product, inventory.operator, inventory.plant
    given: dict[str, dict[str, str | float | None]] = {
        "pack_maker": {
            "/operator/name": operator.name,
            "/operator/address": operator.address,
        },
        "plant": {"/plant/name": plant.name, "/plant/address": plant.address},
        "battery_model": {
            "/product/chemistry": product.chemistry,
            "/product/mass_kg": product.mass_kg,
            "/product/rated_capacity_ah": product.rated_capacity_ah,
            "/product/nominal_voltage_v": product.nominal_voltage_v,
        },
        "verified_by": {"--verified-by": facts.verified_by.strip()},
    }
    found += [
        finding("declare.item-missing", item=item, where=where)
        for item, places in given.items()
        for where, value in places.items()
        if not value
    ]
    return found

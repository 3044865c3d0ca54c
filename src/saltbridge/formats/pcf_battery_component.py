"""Footprints of battery components: ``io.catenax.pcf_for_battery_component_supplier`` 1.0.0.

The model carries what the circular footprint formula of the EU rules needs and no other PCF
has: Ev and Erecycled for each metal. It carries them as free text (``contentC02Metals``):
"Material: Nickel, Specific Content: 50.5 %, EV_Mat 4.9, Erecycled_Mat 2.3". Besides this text
the member ``saltbridgeMetals`` states the same as numbers; the schema allows unknown members,
so that others can ignore it.

The schema asks for stage values >= 0. Under the circular footprint formula the end of life is
usually a credit, so that a correct value cannot be written: rendering refuses, and clamps
nothing. Schema and sample read 2026-11 (see pcf_schemas/NOTICE).
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from saltbridge.core.errors import Refused
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.footprint.supplier_figure import COMPONENT_1, STAGES, MetalTerms, SupplierFigure
from saltbridge.formats.pcf_members import (
    NUMBER,
    TEXT,
    TEXTS,
    Member,
    Spelling,
    parse_members,
    render_members,
    worded,
)

EXTENSION: Final = "saltbridgeMetals"
_UNITS: Final = {"CO2KG/KG": "kilogram", "CO2KG/piece": "piece"}
_STAGES: Final = "pcfValues/sharesPerStage"
_STAGE_MEMBERS: Final = {
    "acquisition": "stage1RawMaterialAquisitionPreProcessing",
    "production": "stage2MainProductProduction",
    "distribution": "stage3Distribution",
    "end_of_life": "stage4EndOfLifeRecycling",
}
_ROWS: Final[tuple[tuple[str, str, Spelling], ...]] = (
    *((f"stage.{stage}", f"{_STAGES}/{member}/stageValue", NUMBER)
      for stage, member in _STAGE_MEMBERS.items()),
    ("stage.total", f"{_STAGES}/absPcfValue/stageValue", NUMBER),
    ("unit", f"{_STAGES}/declaredUnit", worded(TEXT, _UNITS)),
    ("performance_class", "pcfValues/pcfPerformanceClass", TEXT),
    ("study", "pcfValues/webLinkToCarbonFootPrintStudy", TEXT),
    ("secondary_sources", "secondaryEmissionFactorSources", TEXTS),
    ("primary_data_share", "primaryDataShare", NUMBER),
    ("part_id", "manufacturerPartId", TEXT),
    ("customer_part_id", "customerPartId", TEXT),
    ("TeR", "technologicalRepresentativeness", NUMBER),
    ("GeR", "geographicalRepresentativeness", NUMBER),
    ("TiR", "timerelatedRepresentativeness", NUMBER),
    ("DQR", "dataQualityRating", NUMBER),
    ("valid_from", "validityPeriod/validFrom", TEXT),
    ("valid_until", "validityPeriod/validTo", TEXT),
    ("site_id", "siteIdentifier", TEXT),
    ("legal_id", "legalidentifier", TEXT),
    ("quality_parameters", "productQualityParameter", TEXTS),
    ("metals_text", "contentC02Metals", TEXTS),
)  # fmt: skip
MEMBERS: Final = tuple(Member(*row) for row in _ROWS)

# "kg CO₂e/kg" and its usual spellings; nothing else is taken for it.
_PER_KG: Final = re.compile(
    r"kg\s*CO(2|₂)[\s-]*(e|eq)\s*(/|per)\s*kg( of metal)?", re.IGNORECASE
)
_KEY_VALUE: Final = re.compile(
    r"\s*(?P<key>[A-Za-z][A-Za-z_ ]*?)\s*(?::\s*|\s+)(?P<number>-?\d+(?:\.\d+)?)"
    r"\s*(?P<unit>[^,;]*?)\s*"
)
_COMMA: Final = re.compile(r"(?<![\d.])\d+,\d+(?![\d.])")
_KEYS: Final = {"specific content": "content", "ev_mat": "Ev", "erecycled_mat": "Erecycled"}


def recognise(document: Any) -> str:
    """``battery-component-1`` for a document of the component model; empty for any other."""
    if not isinstance(document, dict):
        return ""
    values = document.get("pcfValues")
    known = isinstance(values, dict) and "sharesPerStage" in values
    return COMPONENT_1 if known else ""


def parse_component(
    document: Any, name: str = ""
) -> tuple[SupplierFigure, tuple[Finding, ...]]:
    """The figure of a component with its metals, and everything that could not be read."""
    values, rest, findings = parse_members(document, MEMBERS, name)
    found = list(findings)
    place = Place(name, pointer="/contentC02Metals")
    text = values.get("metals_text")
    lines = [str(v) for v in text] if isinstance(text, tuple) else []
    metals, faults = parse_metals(lines, place)
    found += faults
    stated = rest.get(EXTENSION) if isinstance(rest, dict) else None
    if stated is not None:
        rest = {k: v for k, v in rest.items() if k != EXTENSION}
        numbers, faults = _parse_extension(stated, Place(name, pointer=f"/{EXTENSION}"))
        found += faults
        found += _contradictions(metals, numbers, place)
        metals = numbers
    return SupplierFigure(COMPONENT_1, values, metals, rest), tuple(found)


def render_component(figure: SupplierFigure) -> Any:
    """The document of a figure; parsing it again gives an equal figure.

    Raises:
        Refused: a stage is negative, which the schema cannot hold.
    """
    negative = [
        finding("supplier.negative-stage", stage=stage, value=float(value))
        for stage in (*STAGES, "total")
        if (value := figure.number(f"stage.{stage}")) is not None and value < 0
    ]
    if negative:
        raise Refused(negative)
    values = dict(figure.values)
    told, _ = parse_metals(figure.texts("metals_text"), Place())
    if figure.metals and not figure.texts("metals_text"):
        line = render_metals(figure.metals)
        values["metals_text"] = (line,)
        told, _ = parse_metals((line,), Place())
    document = render_members(values, figure.rest, MEMBERS)
    if figure.metals and told != figure.metals:
        document[EXTENSION] = [_metal_record(metal) for metal in figure.metals]
    return document


def parse_metals(
    lines: Sequence[str], place: Place
) -> tuple[tuple[MetalTerms, ...], tuple[Finding, ...]]:
    """Metals out of the free text; what cannot be read for certain is a finding, no guess."""
    metals: list[MetalTerms] = []
    findings: list[Finding] = []
    for part in (p.strip() for line in lines for p in line.split(";")):
        if not part:
            continue
        if comma := _COMMA.search(part):
            found = finding("supplier.decimal-comma", place, value=comma.group())
            findings.append(found)
            continue
        head, *pairs = part.split(",")
        key, sign, material = head.partition(":")
        if key.strip().lower() != "material" or not sign or not material.strip():
            findings.append(
                finding("supplier.metal-text", place, severity=Severity.WARNING, text=part[:80])
            )
            continue
        numbers, faults = _metal_numbers(material.strip(), pairs, place)
        findings += faults
        metals.append(
            MetalTerms(
                material.strip(),
                numbers.get("content"),
                numbers.get("Ev"),
                numbers.get("Erecycled"),
            )
        )
    return tuple(metals), tuple(findings)


def render_metals(metals: Sequence[MetalTerms]) -> str:
    """The free text of metals, as the official sample writes it."""
    parts = []
    for metal in metals:
        part = [f"Material: {metal.material}"]
        if metal.content_percent is not None:
            part.append(f"Specific Content: {metal.content_percent:f}%")
        if metal.Ev is not None:
            part.append(f"EV_Mat: {metal.Ev:f} kg CO₂e/kg")
        if metal.Erecycled is not None:
            part.append(f"Erecycled_Mat: {metal.Erecycled:f} kg CO₂e/kg")
        parts.append(", ".join(part))
    return "; ".join(parts)


def _metal_numbers(
    material: str, pairs: Sequence[str], place: Place
) -> tuple[dict[str, Decimal], list[Finding]]:
    numbers: dict[str, Decimal] = {}
    findings: list[Finding] = []
    for pair in pairs:
        read = _KEY_VALUE.fullmatch(pair)
        field = _KEYS.get(read["key"].lower()) if read else None
        if read is None or field is None:
            findings.append(
                finding(
                    "supplier.metal-text",
                    place,
                    severity=Severity.WARNING,
                    text=pair.strip()[:80],
                )
            )
            continue
        unit = read["unit"]
        # A bare number is in the unit the model's description means; another text is unknown.
        known = (
            unit in ("%", "percent") if field == "content" else bool(_PER_KG.fullmatch(unit))
        )
        if unit and not known:
            findings.append(
                finding(
                    "supplier.metal-unit",
                    place,
                    severity=Severity.WARNING,
                    material=material,
                    term=read["key"],
                    unit=unit[:40],
                )
            )
            continue
        numbers[field] = Decimal(read["number"])
    return numbers, findings


def _parse_extension(
    stated: Any, place: Place
) -> tuple[tuple[MetalTerms, ...], tuple[Finding, ...]]:
    metals: list[MetalTerms] = []
    findings: list[Finding] = []
    for entry in stated if isinstance(stated, list) else ():
        material = entry.get("material") if isinstance(entry, dict) else None
        if not isinstance(material, str) or entry.get("unit") != "kg CO2e/kg":
            findings.append(finding("supplier.metal-entry", place))
            continue
        numbers: dict[str, Decimal | None] = {}
        for key in ("contentPercent", "Ev", "Erecycled"):
            value = entry.get(key)
            try:
                read = None if value is None else NUMBER.read(value)
            except Exception:
                findings.append(finding("supplier.metal-entry", place))
                read = None
            numbers[key] = read if isinstance(read, Decimal) else None
        metals.append(
            MetalTerms(material, numbers["contentPercent"], numbers["Ev"], numbers["Erecycled"])
        )
    return tuple(metals), tuple(findings)


def _metal_record(metal: MetalTerms) -> dict[str, Any]:
    record: dict[str, Any] = {"material": metal.material, "unit": "kg CO2e/kg"}
    for key, value in (
        ("contentPercent", metal.content_percent),
        ("Ev", metal.Ev),
        ("Erecycled", metal.Erecycled),
    ):
        if value is not None:
            record[key] = NUMBER.write(value)
    return record


def _contradictions(
    told: Sequence[MetalTerms], numbers: Sequence[MetalTerms], place: Place
) -> list[Finding]:
    """Where the text and the numbers say different things about a metal."""
    by_name = {m.material.lower(): m for m in numbers}
    found = []
    for metal in told:
        other = by_name.get(metal.material.lower())
        for name in ("content_percent", "Ev", "Erecycled"):
            text_value = getattr(metal, name)
            number = None if other is None else getattr(other, name)
            if text_value is not None and text_value != number:
                found.append(
                    finding(
                        "supplier.metal-contradiction",
                        place,
                        material=metal.material,
                        term=name,
                        text=float(text_value),
                        number="–" if number is None else float(number),
                    )
                )
    return found

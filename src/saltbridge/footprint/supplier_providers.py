"""Providers out of a supplier's figure: emission factors, and terms of the circular formula.

The factor counts what reaches the buyer: production without biogenic uptake (0/0), plus the
distribution stage where the supplier counts it. Packaging is part of production and is not
added again. A component of the EU model gives two factors: one up to the gate, and one for its
end of life, which is its own flow so that a row says where it belongs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.provenance import Confidence, weakest
from saltbridge.footprint.metal_names import metal_key
from saltbridge.footprint.model import CircularTerms, Direction, EmissionFactor, Inventory
from saltbridge.footprint.supplier_figure import (
    COMPONENT_1,
    EXCLUDING,
    INCLUDING,
    UPTAKE,
    SupplierFigure,
)

END_OF_LIFE: Final = "end of life"
_TO_GATE: Final = ("stage.acquisition", "stage.production", "stage.distribution")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a figure came from. ``flow`` is the name the inventory uses for the product."""

    supplier: str  # BPN, else the company's name
    digest: str  # of the file or delivery
    signed: bool  # whether a verified signature of the supplier covers it
    flow: str = ""
    verified_by: str = ""  # who checked the signature
    illustrative: bool = False  # invented to show the path


@dataclass(frozen=True, kw_only=True)
class SuppliedMetal:
    """Terms of one metal as a supplier states them [kg CO2e / kg of the metal]."""

    supplier: str
    record: str
    material: str
    Ev: float | None
    Erecycled: float | None
    source: str
    confidence: Confidence


def figure_factors(figure: SupplierFigure, origin: Origin) -> tuple[EmissionFactor, ...]:
    """The emission factors of a figure that passed its checks [kg CO2e per unit].

    Raises:
        ValueError: the figure has no value or no unit; ``check_figure`` says so before.
    """
    amount = figure.amount
    if not figure.unit or amount is None or amount <= 0:
        raise ValueError("a figure without a unit makes no factor")
    flow = origin.flow or figure.product
    if figure.format == COMPONENT_1:
        to_gate = _total(figure, _TO_GATE)
        afterwards = _total(figure, ("stage.end_of_life",))
        gate = _factor(figure, origin, flow, to_gate)
        if afterwards == 0:
            return (gate,)
        return (gate, _factor(figure, origin, f"{flow}, {END_OF_LIFE}", afterwards))
    counted = [f"production.{EXCLUDING}"]
    if (
        figure.flag("distribution.counted") is not False
        and figure.number(f"distribution.{EXCLUDING}") is not None
    ):
        counted.append(f"distribution.{EXCLUDING}")
    return (_factor(figure, origin, flow, _total(figure, counted)),)


def figure_metals(figure: SupplierFigure, origin: Origin) -> tuple[SuppliedMetal, ...]:
    """What the figure states of metals for the circular footprint formula."""
    return tuple(
        SuppliedMetal(
            supplier=origin.supplier,
            record=origin.digest,
            material=metal.material,
            Ev=None if metal.Ev is None else float(metal.Ev),
            Erecycled=None if metal.Erecycled is None else float(metal.Erecycled),
            source=_source(figure, origin),
            confidence=_confidence(origin),
        )
        for metal in figure.metals
        if metal.Ev is not None or metal.Erecycled is not None
    )


def supplement(
    inventory: Inventory, metals: Sequence[SuppliedMetal]
) -> tuple[Inventory, tuple[Finding, ...], tuple[str, ...]]:
    """The inventory with empty ``Ev`` and ``Erecycled`` filled by its suppliers.

    A row of ``circular`` takes them where its material has the same name, its unit is kg, and
    every input that uses it names the one supplier who states them. What the row states
    itself stays. Symbols and names of a metal are the same (``metal_key``). Returns the
    inventory, notes of what was filled and of what no row could take, and the digests used.
    """
    bpn = {s.id: s.bpn or s.id for s in inventory.suppliers}
    by_key = {(m.supplier, metal_key(m.material)): m for m in metals}
    met: set[tuple[str, str]] = set()
    rows: list[CircularTerms] = []
    findings: list[Finding] = []
    used: dict[str, None] = {}
    for row in inventory.circular:
        supplier = bpn.get(only := _only_supplier(inventory, row), only)
        key = (supplier, metal_key(row.material))
        metal = by_key.get(key) if supplier else None
        if row.unit == "kg":
            met.add(key)
        filled = _filled(row, metal)
        if metal is None or not filled or row.unit != "kg":
            rows.append(row)
            continue
        rows.append(
            replace(
                row,
                Ev=filled.get("Ev", row.Ev),
                Erecycled=filled.get("Erecycled", row.Erecycled),
                source="; ".join(t for t in (row.source, metal.source) if t),
                confidence=_weaker(row, metal),
            )
        )
        used[metal.record] = None
        findings.append(
            finding(
                "supplier.metal-taken",
                row.place,
                severity=Severity.NOTE,
                circular=row.id,
                terms=", ".join(f"{k}={v:g}" for k, v in filled.items()),
                supplier=supplier,
            )
        )
    named = {bpn.get(e.supplier, e.supplier) for e in inventory.exchanges if e.supplier}
    findings += [
        finding(
            "supplier.metal-not-taken",
            severity=Severity.NOTE,
            material=metal.material,
            supplier=metal.supplier,
        )
        for key, metal in by_key.items()
        if metal.supplier in named and key not in met
    ]
    return replace(inventory, circular=tuple(rows)), tuple(findings), tuple(used)


def _only_supplier(inventory: Inventory, row: CircularTerms) -> str:
    """The one supplier of all that is taken in under these terms; empty for none or several.

    What leaves at end of life is bought from nobody, so its rows need not name one.
    """
    rows = [e for e in inventory.exchanges if e.circular == row.id]
    taken_in = [e for e in rows if e.direction is Direction.INPUT]
    named = {e.supplier for e in taken_in or rows}
    return next(iter(named)) if len(named) == 1 else ""


def _filled(row: CircularTerms, metal: SuppliedMetal | None) -> dict[str, float]:
    if metal is None:
        return {}
    return {
        name: value
        for name, value in (("Ev", metal.Ev), ("Erecycled", metal.Erecycled))
        if value is not None and getattr(row, name) is None
    }


def provider_id(supplier: str, flow: str, location: str) -> str:
    """The id of a supplier's provider: it stays the same when a newer figure replaces it."""
    place = f"@{location}" if location else ""
    return f"supplier:{supplier}:{flow}{place}"


def _weaker(row: CircularTerms, metal: SuppliedMetal) -> Confidence:
    return weakest((row.confidence, metal.confidence)) or row.confidence


def _total(figure: SupplierFigure, names: Sequence[str]) -> Decimal:
    stated = [figure.number(name) for name in names]
    known = [value for value in stated if value is not None]
    if len(known) < len(stated):
        raise ValueError("a figure without a value makes no factor")
    return sum(known, Decimal(0))


def _factor(
    figure: SupplierFigure, origin: Origin, flow: str, total: Decimal
) -> EmissionFactor:
    amount = figure.amount or Decimal(1)
    mass = figure.number("mass_kg")
    share = figure.number("primary_data_share")
    rating: Mapping[str, float | None] = {
        name: None if (value := figure.number(name)) is None else float(value)
        for name in ("TeR", "GeR", "TiR")
    }
    return EmissionFactor(
        id=provider_id(origin.supplier, flow, figure.location),
        flow=flow,
        unit=figure.unit,
        kg_co2e_per_unit=float(total / amount),
        source=_source(figure, origin),
        licence="",
        confidence=_confidence(origin),
        location=figure.location,
        market="market",
        year=_year(figure),
        gwp_set=", ".join(figure.texts("gwp_sets")),
        mass_kg_per_unit=None if not mass else float(mass / amount),
        primary_data_share=None if share is None else float(share),
        biogenic_carbon_kg=_biogenic_carbon(figure),
        TeR=rating["TeR"],
        GeR=rating["GeR"],
        TiR=rating["TiR"],
        supplier=origin.supplier,
        record=origin.digest,
        comment=_comment(figure),
        verification=_verification(figure, origin),
        prospective=figure.prospective,
    )


def _biogenic_carbon(figure: SupplierFigure) -> float | None:
    """Biogenic carbon in one unit [kg C]: the uptake (D, or T1 − T2) is CO2, times 12/44."""
    uptake = figure.number(f"production.{UPTAKE}")
    if uptake is None:
        including = figure.number(f"production.{INCLUDING}")
        excluding = figure.number(f"production.{EXCLUDING}")
        if including is None or excluding is None:
            return None
        uptake = including - excluding
    return float(-uptake * 12 / 44 / (figure.amount or Decimal(1))) if uptake <= 0 else None


def _confidence(origin: Origin) -> Confidence:
    """A figure is the supplier's own statement; unsigned, nobody can even say that it is."""
    if origin.illustrative:
        return Confidence.ILLUSTRATIVE
    return Confidence.READ if origin.signed else Confidence.SECONDARY


def _source(figure: SupplierFigure, origin: Origin) -> str:
    name = figure.text("supplier_name") or origin.supplier
    version = figure.number("version")
    parts = [f"{figure.format} of {name}"]
    if figure.text("id"):
        parts.append(figure.text("id"))
    if version is not None:
        parts.append(f"version {version:f}")
    return ", ".join(parts)


def _verification(figure: SupplierFigure, origin: Origin) -> str:
    """Who stands behind the number, in words that travel with it."""
    parts = [
        f"signature verified by {origin.verified_by}"
        if origin.signed
        else "not verified by signature"
    ]
    for statement in figure.attestations:
        kind = statement.get("type") or statement.get("coverage") or "statement"
        by, day = statement.get("provider", ""), statement.get("completed_at", "")[:10]
        parts.append(" ".join(p for p in (kind, f"by {by}" if by else "", day) if p))
    share = figure.share_verified()
    if share is not None:
        parts.append(f"{float(share):g} % verified or certified")
    return "; ".join(parts)


def _comment(figure: SupplierFigure) -> str:
    including = figure.number(f"production.{INCLUDING}")
    parts = [", ".join(figure.texts("standards"))]
    if including is not None:
        parts.append(f"with biogenic uptake {float(including):g} per declared unit")
    if figure.valid_until:
        parts.append(f"valid until {figure.valid_until}")
    return "; ".join(p for p in parts if p)


def _year(figure: SupplierFigure) -> int | None:
    end = figure.text("period_end") or figure.text("valid_from")
    return int(end[:4]) if end[:4].isdigit() else None

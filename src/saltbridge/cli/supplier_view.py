"""How ``saltbridge supplier`` words figures, origins and what they move."""

import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from saltbridge.cli.present import language, say
from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.model import EmissionFactor
from saltbridge.footprint.supplier_figure import SupplierFigure, Value
from saltbridge.formats.pcf import Converted
from saltbridge.locales import number, text
from saltbridge.services.suppliers import Imported, Listed
from saltbridge.steps.supplier_documents import KeptDocument
from saltbridge.steps.supplier_moves import Judged

_NUMBERS = frozenset({"amount", "mass_kg", "exempted_percent", "primary_data_share", "version"})
_LISTS = frozenset(
    {"supplier_ids", "product_ids", "product_classifications", "gwp_sets", "standards"}
)


def say_imported(imported: Imported) -> None:
    """Print what was taken in and what it moves."""
    say("supplier.taken-in", id=imported.id, format=imported.figure.format)
    for factor in imported.factors:
        print(factor_line(factor))
    say_judged(imported.judged)


def factor_line(factor: EmissionFactor) -> str:
    """One line: id, value with unit, place, year, who vouches for it."""
    tongue = language()
    where = ", ".join(p for p in (factor.location, str(factor.year or "")) if p)
    line = f"  {factor.id}: {number(factor.kg_co2e_per_unit, tongue)} kg CO2e/{factor.unit}"
    return f"{line} ({where})" if where else line


def say_judged(judged: Sequence[Judged]) -> None:
    """Print the footprints that move: declarations first, estimates apart."""
    if not judged:
        say("supplier.moves-nothing")
        return
    for kind in ("declaration", "estimate"):
        of_kind = [one for one in judged if one.movement.kind == kind]
        if of_kind:
            say(f"supplier.moves-{kind}s")
        for one in of_kind:
            _say_movement(one)


def _say_movement(one: Judged) -> None:
    movement, tongue = one.movement, language()
    say(
        "supplier.movement",
        footprint=movement.footprint,
        product=movement.product,
        methodology=movement.methodology,
        before=number(movement.before_kg_co2e, tongue, 6),
        after=number(movement.after_kg_co2e, tongue, 6),
        delta=_signed(movement.delta_kg_co2e, tongue),
        share=_signed(100 * movement.share, tongue) if isfinite(movement.share) else "∞",
    )
    if one.unknown:
        say("supplier.movement-open", lines="; ".join(movement.open_lines))
    elif one.redeclare_above is None:
        say("supplier.no-threshold")
    else:
        code = "supplier.above" if one.beyond else "supplier.below"
        if one.beyond and movement.kind == "estimate":
            code = "supplier.above-estimate"
        say(code, threshold=100 * one.redeclare_above)
    if one.clause is not None and not one.unknown:
        how = text(f"footprint.confidence.{one.clause.confidence.value}", None, tongue)
        say("supplier.clause", citation=one.clause.citation, how=how)


def say_listed(documents: Sequence[Listed]) -> None:
    """Print one block for each document."""
    if not documents:
        say("supplier.none")
    for one in documents:
        document = one.document
        say(
            "supplier.listed-signed" if document.signed else "supplier.listed-file",
            id=document.id,
            supplier=document.supplier or "–",
            day=document.kept_at.date().isoformat(),
        )
        for factor in one.factors:
            print(factor_line(factor))
        if one.findings:
            say("supplier.listed-unusable", count=len(one.findings))


def say_document(document: KeptDocument) -> None:
    """Print everything about one document."""
    tongue = language()
    say(
        "supplier.listed-signed" if document.signed else "supplier.listed-file",
        id=document.id,
        supplier=document.supplier or "–",
        day=document.kept_at.date().isoformat(),
    )
    say("supplier.digest", digest=document.digest)
    imported = document.content.get("import") or {}
    if imported:
        say("supplier.imported-by", file=imported["file"], by=imported["by"])
    for factor in document.factors()[0]:
        print(factor_line(factor))
        if factor.verification:
            print(f"    {factor.verification}")
    for figure, _ in document.figures():
        _say_figure(figure, tongue)


def _say_figure(figure: SupplierFigure, tongue: str) -> None:
    say("supplier.figure-head", product=figure.product, format=figure.format)
    for name, value in sorted(figure.values.items()):
        shown = number(float(value), tongue, 6) if isinstance(value, Decimal) else _plain(value)
        print(f"    {name}: {shown}")
    for metal in figure.metals:
        print(
            f"    {metal.material}: Ev {_or_dash(metal.Ev, tongue)},"
            f" Erecycled {_or_dash(metal.Erecycled, tongue)} kg CO2e/kg"
        )


def say_lost(converted: Converted, source: str, target: str) -> None:
    """Say on standard error what the other format cannot hold."""
    tongue = language()
    arguments = {"source": source, "target": target, "count": len(converted.lost)}
    code = "supplier.lost" if converted.lost else "supplier.lossless"
    print(text(code, arguments, tongue), file=sys.stderr)
    for name in converted.lost:
        print(f"  {name}", file=sys.stderr)


def stated_values(pairs: Sequence[str]) -> dict[str, Value]:
    """What the person states with ``--state field=value``.

    Raises:
        FaultyInput: a pair has another form, or a number is none.
    """
    found: dict[str, Value] = {}
    for pair in pairs:
        field, sign, value = (part.strip() for part in pair.partition("="))
        if not field or not sign or not value:
            raise FaultyInput.of("supplier.state-syntax", text=pair[:80])
        found[field] = _stated(field, value)
    return found


def _stated(field: str, value: str) -> Value:
    block, _, term = field.partition(".")
    if field in _NUMBERS or (term and term != "counted") or block.startswith("carbon_"):
        try:
            stated = Decimal(value)
        except InvalidOperation:
            stated = Decimal("NaN")
        if not stated.is_finite():
            raise FaultyInput.of("supplier.state-syntax", text=f"{field}={value}"[:80])
        return stated
    if value in ("true", "false") and field != "free_attribution":
        return value == "true"
    if field in _LISTS:
        return tuple(part.strip() for part in value.split(","))
    return value


def imported_record(imported: Imported) -> dict[str, Any]:
    """What ``import --json`` prints."""
    return {
        "id": imported.id,
        "format": imported.figure.format,
        "factors": [factor_record(f) for f in imported.factors],
        "moves": [judged_record(j) for j in imported.judged],
        "findings": [
            {"code": f.code, "arguments": dict(f.arguments), "severity": f.severity.value}
            for f in imported.findings
        ],
    }


def listed_record(one: Listed) -> dict[str, Any]:
    """What ``list --json`` prints of a document."""
    return {
        "id": one.document.id,
        "supplier": one.document.supplier,
        "signed": one.document.signed,
        "digest": one.document.digest,
        "factors": [factor_record(f) for f in one.factors],
    }


def factor_record(factor: EmissionFactor) -> dict[str, Any]:
    """A provider as JSON."""
    return {
        "id": factor.id,
        "flow": factor.flow,
        "kg_co2e_per_unit": factor.kg_co2e_per_unit,
        "unit": factor.unit,
        "location": factor.location,
        "year": factor.year,
        "gwp_set": factor.gwp_set,
        "primary_data_share": factor.primary_data_share,
        "TeR": factor.TeR,
        "GeR": factor.GeR,
        "TiR": factor.TiR,
        "confidence": factor.confidence.value,
        "verification": factor.verification,
        "prospective": factor.prospective,
        "record": factor.record,
    }


def judged_record(one: Judged) -> dict[str, Any]:
    """A movement as JSON; ``beyond`` is null where no threshold decides."""
    movement = one.movement
    return {
        "footprint": movement.footprint,
        "kind": movement.kind,
        "product": movement.product,
        "methodology": movement.methodology,
        "before_kg_co2e": movement.before_kg_co2e,
        "after_kg_co2e": None if one.unknown else movement.after_kg_co2e,
        "delta_kg_co2e": None if one.unknown else movement.delta_kg_co2e,
        "share": None if one.unknown or not isfinite(movement.share) else movement.share,
        "redeclare_above": one.redeclare_above,
        "beyond": one.beyond,
        "clause": None
        if one.clause is None
        else {
            "rule": one.clause.id,
            "value": one.clause.value,
            "citation": one.clause.citation,
            "confidence": one.clause.confidence.value,
        },
        "open_lines": list(movement.open_lines),
    }


def _signed(value: float, tongue: str) -> str:
    return f"{'+' if value > 0 else ''}{number(value, tongue)}"


def _plain(value: Value) -> str:
    if isinstance(value, tuple):
        return "; ".join(
            v if isinstance(v, str) else ", ".join(f"{k} {w}" for k, w in v.items())
            for v in value
        )
    return str(value)


def _or_dash(value: Decimal | None, tongue: str) -> str:
    return "–" if value is None else number(float(value), tongue)

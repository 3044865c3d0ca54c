"""Whether the numbers in a claim agree with one another. Arithmetic, never truth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from math import fsum
from typing import Any

from saltbridge.core.edition import EditionStatus
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument, errors_in
from saltbridge.core.quantity import UnitMismatch, UnknownUnit, conversion_factor, is_number
from saltbridge.exchange.edition_claim import MARKET_DAY, edition_fault
from saltbridge.footprint.methodologies import editions
from saltbridge.footprint.supplier_checks import check_figure
from saltbridge.formats.pcf import parse_pcf
from saltbridge.passport.access import Audience, may_see
from saltbridge.passport.attributes import attribute_table
from saltbridge.trust.claims import ClaimType
from saltbridge.trust.receipt import ReceiptContent, value_digest

_FLOAT_NOISE = 1e-9
_SIX_DIGITS = 5.1e-6  # half a unit in the sixth digit: totals may leave a node rounded so


@dataclass(frozen=True, slots=True)
class Remark:
    """One statement about a claim's content."""

    name: str
    good: bool
    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)


def content_remarks(claim_type: ClaimType, content: Mapping[str, Any]) -> Iterator[Remark]:
    """What can be checked inside a claim of this type without anything else."""
    if claim_type is ClaimType.RECEIPT:
        yield _receipt_inside(content)
        return
    if claim_type in (ClaimType.PASSPORT, ClaimType.PASSPORT_VERSION):
        yield _audience(content)
    if content.get("kind") == "what-if-estimate":
        yield Remark("scenario", True, "verify.scenario")
        return
    for footprint in _footprints(claim_type, content):
        if "scenario" in footprint:
            yield Remark("scenario", True, "verify.scenario")
        yield _sums(footprint)
        yield _declared(footprint)
    if content.get("kind") == "pcf":
        if "records" in content or "documents" not in content:
            yield _pcf_ranges(content)
        if "documents" in content:
            yield _figures(content["documents"])


def edition_remarks(
    claim_type: ClaimType, content: Mapping[str, Any], issued: date
) -> Iterator[Remark]:
    """Whether each footprint's edition was in force on the day it names, if it says so.

    Nothing is said of a footprint that names no day and claims nothing wrong.
    """
    for footprint in _footprints(claim_type, content):
        fault = edition_fault(footprint, editions(), issued)
        if fault is not None:
            yield Remark("edition", False, *fault)
            continue
        method = footprint.get("methodology")
        if MARKET_DAY in footprint and isinstance(method, Mapping):
            in_force = method.get("status") == EditionStatus.IN_FORCE
            code = "verify.edition-of-day" if in_force else "verify.edition-estimate"
            name = f"{method.get('id')}@{method.get('edition')}"
            told = {"edition": name, "day": str(footprint[MARKET_DAY])}
            yield Remark("edition", True, code, told)


def receipt_remark(receipt: ReceiptContent, footprint: object) -> Remark:
    """Whether the footprint beside a receipt is the one the receipt was made for.

    A footprint that was cut down at the border no longer has the digest of the whole; its
    declared value still has to be the receipted one.
    """
    if not isinstance(footprint, Mapping):
        return Remark("receipt", False, "verify.receipt-without-footprint")
    if value_digest(dict(footprint)) == receipt.footprint_digest:
        return Remark("receipt", True, "verify.receipt-whole")
    declared = value_digest(footprint.get("declared"))
    whole = bool(footprint.get("lines"))
    method = footprint.get("methodology")
    same_rules = isinstance(method, Mapping) and (
        method.get("id"),
        method.get("edition"),
    ) == (receipt.methodology, receipt.edition)
    if whole or declared != receipt.declared_digest or not same_rules:
        return Remark("receipt", False, "verify.receipt-differs")
    return Remark("receipt", True, "verify.receipt-declared")


def _footprints(
    claim_type: ClaimType, content: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    if claim_type in (ClaimType.ESTIMATE, ClaimType.DECLARATION):
        yield content
        return
    company = content.get("company_information")
    inner = company.values() if isinstance(company, Mapping) else ()
    for candidate in (*content.values(), *inner):
        if isinstance(candidate, Mapping) and {"total_kg_co2e", "stages"} <= candidate.keys():
            yield candidate


def _sums(footprint: Mapping[str, Any]) -> Remark:
    """Stages add up to the total, and so do the lines where they are shown."""
    total = footprint.get("total_kg_co2e")
    parts = _stage_values(footprint)
    if not is_number(total) or parts is None:
        return Remark("sums", False, "verify.numbers-missing")
    lines = footprint.get("lines")
    share = _FLOAT_NOISE if lines else _SIX_DIGITS
    for code, values in (
        ("verify.stages-differ", parts),
        ("verify.lines-differ", _lines(lines)),
    ):
        if values is None:
            return Remark("sums", False, "verify.numbers-missing")
        allowed = share * fsum(abs(v) for v in (*values, total)) + 1e-12
        if (code == "verify.stages-differ" or lines) and abs(fsum(values) - total) > allowed:
            return Remark("sums", False, code, {"sum": fsum(values), "total": float(total)})
    return Remark("sums", True, "verify.sums-agree", {"total": float(total)})


def _stage_values(footprint: Mapping[str, Any]) -> list[float] | None:
    stages = footprint.get("stages")
    merged = footprint.get("stages_merged")
    if isinstance(stages, Mapping):
        values = list(stages.values())
    elif isinstance(stages, list):
        values = [part.get("kg_co2e") if isinstance(part, Mapping) else None for part in stages]
    elif stages is None and isinstance(merged, Mapping):
        values = []
    else:
        return None
    if isinstance(merged, Mapping):
        values.append(merged.get("kg_co2e"))
    return values if all(is_number(v) for v in values) else None


def _lines(lines: object) -> list[float] | None:
    if not lines:
        return []
    if not isinstance(lines, list):
        return None
    values = [line.get("kg_co2e") if isinstance(line, Mapping) else None for line in lines]
    return values if all(is_number(v) for v in values) else None  # type: ignore[return-value]


def _declared(footprint: Mapping[str, Any]) -> Remark:
    """The declared value is the total over the unit's amount, to the digits it is given in."""
    declared = footprint.get("declared", footprint.get("declared_unit"))
    unit, total = footprint.get("unit"), footprint.get("total_kg_co2e")
    if declared is None:
        return Remark("declared", True, "verify.declares-nothing")
    value = declared.get("value") if isinstance(declared, Mapping) else None
    amount = unit.get("amount") if isinstance(unit, Mapping) else None
    if not (is_number(value) and is_number(amount) and is_number(total)) or not amount:
        return Remark("declared", False, "verify.numbers-missing")
    mass = str(declared.get("unit", "kgCO2e")).partition("/")[0].replace(" ", "")
    try:
        per = total / amount * conversion_factor("kgCO2e", mass)
    except (UnknownUnit, UnitMismatch):
        return Remark("declared", False, "verify.numbers-missing")
    allowed = _rounding(float(value), abs(per)) + _SIX_DIGITS * abs(per)
    good = abs(per - value) <= allowed
    code = "verify.declared-agrees" if good else "verify.declared-differs"
    arguments = {"declared": float(value), "computed": float(per)}
    return Remark("declared", good, code, arguments)


def _rounding(value: float, size: float) -> float:
    """How far rounding may have moved a number, judged by the digits it is written with.

    Zeros at the end may be digits or the rounding of a large number; they count as rounding
    up to half a percent.

    >>> _rounding(76.28, 76.2), _rounding(20.0, 19.6), _rounding(12300.0, 12299.0)
    (0.005, 0.5, 50.0)
    """
    written = Decimal(repr(value).removesuffix(".0"))
    zeros_count = 0.5 * 10.0 ** int(written.as_tuple().exponent)
    zeros_fill = 0.5 * 10.0 ** int(written.normalize().as_tuple().exponent)
    return max(zeros_count, min(zeros_fill, 0.005 * size))


def _receipt_inside(content: Mapping[str, Any]) -> Remark:
    good = content.get("declared_digest") == value_digest(content.get("declared"))
    code = "verify.receipt-digest-agrees" if good else "verify.receipt-digest-differs"
    return Remark("receipt", good, code)


def _audience(content: Mapping[str, Any]) -> Remark:
    """Every attribute shown is one the stated audience may see."""
    if content.get("audience") == "":  # points 3 and 4 together: only the operator has them
        return Remark(
            "audience", True, "verify.audience-whole", {"count": len(content["attributes"])}
        )
    try:
        audience = Audience(content.get("audience", ""))
    except ValueError:
        return Remark("audience", False, "verify.audience-missing")
    shown, table = content.get("attributes"), attribute_table()
    if not isinstance(shown, Mapping):
        return Remark("audience", False, "verify.audience-missing")
    beyond = [id for id in shown if not may_see(audience, table.get(id))]
    if beyond:
        arguments = {"audience": audience.value, "attributes": ", ".join(beyond)[:200]}
        return Remark("audience", False, "verify.audience-exceeded", arguments)
    return Remark("audience", True, f"verify.audience.{audience.value}", {"count": len(shown)})


def _pcf_ranges(content: Mapping[str, Any]) -> Remark:
    records = content.get("records")
    if not isinstance(records, list) or not records:
        return Remark("ranges", False, "verify.numbers-missing")
    for record in records:
        value = record.get("kg_co2e_per_unit") if isinstance(record, Mapping) else None
        if not is_number(value):
            return Remark("ranges", False, "verify.numbers-missing")
        low, high = record.get("low"), record.get("high")
        if (is_number(low) and low > value) or (is_number(high) and high < value):
            return Remark(
                "ranges", False, "verify.range-excludes", {"id": str(record.get("id"))[:80]}
            )
    return Remark("ranges", True, "verify.ranges-hold", {"count": len(records)})


def _figures(documents: object) -> Remark:
    """Whether every data set in another format agrees with itself, whatever the day."""
    entries = documents if isinstance(documents, list) else []
    contents = [e.get("content") if isinstance(e, Mapping) else None for e in entries]
    if not contents or not all(isinstance(one, Mapping) for one in contents):
        return Remark("figures", False, "verify.numbers-missing")
    for one in contents:
        try:
            figure, unread = parse_pcf(one)
        except FaultyInput:
            return Remark("figures", False, "verify.figure-format")
        wrong = errors_in((*unread, *check_figure(figure, date.min)))
        if wrong:
            arguments = {
                "product": figure.product[:80],
                "codes": ", ".join(f.code for f in wrong),
            }
            return Remark("figures", False, "verify.figure-unsound", arguments)
    return Remark("figures", True, "verify.figures-sound", {"count": len(contents)})

"""Emission factors out of a supplier's PCF document.

The document was verified before it comes here; whether its numbers can be calculated with is
checked here. What is illustrative stays illustrative.
"""

from collections.abc import Mapping
from typing import Any

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.provenance import Confidence
from saltbridge.core.quantity import is_number, is_unit
from saltbridge.footprint.model import EmissionFactor


def supplier_factors(
    document: Mapping[str, Any], *, supplier: str, digest: str
) -> tuple[tuple[EmissionFactor, ...], tuple[Finding, ...]]:
    """Factors of a PCF document [kg CO2e per unit], and warnings for records of no use.

    ``supplier`` is the BPN of the company that signed it, ``digest`` that of the record.
    """
    factors: list[EmissionFactor] = []
    findings: list[Finding] = []
    records = document.get("records")
    for record in records if isinstance(records, list) else ():
        if not isinstance(record, Mapping):
            continue
        fault = _fault(record)
        if fault:
            findings.append(
                finding(
                    "footprint.supplier-record",
                    severity=Severity.WARNING,
                    id=str(record.get("id", "?"))[:80],
                    supplier=supplier,
                    field=fault,
                )
            )
            continue
        factors.append(_factor(record, document, supplier, digest))
    return tuple(factors), tuple(findings)


def _factor(
    record: Mapping[str, Any], document: Mapping[str, Any], supplier: str, digest: str
) -> EmissionFactor:
    return EmissionFactor(
        id=f"supplier:{record.get('id') or record['flow']}",
        flow=record["flow"],
        unit=record["unit"],
        kg_co2e_per_unit=float(record["kg_co2e_per_unit"]),
        source=str(record.get("source") or f"record of {supplier}"),
        licence=str(record.get("licence") or ""),
        confidence=_confidence(record, document),
        location=str(record.get("location") or ""),
        low=_number(record, "low"),
        high=_number(record, "high"),
        market="market",
        year=_year(record),
        mass_kg_per_unit=_number(record, "mass_kg_per_unit"),
        primary_data_share=_number(record, "primary_data_share"),
        TeR=_number(record, "TeR"),
        GeR=_number(record, "GeR"),
        TiR=_number(record, "TiR"),
        supplier=supplier,
        record=digest,
        comment=str(record.get("methodology") or ""),
    )


def _fault(record: Mapping[str, Any]) -> str:
    """The first member that makes the record useless, or nothing."""
    if not isinstance(record.get("flow"), str) or not record["flow"]:
        return "flow"
    if not isinstance(record.get("unit"), str) or not is_unit(record["unit"]):
        return "unit"
    value = _number(record, "kg_co2e_per_unit")
    if value is None or value < 0:
        return "kg_co2e_per_unit"
    share = _number(record, "primary_data_share")
    if share is not None and not 0 <= share <= 100:
        return "primary_data_share"
    for indicator in ("TeR", "GeR", "TiR"):
        rating = _number(record, indicator)
        if rating is not None and not 1 <= rating <= 5:
            return indicator
    return ""


def _confidence(record: Mapping[str, Any], document: Mapping[str, Any]) -> Confidence:
    """What the record says of itself; a document that is illustrative as a whole wins."""
    if document.get("illustrative") is True:
        return Confidence.ILLUSTRATIVE
    try:
        return Confidence(str(record.get("confidence")))
    except ValueError:
        # A supplier's own statement about its own product, without a mark of its origin.
        return Confidence.SECONDARY


def _number(record: Mapping[str, Any], name: str) -> float | None:
    value = record.get(name)
    return float(value) if is_number(value) else None


def _year(record: Mapping[str, Any]) -> int | None:
    period = record.get("period")
    end = str(period.get("end", "")) if isinstance(period, Mapping) else ""
    return int(end[:4]) if end[:4].isdigit() else None

"""A plain table of emission factors, as CSV or as the first sheet of a workbook.

One row per factor; the columns are those of an inventory's ``factors`` table without
``same_as``, and ``prospective``. A factor needs id, flow, unit and value. Without a source or
a licence it is told; without a licence it may be used for estimates only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import EmissionFactor, LocalFactor
from saltbridge.formats.inventory_tables import read_table, text_rows, write_table
from saltbridge.formats.inventory_text import read_csv, write_csv
from saltbridge.formats.inventory_workbook import read_first_sheet

TABLE = "factors"


@dataclass(frozen=True, kw_only=True)
class FactorRow(LocalFactor):
    """A row of a factor table; nobody measured it in the plant."""

    confidence: Confidence = Confidence.SECONDARY
    prospective: bool = False  # looks ahead: never part of a declaration


_SHARED = {f.name for f in fields(EmissionFactor)} & {f.name for f in fields(FactorRow)}


def parse_factor_table(
    content: bytes, file: str, licence: str = ""
) -> tuple[tuple[EmissionFactor, ...], tuple[Finding, ...]]:
    """The factors [kg CO2e per unit] and everything found; faulty rows are left out.

    ``licence`` holds for rows that state none.
    """
    if file.lower().endswith(".xlsx"):
        table, found = read_first_sheet(content, file)
    else:
        table, found = read_csv(content, file)
    if table is None:
        return (), found
    rows, faults = read_table(table, TABLE, FactorRow)
    findings = [*found, *faults]
    factors = []
    for row in rows:
        if row.kg_co2e_per_unit is None:
            at = replace(row.place, column="kg_co2e_per_unit")
            findings.append(finding("background.no-value", at, factor=row.id))
            continue
        if row.same_as:
            at = replace(row.place, column="same_as")
            findings.append(finding("background.points-elsewhere", at, factor=row.id))
            continue
        findings += _doubts(row, licence)
        factor = EmissionFactor(**{name: getattr(row, name) for name in _SHARED})
        factors.append(factor if factor.licence else replace(factor, licence=licence))
    findings += _two_for_one(rows)
    return tuple(factors), tuple(findings)


def _doubts(row: FactorRow, licence: str) -> list[Finding]:
    doubts = []
    if not (row.licence or licence):
        doubts.append(_warning("background.no-licence", row.place, "licence", row.id))
    if not row.source:
        doubts.append(_warning("background.no-source", row.place, "source", row.id))
    low, high, value = row.low, row.high, row.kg_co2e_per_unit or 0.0
    if (low is not None and low > value) or (high is not None and high < value):
        at = replace(row.place, column="low" if low is not None and low > value else "high")
        doubts.append(finding("background.outside-range", at, factor=row.id))
    return doubts


def _warning(code: str, place: Place, column: str, factor: str) -> Finding:
    at = replace(place, column=column)
    return finding(code, at, severity=Severity.WARNING, factor=factor)


def _two_for_one(rows: Sequence[FactorRow]) -> list[Finding]:
    """A warning for each flow, location, basis and year that several factors price."""
    groups: dict[tuple[object, ...], list[FactorRow]] = defaultdict(list)
    for row in rows:
        groups[row.flow, row.location, row.gas_basis, row.scope, row.market].append(row)
    return [
        finding(
            "background.two-factors", group[1].place, severity=Severity.WARNING,
            flow=group[0].flow, location=group[0].location or "–",
            factors=", ".join(row.id for row in group[:5]),
        )
        for group in groups.values()
        if len({row.kg_co2e_per_unit for row in group}) > 1
    ]  # fmt: skip


def render_factor_table(factors: Sequence[EmissionFactor]) -> bytes:
    """The CSV file that reads back as these factors."""
    rows = [FactorRow(**{name: getattr(f, name) for name in _SHARED}) for f in factors]
    header, body = write_table(rows, TABLE, FactorRow, every_column=False)
    return write_csv(header, text_rows(body))

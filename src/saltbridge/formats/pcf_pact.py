"""PACT product footprints: ``ProductFootprint`` of the Technical Specifications 3.0.

Decimals are texts ("12.50") and stay as written. The totals follow another sum than those of
Catena-X: technological removals and captured CO2 count, aviation stands beside (OpenAPI of the
PACT conformance service, 3.0; read 2026-11, see pcf_schemas/NOTICE).
"""

from typing import Any, Final

from saltbridge.core.finding import Finding
from saltbridge.footprint.supplier_figure import (
    BIOGENIC_NON_CO2,
    CAPTURE,
    EXCLUDING,
    FOSSIL,
    INCLUDING,
    LAND_MANAGEMENT,
    LAND_USE_CHANGE,
    PACT_3,
    REMOVALS,
    TECHNICAL_REMOVALS,
    UPTAKE,
    SupplierFigure,
    Value,
)
from saltbridge.formats.pcf_members import (
    DECIMAL,
    FLAG,
    TEXT,
    TEXTS,
    Carried,
    Inexpressible,
    Member,
    Spelling,
    Unreadable,
    attested,
    parse_members,
    render_members,
    worded,
)

# PACT's word -> the word of Catena-X, where both mean the same text.
_STANDARDS: Final = {
    "ISO14067": "ISO 14067",
    "ISO14040-44": "ISO 14040-44",
    "GHGP-Product": "GHG Protocol Product",
    "PAS2050": "PAS 2050",
}
_VERIFICATION: Final = {
    "coverage": "coverage",
    "providerName": "provider",
    "completedAt": "completed_at",
    "standardName": "standard",
    "comments": "comment",
}


def _read_sources(value: Any) -> Value:
    """Databases with their version as one text each: "ecoinvent 3.8"."""
    if not isinstance(value, list):
        raise Unreadable("supplier.not-a-list")
    found = []
    for entry in value:
        if not isinstance(entry, dict) or set(entry) != {"name", "version"}:
            raise Carried
        name, version = str(entry["name"]), str(entry["version"])
        if not version or " " in version or not name.strip():
            raise Carried  # it could not be told apart again
        found.append(f"{name} {version}")
    return tuple(found)


def _write_sources(value: Value) -> Any:
    if not isinstance(value, tuple):
        raise Inexpressible
    pairs = [str(text).rpartition(" ") for text in value]
    if not all(name and version for name, _, version in pairs):
        raise Inexpressible
    return [{"name": name, "version": version} for name, _, version in pairs]


_ROWS: Final[tuple[tuple[str, str, Spelling], ...]] = (
    ("id", "id", TEXT),
    ("spec", "specVersion", TEXT),
    ("preceding", "precedingPfIds", TEXTS),
    ("created", "created", TEXT),
    ("status", "status", TEXT),
    ("valid_from", "validityPeriodStart", TEXT),
    ("valid_until", "validityPeriodEnd", TEXT),
    ("supplier_name", "companyName", TEXT),
    ("supplier_ids", "companyIds", TEXTS),
    ("product_description", "productDescription", TEXT),
    ("product_ids", "productIds", TEXTS),
    ("product_classifications", "productClassifications", TEXTS),
    ("product_name", "productNameCompany", TEXT),
    ("comment", "comment", TEXT),
    ("unit", "pcf/declaredUnitOfMeasurement", TEXT),
    ("amount", "pcf/declaredUnitAmount", DECIMAL),
    ("mass_kg", "pcf/productMassPerDeclaredUnit", DECIMAL),
    ("period_start", "pcf/referencePeriodStart", TEXT),
    ("period_end", "pcf/referencePeriodEnd", TEXT),
    ("region", "pcf/geographyRegionOrSubregion", TEXT),
    ("country", "pcf/geographyCountry", TEXT),
    ("subdivision", "pcf/geographyCountrySubdivision", TEXT),
    ("boundary_description", "pcf/boundaryProcessesDescription", TEXT),
    (f"production.{EXCLUDING}", "pcf/pcfExcludingBiogenicUptake", DECIMAL),
    (f"production.{INCLUDING}", "pcf/pcfIncludingBiogenicUptake", DECIMAL),
    (f"production.{FOSSIL}", "pcf/fossilGhgEmissions", DECIMAL),
    (f"production.{LAND_USE_CHANGE}", "pcf/landUseChangeGhgEmissions", DECIMAL),
    (f"production.{LAND_MANAGEMENT}", "pcf/landManagementBiogenicCO2Emissions", DECIMAL),
    (f"production.{REMOVALS}", "pcf/landManagementBiogenicCO2Removals", DECIMAL),
    (f"production.{UPTAKE}", "pcf/biogenicCO2Uptake", DECIMAL),
    (f"production.{BIOGENIC_NON_CO2}", "pcf/biogenicNonCO2Emissions", DECIMAL),
    (f"production.{TECHNICAL_REMOVALS}", "pcf/technologicalCO2Removals", DECIMAL),
    (f"production.{CAPTURE}", "pcf/ccsTechnologicalCO2Capture", DECIMAL),
    ("aviation_beside", "pcf/aircraftGhgEmissions", DECIMAL),
    ("carbon_fossil", "pcf/fossilCarbonContent", DECIMAL),
    ("carbon_biogenic", "pcf/biogenicCarbonContent", DECIMAL),
    ("carbon_recycled", "pcf/recycledCarbonContent", DECIMAL),
    ("carbon_packaging_biogenic", "pcf/packagingBiogenicCarbonContent", DECIMAL),
    ("packaging.counted", "pcf/packagingEmissionsIncluded", FLAG),
    (f"packaging.{EXCLUDING}", "pcf/packagingGhgEmissions", DECIMAL),
    (f"distribution.{EXCLUDING}", "pcf/outboundLogisticsGhgEmissions", DECIMAL),
    ("capture_included", "pcf/ccsTechnologicalCO2CaptureIncluded", FLAG),
    ("gwp_sets", "pcf/ipccCharacterizationFactors", TEXTS),
    ("standards", "pcf/crossSectoralStandards", worded(TEXTS, _STANDARDS)),
    ("exempted_percent", "pcf/exemptedEmissionsPercent", DECIMAL),
    ("exempted_description", "pcf/exemptedEmissionsDescription", TEXT),
    ("allocation_description", "pcf/allocationRulesDescription", TEXT),
    ("secondary_sources", "pcf/secondaryEmissionFactorSources",
     Spelling(_read_sources, _write_sources)),
    ("primary_data_share", "pcf/primaryDataShare", DECIMAL),
    ("TeR", "pcf/dqi/technologicalDQR", DECIMAL),
    ("GeR", "pcf/dqi/geographicalDQR", DECIMAL),
    ("TiR", "pcf/dqi/temporalDQR", DECIMAL),
    ("attestations", "pcf/verification", attested(_VERIFICATION, single=True)),
)  # fmt: skip
MEMBERS: Final = tuple(Member(*row) for row in _ROWS)
SPEC_VERSION: Final = "3.0.0"


def recognise(document: Any) -> str:
    """``pact-3`` for a ProductFootprint of version 3; empty for any other document."""
    if not isinstance(document, dict) or not isinstance(document.get("pcf"), dict):
        return ""
    return PACT_3 if str(document.get("specVersion", "")).startswith("3.") else ""


def parse_pact(document: Any, name: str = "") -> tuple[SupplierFigure, tuple[Finding, ...]]:
    """The figure of a product footprint, and everything that could not be read."""
    values, rest, findings = parse_members(document, MEMBERS, name)
    return SupplierFigure(PACT_3, values, (), rest), findings


def render_pact(figure: SupplierFigure) -> Any:
    """The product footprint of a figure; parsing it again gives an equal figure."""
    return render_members(figure.values, figure.rest, MEMBERS)

"""Catena-X product carbon footprints: data models ``io.catenax.pcf`` 9.0.0 and 10.0.0.

Both nest every group in a list of one entry. The two differ in few places: the cross-sectoral
standard is one text in 10 and a list in 9, free attribution of mass balances is a flag in 10
and a text in 9 (which knows "not applicable"), ``megabit`` and ``second`` became one unit, and
the land management emissions of the packaging are gone. Source: SAMM models and JSON schemas,
read 2026-11 (see pcf_schemas/NOTICE); 10.0.0 was read as proposed, before it was merged.
"""

from typing import Any, Final

from saltbridge.core.finding import Finding
from saltbridge.footprint.supplier_figure import (
    AVIATION,
    BIOGENIC_NON_CO2,
    CATENA_X_9,
    CATENA_X_10,
    EXCLUDING,
    FOSSIL,
    INCLUDING,
    LAND_MANAGEMENT,
    LAND_USE_CHANGE,
    REMOVALS,
    UPTAKE,
    SupplierFigure,
    Value,
)
from saltbridge.formats.pcf_members import (
    FLAG,
    NUMBER,
    ONE_OF_TEXTS,
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
)

_ATTESTATION: Final = {
    "attestationType": "type",
    "standardName": "standard",
    "attestationStandard": "scheme",
    "attestationOfConformanceId": "id",
    "attestationOfConformanceLink": "link",
    "providerName": "provider",
    "providerId": "provider_id",
    "completedAt": "completed_at",
}
_TERMS: Final = {
    FOSSIL: "FossilGhgEmissions",
    BIOGENIC_NON_CO2: "BiogenicNonCO2Emissions",
    UPTAKE: "BiogenicCO2Uptake",
    LAND_USE_CHANGE: "LandUseChangeGhgEmissions",
    LAND_MANAGEMENT: "LandManagementBiogenicCO2Emissions",
    REMOVALS: "LandManagementBiogenicCO2Removals",
    AVIATION: "AircraftGhgEmissions",
    INCLUDING: "PcfIncludingBiogenicUptake",
    EXCLUDING: "PcfExcludingBiogenicUptake",
}
_CYCLE: Final = "productLifeCycleStagesAndEmissions/0"
_COMPANY: Final = "companyAndProductInformation/0/companyInformation/0"
_PRODUCT: Final = "companyAndProductInformation/0/productInformation/0"
_ASSESSED: Final = "pcfAssessmentAndMethodology/0/pcfAssessmentInformation/0"
_METHOD: Final = "pcfAssessmentAndMethodology/0/pcfMethodology/0"
_QUALITY: Final = "pcfAssessmentAndMethodology/0/dataSourcesAndQuality/0"
_SHARES: Final = "pcfAssessmentAndMethodology/0/verificationAndCertificationShares/0"


def _read_free_attribution(value: Any) -> Value:
    if not isinstance(value, bool):
        raise Unreadable("supplier.not-a-flag")
    return "true" if value else "false"


def _write_free_attribution(value: Value) -> bool:
    if value not in ("true", "false"):
        raise Inexpressible
    return value == "true"


def _carry(value: Any) -> Value:
    raise Carried


def _cannot(value: Value) -> Any:
    raise Inexpressible


# The JSON schema of 9.0.0 wants objects where its text speaks of ids: they are only carried.
_PRECEDING_9 = Spelling(_carry, _cannot)
_FREE_ATTRIBUTION_10 = Spelling(_read_free_attribution, _write_free_attribution)

# field, path, spelling
_COMMON: Final[tuple[tuple[str, str, Spelling], ...]] = (
    ("spec", "scopeOfPcfForm/0/specVersion", TEXT),
    ("scope", "scopeOfPcfForm/0/partialFullPcf", TEXT),
    ("supplier_name", f"{_COMPANY}/companyName", TEXT),
    ("supplier_ids", f"{_COMPANY}/companyIds", TEXTS),
    ("product_name", f"{_PRODUCT}/productNameCompany", TEXT),
    ("product_ids", f"{_PRODUCT}/productIds", TEXTS),
    ("product_description", f"{_PRODUCT}/productDescription", TEXT),
    ("product_classifications", f"{_PRODUCT}/productClassifications", TEXTS),
    ("unit", f"{_PRODUCT}/declaredUnitOfMeasurement", TEXT),
    ("amount", f"{_PRODUCT}/declaredUnitAmount", NUMBER),
    ("mass_kg", f"{_PRODUCT}/productMassPerDeclaredUnit", NUMBER),
    ("id", f"{_ASSESSED}/idAndVersion/0/id", TEXT),
    ("version", f"{_ASSESSED}/idAndVersion/0/version", NUMBER),
    ("status", f"{_ASSESSED}/idAndVersion/0/status", TEXT),
    ("pcf_type", f"{_ASSESSED}/idAndVersion/0/retroOrProspectivePcfType", TEXT),
    ("exempted_percent",
     f"{_ASSESSED}/boundarySpecifications/0/exemptedEmissionsPercent", NUMBER),
    ("exempted_description",
     f"{_ASSESSED}/boundarySpecifications/0/exemptedEmissionsDescription", TEXT),
    ("capture_included", f"{_ASSESSED}/technology/0/ccsTechnologicalCO2CaptureIncluded", FLAG),
    ("boundary_description", f"{_ASSESSED}/technology/0/boundaryProcessesDescription", TEXT),
    ("region", f"{_ASSESSED}/geography/0/geographyRegionOrSubregion", TEXT),
    ("country", f"{_ASSESSED}/geography/0/geographyCountry", TEXT),
    ("subdivision", f"{_ASSESSED}/geography/0/geographyCountrySubdivision", TEXT),
    ("period_start", f"{_ASSESSED}/time/0/referencePeriodStart", TEXT),
    ("period_end", f"{_ASSESSED}/time/0/referencePeriodEnd", TEXT),
    ("created", f"{_ASSESSED}/time/0/created", TEXT),
    ("valid_from", f"{_ASSESSED}/time/0/validityPeriodStart", TEXT),
    ("valid_until", f"{_ASSESSED}/time/0/validityPeriodEnd", TEXT),
    ("sector_rules", f"{_METHOD}/standards/0/productOrSectorSpecificRules", TEXTS),
    ("gwp_sets",
     f"{_METHOD}/gwpCharacterizationFactorDetails/0/ipccCharacterizationFactors", ONE_OF_TEXTS),
    ("allocation_description",
     f"{_METHOD}/allocationInForeground/0/allocationRulesDescription", TEXT),
    ("allocation_waste",
     f"{_METHOD}/allocationInForeground/0/allocationWasteIncineration", TEXT),
    ("allocation_recycled",
     f"{_METHOD}/allocationInForeground/0/allocationRecycledCarbon", TEXT),
    ("mass_balancing", f"{_METHOD}/massBalancingInformation/0/massBalancingUsed", FLAG),
    ("mass_balancing_scheme",
     f"{_METHOD}/massBalancingInformation/0/massBalancingCertificateScheme", TEXT),
    ("primary_data_share", f"{_QUALITY}/primaryDataShare", NUMBER),
    ("secondary_sources", f"{_QUALITY}/secondaryEmissionFactorSources", TEXTS),
    ("TeR", f"{_QUALITY}/technologicalDQR", NUMBER),
    ("TiR", f"{_QUALITY}/temporalDQR", NUMBER),
    ("GeR", f"{_QUALITY}/geographicalDQR", NUMBER),
    ("verified_program", f"{_SHARES}/programCertificationShare", NUMBER),
    ("verified_third_party", f"{_SHARES}/productVerificationShare3rdParty", NUMBER),
    ("verified_second_party", f"{_SHARES}/productVerificationShare2ndParty", NUMBER),
    ("verified_first_party", f"{_SHARES}/productVerificationShare1stParty", NUMBER),
    ("comment", "general/0/comment", TEXT),
    ("legal_statement", "general/0/pcfLegalStatement", TEXT),
    ("packaging.counted", f"{_CYCLE}/packagingStage/0/packagingEmissionsIncluded", FLAG),
    ("distribution.counted", f"{_CYCLE}/distributionStage/0/distributionStageIncluded", FLAG),
    ("carbon_total", "carbonContent/0/carbonContentTotal", NUMBER),
    ("carbon_fossil", "carbonContent/0/fossilCarbonContent", NUMBER),
    ("carbon_biogenic", "carbonContent/0/biogenicCarbonContent", NUMBER),
    ("carbon_packaging_biogenic", "carbonContent/0/packagingBiogenicCarbonContent", NUMBER),
    ("carbon_recycled", "carbonContent/0/recycledCarbonContent", NUMBER),
    ("attestations", "attestationOfConformance", attested(_ATTESTATION, single=False)),
)  # fmt: skip
_PRECEDING: Final = f"{_ASSESSED}/idAndVersion/0/precedingPfIds"
_STANDARDS: Final = f"{_METHOD}/standards/0/crossSectoralStandards"
_FREE: Final = f"{_METHOD}/massBalancingInformation/0/freeAttributionInMassBalancing"


def _emissions() -> list[Member]:
    """The rows of the three blocks: the names differ by a prefix, in lower case without one."""
    rows = []
    for block, stage, prefix in (
        ("production", "productionStage", ""),
        ("packaging", "packagingStage", "packaging"),
        ("distribution", "distributionStage", "distributionStage"),
    ):
        for term, suffix in _TERMS.items():
            name = f"{prefix}{suffix}" if prefix else suffix[0].lower() + suffix[1:]
            rows.append(Member(f"{block}.{term}", f"{_CYCLE}/{stage}/0/{name}", NUMBER))
    return rows


def _members(standards: Spelling, free: Spelling, preceding: Spelling) -> tuple[Member, ...]:
    return (
        *(Member(*row) for row in _COMMON),
        *_emissions(),
        Member("preceding", _PRECEDING, preceding),
        Member("standards", _STANDARDS, standards),
        Member("free_attribution", _FREE, free),
    )


MEMBERS_9: Final = _members(TEXTS, TEXT, _PRECEDING_9)
MEMBERS_10: Final = tuple(
    m
    for m in _members(ONE_OF_TEXTS, _FREE_ATTRIBUTION_10, TEXTS)
    if m.field != f"packaging.{LAND_MANAGEMENT}"
)
MEMBERS: Final = {CATENA_X_9: MEMBERS_9, CATENA_X_10: MEMBERS_10}
SPEC_VERSION: Final = {
    CATENA_X_9: "urn:io.catenax.pcf:datamodel:version:9.0.0",
    CATENA_X_10: "urn:io.catenax.pcf:datamodel:version:10.0.0",
}


def recognise(document: Any) -> str:
    """The model a document says it follows; empty where it is no PCF of Catena-X.

    A document of these groups whose ``specVersion`` is neither 9 nor 10 is not recognised:
    nobody here has read its model.
    """
    if not isinstance(document, dict) or "scopeOfPcfForm" not in document:
        return ""
    forms = document["scopeOfPcfForm"]
    form = forms[0] if isinstance(forms, list) and forms else {}
    spec = str(form.get("specVersion", "")) if isinstance(form, dict) else ""
    return next((f for f, urn in SPEC_VERSION.items() if spec.strip() == urn), "")


def parse_catena_x(
    document: Any, model: str, name: str = ""
) -> tuple[SupplierFigure, tuple[Finding, ...]]:
    """The figure of a document of model 9 or 10, and everything that could not be read."""
    values, rest, findings = parse_members(document, MEMBERS[model], name)
    return SupplierFigure(model, values, (), rest), findings


def render_catena_x(figure: SupplierFigure) -> Any:
    """The document of a figure in its own model; parsing it again gives an equal figure."""
    return render_members(figure.values, figure.rest, MEMBERS[figure.format])

"""The terms of an offer in a file that a person writes (TOML): flat, in short words.

A row of the table ties a member of the file to an operand of CX-0152. Values are the short
words given there, or those of the standard in full.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.exchange.model import Json
from saltbridge.exchange.offering import USUAL, OfferTerms, access_policy, term, usage_policy
from saltbridge.exchange.operands import OPERANDS, Kind, Where, known_value, whole_number
from saltbridge.exchange.policy_check import faults_of
from saltbridge.exchange.policy_reading import read_policy
from saltbridge.formats import cx_policy

_NOBODY: Final = "BPNL000000000000"  # stands for the partners, who are named with the offer
_PURPOSES: Final = {
    "pcf": "cx.pcf.base:1",
    "passport": "cx.circular.dpp:1",
    "twins": "cx.core.digitalTwinRegistry:1",
}


@dataclass(frozen=True, slots=True)
class _Row:
    operand: str
    where: Where
    words: Mapping[str, str] = field(default_factory=dict)
    operator: str = ""  # where the operand knows several


_P, _N, _O, _A = Where.PERMISSION, Where.PROHIBITION, Where.OBLIGATION, Where.ACCESS
_REGIONS: Final = {
    "all": "cx.region.all:1",
    "europe": "cx.region.europe:1",
    "north-america": "cx.region.northAmerica:1",
    "south-america": "cx.region.southAmerica:1",
    "africa": "cx.region.africa:1",
    "asia": "cx.region.asia:1",
    "oceania": "cx.region.oceania:1",
    "antarctica": "cx.region.antarctica:1",
}

# The order is the order of the terms in the policy.
MEMBERS: Final[Mapping[str, _Row]] = MappingProxyType(
    {
        "contracts": _Row("ContractReference", _P),
        "precedence": _Row(
            "Precedence",
            _P,
            {
                "contract": "cx.precedence.contractReference:1",
                "agreement": "cx.precedence.rcAgreement:1",
            },
        ),
        "versions": _Row(
            "VersionChanges",
            _P,
            {"minor": "cx.versionChanges.minor:1", "major": "cx.versionChanges.major:1"},
        ),
        "frequency": _Row(
            "DataFrequency",
            _P,
            {"once": "cx.dataFrequency.once:1", "unlimited": "cx.dataFrequency.unlimited:1"},
        ),
        "exclusive": _Row(
            "ExclusiveUsage", _P, {"consumer": "cx.exclusiveUsage.dataConsumer:1"}
        ),
        "affiliates_in": _Row("AffiliatesRegion", _P, _REGIONS),
        "affiliates": _Row("AffiliatesBpnl", _P),
        "use_until": _Row("DataUsageEndDate", _P),
        "use_days": _Row("DataUsageEndDurationDays", _P),
        "after_the_end": _Row(
            "ContractTermination",
            _P,
            {"delete": "cx.data.deletion:1", "keep": "cx.data.keeping:1"},
        ),
        "warranty": _Row(
            "Warranty",
            _P,
            {
                "none": "cx.warranty.none:1",
                "contract": "cx.warranty.contractReference:1",
                "data-quality": "cx.warranty.dataQualityIssues:1",
            },
        ),
        "warranty_months": _Row("WarrantyDurationMonths", _P),
        "warranty_until": _Row(
            "WarrantyDefinition", _P, {"contract-end": "cx.warranty.contractEndDate:1"}
        ),
        "liability": _Row(
            "Liability",
            _P,
            {
                "gross-negligence": "cx.grossNegligence:1",
                "slight-negligence": "cx.slightNegligence:1",
            },
        ),
        "confidentiality": _Row(
            "ConfidentialInformationMeasures",
            _P,
            {"measures": "cx.confidentiality.measures:1"},
        ),
        "confidential_sharing": _Row(
            "ConfidentialInformationSharing",
            _P,
            {
                "affiliates": "cx.sharing.affiliates:1",
                "managed-companies": "cx.sharing.managedLegalEntity:1",
            },
        ),
        "venue": _Row("JurisdictionLocation", _P),
        "venue_of": _Row(
            "JurisdictionLocationReference",
            _P,
            {
                "consumer": "cx.location.dataConsumer:1",
                "contract": "cx.location.contractReference:1",
            },
        ),
        "restrictions": _Row(
            "UsageRestriction",
            _N,
            {
                "third-party": "cx.thirdParty.forbidden:1",
                "manipulation": "cx.manipulation.forbidden:1",
                "derivations": "cx.derivations.forbidden:1",
                "extraordinary-analytics": "cx.extraordinaryAnalytics.forbidden:1",
                "provider-removal": "cx.dataProviderRemoval.forbidden:1",
            },
        ),
        "not_affiliates_in": _Row("AffiliatesRegion", _N, _REGIONS),
        "not_affiliates": _Row("AffiliatesBpnl", _N),
        "provided_until": _Row("DataProvisioningEndDate", _O),
        "provided_days": _Row("DataProvisioningEndDurationDays", _O),
        "groups": _Row("BusinessPartnerGroup", _A, operator="isAnyOf"),
        "not_groups": _Row("BusinessPartnerGroup", _A, operator="isNoneOf"),
        "not_partners": _Row("BusinessPartnerNumber", _A, operator="isNoneOf"),
    }
)
_PLAIN: Final = frozenset({"purpose", "framework", "members_only"})


def parse_terms(content: bytes, file: str = "") -> OfferTerms:
    """The terms of an offer.

    Raises:
        FaultyInput: no TOML, unknown members, values CX-0152 does not know, terms that
            exclude each other; all findings at once.
    """
    here = Place(file=file)
    try:
        told = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise FaultyInput([finding("offer.unreadable", here, reason=str(fault))]) from fault
    faults = [
        finding("offer.unknown-member", here, member=name[:80], known=", ".join(_known()))
        for name in told
        if name not in MEMBERS and name not in _PLAIN
    ]
    found: dict[Where, list[Json]] = {where: [] for where in Where}
    for name, row in MEMBERS.items():
        if name in told:
            written = _written(name, row, told[name], here, faults)
            if written is not None:
                found[row.where].append(written)
    terms = OfferTerms(
        purpose=_purpose(told, here, faults),
        framework=_text(told, "framework", USUAL.framework, here, faults),
        members_only=_flag(told, "members_only", here, faults),
        permitted=tuple(found[_P]),
        forbidden=tuple(found[_N])
        if "restrictions" in told
        else (*USUAL.forbidden, *found[_N]),
        owed=tuple(found[_O]),
        access=tuple(found[_A]),
    )
    faults += [] if faults else _policy_faults(terms, here)
    if faults:
        raise FaultyInput(faults)
    return terms


def _written(
    name: str, row: _Row, value: Any, here: Place, faults: list[Finding]
) -> Json | None:
    """The term that a member stands for; None where it stands for none."""
    if name == "use_until" and value == "unlimited":
        return term("DataUsageEndDefinition", "eq", "cx.dataUsageEnd.unlimited:1")
    operand = OPERANDS[row.operand]
    operator = row.operator or operand.operators[0]
    if operand.kind is Kind.TEXTS:
        if value == [] and name == "restrictions":
            return None  # nothing is forbidden
        entries = value if isinstance(value, list) else []
        right: Any = [_meant(row, entry) for entry in entries]
        sound = bool(right) and all(known_value(operand, entry) == entry for entry in right)
    elif operand.kind is Kind.DATE:
        moment = value.tzinfo is not None if isinstance(value, datetime) else False
        right = value.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else value
        sound = moment
    elif operand.kind is Kind.NUMBER:
        # As text: the Dataspace Protocol has no numbers there, nor has CX-0152 1.2.0.
        right, sound = str(value), type(value) is int and whole_number(value) is not None
    else:
        right = _meant(row, value)
        sound = known_value(operand, right) == right
    if sound:
        return term(row.operand, operator, right)
    needed = ", ".join(row.words) or _sample(operand.kind, operand.pattern)
    faults.append(
        finding("offer.wrong-value", here, member=name, found=str(value)[:160], needed=needed)
    )
    return None


def _sample(kind: Kind, pattern: str) -> str:
    if kind is Kind.DATE:
        return "2027-12-31T12:00:00Z"
    if kind is Kind.NUMBER:
        return "365"
    sample = "BPNL00000000OEM1" if pattern else "…"
    return f'["{sample}"]' if kind is Kind.TEXTS else f'"{sample}"'


def _meant(row: _Row, value: Any) -> Any:
    return row.words.get(value, value) if isinstance(value, str) else value


def _purpose(told: Json, here: Place, faults: list[Finding]) -> str:
    purpose = _text(told, "purpose", "", here, faults)
    return _PURPOSES.get(purpose, purpose)


def _text(told: Json, name: str, default: str, here: Place, faults: list[Finding]) -> str:
    value = told.get(name, default)
    if not isinstance(value, str) or (name in told and not value):
        found, needed = str(value)[:160] or "–", f'"{default or "pcf"}"'
        faults.append(
            finding("offer.wrong-value", here, member=name, found=found, needed=needed)
        )
        return default
    return value


def _flag(told: Json, name: str, here: Place, faults: list[Finding]) -> bool:
    value = told.get(name, True)
    if type(value) is not bool:
        found = str(value)[:160]
        faults.append(
            finding("offer.wrong-value", here, member=name, found=found, needed="true, false")
        )
        return True
    return value


def _policy_faults(terms: OfferTerms, here: Place) -> list[Finding]:
    """What is wrong with the two policies: by our own table, and by the official schemas."""
    used = usage_policy("urn:uuid:0", _PURPOSES["pcf"], terms)
    seen = {"@id": "urn:uuid:0", **access_policy([_NOBODY], terms)}
    found: list[Finding] = []
    for policy, where in ((used, Where.PERMISSION), (seen, Where.ACCESS)):
        ours = [
            Finding(point.code, point.arguments, here)
            for point in faults_of(read_policy(policy), where)
        ]
        found += ours or cx_policy.faults(policy)
    return found


def _known() -> list[str]:
    return [*sorted(_PLAIN), *MEMBERS]

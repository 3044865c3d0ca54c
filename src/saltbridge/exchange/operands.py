"""What the terms of a Catena-X policy may be about: one row per left operand of CX-0152.

A row says where the term may stand, by which operators, with which values, and which other
terms it excludes. ``test_operands`` holds the rows against the official schemas.

Source: constraint schemas of CX-0152 (CC BY 4.0, packaged in ``formats/cx_policy_schemas``),
read 2026-11-28 in the schemas themselves; what 1.2.0 adds (durations as text,
``cx.ecu.base:1``) and the exclusive groups come from careful secondary notes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final


class Where(StrEnum):
    """The part of a policy in which a term stands."""

    ACCESS = "access"  # permission "access": who may see the offer
    PERMISSION = "permission"
    PROHIBITION = "prohibition"
    OBLIGATION = "obligation"


class Kind(StrEnum):
    """What the right operand is."""

    TEXT = "text"
    TEXTS = "texts"
    DATE = "date"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Operand:
    """One left operand. ``values`` empty: any text (of the ``pattern``)."""

    name: str
    places: frozenset[Where]
    operators: tuple[str, ...]
    kind: Kind
    values: tuple[str, ...] = ()
    pattern: str = ""
    excludes: str = ""  # terms of one group exclude each other


_BPNL: Final = "^BPNL[0-9A-Z]{12}$"
_DATE: Final = r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2}))$"
_WHOLE: Final = re.compile(r"^[0-9]{1,5}$")

USAGE_END: Final = "DataUsageEnd"
PROVISIONING_END: Final = "DataProvisioningEnd"
_WARRANTY_LENGTH: Final = "Warranty length"

_A, _U = Where.ACCESS, Where.PERMISSION
_BOTH = frozenset({_A, _U})
_ACCESS, _USE = frozenset({_A}), frozenset({_U})
_OBLIGATION = frozenset({Where.OBLIGATION})
_USE_AND_NOT = frozenset({_U, Where.PROHIBITION})
_EQ, _ANY, _ALL = ("eq",), ("isAnyOf",), ("isAllOf",)
_ANY_NONE = ("isAnyOf", "isNoneOf")
_T, _TS = Kind.TEXT, Kind.TEXTS

_REGIONS = tuple(
    f"cx.region.{name}:1"
    for name in (
        *("all", "europe", "northAmerica", "southAmerica"),
        *("africa", "asia", "oceania", "antarctica"),
    )
)
_FORBIDDEN = tuple(
    f"cx.{name}.forbidden:1"
    for name in (
        *("thirdParty", "manipulation", "derivations"),
        *("extraordinaryAnalytics", "dataProviderRemoval"),
    )
)

_ROWS = (
    Operand("Membership", _BOTH, _EQ, _T, ("active",)),
    Operand("FrameworkAgreement", _BOTH, _EQ, _T, ("DataExchangeGovernance:1.0",)),
    Operand("BusinessPartnerNumber", _ACCESS, _ANY_NONE, _TS, pattern=_BPNL),
    Operand("BusinessPartnerGroup", _ACCESS, _ANY_NONE, _TS),
    Operand("UsagePurpose", _USE, _ANY, _TS),
    Operand("ContractReference", _USE, _ALL, _TS),
    Operand("AffiliatesRegion", _USE_AND_NOT, _ANY, _TS, _REGIONS),
    Operand("AffiliatesBpnl", _USE_AND_NOT, _ANY, _TS, pattern=_BPNL),
    Operand(
        "DataFrequency",
        _USE,
        _EQ,
        _T,
        ("cx.dataFrequency.once:1", "cx.dataFrequency.unlimited:1"),
    ),
    Operand(
        "VersionChanges",
        _USE,
        _EQ,
        _T,
        ("cx.versionChanges.minor:1", "cx.versionChanges.major:1"),
    ),
    Operand("ContractTermination", _USE, _EQ, _T, ("cx.data.deletion:1", "cx.data.keeping:1")),
    Operand(
        "ConfidentialInformationMeasures", _USE, _EQ, _T, ("cx.confidentiality.measures:1",)
    ),
    Operand(
        "ConfidentialInformationSharing",
        _USE,
        _ANY,
        _TS,
        ("cx.sharing.affiliates:1", "cx.sharing.managedLegalEntity:1"),
    ),
    Operand("ExclusiveUsage", _USE, _EQ, _T, ("cx.exclusiveUsage.dataConsumer:1",)),
    Operand(
        "Warranty",
        _USE,
        _EQ,
        _T,
        (
            "cx.warranty.none:1",
            "cx.warranty.contractReference:1",
            "cx.warranty.dataQualityIssues:1",
        ),
    ),
    Operand("WarrantyDurationMonths", _USE, _EQ, Kind.NUMBER, excludes=_WARRANTY_LENGTH),
    Operand(
        "WarrantyDefinition",
        _USE,
        _EQ,
        _T,
        ("cx.warranty.contractEndDate:1",),
        excludes=_WARRANTY_LENGTH,
    ),
    Operand("Liability", _USE, _EQ, _T, ("cx.grossNegligence:1", "cx.slightNegligence:1")),
    Operand("JurisdictionLocation", _USE, _EQ, _T),
    Operand(
        "JurisdictionLocationReference",
        _USE,
        _EQ,
        _T,
        ("cx.location.dataConsumer:1", "cx.location.contractReference:1"),
    ),
    Operand(
        "Precedence",
        _USE,
        _EQ,
        _T,
        ("cx.precedence.contractReference:1", "cx.precedence.rcAgreement:1"),
    ),
    Operand("DataUsageEndDate", _USE, _EQ, Kind.DATE, pattern=_DATE, excludes=USAGE_END),
    Operand("DataUsageEndDurationDays", _USE, _EQ, Kind.NUMBER, excludes=USAGE_END),
    Operand(
        "DataUsageEndDefinition",
        _USE,
        _EQ,
        _T,
        ("cx.dataUsageEnd.unlimited:1",),
        excludes=USAGE_END,
    ),
    Operand(
        "DataProvisioningEndDate",
        _OBLIGATION,
        _EQ,
        Kind.DATE,
        pattern=_DATE,
        excludes=PROVISIONING_END,
    ),
    Operand(
        "DataProvisioningEndDurationDays",
        _OBLIGATION,
        _EQ,
        Kind.NUMBER,
        excludes=PROVISIONING_END,
    ),
    Operand("UsageRestriction", frozenset({Where.PROHIBITION}), _ALL, _TS, _FORBIDDEN),
)

OPERANDS: Final[Mapping[str, Operand]] = MappingProxyType({row.name: row for row in _ROWS})


def whole_number(value: Any) -> int | None:
    """A number of days or months: an integer (1.1) or its digits as text (1.2); else None.

    >>> whole_number("30"), whole_number(30), whole_number("a month"), whole_number(True)
    (30, 30, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 100_000 else None
    return int(value) if isinstance(value, str) and _WHOLE.match(value) else None


def known_value(operand: Operand, value: Any) -> str:
    """The value as the standard writes it; empty where the operand does not know it.

    The standard's own samples leave out ``:1`` here and there; what is meant is plain.

    >>> known_value(OPERANDS["DataUsageEndDefinition"], "cx.dataUsageEnd.unlimited")
    'cx.dataUsageEnd.unlimited:1'
    """
    if not isinstance(value, str) or not value:
        return ""
    if not operand.values:
        return value if re.match(operand.pattern, value) else ""
    return next((v for v in (value, f"{value}:1") if v in operand.values), "")

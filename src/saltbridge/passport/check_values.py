"""Type, unit and identifier checks of single values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from math import isfinite
from typing import Any, Final

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.identifiers import is_bpn, is_traction_battery_code
from saltbridge.core.quantity import UnitMismatch, UnknownUnit, conversion_factor, is_number
from saltbridge.passport.attributes import Attribute
from saltbridge.passport.check_identifiers import check_scheme
from saltbridge.passport.data_carrier import is_passport_id, is_serial
from saltbridge.passport.model import AttributeValue
from saltbridge.passport.part_types import (
    DIGEST,
    PART_TYPES,
    hidden_in,
    is_day,
    is_day_or_moment,
    is_localised,
    is_moment,
    is_month,
    is_text,
    is_url,
)
from saltbridge.passport.stage_shares import WHOLE, is_share

_DURATION = re.compile(r"P(?=\d)(\d{1,3}Y)?(\d{1,4}M)?(\d{1,5}D)?")
_NUMERIC: Final = frozenset({"number", "integer", "per_soc", "range"})


def in_table_unit(attribute: Attribute, value: AttributeValue) -> AttributeValue:
    """The value in the unit of the table; unchanged where that is not possible or needed."""
    if value.value is None or value.unit == attribute.unit or not value.unit:
        return value
    if attribute.type not in ("number", "integer") or not is_number(value.value):
        return value
    try:
        times = conversion_factor(value.unit, attribute.unit)
    except (UnknownUnit, UnitMismatch):
        return value
    return replace(value, value=value.value * times, unit=attribute.unit)


def check_value(attribute: Attribute, value: AttributeValue) -> list[Finding]:
    """Everything wrong with one value: type, range, unit, date, identifier."""
    if _is_right_number(attribute, value):
        return []
    if hidden := hidden_in(_words(value)):
        return [finding("passport.hidden-character", **_named(attribute), found=hidden)]
    answers = (value.value is not None, bool(value.unknown), bool(value.not_applicable))
    if sum(answers) > 1:
        return [finding("passport.several-answers", **_named(attribute))]
    if value.value is None:
        return _without_value(attribute, value)
    found: list[Finding] = []
    if value.unexpected:
        members = ", ".join(sorted(value.unexpected))
        found.append(
            finding(
                "passport.unknown-member",
                **_named(attribute),
                severity=Severity.WARNING,
                members=members,
            )
        )
    if not _CHECKS[attribute.type](attribute, value.value):
        if said := attribute.type == "traction_code" and check_scheme(attribute.id, value):
            return [*found, *said]  # which part of the code is wrong
        told = repr(value.value)[:80]
        found.append(
            finding("passport.wrong-type", **_named(attribute), due=_due(attribute), found=told)
        )
        return found
    found += _check_range(attribute, value.value)
    found += _check_parts(attribute, value.value)
    if is_share(attribute.id, value):  # of a whole that nobody stated
        found.append(finding("passport.share-of-nothing", **_named(attribute), whole=WHOLE))
    elif attribute.unit and attribute.type in _NUMERIC and value.unit != attribute.unit:
        unit = value.unit[:20]
        found.append(
            finding("passport.wrong-unit", **_named(attribute), due=attribute.unit, found=unit)
        )
    dated = attribute.constraints.dated or bool(value.measured_on)
    if dated and not is_day_or_moment(value.measured_on):
        found.append(finding("passport.not-dated", **_named(attribute)))
    if attribute.id in _IDENTIFIERS and not _IDENTIFIERS[attribute.id](value.value):
        found.append(
            finding("passport.bad-identifier", **_named(attribute), found=str(value.value)[:80])
        )
    return [*found, *check_scheme(attribute.id, value)]


def _is_right_number(attribute: Attribute, value: AttributeValue) -> bool:
    """Whether it is a plain number and nothing is wrong with it: the most that are measured.

    Said early, since lists of a million batteries hold many of them; what is not so plain goes
    through every check.
    """
    number, limits = value.value, attribute.constraints
    plain = type(number) is float or type(number) is int
    if not plain or attribute.type not in ("number", "integer"):
        return False
    if value.unexpected or value.unknown or value.not_applicable:
        return False
    if value.unit != attribute.unit or not isfinite(number):
        return False
    if attribute.type == "integer" and number != int(number):
        return False
    if limits.minimum is not None and number < limits.minimum:
        return False
    if limits.maximum is not None and number > limits.maximum:
        return False
    if not value.measured_on:
        return not limits.dated
    return is_day_or_moment(value.measured_on)


def _words(value: AttributeValue) -> tuple[Any, ...]:
    """Everything of a value that a person reads, or that stands where one does."""
    reasons = (value.not_applicable, value.unknown)
    return (value.value, value.unit, value.measured_on, *reasons)


def _named(attribute: Attribute) -> dict[str, Any]:
    """Where a fault stands, and the attribute it is about."""
    place = Place(pointer=f"/attributes/{attribute.id}")
    return {"place": place, "attribute": attribute.id, "name": attribute.name}


def _without_value(attribute: Attribute, value: AttributeValue) -> list[Finding]:
    """Somebody has to say why there is none: not applicable, or unknown where that may be."""
    if value.unknown and not attribute.constraints.unknown_allowed:
        return [finding("passport.unknown-not-allowed", **_named(attribute))]
    if not value.unknown and not value.not_applicable:
        return [finding("passport.empty-value", **_named(attribute))]
    return []


def _due(attribute: Attribute) -> str:
    """The type that is due, in the words of the table."""
    if attribute.constraints.choices:
        return " | ".join(attribute.constraints.choices)
    if attribute.constraints.parts:
        return f"{attribute.type} ({', '.join(attribute.constraints.parts)})"
    return attribute.type


def _check_parts(attribute: Attribute, value: Any) -> list[Finding]:
    """What is wrong with the members of a structured value: each is of its own type."""
    if attribute.type not in ("record", "list"):
        return []
    entries = value if isinstance(value, list) else [value]
    limits = attribute.constraints
    found = []
    for entry in entries:
        for part in (*limits.parts, *limits.optional_parts) if isinstance(entry, dict) else ():
            written, is_right = PART_TYPES[limits.part_types.get(part, "")]
            optional = part in limits.optional_parts and entry.get(part) in (None, "")
            if part not in entry or optional or is_right(entry[part]):
                continue
            held = repr(entry[part])[:80]
            named = _named(attribute) | {"part": part, "due": written, "found": held}
            found.append(finding("passport.wrong-part", **named))
    return found


def _check_range(attribute: Attribute, value: Any) -> list[Finding]:
    limits = attribute.constraints
    numbers = [value] if is_number(value) else []
    if attribute.type == "per_soc":
        numbers = [entry["value"] for entry in value]
    if all(
        (limits.minimum is None or n >= limits.minimum)
        and (limits.maximum is None or n <= limits.maximum)
        for n in numbers
    ):
        return []
    low = "−∞" if limits.minimum is None else f"{limits.minimum:.15g}"
    high = "∞" if limits.maximum is None else f"{limits.maximum:.15g}"
    return [
        finding(
            "passport.out-of-range",
            **_named(attribute),
            found=str(value)[:80],
            low=low,
            high=high,
        )
    ]


_OF_DOCUMENT: Final[Mapping[str, Callable[[Any], bool]]] = {
    "url": is_url,
    "digest": lambda v: isinstance(v, str) and DIGEST.fullmatch(v) is not None,
    "text": is_localised,
}


def _is_document(value: Any) -> bool:
    """A title, and the document itself: its address, its digest or its text."""
    return (
        isinstance(value, Mapping)
        and is_localised(value.get("title"))
        and any(value.get(part) for part in _OF_DOCUMENT)
        and all(check(value[part]) for part, check in _OF_DOCUMENT.items() if part in value)
    )


def _has_parts(attribute: Attribute, value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        value.get(part) not in (None, "") for part in attribute.constraints.parts
    )


def _is_list(attribute: Attribute, value: Any) -> bool:
    if not isinstance(value, list):
        return False
    if attribute.constraints.parts:
        return all(_has_parts(attribute, entry) for entry in value)
    return all(is_text(entry) for entry in value)


def _is_per_soc(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(entry, Mapping)
            and is_number(entry.get("state_of_charge_percent"))
            and 0 <= entry["state_of_charge_percent"] <= 100
            and is_number(entry.get("value"))
            for entry in value
        )
    )


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and is_number(value.get("lower"))
        and is_number(value.get("upper"))
        and value["lower"] <= value["upper"]
    )


def _is_histogram(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("bins"), list)
        and isinstance(value.get("hours"), list)
        and len(value["bins"]) == len(value["hours"]) + 1
        and all(is_number(n) for n in [*value["bins"], *value["hours"]])
        and all(low < high for low, high in pairwise(value["bins"]))
        and all(hours >= 0 for hours in value["hours"])
    )


_CHECKS: Final[Mapping[str, Callable[[Attribute, Any], bool]]] = {
    "text": lambda a, v: is_text(v),
    "identifier": lambda a, v: is_text(v) and not re.search(r"[\s<>\"]", v),
    "traction_code": lambda a, v: isinstance(v, str) and is_traction_battery_code(v),
    "localised": lambda a, v: is_localised(v),
    "url": lambda a, v: is_url(v),
    "choice": lambda a, v: v in a.constraints.choices,
    "boolean": lambda a, v: isinstance(v, bool),
    "month": lambda a, v: is_month(v),
    "date": lambda a, v: is_day(v),
    "datetime": lambda a, v: is_moment(v),
    "duration": lambda a, v: isinstance(v, str) and _DURATION.fullmatch(v) is not None,
    "number": lambda a, v: is_number(v),
    "integer": lambda a, v: is_number(v) and float(v).is_integer(),
    "range": lambda a, v: _is_range(v),
    "list": _is_list,
    "record": _has_parts,
    "document": lambda a, v: _is_document(v),
    "documents": lambda a, v: isinstance(v, list) and all(_is_document(d) for d in v),
    "per_soc": lambda a, v: _is_per_soc(v),
    "histogram": lambda a, v: _is_histogram(v),
}


def _is_party(value: Any) -> bool:
    """A party identifier. What looks like a BPN must be one."""
    text = str(value)
    return is_bpn(text, "L") if text.startswith("BPN") else True


def _is_facility(value: Any) -> bool:
    """CX-0160: a facility is named by a BPNS; other schemes pass."""
    text = str(value)
    return is_bpn(text, "S") if text.startswith("BPN") else True


_IDENTIFIERS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "A001": lambda v: is_passport_id(str(v)),
    "A019": lambda v: is_serial(str(v)),
    "A007": _is_party,
    "A008": _is_facility,
    "A023": _is_party,
    "A017": lambda v: re.fullmatch(r"\d{6}|\d{8}|\d{10}", str(v)) is not None,
}

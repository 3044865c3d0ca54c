"""Attribute values as plain JSON under names: what EN 18223 and JSON-LD share.

Neither format has a fixed list of battery attributes, so each attribute stands under its own
name in camel case (``ratedCapacity``), and what has a unit or a day says so beside the value.
Nothing is lost but the origin of a value.
"""

import re
from collections.abc import Mapping
from typing import Any

from saltbridge.formats.passport_mapping import NOBODY, Unreadable
from saltbridge.formats.passport_spelling import localised
from saltbridge.passport.attributes import Attribute
from saltbridge.passport.check_values import in_table_unit
from saltbridge.passport.model import AttributeValue


def camel(name: str) -> str:
    """A name of ours in camel case.

    >>> camel("rated_capacity")
    'ratedCapacity'
    """
    return re.sub(r"_+([a-z0-9])", lambda m: m.group(1).upper(), name)


def snake(name: str) -> str:
    """A name in camel case as ours.

    >>> snake("stateOfChargePercent")
    'state_of_charge_percent'
    """
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m.group(1).lower(), name)


def written(attribute: Attribute, value: AttributeValue, *, maps: bool = False) -> Any:
    """The value as JSON. ``maps``: texts by language as a map, else as a list of pairs."""
    if value.value is None:
        reasons = {"notApplicable": value.not_applicable, "unknown": value.unknown}
        return {member: reason for member, reason in reasons.items() if reason}
    bare = _bare(attribute, value.value, maps)
    if not value.unit and not value.measured_on:
        return bare
    made = {"value": bare}
    if value.unit:
        made["unit"] = value.unit
    if value.measured_on:
        made["measuredOn"] = value.measured_on
    return made


def read(attribute: Attribute, stated: Any) -> AttributeValue:
    """The value that JSON states; in the unit of the table where it can be turned into it."""
    if isinstance(stated, Mapping) and stated and stated.keys() <= _REASONS:
        return AttributeValue(
            None,
            "",
            NOBODY,
            not_applicable=str(stated.get("notApplicable", "")),
            unknown=str(stated.get("unknown", "")),
        )
    unit = day = ""
    if isinstance(stated, Mapping) and "value" in stated and stated.keys() <= _BESIDE:
        unit, day = str(stated.get("unit", "")), str(stated.get("measuredOn", ""))
        stated = stated["value"]
    elif attribute.unit and attribute.type in ("number", "integer"):
        unit = attribute.unit  # a bare number is in the unit of the dictionary
    value = AttributeValue(_read_bare(attribute, stated), unit, NOBODY, measured_on=day)
    return in_table_unit(attribute, value)


_REASONS = frozenset({"notApplicable", "unknown"})
_BESIDE = frozenset({"value", "unit", "measuredOn"})


def _bare(attribute: Attribute, value: Any, maps: bool) -> Any:
    match attribute.type:
        case "localised":
            return _languages(value, maps)
        case "document":
            return _resource(value, maps)
        case "documents":
            return [_resource(one, maps) for one in value]
    return _renamed(value, camel)


def _read_bare(attribute: Attribute, stated: Any) -> Any:
    match attribute.type:
        case "localised":
            return _read_languages(stated)
        case "document":
            return _read_resource(stated)
        case "documents":
            if not isinstance(stated, list):
                raise Unreadable("[{url, resourceTitle}]")
            return [_read_resource(one) for one in stated]
    return _renamed(stated, snake)


def _renamed(value: Any, rename: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            k if re.fullmatch("[a-z]{2}", k) else rename(k): _renamed(v, rename)
            for k, v in value.items()
        }
    return [_renamed(v, rename) for v in value] if isinstance(value, list) else value


def _languages(value: Any, maps: bool) -> Any:
    if isinstance(value, str):
        return value
    texts = localised(value)
    return texts if maps else [{"value": t, "language": k} for k, t in texts.items()]


def _read_languages(stated: Any) -> Any:
    if isinstance(stated, list):
        pairs = [(e["language"], e["value"]) for e in stated]
        if len(dict(pairs)) != len(pairs) or not all(isinstance(t, str) for _, t in pairs):
            raise Unreadable('[{"value": "…", "language": "en"}]')
        return {str(language): text for language, text in pairs}
    if isinstance(stated, str):
        return stated
    return localised(stated)


_MEMBERS = {"title": "resourceTitle", "media_type": "contentType"}
_BACK = {theirs: ours for ours, theirs in _MEMBERS.items()}


def _resource(document: Mapping[str, Any], maps: bool) -> dict[str, Any]:
    """A document as a related resource (EN 18223, 4.1.2.9; read in a secondary source)."""
    made = {_MEMBERS.get(str(k), str(k)): v for k, v in document.items()}
    if isinstance(made.get("resourceTitle"), Mapping):
        made["resourceTitle"] = _languages(made["resourceTitle"], maps)
    return made


def _read_resource(stated: Any) -> dict[str, Any]:
    if isinstance(stated, str):
        return {"title": stated, "url": stated}
    if not isinstance(stated, Mapping):
        raise Unreadable("{url, resourceTitle}")
    made = {_BACK.get(str(k), str(k)): v for k, v in stated.items()}
    if isinstance(made.get("title"), list | Mapping):
        made["title"] = _read_languages(made["title"])
    return made

"""What a format says it carries whole, it carries: for every attribute of the table."""

from typing import Any

import pytest

from saltbridge.formats.passport_formats import statement
from saltbridge.formats.passport_mapping import unsaid
from saltbridge.formats.passport_registry import FORMATS
from saltbridge.passport.attributes import Attribute, attribute_table
from saltbridge.passport.check_values import check_value
from saltbridge.passport.model import AttributeValue, Origin, OriginKind

ORIGIN = Origin(OriginKind.DOCUMENT, "")
_HOSTILE = "Ä \u200f<b>'\"&| 电 [en] x\n(y)"
_OWN: dict[str, Any] = {
    "A001": "urn:uuid:0a0005fd-00b0-4c00-8d00-00000000000e",
    "A002": "https://id.example/01/09521234567899/21/A1",
    "A007": "BPNL000000000OEM",
    "A008": "BPNS0000CELLFZ01",
    "A017": "85076000",
    "A019": "A1",
    "A023": "BPNL00000000CELL",
}


def _part(attribute: Attribute, part: str, nth: int) -> Any:
    if part.endswith("_percent") or part in ("mercury", "cadmium", "lead"):
        return 3.7 + nth
    if part in ("charge", "discharge", "length", "width", "height"):
        return 0.5 + nth
    if part == "passport_id":
        return f"urn:uuid:0a0005fd-00b0-4c00-8d00-00000000000{nth}"
    if part == "time":
        return f"2026-11-0{nth + 1}T08:30:00Z"
    typed = {
        "date": f"2026-11-0{nth + 1}",
        "country": ("DE", "CN")[nth],
        "cas": ("7782-42-5", "96-49-1")[nth],
        "url": f"https://x.example/{nth}?a=b&c=d",
        "email": f"p{nth}@x.example",
    }
    if (type := attribute.constraints.part_types.get(part)) in typed:
        return typed[type]
    return 5 if (attribute.id, part) == ("A061", "value") else f"{part} {nth} {_HOSTILE}"


def _document(attribute: Attribute, nth: int) -> dict[str, Any]:
    return {
        "title": f"{attribute.name} {nth}",
        "url": f"https://x.example/{attribute.id}/{nth}?a=b&c=d",
    }


def _value(attribute: Attribute) -> Any:
    if attribute.id in _OWN:
        return _OWN[attribute.id]
    limits = attribute.constraints
    parts = limits.parts or limits.optional_parts
    entries = [{p: _part(attribute, p, nth) for p in parts} for nth in (0, 1)]
    number = int(attribute.id[1:]) % 19
    return {
        "text": f"{attribute.name} {_HOSTILE}",
        "identifier": f"id:{attribute.id}",
        "traction_code": "X12MCPM27KLPCLX2M2382320",
        "localised": {"en": _HOSTILE, "zh": "电池", "de": f"Größe {attribute.id}"},
        "url": f"https://x.example/{attribute.id}",
        "boolean": True,
        "month": "2026-11",
        "date": "2026-11-02",
        "datetime": "2026-11-02T08:30:00Z",
        "duration": "P8Y",
        "choice": limits.choices[0] if limits.choices else "",
        "number": number + 0.123,
        "integer": number,
        "range": {"lower": -5, "upper": 5.5},
        "record": entries[0],
        "document": _document(attribute, 0),
        "documents": [_document(attribute, nth) for nth in (0, 1)],
        "per_soc": [{"state_of_charge_percent": c, "value": 1000.5 * c} for c in (80, 20)],
        "histogram": {"bins": [0, 1], "hours": [2]},
        "list": entries if limits.parts else [f"one {attribute.id}", _HOSTILE],
    }[attribute.type]


def full_passport() -> dict[str, AttributeValue]:
    """A passport with a sound value for every attribute of the table."""
    return {
        id: AttributeValue(
            _value(attribute),
            attribute.unit,
            ORIGIN,
            measured_on="2026-11-02" if attribute.constraints.dated else "",
        )
        for id, attribute in attribute_table().items()
    }


def test_the_full_passport_is_sound() -> None:
    values = full_passport()
    assert [f for id, a in attribute_table().items() for f in check_value(a, values[id])] == []


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_said_to_be_carried_is(format: str) -> None:
    lost, partly = unsaid(full_passport(), FORMATS[format].entries())
    stated = statement(format)
    assert set(lost) - {*stated.not_carried, *stated.partly} == set()
    assert set(partly) - set(stated.partly) == set()
    # … and what is said to have no place has none.
    assert set(stated.not_carried) - set(lost) == set()

"""The passport as JSON-LD 1.1, with its context inside: nothing need be fetched to read it.

Every attribute is a property ``urn:saltbridge:attribute:A087`` under its name; texts by
language are language maps, links are ids. The subject is the product (its identifier), as in
EN 18223.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from saltbridge.formats.passport_mapping import Entry
from saltbridge.formats.passport_neutral import camel, read, written
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.passport.attributes import Attribute, attribute_table
from saltbridge.passport.model import AttributeValue, Values

FORMAT: Final = "json_ld"
TYPE: Final = "BatteryPassport"
_VOCABULARY: Final = "urn:saltbridge:attribute:"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_TYPES: Final[Mapping[str, Any]] = {
    "url": "@id",
    "date": f"{_XSD}date",
    "datetime": f"{_XSD}dateTime",
    "month": f"{_XSD}gYearMonth",
    "duration": f"{_XSD}duration",
}


@lru_cache(maxsize=1)
def context() -> Mapping[str, Any]:
    """The JSON-LD context: name → property, with type or language container."""
    terms: dict[str, Any] = {
        "@version": 1.1,
        "@vocab": _VOCABULARY,
        TYPE: f"{_VOCABULARY}{TYPE}",
        "id": "@id",
        "type": "@type",
        "url": {"@id": "http://schema.org/url", "@type": "@id"},
        "resourceTitle": "http://schema.org/name",
        "contentType": "http://schema.org/encodingFormat",
        "language": "http://schema.org/inLanguage",
        "measuredOn": "http://schema.org/observationDate",
        "unit": "http://schema.org/unitText",
        "value": "http://schema.org/value",
    }
    for attribute in attribute_table().values():
        term: dict[str, Any] = {"@id": f"{_VOCABULARY}{attribute.id}"}
        if attribute.type == "localised":
            term["@container"] = "@language"
        elif attribute.type in _TYPES:
            term["@type"] = _TYPES[attribute.type]
        elif attribute.type in ("list", "documents"):
            term["@container"] = "@list"
        terms[camel(attribute.name)] = term
    return terms


def entries() -> tuple[Entry, ...]:
    """Every attribute of the table, and what the document says of itself."""
    own = Entry((), "/@context", lambda document: {}, _own)
    return (own, *(_property(a) for a in attribute_table().values()))


def _own(values: Values) -> Mapping[str, Any]:
    made: dict[str, Any] = {"/@context": dict(context()), "/type": TYPE}
    if "A002" in values:
        made["/id"] = values["A002"].value
    return made


def _property(attribute: Attribute) -> Entry:
    path = f"/{camel(attribute.name)}"

    def read_property(document: Any) -> Mapping[str, AttributeValue]:
        stated = get(document, path)
        return {} if stated in (MISSING, None) else {attribute.id: read(attribute, stated)}

    def write_property(values: Values) -> Mapping[str, Any]:
        if attribute.id not in values:
            return {}
        value = values[attribute.id]
        return {path: written(attribute, value, maps=True)}

    return Entry((attribute.id,), path, read_property, write_property, answers=True)


def unpack(document: Any) -> tuple[dict[str, Any], dict[str, str]] | None:
    """A document of our type as our one part, or None."""
    if not isinstance(document, Mapping) or "@context" not in document:
        return None
    return ({"": document}, {"": ""}) if document.get("type") == TYPE else None


def pack(parts: Mapping[str, Any], shape: Mapping[str, str]) -> Any:
    """The document of our one part."""
    return parts.get("", {})

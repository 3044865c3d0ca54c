"""EN 18223:2026, the digital product passport as such: compressed and expanded JSON.

The header has the names of the standard; everything else is a data element under the name of
the attribute. Compressed is key and value; expanded lists ``elements`` with their kind, data
type and dictionary reference. The text of the standard is licensed and was not read: names and
forms are those that implementations who cite its clauses use (secondary, read 2026-11).

``lastUpdated`` and ``lastUpdate`` are both read, the first is written; so are the words of
granularity and status in lower case and with a capital.
"""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_mapping import Entry, Unreadable, held
from saltbridge.formats.passport_neutral import camel, read, written
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.formats.passport_spelling import TEXT, TEXTS, Spelling, plain, words
from saltbridge.passport.attributes import Attribute, attribute_table
from saltbridge.passport.model import AttributeValue, Values

COMPRESSED: Final = "en_18223"
EXPANDED: Final = "en_18223_expanded"
_STATES: Final = ("active", "inactive", "archived", "invalid")
_HEADER: Final[Mapping[str, tuple[str, Spelling]]] = {
    "A001": ("digitalProductPassportId", TEXT),
    "A002": ("uniqueProductIdentifier", TEXT),
    "A003": ("granularity", words({w: w for w in ("model", "batch", "item")})),
    "A004": ("dppSchemaVersion", TEXT),
    "A005": ("dppStatus", words({w: w for w in _STATES})),
    "A006": ("lastUpdated", TEXT),
    "A007": ("economicOperatorId", TEXT),
    "A008": ("facilityId", TEXT),
    "A009": ("contentSpecificationIds", TEXTS),
}
REFERENCE: Final = "urn:saltbridge:attribute:"


def entries(*, expanded: bool) -> tuple[Entry, ...]:
    """Every attribute of the table."""
    header = [plain(id, f"/{member}", spelling) for id, (member, spelling) in _HEADER.items()]
    elements = [
        _element(a, f"/elements/{camel(a.name)}" if expanded else f"/{camel(a.name)}", expanded)
        for a in attribute_table().values()
        if a.id not in _HEADER
    ]
    return (*header, _older_update(), *elements)


def _older_update() -> Entry:
    """``lastUpdate``, as IDTA 02099-1 and the draft have it: read and never written."""

    def read_older(document: Any) -> Mapping[str, AttributeValue]:
        stated = get(document, "/lastUpdate")
        return {"A006": held(stated)} if isinstance(stated, str) else {}

    return Entry(("A006",), "/lastUpdate", read_older, lambda values: {})


def _element(attribute: Attribute, path: str, expanded: bool) -> Entry:
    def read_element(document: Any) -> Mapping[str, AttributeValue]:
        stated = get(document, path)
        if stated is MISSING or stated is None:
            return {}
        return {attribute.id: read(attribute, collapsed(stated) if expanded else stated)}

    def write_element(values: Values) -> Mapping[str, Any]:
        if attribute.id not in values:
            return {}
        value = written(attribute, values[attribute.id])
        if not expanded:
            return {path: value}
        reference = {"dictionaryReference": f"{REFERENCE}{attribute.id}"}
        return {path: {**reference, **expand(value)}}

    return Entry((attribute.id,), path, read_element, write_element, answers=True)


def expand(value: Any) -> dict[str, Any]:
    """A value of the compressed form as a data element without its id (Annex A)."""
    if isinstance(value, Mapping):
        if "url" in value:
            return {"objectType": "RelatedResource", **value}
        return {"objectType": "DataElementCollection", "elements": _children(value)}
    if isinstance(value, list):
        if value and all(isinstance(v, Mapping) and v.keys() == _TEXT for v in value):
            return {"objectType": "MultiLanguageDataElement", "value": value}
        made: dict[str, Any] = {"objectType": "MultiValuedDataElement"}
        if all(not isinstance(v, Mapping | list) for v in value):
            kinds = {_data_type(v) for v in value}
            made["valueDataType"] = kinds.pop() if len(kinds) == 1 else "xsd:string"
            return {**made, "value": value}
        entries = [_children(v) if isinstance(v, Mapping) else v for v in value]
        return {**made, "value": entries}
    kind = {"objectType": "SingleValuedDataElement", "valueDataType": _data_type(value)}
    return {**kind, "value": value}


_TEXT: Final = {"value", "language"}


def _children(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"elementId": name, **expand(v)} for name, v in value.items()]


def _data_type(value: Any) -> str:
    if isinstance(value, bool):
        return "xsd:boolean"
    if isinstance(value, int):
        return "xsd:integer"
    return "xsd:double" if is_number(value) else "xsd:string"


def collapsed(element: Any) -> Any:
    """A data element as the value of the compressed form."""
    if not isinstance(element, Mapping):
        raise Unreadable("{objectType, …}")
    kind = element.get("objectType")
    if kind == "RelatedResource":
        own = ("objectType", "elementId", "dictionaryReference")
        return {k: v for k, v in element.items() if k not in own}
    if kind == "DataElementCollection":
        return _collection(element["elements"])
    if "value" not in element:
        raise Unreadable("{objectType, value}")
    value = element["value"]
    if kind == "MultiValuedDataElement" and isinstance(value, list):
        return [_collection(v) if isinstance(v, list) else v for v in value]
    return _typed(value, element.get("valueDataType"))


def _collection(elements: Any) -> dict[str, Any]:
    return {str(one["elementId"]): collapsed(one) for one in elements}


def _typed(value: Any, kind: Any) -> Any:
    """A number that stands as a text because its data type says so."""
    if kind in ("xsd:decimal", "xsd:double", "xsd:float", "xsd:integer") and isinstance(
        value, str
    ):
        try:
            number = float(value)
        except ValueError as fault:
            raise Unreadable(str(kind)) from fault
        return int(number) if kind == "xsd:integer" and number.is_integer() else number
    return value


# --- documents ------------------------------------------------------------------------------


def _is_passport(document: Any) -> bool:
    header = ("digitalProductPassportId", "uniqueProductIdentifier")
    return isinstance(document, Mapping) and any(name in document for name in header)


def unpack_compressed(document: Any) -> tuple[dict[str, Any], dict[str, str]] | None:
    """A passport without ``elements`` as our one part, or None."""
    if not _is_passport(document) or "elements" in document:
        return None
    return {"": document}, {"": ""}


def pack_compressed(parts: Mapping[str, Any], shape: Mapping[str, str]) -> Any:
    """The document of our one part."""
    return parts.get("", {})


def unpack_expanded(document: Any) -> tuple[dict[str, Any], dict[str, str]] | None:
    """A passport whose ``elements`` are listed, the elements by id; their order is kept."""
    if not _is_passport(document) or not isinstance(document.get("elements"), list):
        return None
    named: dict[str, Any] = {}
    for at, one in enumerate(document["elements"]):
        id = one.get("elementId") if isinstance(one, Mapping) else None
        if isinstance(id, str) and id not in named and not id.startswith("#"):
            named[id] = {k: v for k, v in one.items() if k != "elementId"}
        else:
            named[f"#{at}"] = one
    order = {f"#{at}": id for at, id in enumerate(named)}
    return {"": {**document, "elements": named}}, {"": "", **order}


def pack_expanded(parts: Mapping[str, Any], shape: Mapping[str, str]) -> Any:
    """The document of our one part, its elements listed in the order they had."""
    document = dict(parts.get("", {}))
    named = document.get("elements", {})
    if not isinstance(named, Mapping):
        return document
    order = [id for key, id in shape.items() if key]
    ids = sorted(named, key=lambda id: order.index(id) if id in order else len(order))
    document["elements"] = [
        named[id] if id.startswith("#") else {"elementId": id, **named[id]} for id in ids
    ]
    return document

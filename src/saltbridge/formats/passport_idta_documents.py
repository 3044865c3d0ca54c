"""Documents in the IDTA submodels: the list of part 2, and the bare links of parts 1, 5 and 7.

Part 2 holds title, language and file of every document; parts 1, 5 and 7 hold links alone. We
write both, and name in part 2 which attribute a document belongs to (``DocumentIds`` with our
domain), so that what we wrote is read back whole. A document of others is known by its class of
VDI 2770 where that tells enough; else it is carried.
"""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.formats.passport_mapping import Entry, held
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.model import AttributeValue, Values

DOMAIN: Final = "urn:saltbridge:attribute"
_SYSTEM: Final = "VDI2770 Blatt 1:2020"
_LIST: Final = "P2/Documents"
# attribute → class of VDI 2770 Blatt 1:2020 (id, English name; recalled)
_CLASSES: Final[Mapping[str, tuple[str, str]]] = {
    "A044": ("02-04", "Certificates, declarations"),
    "A046": ("02-04", "Certificates, declarations"),
    "A047": ("03-02", "Operation"),
    "A059": ("02-04", "Certificates, declarations"),
    "A060": ("02-04", "Certificates, declarations"),
    "A062": ("02-04", "Certificates, declarations"),
    "A078": ("03-05", "Disassembly"),
    "A079": ("03-05", "Disassembly"),
    "A082": ("03-03", "General safety"),
    "A083": ("03-03", "General safety"),
    "A141": ("02-04", "Certificates, declarations"),
}
_BY_CLASS: Final = {"03-02": "A047"}
# where bare links stand; several attributes may share a list
_LINKS: Final[Mapping[str, tuple[str, ...]]] = {
    "P1/EUDeclarationOfConformity": ("A044",),
    "P1/ResultsOfTestReportsProvingCompliance": ("A046",),
    "P5/InformationOnAccidents": ("A141",),
    "P7/DismantlingAndRemovalInformation": ("A079", "A078"),
    "P7/SafetyMeasures/SafetyInstructions": ("A082",),
}


def documents() -> tuple[Entry, ...]:
    """The entries of part 2 and of the lists of links."""
    listed = Entry(tuple(_CLASSES), _LIST, _read_list, _write_list)
    return (listed, *(_links(path, ids) for path, ids in _LINKS.items()))


def _single(id: str) -> bool:
    return attribute_table()[id].type == "document"


def _several(value: AttributeValue) -> list[Mapping[str, Any]]:
    entries = value.value if isinstance(value.value, list) else [value.value]
    return [e for e in entries if isinstance(e, Mapping)]


def _read_list(document: Any) -> Mapping[str, AttributeValue]:
    listed = get(document, _LIST)
    found: dict[str, list[Any]] = {}
    for one in listed if isinstance(listed, list) else []:
        id, read = _document_of(one)
        if id:
            found.setdefault(id, []).append(read)
    return {
        id: held(entries[0] if _single(id) else entries)
        for id, entries in found.items()
        if len(entries) == 1 or not _single(id)
    }


def _document_of(one: Any) -> tuple[str, dict[str, Any]]:
    """The attribute a document belongs to (empty: unknown) and the document."""
    number = get(one, "DocumentIds/0/DocumentIdentifier")
    ours = get(one, "DocumentIds/0/DocumentDomainId") == DOMAIN
    id = str(number)[:4] if ours else _BY_CLASS.get(str(_class_of(one)), "")
    if id not in _CLASSES:
        return "", {}
    title = get(one, "DocumentVersions/0/Title")
    texts = {k: v for t in (title if isinstance(title, list) else []) for k, v in t.items()}
    language = get(one, "DocumentVersions/0/Language/0")
    address = get(one, "DocumentVersions/0/DigitalFiles/0/value")
    kind = get(one, "DocumentVersions/0/DigitalFiles/0/contentType")
    read: dict[str, Any] = {
        "title": texts if len(texts) > 1 else next(iter(texts.values()), "")
    }
    if isinstance(address, str):
        read["url"] = address
    if isinstance(language, str) and language != "und":
        read["language"] = language
    if isinstance(kind, str) and ours and kind != _KIND:
        read["media_type"] = kind
    return id, read


_KIND: Final = "application/octet-stream"


def _class_of(one: Any) -> Any:
    return get(one, "DocumentClassifications/0/ClassId")


def _write_list(values: Values) -> Mapping[str, Any]:
    made = [
        _rendered(id, at, one)
        for id in _CLASSES
        if id in values
        for at, one in enumerate(_several(values[id]))
        if one.get("url")
    ]
    return {_LIST: made} if made else {}


def _rendered(id: str, at: int, one: Mapping[str, Any]) -> dict[str, Any]:
    title = one.get("title", "")
    texts = title if isinstance(title, Mapping) else {one.get("language", "en"): title}
    class_id, name = _CLASSES[id]
    return {
        "DocumentIds": [
            {
                "DocumentDomainId": DOMAIN,
                "DocumentIdentifier": f"{id}/{at}",
                "DocumentIsPrimary": True,
            }
        ],
        "DocumentClassifications": [
            {"ClassId": class_id, "ClassName": [{"en": name}], "ClassificationSystem": _SYSTEM}
        ],
        "DocumentVersions": [
            {
                "Language": [one.get("language", "und")],
                "Title": [{k: v} for k, v in texts.items()],
                "DigitalFiles": [
                    {"value": one["url"], "contentType": one.get("media_type", _KIND)}
                ],
            }
        ],
    }


def _links(path: str, ids: tuple[str, ...]) -> Entry:
    """A list of links; read for what part 2 does not say of the first attribute."""

    def read(document: Any) -> Mapping[str, AttributeValue]:
        listed = get(document, path)
        if listed is MISSING or any(id in _read_list(document) for id in ids):
            return {}
        entries = [_bare(link) for link in listed if isinstance(link, str)]
        if not entries:
            return {}
        return {ids[0]: held(entries[0] if _single(ids[0]) else entries)}

    def write(values: Values) -> Mapping[str, Any]:
        made = [
            link
            for id in ids
            if id in values
            for one in _several(values[id])
            if (link := one.get("url") or one.get("text") or one.get("digest"))
        ]
        return {path: list(dict.fromkeys(made))} if made else {}

    return Entry(ids, path, read, write)


def _bare(link: str) -> dict[str, Any]:
    """A document of which there is a link and nothing else."""
    if link.startswith(("https://", "http://")):
        return {"title": link, "url": link}
    return {"title": link, "text": link}

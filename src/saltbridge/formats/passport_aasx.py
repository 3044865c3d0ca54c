"""AASX: the seven submodels and the DPP metadata as an AAS environment in an OPC package.

Values are those of ``passport_idta``; this module turns value-only JSON into submodel elements
and back, and packs the environment (JSON, IDTA-01001 and IDTA-01005 part 5). What a package of
others holds beside values (qualifiers, concept descriptions, embedded files) is not kept: the
statement says so. An environment in XML is not read.

The package is written with the standard library: the reference SDK would bring an XML and an
OPC library for sixty lines. Its bytes depend on the values alone.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding
from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_idta import METADATA, SEMANTIC_IDS
from saltbridge.formats.passport_idta_lists import rows_at
from saltbridge.formats.passport_mapping import PLACEHOLDERS

FORMAT: Final = "aasx"
MEDIA_TYPE: Final = "application/asset-administration-shell-package"
SHAPE: Final[Mapping[str, str]] = {part: part for part in (*SEMANTIC_IDS, "DPP")}
_NAMES: Final = {
    "P1": "DigitalNameplate",
    "P2": "HandoverDocumentation",
    "P3": "CarbonFootprint",
    "P4": "TechnicalData",
    "P5": "ProductCondition",
    "P6": "MaterialComposition",
    "P7": "Circularity",
    "DPP": "DppMetadata",
}
_MAX_UNPACKED: Final = 32 * 1024 * 1024
_MAX_PARTS: Final = 1000
_SPEC: Final = "aasx/passport/passport.aas.json"
_RELATION: Final = "http://admin-shell.io/aasx/relationships"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_MADE_AT: Final = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say: bytes must not vary


# --- values and submodel elements -----------------------------------------------------------


def element(name: str, value: Any) -> dict[str, Any]:
    """A value-only JSON value as a submodel element; an empty name for entries of a list."""
    made: dict[str, Any] = {"idShort": name} if name else {}
    if isinstance(value, Mapping):
        if value.keys() == {"value", "contentType"} and all(map(_is_text, value.values())):
            return {**made, "modelType": "File", **value}
        children = [element(str(k), v) for k, v in value.items()]
        made["modelType"] = "SubmodelElementCollection"
        return {**made, "value": children} if children else made
    if isinstance(value, list):
        return made | _list(value)
    made |= {"modelType": "Property", "valueType": _value_type(value)}
    return made if value is None else {**made, "value": _lexical(value)}


def _list(value: list[Any]) -> dict[str, Any]:
    if value and all(_is_language_map(v) for v in value):
        pairs = [(k, t) for v in value for k, t in v.items()]
        texts = [{"language": k, "text": t} for k, t in pairs]
        return {"modelType": "MultiLanguageProperty", "value": texts}
    entries = [element("", v) for v in value]
    kinds = {e["modelType"] for e in entries}
    made: dict[str, Any] = {
        "modelType": "SubmodelElementList",
        "typeValueListElement": kinds.pop() if len(kinds) == 1 else "SubmodelElement",
    }
    types = {e["valueType"] for e in entries if "valueType" in e}
    if made["typeValueListElement"] == "Property" and len(types) == 1:
        made["valueTypeListElement"] = types.pop()
    return {**made, "value": entries} if entries else made


def value_of(stated: Any) -> Any:
    """A submodel element as value-only JSON; one of an unknown kind as it stands."""
    if not isinstance(stated, Mapping):
        return stated
    value = stated.get("value")
    match stated.get("modelType"):
        case "Property":
            return _value(value, stated.get("valueType"))
        case "MultiLanguageProperty" if isinstance(value, list):
            return [
                {str(t.get("language")): t.get("text")} if isinstance(t, Mapping) else t
                for t in value
            ]
        case "SubmodelElementCollection":
            return _named(value)
        case "SubmodelElementList":
            return [value_of(v) for v in value] if isinstance(value, list) else []
        case "File":
            return {"value": value, "contentType": stated.get("contentType")}
        case _:
            return dict(stated)


def _named(elements: Any) -> dict[str, Any]:
    return {
        str(e["idShort"]): value_of(e)
        for e in (elements if isinstance(elements, list) else [])
        if isinstance(e, Mapping) and "idShort" in e
    }


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_language_map(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) == 1
        and all(re.fullmatch("[a-z]{2}", str(k)) and _is_text(t) for k, t in value.items())
    )


def _value_type(value: Any) -> str:
    if isinstance(value, bool):
        return "xs:boolean"
    if isinstance(value, int):
        return "xs:integer"
    return "xs:double" if isinstance(value, float) else "xs:string"


def _lexical(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if is_number(value) else str(value)


_WHOLE: Final = frozenset({"integer", "int", "long", "short", "unsignedInt", "unsignedLong"})
_REAL: Final = frozenset({"double", "float", "decimal"})


def _value(value: Any, kind: Any) -> Any:
    """The text of a property as its type says; the text itself where it is no such value."""
    name = str(kind).removeprefix("xs:")
    if not isinstance(value, str):
        return value
    if name == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(value, value)
    if name in _WHOLE and re.fullmatch(r"[+-]?\d{1,19}", value):
        return int(value)
    if name in _REAL and re.fullmatch(
        r"[+-]?\d{1,320}(\.\d{1,320})?([eE][+-]?\d{1,3})?", value
    ):
        number = float(value)
        return number if is_number(number) else value
    return value


# --- environment ----------------------------------------------------------------------------


def environment(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The AAS environment of the parts: one shell, one submodel for each part."""
    header = parts.get("DPP", {})
    product = str(header.get("uniqueProductIdentifier") or "urn:not:stated")
    passport = str(header.get("digitalProductPassportId") or product)
    submodels = [
        {
            "modelType": "Submodel",
            "id": f"{passport}:{_NAMES[part]}",
            "idShort": _NAMES[part],
            "kind": "Instance",
            "semanticId": _reference(METADATA if part == "DPP" else SEMANTIC_IDS[part]),
            "submodelElements": [element(str(k), v) for k, v in parts[part].items()],
        }
        for part in SHAPE
        if parts.get(part)
    ]
    shell: dict[str, Any] = {
        "modelType": "AssetAdministrationShell",
        "id": f"{passport}:Shell",
        "idShort": "BatteryPassport",
        "assetInformation": {"assetKind": "Instance", "globalAssetId": product},
        "submodels": [
            {"type": "ModelReference", "keys": [{"type": "Submodel", "value": s["id"]}]}
            for s in submodels
        ],
    }
    if parts.get(PLACEHOLDERS):
        listed = json.dumps(parts[PLACEHOLDERS], ensure_ascii=False)
        shell["extensions"] = [
            {"name": PLACEHOLDERS, "valueType": "xs:string", "value": listed}
        ]
    return {"assetAdministrationShells": [shell], "submodels": submodels}


def _reference(semantic_id: str) -> dict[str, Any]:
    key = {"type": "GlobalReference", "value": semantic_id}
    return {"type": "ExternalReference", "keys": [key]}


def parts_of(stated: Any) -> dict[str, Any]:
    """The parts of an environment, by the semantic ids of its submodels."""
    parts: dict[str, Any] = {}
    if not isinstance(stated, Mapping):
        return parts
    for one in rows_at(stated, "submodels"):
        if part := _part(one):
            parts.setdefault(part, _named(one.get("submodelElements")))
    for shell in rows_at(stated, "assetAdministrationShells"):
        for extension in rows_at(shell, "extensions"):
            if extension.get("name") == PLACEHOLDERS:
                parts[PLACEHOLDERS] = read_json(str(extension.get("value")))
    return parts


def _part(submodel: Mapping[str, Any]) -> str:
    """The part a submodel is: by its semantic id (whatever its version), else by its name."""
    said = " ".join(str(k.get("value")) for k in rows_at(submodel, "semanticId/keys"))
    for part, id in {**SEMANTIC_IDS, "DPP": METADATA}.items():
        if id.rpartition(":")[0] in said:
            return part
    name = str(submodel.get("idShort"))
    return next((part for part, known in _NAMES.items() if known.endswith(name)), "")


# --- package --------------------------------------------------------------------------------


def is_environment(document: Any) -> bool:
    """Whether a JSON document is an AAS environment on its own."""
    return isinstance(document, Mapping) and isinstance(document.get("submodels"), list)


def is_package(content: bytes) -> bool:
    """Whether the bytes begin like a zip."""
    return content[:4] == b"PK\x03\x04"


def encode(parts: Any) -> bytes:
    """The package of the parts; the same parts give the same bytes."""
    spec = json.dumps(environment(parts), ensure_ascii=False, indent=1).encode("utf-8")
    files = {
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="{_TYPES}">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="json" ContentType="application/json"/>'
            '<Override PartName="/aasx/aasx-origin" ContentType="text/plain"/></Types>'
        ).encode(),
        "_rels/.rels": _relation("aasx-origin", "/aasx/aasx-origin"),
        "aasx/aasx-origin": b"Intentionally empty.",
        "aasx/_rels/aasx-origin.rels": _relation("aas-spec", f"/{_SPEC}"),
        _SPEC: spec,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(zipfile.ZipInfo(name, _MADE_AT), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _relation(kind: str, target: str) -> bytes:
    return (
        f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="R1" '
        f'Type="{_RELATION}/{kind}" Target="{target}"/></Relationships>'
    ).encode()


def decode(content: bytes, name: str = "") -> Any:
    """The parts in a package. Nothing is unpacked to disk, and no name in it is followed.

    Raises:
        FaultyInput: no zip, larger than 32 MiB when unpacked, or no environment in JSON.
    """
    place = Place(name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            spec = _specification(package, place)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as fault:
        raise FaultyInput([finding("format.bad-package", place)]) from fault
    return parts_of(read_json(spec.removeprefix(b"\xef\xbb\xbf"), name))


def _specification(package: zipfile.ZipFile, place: Place) -> bytes:
    listed = package.infolist()
    if len(listed) > _MAX_PARTS or sum(i.file_size for i in listed) > _MAX_UNPACKED:
        raise FaultyInput(
            [finding("format.package-too-large", place, limit=_MAX_UNPACKED // 1024**2)]
        )
    for info in listed:
        if info.filename.endswith(".json"):
            with package.open(info) as part:
                content = part.read(_MAX_UNPACKED + 1)
            if b'"submodels"' in content:
                return content
    raise FaultyInput([finding("format.no-environment", place)])


def unpack(document: Any) -> tuple[dict[str, Any], dict[str, str]] | None:
    """Our parts by their names, as ``decode`` gives them; None for any other document."""
    if not isinstance(document, Mapping) or not any(p in document for p in SHAPE):
        return None
    return dict(document), {key: key for key in document}


def pack(parts: Mapping[str, Any], shape: Mapping[str, str]) -> Any:
    """The parts as ``encode`` takes them."""
    return dict(parts)

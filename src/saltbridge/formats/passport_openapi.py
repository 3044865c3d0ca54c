"""The DPP API in its own words: an OpenAPI 3.1 document of the methods that are answered.

Written from scratch after the methods' table in docs/decisions/0038; the schemas of a passport
are those its answers are validated against (``passport_schemas``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from saltbridge.formats.passport_dpp import MOST_IDS, REPRESENTATIONS, STATUS_WORDS

Doc = dict[str, Any]
_REF: Final = "#/components/schemas/"
_TOLD: Final[Mapping[str, str]] = {
    "400": "What was asked for is malformed.",
    "307": "Another operator took the passport over; Location says where it is.",
    "404": "No such passport, or none that the caller may read: the same bytes.",
    "405": "Passports are not written here; Allow says what is done.",
    "406": "No form that the caller accepts is offered.",
    "410": "The passport has ceased to exist: the battery was recycled.",
    "413": "The question is larger than 1 MB.",
    "429": "Too many questions within a minute.",
}


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method of the API, as it is described."""

    path: str
    verb: str = "get"
    name: str
    clause: str
    summary: str
    answer: str = "DigitalProductPassport"
    parameters: tuple[str, ...] = ()
    failures: tuple[str, ...] = ("307", "400", "404", "406", "410", "429")


METHODS: Final = (
    Method(
        path="/v1/dpps/{dppId}",
        name="readDPPById",
        clause="4.2",
        summary="The newest version of a passport.",
        parameters=("dppId", "representation"),
    ),
    Method(
        path="/v1/dppsByProductId/{productId}",
        name="readDPPByProductId",
        clause="4.3",
        summary="The passport of the battery with this address (GS1 Digital Link).",
        parameters=("productId", "representation"),
    ),
    Method(
        path="/v1/dppsByIdAndDate/{dppId}",
        name="readDPPVersionByIdAndDate",
        clause="4.4",
        summary="The version that was the newest at a time.",
        parameters=("dppId", "date", "representation"),
    ),
    Method(
        path="/v1/dppsByProductIds",
        verb="post",
        name="readDPPIdsByProductIds",
        clause="4.5",
        summary="Ids of the passports of several batteries, page by page.",
        answer="DppIdPage",
        parameters=("limit", "cursor"),
        failures=("400", "413", "429"),
    ),
    Method(
        path="/v1/dpps/{dppId}/elements/{elementIdPath}",
        name="readDataElement",
        clause="6.2",
        summary="One element of a passport.",
        answer="DataElement",
        parameters=("dppId", "elementIdPath", "representation"),
        failures=("307", "400", "404", "410", "429"),
    ),
)
# Methods of the standard that are refused: passports are made by the issuing service.
REFUSED: Final = (
    ("/v1/dpps", "post", "createDPP", "4.6"),
    ("/v1/dpps/{dppId}", "patch", "updateDPPById", "4.7"),
    ("/v1/dpps/{dppId}", "delete", "deleteDPPById", "4.8"),
    ("/v1/dpps/{dppId}/elements/{elementIdPath}", "patch", "updateDataElement", "6.3"),
)


def openapi(server: str) -> Doc:
    """The document, for the API at this address."""
    paths: dict[str, Doc] = {}
    for method in METHODS:
        paths.setdefault(method.path, {})[method.verb] = _operation(method)
    for path, verb, name, clause in REFUSED:
        told = {"operationId": name, "summary": f"Refused (EN 18222, {clause})."}
        given = [_reference("parameters", p) for p in _gaps(path)]
        paths.setdefault(path, {})[verb] = {
            **told,
            **({"parameters": given} if given else {}),
            "responses": _failures(("405",)),
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Saltbridge DPP API",
            "version": "1",
            "summary": "The reading methods of EN 18222:2026.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "security": [{}, {"grant": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"grant": _GRANT},
            "parameters": _PARAMETERS,
            "schemas": _schemas(),
        },
    }


def _operation(method: Method) -> Doc:
    form = {"schema": {"$ref": f"{_REF}{method.answer}"}}
    forms = {"application/json": form}
    if method.answer == "DigitalProductPassport":
        forms["application/ld+json"] = {"schema": {"type": "object"}}
    found = {"description": "Found.", "content": forms}
    made: Doc = {
        "operationId": method.name,
        "summary": f"{method.summary} (EN 18222, {method.clause})",
        "parameters": [_reference("parameters", name) for name in method.parameters],
        "responses": {"200": found, **_failures(method.failures)},
    }
    if method.verb == "post":
        body = {"schema": {"$ref": f"{_REF}ProductIdQuery"}}
        made["requestBody"] = {"required": True, "content": {"application/json": body}}
    return made


def _failures(statuses: tuple[str, ...]) -> Doc:
    form = {"application/json": {"schema": {"$ref": f"{_REF}Result"}}}
    return {s: {"description": _TOLD[s], "content": form} for s in statuses}


def _reference(kind: str, name: str) -> Doc:
    return {"$ref": f"#/components/{kind}/{name}"}


def _gaps(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _in_path(name: str, description: str) -> Doc:
    told = {"description": description, "schema": {"type": "string"}}
    return {"name": name, "in": "path", "required": True, **told}


def _in_query(name: str, description: str, schema: Doc, *, required: bool = False) -> Doc:
    told = {"description": description, "schema": schema}
    return {"name": name, "in": "query", "required": required, **told}


_GRANT: Final[Doc] = {
    "type": "http",
    "scheme": "bearer",
    "description": "An access code, or a partner's own token; without it, the public part.",
}
_PARAMETERS: Final[Doc] = {
    "dppId": _in_path("dppId", "Id of the passport, percent-encoded."),
    "productId": _in_path("productId", "The battery's whole address, percent-encoded."),
    "elementIdPath": _in_path(
        "elementIdPath",
        "JSONPath to one element (RFC 9535, names and indexes only), percent-encoded.",
    ),
    "date": _in_query(
        "date",
        "A time with its offset, or a day: then its end in UTC.",
        {"type": "string"},
        required=True,
    ),
    "representation": _in_query(
        "representation",
        "Key and value, or listed elements.",
        {"enum": list(REPRESENTATIONS), "default": "compressed"},
    ),
    "limit": _in_query("limit", "Ids on a page.", {"type": "integer", "minimum": 1}),
    "cursor": _in_query("cursor", "nextCursor of the page before.", {"type": "string"}),
}
_ID_LIST: Final[Doc] = {"type": "array", "items": {"type": "string"}}


def _schemas() -> Doc:
    message = {
        "type": "object",
        "required": ["messageType", "text"],
        "properties": {
            "messageType": {"enum": ["Info", "Warning", "Error", "Exception"]},
            "text": {"type": "string"},
            "code": {"type": "string"},
        },
    }
    result = {
        "type": "object",
        "required": ["statusCode", "message"],
        "properties": {
            "statusCode": {"enum": sorted(set(STATUS_WORDS.values()))},
            "message": {"type": "array", "items": {"$ref": f"{_REF}Message"}},
        },
    }
    asked = {**_ID_LIST, "minItems": 1, "maxItems": MOST_IDS}
    page = {"dppIds": _ID_LIST, "nextCursor": {"type": "string"}}
    forms = ("DigitalProductPassportCompressed", "DigitalProductPassportFull")
    return {
        **_packaged("en-18223"),
        **_packaged("en-18223-expanded"),
        "DigitalProductPassport": {"anyOf": [{"$ref": f"{_REF}{form}"} for form in forms]},
        "DataElement": {
            "type": "object",
            "required": ["elementId"],
            "properties": {
                "elementId": {"type": "string"},
                "objectType": {"type": "string"},
                "dictionaryReference": {"type": "string"},
                "valueDataType": {"type": "string"},
                "value": {},
                "elements": {"type": "array", "items": {"$ref": f"{_REF}DataElement"}},
            },
        },
        "ProductIdQuery": {
            "type": "object",
            "required": ["productIds"],
            "properties": {"productIds": asked},
        },
        "DppIdPage": {"type": "object", "required": ["dppIds"], "properties": page},
        "Message": message,
        "Result": result,
    }


def _packaged(name: str) -> Doc:
    folder = files("saltbridge.formats") / "passport_schemas"
    schemas: Doc = json.loads((folder / f"{name}.json").read_bytes())["components"]["schemas"]
    return schemas

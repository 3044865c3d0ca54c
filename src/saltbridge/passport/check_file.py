"""Readiness of a document somebody has: a passport view, a supplier record or a facts file."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.passport.access import MAY_SEE, Audience
from saltbridge.passport.assemble import item_values, model_values, parse_values
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.model import AttributeValue, Origin, OriginKind, Values
from saltbridge.passport.part_types import is_url
from saltbridge.passport.stage_shares import in_absolute_terms
from saltbridge.passport.validate import Readiness, readiness
from saltbridge.passport.views import presented_view
from saltbridge.trust.sd_jwt import parse, revealed
from saltbridge.trust.signature import open_jws
from saltbridge.trust.suites import NotVerified

_UNCHECKED = Origin(OriginKind.SUPPLIER_RECORD, "", "")
NO_REASON: Final = "stated"  # the reason of an attribute that is only said not to apply


def example_document(category: str = "") -> Mapping[str, Any]:
    """The packaged example: all values of one fictitious battery, every audience's.

    It is an EV battery. For another category it is the same one with what differs there.
    """
    example: dict[str, Any] = _packaged("example.json")
    others: Mapping[str, Any] = _packaged("example_categories.json")
    if category not in others:
        return example
    changed = {**example["attributes"], **others[category]["attributes"]}
    for id in others[category]["without"]:
        del changed[id]
    return {**example, "about": others["about"], "category": category, "attributes": changed}


def _packaged(name: str) -> Any:
    return read_json((files("saltbridge.passport") / name).read_bytes())


def check_document(document: Any, on: date, category: str = "") -> Readiness:
    """The readiness of the document for a category on a day. Signatures are not checked here.

    A view is judged by the points its audience may see, and a note says so. Of a supplier
    record with several batteries the first one counts.

    Raises:
        FaultyInput: not a document with attributes.
    """
    content, values, found = document_values(document)
    stated = values.get("A032")
    chosen = category or str(content.get("category") or (stated.value if stated else ""))
    table = dict(attribute_table())
    if "audience" in content:
        try:
            points = MAY_SEE[Audience(content["audience"])]
        except ValueError as fault:
            raise FaultyInput([finding("passport.not-a-passport")]) from fault
        table = {id: a for id, a in table.items() if a.point in points}
        told = ", ".join(map(str, sorted(points)))
        found.append(finding("passport.points-judged", severity=Severity.NOTE, points=told))
    if isinstance(document, Mapping) and document.keys() & {"sd_jwt", "jws"}:
        found.append(finding("passport.signature-not-looked-at", severity=Severity.NOTE))
    result = readiness(in_absolute_terms(values), chosen, on, table=table)
    found += _against_header(content, values)
    return replace(result, findings=(*found, *result.findings))


def _against_header(content: Mapping[str, Any], values: Values) -> list[Finding]:
    """Where a document says one thing beside its attributes and another one in them."""
    found: list[Finding] = []
    category, stated = content.get("category"), values.get("A032")
    if category and stated is not None and stated.value not in (None, category):
        told = {"found": str(category)[:40], "stated": str(stated.value)[:40]}
        place = Place(pointer="/attributes/A032")
        found.append(Finding("passport.other-category", told, place))
    issuer, link = content.get("issuer"), values.get("A002")
    did = str(issuer.get("did", "")) if isinstance(issuer, Mapping) else ""
    if did.startswith("did:web:") and link is not None and is_url(link.value):
        host = urlsplit(str(link.value)).netloc
        if unquote(did.split(":")[2]).lower() != host.lower():
            told = {"host": host[:80], "did": did[:200]}
            place = Place(pointer="/attributes/A002")
            found.append(Finding("passport.other-host", told, place, "", Severity.WARNING))
    return found


def document_values(
    document: Any, origin: Origin = _UNCHECKED
) -> tuple[Mapping[str, Any], dict[str, AttributeValue], list[Finding]]:
    """The content of a document, the attribute values in it, and what is wrong with them.

    Raises:
        FaultyInput: not a document with attributes.
    """
    content = _content(document)
    if not isinstance(content, Mapping) or not _has_shape(content):
        raise FaultyInput.of("passport.not-a-passport")
    values, found = parse_values(_given(content["attributes"]), origin, "/attributes")
    reasons = content.get("not_applicable_because") or {}
    for id in content.get("not_applicable") or ():
        reason = str(reasons.get(id) or NO_REASON)
        values.setdefault(id, AttributeValue(None, "", origin, not_applicable=reason))
    if content.get("kind") == "battery-supplier-record":
        values = {**model_values(content, origin), **values}
        for item in (content.get("items") or [])[:1]:
            own, faults = parse_values(item.get("attributes") or {}, origin, "/items/0")
            values |= {**item_values(item, origin), **own}
            found += faults
    return content, values, found


def _has_shape(content: Mapping[str, Any]) -> bool:
    """Whether the members that are looked into are lists and tables where they have to be."""
    tables = ("not_applicable_because", "product", "plant", "manufacturer")
    lists = {m: content.get(m) or [] for m in ("not_applicable", "items")}
    return (
        isinstance(content.get("attributes"), Mapping)
        and all(isinstance(content.get(m) or {}, Mapping) for m in tables)
        and all(isinstance(held, list) for held in lists.values())
        and all(isinstance(id, str) for id in lists["not_applicable"])
        and all(isinstance(item, Mapping) for item in lists["items"])
    )


def _given(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes without the members a signed view adds to them."""
    added = {"name", "dynamic", "origin"}
    given = {}
    for id, entry in attributes.items():
        if isinstance(entry, Mapping):
            entry = {k: v for k, v in entry.items() if k not in added}
            if entry.pop("none", False):
                entry["value"] = []
        given[id] = entry
    return given


def _content(document: Any) -> Any:
    """The content of a claim file, or the document itself."""
    if not isinstance(document, Mapping):
        return document
    try:
        if isinstance(document.get("sd_jwt"), str):
            shown = parse(document["sd_jwt"])
            payload = read_json(open_jws(shown.jwt).payload)
            return presented_view(revealed(payload, shown.disclosures)["content"])
        if isinstance(document.get("jws"), str):
            return read_json(open_jws(document["jws"]).payload)["content"]
    except (NotVerified, FaultyInput, KeyError, TypeError, AttributeError) as fault:
        raise FaultyInput([finding("passport.not-a-passport")]) from fault
    return document

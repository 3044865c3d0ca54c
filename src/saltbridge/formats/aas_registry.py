"""Descriptors of the AAS registry (API 3.1): shells and submodels live here and nowhere else.

Members we do not know are carried; members that are null are left out, as the reference
registry does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.exchange.twins import Aspect, AssetId, AssetLink, Twin
from saltbridge.formats.aas_check import (
    ASSET_ID,
    ASSET_LINK,
    SHELL,
    SUBMODEL,
    Fault,
    FaultyDescriptor,
    check,
)

INTERFACE: Final = "SUBMODEL-3.1"
MOST_ID_BYTES: Final = 2500  # what an index of PostgreSQL takes, with the rest of a row
MOST_LINKS: Final = 100  # of one search
_OWN: Final = frozenset(
    {
        "id",
        "globalAssetId",
        "assetKind",
        "assetType",
        "specificAssetIds",
        "submodelDescriptors",
        "createdAt",
    }
)


def read_body(content: bytes) -> Any:
    """The JSON of a request, without the members that are null.

    Raises:
        FaultyDescriptor: it is not JSON.
    """
    try:
        return _without_nulls(read_json(content))
    except FaultyJson as fault:
        raise FaultyDescriptor([Fault("body", "must be JSON")]) from fault


def parse_shell(document: Any, id: str = "") -> Twin:
    """The twin of a descriptor; ``id`` is that of the path, which wins over the document's.

    Raises:
        FaultyDescriptor: it is not as the interface wants it.
    """
    document = _with_id(document, id)
    check(document, SHELL)
    if len(document["id"].encode()) > MOST_ID_BYTES:
        raise FaultyDescriptor([Fault("id", f"must take at most {MOST_ID_BYTES} bytes")])
    return Twin(
        id=document["id"],
        asset_ids=tuple(_asset_id(a) for a in document.get("specificAssetIds", ())),
        aspects=tuple(_aspect(s) for s in document.get("submodelDescriptors", ())),
        global_asset_id=document.get("globalAssetId", ""),
        asset_kind=document.get("assetKind", ""),
        asset_type=document.get("assetType", ""),
        created_at=str(document.get("createdAt", "")),
        document={k: v for k, v in document.items() if k not in _OWN or v == []},
    )


def render_shell(twin: Twin) -> dict[str, Any]:
    """The descriptor of a twin; parsing it again gives an equal twin."""
    told: dict[str, Any] = {**twin.document, "id": twin.id}
    for member, value in (
        ("globalAssetId", twin.global_asset_id),
        ("assetKind", twin.asset_kind),
        ("assetType", twin.asset_type),
        ("createdAt", twin.created_at),
    ):
        if value:
            told[member] = value
    if twin.asset_ids:
        told["specificAssetIds"] = [render_asset_id(a) for a in twin.asset_ids]
    if twin.aspects:
        told["submodelDescriptors"] = [dict(a.document) for a in twin.aspects]
    return told


def parse_submodel(document: Any, id: str = "") -> Aspect:
    """The aspect of a descriptor; ``id`` as with ``parse_shell``.

    Raises:
        FaultyDescriptor: it is not as the interface wants it.
    """
    document = _with_id(document, id)
    check(document, SUBMODEL)
    return _aspect(document)


def with_aspect(twin: Twin, aspect: Aspect) -> Twin:
    """The twin with this aspect, in the place of the one with its id if there is one."""
    if any(a.id == aspect.id for a in twin.aspects):
        kept = tuple(aspect if a.id == aspect.id else a for a in twin.aspects)
    else:
        kept = (*twin.aspects, aspect)
    return replace(twin, aspects=kept)


def without_aspect(twin: Twin, id: str) -> Twin:
    """The twin without the aspect of this id; its list of aspects stays, empty if need be."""
    told = {**twin.document, "submodelDescriptors": []}
    return replace(twin, aspects=tuple(a for a in twin.aspects if a.id != id), document=told)


def parse_asset_ids(document: Any) -> tuple[AssetId, ...]:
    """A list of identifiers.

    Raises:
        FaultyDescriptor: it is not as the interface wants it.
    """
    for index, entry in enumerate(_list(document)):
        check(entry, ASSET_ID, f"specificAssetIds[{index}]")
    return tuple(_asset_id(a) for a in document)


def parse_links(document: Any) -> tuple[AssetLink, ...]:
    """Links to look for.

    Raises:
        FaultyDescriptor: they are not as the interface wants them. One message, prefixed with
            the operation, as the reference registry gives it.
    """
    faults: list[Fault] = []
    if len(_list(document)) > MOST_LINKS:
        raise FaultyDescriptor([Fault("", f"at most {MOST_LINKS} links are looked for")])
    for index, entry in enumerate(document):
        try:
            check(entry, ASSET_LINK, f"assetLink[{index}]")
        except FaultyDescriptor as fault:
            faults += fault.faults
    if faults:
        told = "searchAllAssetAdministrationShellIdsByAssetLink"
        raise FaultyDescriptor([Fault("", f"{told}.{f.member}: {f.says}") for f in faults])
    return tuple(dict.fromkeys(AssetLink(e["name"], e["value"]) for e in document))


def render_asset_id(asset_id: AssetId) -> dict[str, Any]:
    """An identifier; of its readers those are named that it has here."""
    told = {**asset_id.unknown, "name": asset_id.name, "value": asset_id.value}
    if asset_id.readers or asset_id.subject:
        keys = [
            key
            for key in asset_id.subject.get("keys", ())
            if key.get("value") in asset_id.readers
        ] or [{"type": "GlobalReference", "value": reader} for reader in asset_id.readers]
        subject = {"type": "ExternalReference", **asset_id.subject, "keys": keys}
        if keys:
            told["externalSubjectId"] = subject
    return told


def dsp_aspect(
    *,
    id: str,
    name: str,
    semantic_id: str,
    also: Sequence[str],
    address: str,
    dataset: str,
    endpoint: str,
) -> Aspect:
    """An aspect that is had by agreeing on a dataset at a DSP endpoint (CX-0002).

    ``address`` is that of the submodel; its value lies below it, at ``$value``.
    """
    document: dict[str, Any] = {
        "id": id,
        "idShort": name,
        "semanticId": _reference(semantic_id),
        "endpoints": [
            {
                "interface": INTERFACE,
                "protocolInformation": {
                    "href": address,
                    "endpointProtocol": "HTTP",
                    "endpointProtocolVersion": ["1.1"],
                    "subprotocol": "DSP",
                    "subprotocolBody": f"id={dataset};dspEndpoint={endpoint}",
                    "subprotocolBodyEncoding": "plain",
                    "securityAttributes": [{"type": "NONE", "key": "NONE", "value": "NONE"}],
                },
            }
        ],
    }
    if also:
        document["supplementalSemanticId"] = [_reference(other) for other in also]
    return _aspect(document)


@dataclass(frozen=True, slots=True)
class WayToValue:
    """How the value of an aspect is had: what to agree on, where, and what to ask then."""

    dataset: str
    endpoint: str  # DSP base URL
    address: str


def way_to_value(aspect: Aspect) -> WayToValue | None:
    """The way to an aspect's value, or None where it names none over DSP.

    ``$value`` is appended unless the address has it, or the interface says that it is that of
    the value (CX-0002; the prose of CX-0160 has it the other way round, its example as here).
    """
    for endpoint in aspect.document.get("endpoints", ()):
        told = endpoint.get("protocolInformation", {})
        if str(told.get("subprotocol", "")).upper() != "DSP":
            continue
        body = dict(
            part.partition("=")[::2]
            for part in str(told.get("subprotocolBody", "")).split(";")
            if "=" in part
        )
        address = str(told.get("href", ""))
        value = "VALUE" in str(endpoint.get("interface", "")).upper()
        if not value and not address.rstrip("/").endswith("/$value"):
            address = f"{address.rstrip('/')}/$value"
        if body.get("id") and body.get("dspEndpoint") and address:
            return WayToValue(body["id"], body["dspEndpoint"], address)
    return None


def _reference(value: str) -> dict[str, Any]:
    return {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": value}]}


def shell_bytes(descriptor: Mapping[str, Any]) -> bytes:
    """A descriptor as it is kept and sent."""
    return canonical_bytes(descriptor)


def _asset_id(entry: Mapping[str, Any]) -> AssetId:
    subject = entry.get("externalSubjectId", {})
    return AssetId(
        name=entry["name"],
        value=entry["value"],
        readers=tuple(key["value"] for key in subject.get("keys", ())),
        subject=subject,
        unknown={
            k: v for k, v in entry.items() if k not in ("name", "value", "externalSubjectId")
        },
    )


def _aspect(document: Mapping[str, Any]) -> Aspect:
    keys = document.get("semanticId", {}).get("keys", ())
    return Aspect(
        id=document["id"],
        semantic_id=keys[0]["value"] if keys else "",
        addresses=tuple(
            e["protocolInformation"]["href"]
            for e in document.get("endpoints", ())
            if e.get("protocolInformation", {}).get("href")
        ),
        document=document,
    )


def _with_id(document: Any, id: str) -> Any:
    return {**document, "id": id} if id and isinstance(document, Mapping) else document


def _list(document: Any) -> list[Any]:
    if not isinstance(document, list):
        raise FaultyDescriptor([Fault("body", "must be a list")])
    return document


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(v) for v in value]
    return value

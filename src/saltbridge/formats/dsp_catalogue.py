"""Catalogue and dataset of DSP 2025-1 as JSON (DCAT lives here and nowhere else)."""

from collections.abc import Mapping
from typing import Any

from saltbridge.exchange.model import Catalogue, Dataset, Json
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1, Profile
from saltbridge.formats.dsp import parse_document, parse_offer, render_offer

_VERSION = "https://w3id.org/catenax/ontology/common#version"
_VERSION_NAMES = (_VERSION, "cx-common:version")
_KIND = "https://w3id.org/saltbridge/v1/kind"
_TYPE_NAMES = ("dct:type", "http://purl.org/dc/terms/type")
_TITLE_NAMES = ("dct:title", "http://purl.org/dc/terms/title")
_KNOWN = frozenset(
    {"@id", "@type", "@context", "hasPolicy", "distribution", _KIND}
    | {*_VERSION_NAMES, *_TYPE_NAMES, *_TITLE_NAMES}
)


def render_catalogue_request() -> dict[str, Any]:
    """A request for the whole catalogue."""
    return {"@context": list(DSP_2025_1.contexts), "@type": "CatalogRequestMessage"}


def render_catalogue(catalogue: Catalogue, profile: Profile = DSP_2025_1) -> dict[str, Any]:
    """The catalogue; an empty one has no ``dataset`` member, as the schema demands."""
    document: dict[str, Any] = {
        "@context": list(profile.policy_contexts),
        "@id": catalogue.id,
        "@type": "Catalog",
        "participantId": catalogue.participant,
    }
    services = {d.endpoint: _service(d.endpoint) for d in catalogue.datasets}
    if services:
        document["service"] = list(services.values())
        document["dataset"] = [_dataset(d) for d in catalogue.datasets]
    return {**document, **catalogue.unknown}


def parse_catalogue(content: bytes) -> Catalogue:
    """The catalogue of a participant.

    Raises:
        FaultyJson, NotDsp: not a catalogue.
    """
    document = parse_document(content, "Catalog")
    services = {s["@id"]: s.get("endpointURL", "") for s in document.get("service", ())}
    known = {"@context", "@id", "@type", "participantId", "service", "dataset"}
    return Catalogue(
        id=document["@id"],
        participant=document["participantId"],
        datasets=tuple(_read_dataset(d, services) for d in document.get("dataset", ())),
        unknown={key: value for key, value in document.items() if key not in known},
    )


def render_dataset(dataset: Dataset, profile: Profile = DSP_2025_1) -> dict[str, Any]:
    """One dataset as a document of its own."""
    return {"@context": list(profile.policy_contexts), **_dataset(dataset)}


def parse_dataset(content: bytes) -> Dataset:
    """One dataset.

    Raises:
        FaultyJson, NotDsp: not a dataset.
    """
    return _read_dataset(parse_document(content, "Dataset"), {})


def _service(endpoint: str) -> dict[str, Any]:
    return {"@id": f"{endpoint}#service", "@type": "DataService", "endpointURL": endpoint}


def _dataset(dataset: Dataset) -> dict[str, Any]:
    document: dict[str, Any] = {
        "@id": dataset.id,
        "@type": "Dataset",
        "hasPolicy": [render_offer(offer) for offer in dataset.offers],
        "distribution": [
            {
                "@type": "Distribution",
                "format": name,
                "accessService": _service(dataset.endpoint),
            }
            for name in dataset.formats
        ],
    }
    if dataset.title:
        document[_TITLE_NAMES[0]] = dataset.title
    if dataset.dct_type:
        document[_TYPE_NAMES[0]] = {"@id": dataset.dct_type}
    if dataset.version:
        document[_VERSION] = dataset.version
    if dataset.kind:
        document[_KIND] = dataset.kind
    return {**document, **dataset.unknown}


def _first(document: Json, names: tuple[str, ...]) -> str:
    value = next((document[name] for name in names if name in document), "")
    if isinstance(value, Mapping):
        value = value.get("@id", value.get("@value", ""))
    return value if isinstance(value, str) else ""


def _read_dataset(document: Json, services: Mapping[str, str]) -> Dataset:
    distributions = document["distribution"]
    service = distributions[0]["accessService"]
    endpoint = (
        services.get(service, "")
        if isinstance(service, str)
        else service.get("endpointURL", "")
    )
    return Dataset(
        id=document["@id"],
        offers=tuple(parse_offer(offer) for offer in document["hasPolicy"]),
        formats=tuple(d["format"] for d in distributions),
        endpoint=endpoint,
        title=_first(document, _TITLE_NAMES),
        kind=_first(document, (_KIND,)),
        dct_type=_first(document, _TYPE_NAMES),
        version=_first(document, _VERSION_NAMES),
        unknown={key: value for key, value in document.items() if key not in _KNOWN},
    )

"""Messages of the Dataspace Protocol 2025-1 as JSON: ``parse_…`` and ``render_…``.

A connector may treat the messages as plain JSON as long as they validate against the
protocol's schemas (DSP 2025-1-err1, common requirements, "Schemas & Contexts"; read
2026-11-23); so nothing expands JSON-LD here. Fields we do not know are kept.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.finding import Place, finding
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import (
    Agreement,
    DataAddress,
    Json,
    NegotiationState,
    Offer,
)
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1, Profile
from saltbridge.formats.dsp_schema import NotDsp, check

Message: TypeAlias = m.NegotiationMessage | m.TransferMessage

_SECONDS = re.compile(r"[0-9]{1,18}")  # what is longer is no life of a token
_CONNECTIVES = frozenset({"and", "or", "xone", "andSequence"})
# @type on the wire → schema that decides whether it is one
SCHEMA_OF: Mapping[str, str] = {
    "CatalogRequestMessage": "catalog/catalog-request-message",
    "Catalog": "catalog/catalog",
    "Dataset": "catalog/dataset",
    "CatalogError": "catalog/catalog-error",
    "ContractRequestMessage": "negotiation/contract-request-message",
    "ContractOfferMessage": "negotiation/contract-offer-message",
    "ContractAgreementMessage": "negotiation/contract-agreement-message",
    "ContractAgreementVerificationMessage": (
        "negotiation/contract-agreement-verification-message"
    ),
    "ContractNegotiationEventMessage": "negotiation/contract-negotiation-event-message",
    "ContractNegotiationTerminationMessage": (
        "negotiation/contract-negotiation-termination-message"
    ),
    "ContractNegotiation": "negotiation/contract-negotiation",
    "ContractNegotiationError": "negotiation/contract-negotiation-error",
    "TransferRequestMessage": "transfer/transfer-request-message",
    "TransferStartMessage": "transfer/transfer-start-message",
    "TransferCompletionMessage": "transfer/transfer-completion-message",
    "TransferSuspensionMessage": "transfer/transfer-suspension-message",
    "TransferTerminationMessage": "transfer/transfer-termination-message",
    "TransferProcess": "transfer/transfer-process",
    "TransferError": "transfer/transfer-error",
}


def parse_document(content: bytes | str | Json, *expected: str) -> dict[str, Any]:
    """The JSON object of one of the expected ``@type``, valid under its schema.

    Raises:
        FaultyJson: not JSON as we accept it.
        NotDsp: another type, or not valid.
    """
    document = read_json(content) if isinstance(content, (bytes, str)) else dict(content)
    found = document.get("@type") if isinstance(document, dict) else None
    if not isinstance(document, dict) or found not in expected:
        raise NotDsp(
            [
                finding(
                    "dsp.unexpected-type",
                    Place(pointer="/@type"),
                    found=str(found)[:80],
                    due=", ".join(expected),
                )
            ]
        )
    check(_with_lists(document), SCHEMA_OF[str(found)])
    return document


def _with_lists(value: Any) -> Any:
    """The document with the lists of one that compacted JSON-LD wrote without their list.

    The context of DSP 2025-1 keeps no list for the connectives of ODRL, so connectors that
    compact (EDC does) write ``"and": {…}`` where the schema has ``"and": [{…}]``.
    """
    if isinstance(value, Mapping):
        return {
            name: [_with_lists(inner)]
            if name in _CONNECTIVES and isinstance(inner, Mapping)
            else _with_lists(inner)
            for name, inner in value.items()
        }
    return [_with_lists(inner) for inner in value] if isinstance(value, list) else value


def render_bytes(document: Json) -> bytes:
    """The document as it is sent."""
    return canonical_bytes(document)


# ── negotiation and transfer messages ───────────────────────────────────────────────────


def parse_message(content: bytes | str | Json, *expected: type[Message]) -> Message:
    """The message, if it is one of the expected kinds.

    Raises:
        FaultyJson: not JSON as we accept it.
        NotDsp: another message, or not valid.
    """
    types = {_TYPE_OF[kind] for kind in expected}
    document = parse_document(content, *sorted(types))
    message = _READERS[document["@type"]](document)
    if not isinstance(message, tuple(expected)):
        raise NotDsp(
            [
                finding(
                    "dsp.unexpected-type",
                    Place(pointer="/eventType"),
                    found=str(message.target),
                    due=", ".join(str(kind.target) for kind in expected),
                )
            ]
        )
    return message


def render_message(message: Message, profile: Profile = DSP_2025_1) -> dict[str, Any]:
    """The message as a JSON object, valid under its schema."""
    kind = type(message)
    document: dict[str, Any] = {
        "@context": _contexts(_TYPE_OF[kind], profile),
        "@type": _TYPE_OF[kind],
        **_WRITERS[kind](message),
        **message.unknown,
    }
    return {key: value for key, value in document.items() if value not in ("", [], None)}


def _contexts(type_name: str, profile: Profile) -> list[str]:
    return list(profile.policy_contexts if type_name in _WITH_POLICY else profile.contexts)


def _rest(document: Json, *known: str) -> dict[str, Any]:
    """What we have no field for; contexts other than ours count as such."""
    rest = {k: v for k, v in document.items() if k not in ("@type", "@context", *known)}
    if document["@context"] != _contexts(document["@type"], DSP_2025_1):
        rest["@context"] = document["@context"]
    return rest


def parse_offer(document: Json) -> Offer:
    """The offer of a message or of a catalogue."""
    policy = {key: value for key, value in document.items() if key != "target"}
    return Offer(id=document["@id"], policy=policy, target=document.get("target", ""))


def render_offer(offer: Offer) -> dict[str, Any]:
    """The offer as it was read, with its target where it has one."""
    document = {**offer.policy, "@id": offer.id, "@type": "Offer"}
    return {**document, "target": offer.target} if offer.target else document


_PARTIES = ("@id", "@type", "target", "assigner", "assignee", "timestamp")


def parse_agreement(document: Json) -> Agreement:
    """The agreement; its terms are kept as they were written."""
    return Agreement(
        id=document["@id"],
        dataset_id=document["target"],
        assigner=document["assigner"],
        assignee=document["assignee"],
        timestamp=document.get("timestamp", ""),
        policy={key: value for key, value in document.items() if key not in _PARTIES},
    )


def render_agreement(agreement: Agreement) -> dict[str, Any]:
    """The agreement with its parties and its terms."""
    document = {
        **{k: v for k, v in agreement.policy.items() if k not in _PARTIES},
        "@id": agreement.id,
        "@type": "Agreement",
        "target": agreement.dataset_id,
        "assigner": agreement.assigner,
        "assignee": agreement.assignee,
    }
    return {**document, "timestamp": agreement.timestamp} if agreement.timestamp else document


def parse_data_address(document: Json, profile: Profile = DSP_2025_1) -> DataAddress:
    """Where to pull, with the property names of DSP and of Catena-X alike."""
    stated = {p["name"]: p["value"] for p in document.get("endpointProperties", ())}

    def value(names: Sequence[str]) -> str:
        return next((stated[name] for name in names if name in stated), "")

    seconds = value(profile.expires_in_names)
    ours = {
        *profile.endpoint_names,
        *profile.token_names,
        *profile.auth_type_names,
        *profile.expires_in_names,
        *profile.digest_names,
        *profile.refresh_token_names,
        *profile.refresh_endpoint_names,
        *profile.refresh_audience_names,
    }
    return DataAddress(
        endpoint=document.get("endpoint") or value(profile.endpoint_names),
        token=value(profile.token_names),
        auth_type=value(profile.auth_type_names) or "bearer",
        expires_in_seconds=int(seconds) if _SECONDS.fullmatch(seconds) else None,
        digest=value(profile.digest_names),
        refresh_token=value(profile.refresh_token_names),
        refresh_endpoint=value(profile.refresh_endpoint_names),
        refresh_audience=value(profile.refresh_audience_names),
        endpoint_type=document["endpointType"],
        unknown={name: text for name, text in stated.items() if name not in ours},
    )


def render_data_address(address: DataAddress, profile: Profile = DSP_2025_1) -> dict[str, Any]:
    """The data address with every value under each of its names."""
    seconds = address.expires_in_seconds
    stated = [
        *((name, address.endpoint) for name in profile.endpoint_names),
        *((name, address.token) for name in profile.token_names),
        *((name, address.auth_type) for name in profile.auth_type_names),
        *((name, "" if seconds is None else str(seconds)) for name in profile.expires_in_names),
        *((name, address.digest) for name in profile.digest_names),
        *((name, address.refresh_token) for name in profile.refresh_token_names),
        *((name, address.refresh_endpoint) for name in profile.refresh_endpoint_names),
        *((name, address.refresh_audience) for name in profile.refresh_audience_names),
        *((name, str(text)) for name, text in address.unknown.items()),
    ]
    return {
        "@type": "DataAddress",
        "endpointType": address.endpoint_type,
        "endpoint": address.endpoint,
        "endpointProperties": [
            {"@type": "EndpointProperty", "name": name, "value": text}
            for name, text in stated
            if text
        ],
    }


def reasons_of(document: Json) -> tuple[str, ...]:
    """The reasons of an error or a termination; structured ones as JSON text."""
    return tuple(
        item if isinstance(item, str) else canonical_bytes(item).decode()
        for item in document.get("reason", ())
    )


def _pids(document: Json) -> dict[str, str]:
    return {
        "provider_pid": document["providerPid"],
        "consumer_pid": document["consumerPid"],
    }


def _reader_of(kind: Callable[..., Message]) -> Callable[[Json], Message]:
    return lambda d: kind(**_pids(d), unknown=_rest(d, "providerPid", "consumerPid"))


def _reader_of_ending(kind: Callable[..., Message]) -> Callable[[Json], Message]:
    return lambda d: kind(
        **_pids(d),
        code=d.get("code", ""),
        reason=reasons_of(d),
        unknown=_rest(d, "providerPid", "consumerPid", "code", "reason"),
    )


def _read_event(d: Json) -> Message:
    rest = _rest(d, "providerPid", "consumerPid", "eventType")
    if d["eventType"] == NegotiationState.ACCEPTED:
        return m.NegotiationAccepted(**_pids(d), unknown=rest)
    return m.NegotiationFinalized(**_pids(d), unknown=rest)


_REQUEST = ("consumerPid", "providerPid", "offer", "callbackAddress")

_READERS: Mapping[str, Callable[[Json], Message]] = {
    "ContractRequestMessage": lambda d: m.ContractRequest(
        consumer_pid=d["consumerPid"],
        provider_pid=d.get("providerPid", ""),
        offer=parse_offer(d["offer"]),
        callback_address=d.get("callbackAddress", ""),
        unknown=_rest(d, *_REQUEST),
    ),
    "ContractOfferMessage": lambda d: m.ContractOffer(
        provider_pid=d["providerPid"],
        consumer_pid=d.get("consumerPid", ""),
        offer=parse_offer(d["offer"]),
        callback_address=d.get("callbackAddress", ""),
        unknown=_rest(d, *_REQUEST),
    ),
    "ContractAgreementMessage": lambda d: m.AgreementMessage(
        **_pids(d),
        agreement=parse_agreement(d["agreement"]),
        unknown=_rest(d, "providerPid", "consumerPid", "agreement"),
    ),
    "ContractAgreementVerificationMessage": _reader_of(m.AgreementVerification),
    "ContractNegotiationEventMessage": _read_event,
    "ContractNegotiationTerminationMessage": _reader_of_ending(m.NegotiationTermination),
    "TransferRequestMessage": lambda d: m.TransferRequest(
        consumer_pid=d["consumerPid"],
        agreement_id=d["agreementId"],
        format=d["format"],
        callback_address=d["callbackAddress"],
        data_address=parse_data_address(d["dataAddress"]) if "dataAddress" in d else None,
        unknown=_rest(
            d, "consumerPid", "agreementId", "format", "callbackAddress", "dataAddress"
        ),
    ),
    "TransferStartMessage": lambda d: m.TransferStart(
        **_pids(d),
        data_address=parse_data_address(d["dataAddress"]) if "dataAddress" in d else None,
        unknown=_rest(d, "providerPid", "consumerPid", "dataAddress"),
    ),
    "TransferCompletionMessage": _reader_of(m.TransferCompletion),
    "TransferSuspensionMessage": _reader_of_ending(m.TransferSuspension),
    "TransferTerminationMessage": _reader_of_ending(m.TransferTermination),
}


def _write_pids(message: Any) -> dict[str, Any]:
    return {"providerPid": message.provider_pid, "consumerPid": message.consumer_pid}


def _write_ending(message: Any) -> dict[str, Any]:
    return {**_write_pids(message), "code": message.code, "reason": list(message.reason)}


def _write_request(message: Any) -> dict[str, Any]:
    return {
        **_write_pids(message),
        "offer": render_offer(message.offer),
        "callbackAddress": message.callback_address,
    }


def _write_event(message: Any) -> dict[str, Any]:
    return {**_write_pids(message), "eventType": str(message.target)}


_WRITERS: Mapping[type[Message], Callable[[Any], dict[str, Any]]] = {
    m.ContractRequest: _write_request,
    m.ContractOffer: _write_request,
    m.AgreementMessage: lambda a: {
        **_write_pids(a),
        "agreement": render_agreement(a.agreement),
    },
    m.AgreementVerification: _write_pids,
    m.NegotiationAccepted: _write_event,
    m.NegotiationFinalized: _write_event,
    m.NegotiationTermination: _write_ending,
    m.TransferRequest: lambda r: {
        "consumerPid": r.consumer_pid,
        "agreementId": r.agreement_id,
        "format": r.format,
        "callbackAddress": r.callback_address,
        "dataAddress": render_data_address(r.data_address) if r.data_address else None,
    },
    m.TransferStart: lambda s: {
        **_write_pids(s),
        "dataAddress": render_data_address(s.data_address) if s.data_address else None,
    },
    m.TransferCompletion: _write_pids,
    m.TransferSuspension: _write_ending,
    m.TransferTermination: _write_ending,
}

_TYPE_OF: Mapping[type[Message], str] = {
    m.ContractRequest: "ContractRequestMessage",
    m.ContractOffer: "ContractOfferMessage",
    m.AgreementMessage: "ContractAgreementMessage",
    m.AgreementVerification: "ContractAgreementVerificationMessage",
    m.NegotiationAccepted: "ContractNegotiationEventMessage",
    m.NegotiationFinalized: "ContractNegotiationEventMessage",
    m.NegotiationTermination: "ContractNegotiationTerminationMessage",
    m.TransferRequest: "TransferRequestMessage",
    m.TransferStart: "TransferStartMessage",
    m.TransferCompletion: "TransferCompletionMessage",
    m.TransferSuspension: "TransferSuspensionMessage",
    m.TransferTermination: "TransferTerminationMessage",
}

_WITH_POLICY = frozenset(
    {"ContractRequestMessage", "ContractOfferMessage", "ContractAgreementMessage"}
)

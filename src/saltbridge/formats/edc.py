"""The management API (v3) of an EDC: its requests and answers, spelt here and nowhere else.

Source: EDC 0.14.0 as it answered, recorded 2026-11-28, and the walk-through of Tractus-X EDC
(management-api-walkthrough; CC BY 4.0); read in both.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange.model import (
    Agreement,
    Catalogue,
    DataAddress,
    Json,
    NegotiationState,
    Offer,
    TransferState,
)
from saltbridge.formats.dsp import parse_data_address, render_bytes
from saltbridge.formats.dsp_catalogue_parts import FaultyDataset, parse_catalogue_parts
from saltbridge.formats.edc_policy import (
    ODRL,
    entries,
    parse_policy,
    render_policy,
    text_of,
)

EDC: Final = "https://w3id.org/edc/v0.0.1/ns/"
CONTEXT: Final[Json] = {"@vocab": EDC}
PULL: Final = "HttpData-PULL"
_AS_TOLD: Final = {s.value: s for s in NegotiationState}
_OF_TRANSFER: Final = {s.value: s for s in TransferState}
# The consumer's side goes on by itself here; until then nothing is agreed for us.
_NEGOTIATIONS: Final[Mapping[str, NegotiationState]] = {
    name: state for name, state in _AS_TOLD.items() if name in ("FINALIZED", "TERMINATED")
}
_TRANSFERS: Final[Mapping[str, TransferState]] = {
    name: state
    for name, state in _OF_TRANSFER.items()
    if name in ("STARTED", "SUSPENDED", "COMPLETED", "TERMINATED")
}
# EDC 0.14 has no reason then, and fails to send the one it has not (seen 2026-11-28).
_NO_REASON: Final = "name/value pair cannot be null"
_CLEARED_AWAY: Final = ("DEPROVISIONING", "DEPROVISIONING_REQUESTED", "DEPROVISIONED")


def render_catalogue_request(address: str, participant: str, protocol: str) -> dict[str, Any]:
    """The question for a partner's whole catalogue, put to our own connector."""
    whole = {"@type": "QuerySpec", "offset": 0, "limit": 5000}
    return {**_to(address, participant, protocol), "querySpec": whole}


def _to(address: str, participant: str, protocol: str) -> dict[str, Any]:
    return {
        "@context": dict(CONTEXT),
        "counterPartyAddress": address,
        "counterPartyId": participant,
        "protocol": protocol,
    }


def parse_catalogue(content: bytes) -> tuple[Catalogue, tuple[FaultyDataset, ...]]:
    """A partner's catalogue as our connector hands it on.

    Raises:
        FaultyInput: it is none.
    """
    document = read_json(content)
    if not isinstance(document, dict):
        raise FaultyInput.of("edc.unreadable-catalogue")
    datasets = document.get("dataset")
    if datasets is None:
        return parse_catalogue_parts(content)
    whole = {**document, "dataset": [_dataset(found) for found in entries(datasets)]}
    return parse_catalogue_parts(render_bytes(whole))


def _dataset(found: Any) -> Any:
    if not isinstance(found, Mapping):
        return found
    policies = [_offer(policy) for policy in entries(found.get("hasPolicy"))]
    distribution = entries(found.get("distribution"))
    return {**found, "hasPolicy": policies, "distribution": distribution}


def _offer(policy: Any) -> Any:
    if not isinstance(policy, Mapping):
        return policy
    return {"@id": policy.get("@id", ""), "@type": "Offer", **parse_policy(policy)}


def render_negotiation(
    address: str, participant: str, protocol: str, offer: Offer, mark: str
) -> dict[str, Any]:
    """The request for an agreement; ``mark`` finds it again if the answer is lost.

    The mark is a callback address that no event goes to: the one thing of ours that EDC keeps
    with a negotiation and tells again.
    """
    return {
        **_to(address, participant, protocol),
        "@type": "ContractRequest",
        "policy": {
            **render_policy(offer.policy, "Offer"),
            "@id": offer.id,
            f"{ODRL}assigner": {"@id": participant},
            f"{ODRL}target": {"@id": offer.target},
        },
        "callbackAddresses": [
            {"@type": "CallbackAddress", "uri": mark, "events": [], "transactional": False}
        ],
    }


def render_query(left: str, right: str, limit: int = 1000) -> dict[str, Any]:
    """The question for everything of which one member has one value."""
    criterion = {
        "@type": "Criterion", "operandLeft": left, "operator": "=", "operandRight": right,
    }  # fmt: skip
    return {
        "@context": dict(CONTEXT),
        "@type": "QuerySpec",
        "offset": 0,
        "limit": limit,
        "filterExpression": [criterion],
    }


def marked(found: Any, mark: str) -> bool:
    """Whether a negotiation bears our mark."""
    named = entries(member(found, "callbackAddresses"))
    return any(text_of(member(address, "uri")) == mark for address in named)


def member(document: Any, name: str) -> Any:
    """A member that may bear the prefix of EDC."""
    if not isinstance(document, Mapping):
        return None
    return document.get(name, document.get(f"edc:{name}", document.get(f"{EDC}{name}")))


def negotiation_state(stated: str) -> NegotiationState | None:
    """The state that EDC's word stands for; None for those on the way."""
    return _NEGOTIATIONS.get(stated)


def transfer_state(stated: str) -> TransferState | None:
    """The state that EDC's word stands for; None for those on the way.

    A transfer that EDC has cleared away has ended: its last word is told no more.
    """
    if stated in _CLEARED_AWAY:
        return TransferState.TERMINATED
    return _TRANSFERS.get(stated)


def parse_agreement(document: Json) -> Agreement:
    """An agreement with its parties as the connector names them.

    Raises:
        FaultyInput: it is none.
    """
    policy = member(document, "policy")
    id, asset = document.get("@id"), text_of(member(document, "assetId"))
    if not isinstance(policy, Mapping) or not isinstance(id, str) or not asset:
        raise FaultyInput.of("edc.no-agreement")
    signed = member(document, "contractSigningDate")
    try:
        since = datetime.fromtimestamp(signed, UTC) if type(signed) is int else None
    except (ValueError, OverflowError, OSError) as fault:  # no such year
        raise FaultyInput.of("edc.no-agreement") from fault
    return Agreement(
        id=id,
        dataset_id=asset,
        assigner=text_of(member(document, "providerId")),
        assignee=text_of(member(document, "consumerId")),
        policy=parse_policy(policy),
        timestamp=since.isoformat().replace("+00:00", "Z") if since else "",
    )


def render_transfer(
    address: str, protocol: str, agreement_id: str, transfer_id: str
) -> dict[str, Any]:
    """The request for the data of an agreement, under an id of ours."""
    return {
        "@context": dict(CONTEXT),
        "@type": "TransferRequest",
        "@id": transfer_id,
        "counterPartyAddress": address,
        "protocol": protocol,
        "contractId": agreement_id,
        "transferType": PULL,
    }


def render_reason(kind: str, id: str, reason: str) -> dict[str, Any]:
    """A command that gives a reason: TerminateTransfer, SuspendTransfer and the like."""
    return {"@context": dict(CONTEXT), "@type": kind, "@id": id, "reason": reason}


def parse_edr(document: Json) -> DataAddress:
    """The endpoint data reference of a started transfer.

    Raises:
        FaultyInput: it names no endpoint or no token.
    """
    named = {key.removeprefix(EDC).removeprefix("edc:"): v for key, v in document.items()}
    known = ("@context", "@type", "@id", "type", "endpoint", "endpointType")
    properties = [
        {"@type": "EndpointProperty", "name": _property(name), "value": _stated(value)}
        for name, value in named.items()
        if name not in known and _stated(value)
    ]
    address = parse_data_address(
        {
            "@type": "DataAddress",
            "endpointType": text_of(named.get("endpointType") or named.get("type")),
            "endpoint": text_of(named.get("endpoint")),
            "endpointProperties": properties,
        }
    )
    if not address.endpoint or not address.token:
        raise FaultyInput.of("edc.no-address")
    return address


def _stated(value: Any) -> str:
    return str(value) if type(value) is int else text_of(value)


def _property(name: str) -> str:
    return name.replace("tx-auth:", "https://w3id.org/tractusx/auth/")


def reasons(content: bytes) -> tuple[str, ...]:
    """What EDC says about a refusal, in its own words; empty where it says nothing readable."""
    try:
        told = read_json(content)
    except FaultyInput:
        return ()
    found = (text_of(member(entry, "message")) for entry in entries(told))
    return tuple(text for text in found if text)


def offer_behind(offer_id: str) -> str:
    """The id of the contract definition in an offer id of EDC; empty where it is no such id.

    >>> offer_behind("dXJuOm8x:YTE=:cjE=")
    'urn:o1'
    """
    first, separator, _ = offer_id.partition(":")
    if not separator or offer_id.count(":") != 2:
        return ""
    try:
        return base64.b64decode(first, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def detail_of(document: Json) -> str:
    """Why a process failed: EDC's ``errorDetail``, the partner's reason taken out of it.

    Empty where EDC knows none.
    """
    told = text_of(member(document, "errorDetail"))
    try:
        inner = read_json(told.encode()) if told.startswith("{") else None
    except FaultyInput:
        inner = None
    reason: Sequence[Any] = entries(inner.get("reason")) if isinstance(inner, dict) else ()
    texts = [text_of(entry) for entry in reason]
    found = "; ".join(text for text in texts if text) or told
    return "" if _NO_REASON in found else found

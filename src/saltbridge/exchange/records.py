"""Processes and agreements as the documents a store keeps, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saltbridge.exchange.model import (
    Agreement,
    Negotiation,
    NegotiationState,
    Offer,
    Role,
    Transfer,
    TransferState,
)


def negotiation_record(negotiation: Negotiation) -> dict[str, Any]:
    """The negotiation as a JSON object."""
    agreement = negotiation.agreement
    return {
        "role": str(negotiation.role),
        "state": str(negotiation.state),
        "outgoing": _text(negotiation.outgoing),
        "consumer_pid": negotiation.consumer_pid,
        "provider_pid": negotiation.provider_pid,
        "counterparty": negotiation.counterparty,
        "peer_address": negotiation.peer_address,
        "offer": {
            "id": negotiation.offer.id,
            "policy": dict(negotiation.offer.policy),
            "target": negotiation.offer.target,
        },
        "last_received": negotiation.last_received,
        "received": list(negotiation.received),
        "agreement": None if agreement is None else _agreement(agreement),
        "refusal": {
            "code": negotiation.refusal_code,
            "reason": list(negotiation.refusal_reason),
        },
        "transfer_wanted": negotiation.transfer_wanted,
        "transfer_format": negotiation.transfer_format,
        "transfer_pid": negotiation.transfer_pid,
        "dataset_kind": negotiation.dataset_kind,
        "unasked": negotiation.unasked,
    }


def negotiation_of(record: Mapping[str, Any]) -> Negotiation:
    """The negotiation of a stored object."""
    agreement = record["agreement"]
    return Negotiation(
        role=Role(record["role"]),
        state=NegotiationState(record["state"]),
        outgoing=NegotiationState(record["outgoing"]) if record["outgoing"] else None,
        consumer_pid=record["consumer_pid"],
        provider_pid=record["provider_pid"],
        counterparty=record["counterparty"],
        peer_address=record["peer_address"],
        offer=Offer(**record["offer"]),
        last_received=record["last_received"],
        received=tuple(record.get("received", ())),  # records of before had none
        agreement=None if agreement is None else Agreement(**agreement),
        refusal_code=record["refusal"]["code"],
        refusal_reason=tuple(record["refusal"]["reason"]),
        transfer_wanted=record["transfer_wanted"],
        transfer_format=record.get("transfer_format", ""),  # records of before had none
        transfer_pid=record["transfer_pid"],
        dataset_kind=record["dataset_kind"],
        unasked=record.get("unasked", False),  # records of before had none
    )


def transfer_record(transfer: Transfer) -> dict[str, Any]:
    """The transfer as a JSON object."""
    return {
        "role": str(transfer.role),
        "state": str(transfer.state),
        "outgoing": _text(transfer.outgoing),
        "consumer_pid": transfer.consumer_pid,
        "provider_pid": transfer.provider_pid,
        "counterparty": transfer.counterparty,
        "peer_address": transfer.peer_address,
        "agreement_id": transfer.agreement_id,
        "dataset_id": transfer.dataset_id,
        "format": transfer.format,
        "last_received": transfer.last_received,
        "received": list(transfer.received),
        "token_digest": transfer.token_digest,
        "delivery_id": transfer.delivery_id,
        "refusal": {"code": transfer.refusal_code, "reason": list(transfer.refusal_reason)},
        "paused_by": sorted(str(side) for side in transfer.paused_by),
        "token_generation": transfer.token_generation,
        "token_floor": transfer.token_floor,
        "push_to": None if transfer.push_to is None else dict(transfer.push_to),
    }


def _paused_by(record: Mapping[str, Any]) -> frozenset[Role]:
    """Whose pause holds; records of before knew one side only."""
    one_side = record.get("suspended_by")
    return frozenset(map(Role, record.get("paused_by", [one_side] if one_side else [])))


def transfer_of(record: Mapping[str, Any]) -> Transfer:
    """The transfer of a stored object."""
    plain = {
        name: record[name]
        for name in (
            "consumer_pid",
            "provider_pid",
            "counterparty",
            "peer_address",
            "agreement_id",
            "dataset_id",
            "format",
            "last_received",
            "token_digest",
            "delivery_id",
        )
    }
    return Transfer(
        role=Role(record["role"]),
        state=TransferState(record["state"]),
        outgoing=TransferState(record["outgoing"]) if record["outgoing"] else None,
        refusal_code=record["refusal"]["code"],
        refusal_reason=tuple(record["refusal"]["reason"]),
        # Records of before had none of these.
        received=tuple(record.get("received", ())),
        token_generation=record.get("token_generation", 0),
        token_floor=record.get("token_floor", 1),
        paused_by=_paused_by(record),
        push_to=record.get("push_to"),
        **plain,
    )


@dataclass(frozen=True, slots=True)
class KeptAgreement:
    """An agreement in force between this node and a partner, and how it came about."""

    agreement: Agreement
    role: Role  # ours
    counterparty: str  # BPN
    negotiation_id: str
    dataset_kind: str = ""


def agreement_record(kept: KeptAgreement) -> dict[str, Any]:
    """The kept agreement as a JSON object."""
    return {
        **_agreement(kept.agreement),
        "role": str(kept.role),
        "counterparty": kept.counterparty,
        "negotiation_id": kept.negotiation_id,
        "dataset_kind": kept.dataset_kind,
    }


def agreement_of(record: Mapping[str, Any]) -> KeptAgreement:
    """The kept agreement of a stored object."""
    members = ("id", "dataset_id", "assigner", "assignee", "policy", "timestamp")
    return KeptAgreement(
        agreement=Agreement(**{name: record[name] for name in members}),
        role=Role(record["role"]),
        counterparty=record["counterparty"],
        negotiation_id=record["negotiation_id"],
        dataset_kind=record["dataset_kind"],
    )


def _agreement(agreement: Agreement) -> dict[str, Any]:
    return {
        "id": agreement.id,
        "dataset_id": agreement.dataset_id,
        "assigner": agreement.assigner,
        "assignee": agreement.assignee,
        "policy": dict(agreement.policy),
        "timestamp": agreement.timestamp,
    }


def _text(state: NegotiationState | TransferState | None) -> str:
    return "" if state is None else str(state)

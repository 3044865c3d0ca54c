"""The messages of negotiation and transfer, and the state each of them asks for.

What they look like on the wire is known to ``formats.dsp`` only.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TypeAlias

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.exchange.model import (
    Agreement,
    DataAddress,
    Json,
    NegotiationState,
    Offer,
    TransferState,
)


@dataclass(frozen=True, slots=True)
class ContractRequest:
    """The consumer asks for an agreement; without ``provider_pid`` a negotiation begins."""

    consumer_pid: str
    offer: Offer
    provider_pid: str = ""
    callback_address: str = ""
    unknown: Json = field(default_factory=dict)
    target = NegotiationState.REQUESTED


@dataclass(frozen=True, slots=True)
class ContractOffer:
    """The provider makes an offer; without ``consumer_pid`` a negotiation begins."""

    provider_pid: str
    offer: Offer
    consumer_pid: str = ""
    callback_address: str = ""
    unknown: Json = field(default_factory=dict)
    target = NegotiationState.OFFERED


@dataclass(frozen=True, slots=True)
class AgreementMessage:
    """The provider agrees."""

    provider_pid: str
    consumer_pid: str
    agreement: Agreement
    unknown: Json = field(default_factory=dict)
    target = NegotiationState.AGREED


@dataclass(frozen=True, slots=True)
class AgreementVerification:
    """The consumer has checked the agreement."""

    provider_pid: str
    consumer_pid: str
    unknown: Json = field(default_factory=dict)
    target = NegotiationState.VERIFIED


@dataclass(frozen=True, slots=True)
class NegotiationAccepted:
    """The consumer accepts the offer the provider made."""

    provider_pid: str
    consumer_pid: str
    unknown: Json = field(default_factory=dict)
    target = NegotiationState.ACCEPTED


@dataclass(frozen=True, slots=True)
class NegotiationFinalized:
    """The provider closes the deal: from now on the dataset can be had."""

    provider_pid: str
    consumer_pid: str
    unknown: Json = field(default_factory=dict)
    target = NegotiationState.FINALIZED


@dataclass(frozen=True, slots=True)
class NegotiationTermination:
    """Either side ends the negotiation."""

    provider_pid: str
    consumer_pid: str
    code: str = ""
    reason: tuple[str, ...] = ()
    unknown: Json = field(default_factory=dict)
    target = NegotiationState.TERMINATED


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """The consumer asks for the data of an agreement."""

    consumer_pid: str
    agreement_id: str
    format: str
    callback_address: str
    data_address: DataAddress | None = None  # push: where the provider sends the data
    unknown: Json = field(default_factory=dict)
    target = TransferState.REQUESTED
    provider_pid = ""


@dataclass(frozen=True, slots=True)
class TransferStart:
    """The data is there; for a pull the address says where."""

    provider_pid: str
    consumer_pid: str
    data_address: DataAddress | None = None
    unknown: Json = field(default_factory=dict)
    target = TransferState.STARTED


@dataclass(frozen=True, slots=True)
class TransferCompletion:
    """Either side says that the data has been moved."""

    provider_pid: str
    consumer_pid: str
    unknown: Json = field(default_factory=dict)
    target = TransferState.COMPLETED


@dataclass(frozen=True, slots=True)
class TransferSuspension:
    """Either side pauses the transfer."""

    provider_pid: str
    consumer_pid: str
    code: str = ""
    reason: tuple[str, ...] = ()
    unknown: Json = field(default_factory=dict)
    target = TransferState.SUSPENDED


@dataclass(frozen=True, slots=True)
class TransferTermination:
    """Either side ends the transfer."""

    provider_pid: str
    consumer_pid: str
    code: str = ""
    reason: tuple[str, ...] = ()
    unknown: Json = field(default_factory=dict)
    target = TransferState.TERMINATED


NegotiationMessage: TypeAlias = (
    ContractRequest
    | ContractOffer
    | AgreementMessage
    | AgreementVerification
    | NegotiationAccepted
    | NegotiationFinalized
    | NegotiationTermination
)
TransferMessage: TypeAlias = (
    TransferRequest
    | TransferStart
    | TransferCompletion
    | TransferSuspension
    | TransferTermination
)


def word(message: NegotiationMessage | TransferMessage) -> str:
    """Digest of a message that bears an id of its own; empty for one without.

    A start sent again brings a new data address under the id it had: it is the same word. An id
    that is a process's own tells messages apart no better than their content does.
    """
    id = message.unknown.get("@id")
    if not isinstance(id, str) or id in ("", message.consumer_pid, message.provider_pid):
        return ""
    if isinstance(message, TransferStart):
        message = replace(message, data_address=None)
    return fingerprint(message)


def fingerprint(message: NegotiationMessage | TransferMessage) -> str:
    """Digest of a message; two deliveries of one message have the same."""
    content: Mapping[str, object] = asdict(message)
    return digest(canonical_bytes({"type": type(message).__name__, **content}))

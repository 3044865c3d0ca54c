"""The words of the exchange as frozen values: dataset, offer, agreement, negotiation, transfer.

Policies are ODRL documents and stay JSON mappings: the wire carries them, both companies
must hold the very same text, and nothing here may lose a field it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]


class Role(StrEnum):
    """Who we are, or who speaks, in one process."""

    CONSUMER = "consumer"
    PROVIDER = "provider"

    @property
    def peer(self) -> "Role":
        """The other side."""
        return Role.PROVIDER if self is Role.CONSUMER else Role.CONSUMER


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step is not taken: a message id of the catalogues and its arguments."""

    code: str
    arguments: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of a dataset: its id, the policy as the provider wrote it, and the dataset id.

    ``target`` is empty inside a catalogue and set inside negotiation messages.
    """

    id: str
    policy: Json  # profile, permission, prohibition, obligation, and whatever else stood there
    target: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a catalogue lists: one thing that can be had, and under which offers."""

    id: str
    offers: tuple[Offer, ...]
    formats: tuple[str, ...]
    endpoint: str = ""  # the DSP base URL that negotiates about it
    title: str = ""
    kind: str = ""  # supplier-record, pcf
    dct_type: str = ""
    version: str = ""
    unknown: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The datasets one participant shows to one caller."""

    id: str
    participant: str  # DID
    datasets: tuple[Dataset, ...]
    unknown: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two companies agreed: one dataset, one policy, who gives, who takes, since when."""

    id: str
    dataset_id: str
    assigner: str  # DID of the provider
    assignee: str  # DID of the consumer
    policy: Json
    timestamp: str = ""  # XSD dateTime as it stands on the wire


class NegotiationState(StrEnum):
    """States of DSP 2025-1 and, before the first message is acknowledged, START."""

    START = "START"
    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    AGREED = "AGREED"
    VERIFIED = "VERIFIED"
    FINALIZED = "FINALIZED"
    TERMINATED = "TERMINATED"


class TransferState(StrEnum):
    """States of DSP 2025-1 and, before the first message is acknowledged, START."""

    START = "START"
    REQUESTED = "REQUESTED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


@dataclass(frozen=True, slots=True)
class Negotiation:
    """One contract negotiation as this node sees it.

    ``outgoing`` is the state that our own message asks for, until the peer acknowledges it
    with a 2xx answer or with its next message. ``last_received`` is the digest of the last
    message taken from the peer, ``received`` those of earlier ones that bore an id of their
    own: the same message again changes nothing.
    """

    role: Role
    state: NegotiationState
    consumer_pid: str
    provider_pid: str  # empty on the consumer's side until the provider has answered
    counterparty: str  # BPN
    peer_address: str  # base URL for messages to the peer
    offer: Offer
    outgoing: NegotiationState | None = None
    last_received: str = ""
    received: tuple[str, ...] = ()  # words the peer said before, where they bear an id
    agreement: Agreement | None = None
    refusal_code: str = ""
    refusal_reason: tuple[str, ...] = ()
    transfer_wanted: bool = False  # consumer: ask for the data as soon as it is agreed
    transfer_format: str = ""  # consumer: how it is to come; empty: the usual way
    transfer_pid: str = ""  # consumer: the transfer that was asked for then
    dataset_kind: str = ""  # consumer: what the catalogue said it is
    unasked: bool = False  # consumer: the provider made the first word, nobody here asked

    @property
    def pid(self) -> str:
        """Our own process id."""
        return self.consumer_pid if self.role is Role.CONSUMER else self.provider_pid


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer process as this node sees it. For the fields see ``Negotiation``."""

    role: Role
    state: TransferState
    consumer_pid: str
    provider_pid: str
    counterparty: str
    peer_address: str
    agreement_id: str
    dataset_id: str
    format: str
    outgoing: TransferState | None = None
    last_received: str = ""
    received: tuple[str, ...] = ()
    # Provider: of the newest token; empty when no token is valid. Consumer: of the token of the
    # address it pulls from, or of the one by which the provider pushes.
    token_digest: str = ""
    token_generation: int = 0  # provider: how many tokens were given
    token_floor: int = 1  # provider: tokens given before this one are dead
    delivery_id: str = ""  # consumer: the delivery that came of it
    paused_by: frozenset[Role] = frozenset()  # whose pause holds; each lifts its own alone
    # Push: where the data is sent to, and the token for it as ``steps.kept_secret`` keeps it.
    # The consumer forgets both once the provider has them.
    push_to: Json | None = None
    refusal_code: str = ""
    refusal_reason: tuple[str, ...] = ()

    @property
    def pid(self) -> str:
        """Our own process id."""
        return self.consumer_pid if self.role is Role.CONSUMER else self.provider_pid


@dataclass(frozen=True, slots=True)
class DataAddress:
    """Where the data can be pulled, for how long, and which digest to expect."""

    endpoint: str
    token: str
    auth_type: str = "bearer"
    expires_in_seconds: int | None = None
    digest: str = ""  # sha256:…; empty when the provider announces none
    refresh_token: str = ""  # gets another token; empty where the provider renews none
    refresh_endpoint: str = ""
    refresh_audience: str = ""  # DID of whom to sign in with there
    endpoint_type: str = "https://w3id.org/idsa/v4.1/HTTP"
    unknown: Json = field(default_factory=dict)  # further endpoint properties by name

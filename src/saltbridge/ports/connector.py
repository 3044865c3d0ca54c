"""A connector that the company runs already, and which speaks to partners in our place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from saltbridge.exchange.model import (
    Agreement,
    Catalogue,
    DataAddress,
    Negotiation,
    NegotiationState,
    Transfer,
    TransferState,
)
from saltbridge.formats.dsp_catalogue_parts import FaultyDataset
from saltbridge.ports.node import Partner

# Where the messages of a process go that the connector leads; no URL, so none can be mistaken.
VIA_CONNECTOR: Final = "connector"


@dataclass(frozen=True, slots=True)
class SeenNegotiation:
    """A negotiation as the connector has it. ``state`` None: one of its own, in between."""

    id: str
    state: NegotiationState | None
    stated: str  # the connector's own word for the state
    agreement_id: str = ""
    detail: str = ""  # why it failed, in the connector's words
    peer_pid: str = ""


@dataclass(frozen=True, slots=True)
class SeenTransfer:
    """A transfer as the connector has it. ``state`` None: one of its own, in between."""

    id: str
    state: TransferState | None
    stated: str
    agreement_id: str = ""
    asset_id: str = ""
    detail: str = ""
    peer_pid: str = ""


@dataclass(frozen=True, slots=True)
class Offering:
    """What is put on offer there: one dataset for one partner, or an interface.

    ``policy`` and ``access_policy`` are ours, word for word; ``address`` is where the
    connector's data plane gets the released bytes, by showing ``key``.
    """

    asset_id: str
    offer_id: str
    dataset: Mapping[str, Any]
    policy: Mapping[str, Any]
    access_policy: Mapping[str, Any]
    address: str
    key: str
    interface: bool = False  # every method, path and body goes through, not one document


class Connector(Protocol):
    """The use cases of an exchange, as another connector does them.

    Every method raises ``Unavailable`` where the connector cannot be reached or is in trouble,
    and ``Refused`` where it refuses: a wrong key, or what we asked for.
    """

    def catalogue(self, partner: Partner) -> tuple[Catalogue, tuple[FaultyDataset, ...]]:
        """What the partner shows to the connector, and what cannot be read of it."""

    def negotiate(self, partner: Partner, process: Negotiation) -> str:
        """The connector's id of a negotiation about the offer; one only, asked twice."""

    def negotiation(self, id: str) -> SeenNegotiation | None:
        """A negotiation of the connector, or None."""

    def end_negotiation(self, id: str, reason: str) -> None:
        """End a negotiation; nothing where it is over."""

    def agreement(self, partner: Partner, id: str) -> Agreement | None:
        """An agreement of the connector with that partner, or None."""

    def start_transfer(self, partner: Partner, transfer: Transfer) -> None:
        """Ask for the data of an agreement; one transfer only, asked twice."""

    def transfer(self, id: str) -> SeenTransfer | None:
        """A transfer of the connector, or None."""

    def data_address(self, transfer_id: str) -> DataAddress | None:
        """Where the data of a started transfer lies, with a token that lives; None: not yet."""

    def suspend(self, transfer_id: str, reason: str) -> None:
        """Pause a transfer."""

    def resume(self, transfer_id: str) -> None:
        """Go on after a pause of ours."""

    def end_transfer(self, transfer_id: str, reason: str) -> None:
        """End a transfer; nothing where it is over."""

    def offer(self, offering: Offering) -> None:
        """Put something on offer, or bring what is on offer up to date; safe to repeat."""

    def agreements_about(
        self, partners: Sequence[Partner], asset_id: str
    ) -> Sequence[Agreement]:
        """Every agreement about an asset of ours; parties we do not know keep their names."""

    def transfers_about(self, asset_id: str) -> Sequence[SeenTransfer]:
        """Every transfer of an asset of ours."""

    def about(self) -> None:
        """Return if the connector answers to our key."""

    def own_catalogue(self) -> Catalogue:
        """What the connector shows to itself, asked as a partner would ask.

        Raises:
            FaultyInput: it is not who the settings say.
        """

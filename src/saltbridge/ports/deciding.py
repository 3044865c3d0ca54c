"""Who says what this node says next in a negotiation or a transfer."""

from typing import TYPE_CHECKING, Protocol

from saltbridge.exchange.messages import NegotiationMessage, TransferMessage
from saltbridge.exchange.model import Negotiation, Transfer
from saltbridge.exchange.process import Duty
from saltbridge.ports.node import Partner
from saltbridge.ports.store import UnitOfWork

if TYPE_CHECKING:
    from saltbridge.ports import World


class Decider(Protocol):
    """Asked whenever a state demands something of this node; answers with a message or waits.

    A node decides by its own rules (``steps.negotiation_rules``, ``steps.transfer_rules``).
    Only a test puts another decider in their place, to play the part that a kit prescribes.
    What protects data is no decision: tokens die and agreements are kept whoever decides.
    """

    def negotiation(
        self,
        world: "World",
        work: UnitOfWork,
        partner: Partner,
        process: Negotiation,
        duty: Duty,
    ) -> NegotiationMessage | None:
        """What to say now; None: wait for the peer, for a person or for the outbox."""

    def transfer(
        self,
        world: "World",
        work: UnitOfWork,
        process: Transfer,
        duty: Duty,
        message: TransferMessage,
    ) -> TransferMessage | None:
        """As ``negotiation``; ``message`` is what was said last, by either side."""

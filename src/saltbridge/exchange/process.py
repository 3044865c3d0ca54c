"""How a process walks along its table, whichever table it is and whoever speaks.

Our own message moves nothing by itself: it is remembered as ``outgoing`` and the state
follows when the peer acknowledges it, be it with a 2xx answer or with its next message,
which may overtake that answer. So both companies hold the same state (DSP 2025-1, contract
negotiation protocol: "transitions in response to an acknowledged message"), and a node that
was killed between sending and reading the answer sends again without harm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from saltbridge.exchange.messages import NegotiationMessage, TransferMessage, fingerprint, word
from saltbridge.exchange.model import (
    Negotiation,
    NegotiationState,
    Refusal,
    Role,
    Transfer,
    TransferState,
)

State = TypeVar("State", NegotiationState, TransferState)
Process = TypeVar("Process", Negotiation, Transfer)

CONSUMER = frozenset({Role.CONSUMER})
PROVIDER = frozenset({Role.PROVIDER})
EITHER = CONSUMER | PROVIDER


class Duty(StrEnum):
    """What a node owes once a state is reached; the services fulfil it."""

    ANSWER_REQUEST = "answer-request"
    AGREE = "agree"
    CONSIDER_OFFER = "consider-offer"
    VERIFY_AGREEMENT = "verify-agreement"
    FINALIZE = "finalize"
    USE_AGREEMENT = "use-agreement"
    START_TRANSFER = "start-transfer"
    FETCH = "fetch"
    REVOKE_TOKEN = "revoke-token"  # noqa: S105
    CLOSE_TRANSFER = "close-transfer"
    GO_ON = "go-on"  # the peer has taken our message, and nothing is asked of us


@dataclass(frozen=True, slots=True)
class Send:
    """Tell the peer; the process waits in ``outgoing`` for the acknowledgement."""

    message: NegotiationMessage | TransferMessage


_REMEMBERED = 64  # words of the peer; a process has far fewer

Effect: TypeAlias = Send | Duty


@dataclass(frozen=True, slots=True)
class Step(Generic[Process]):
    """The process after the message, and what is to be done about it."""

    process: Process
    effects: tuple[Effect, ...] = ()
    refusal: Refusal | None = None  # what the peer is answered, though the process is kept


@dataclass(frozen=True, slots=True)
class Table(Generic[State]):
    """Who may move a process from one state to another, and what the mover's peer owes then.

    ``renewals`` are states that a role may announce again while they last, with fresh
    content (a new data address); they are no arrows.
    """

    arrows: Mapping[tuple[State, State], frozenset[Role]]
    duties: Mapping[tuple[Role, State], tuple[Duty, ...]]  # on the peer's message
    own_duties: Mapping[tuple[Role, State], tuple[Duty, ...]]  # on our own message, at once
    renewals: Mapping[State, frozenset[Role]]

    def allows(self, before: State, after: State, speaker: Role) -> bool:
        """Whether the speaker may ask for this change of state."""
        if before is after and speaker in self.renewals.get(before, frozenset()):
            return True
        return speaker in self.arrows.get((before, after), frozenset())

    def ends(self, state: State) -> bool:
        """Whether nothing leads on from a state."""
        return all(before is not state for before, _ in self.arrows)


_TERMINATED = "TERMINATED"  # of either family


def walk(
    table: Table[Any],
    process: Process,
    message: NegotiationMessage | TransferMessage,
    sender: Role,
) -> Step[Process] | Refusal:
    """The process after a message, or why the message is not allowed now."""
    peer_speaks = sender is process.role.peer
    if peer_speaks and process.last_received == fingerprint(message):
        return Step(process)  # told twice: the answer to the first telling was lost
    wrong = foreign(process, message)
    if wrong is not None:
        return wrong
    after: Any = message.target  # of the family of the process: the two `step` see to it
    ending = peer_speaks and _ends_otherwise(table, process, after)
    told = peer_speaks and _is_an_earlier_word(process, message)
    if ending and _renews(table, process, message, sender):
        return Step(process)  # what lasts is told anew, and we are about to end it
    if told and not _renews(table, process, message, sender):
        return Step(process)  # an earlier word, which wandered about and comes late
    if peer_speaks:
        if process.outgoing is None and process.state is after and table.ends(after):
            return Step(process)  # both say the same end, each on its own
        if ending:
            return illegal(process, after, sender)
        bound = _bind(process, message)
        if not table.allows(bound.state, after, sender):
            bound = acknowledged(bound)
        if not table.allows(bound.state, after, sender):
            return illegal(process, after, sender)
        moved = replace(
            bound,
            state=after,
            # A renewal answers nothing: what we were about to say still stands.
            outgoing=bound.outgoing if bound.state is after else None,
        )
        return Step(remembering(moved, message), table.duties.get((process.role, after), ()))
    if process.outgoing is not None:
        return Refusal("exchange.still-sending", {"state": str(process.outgoing)})
    if not table.allows(process.state, after, sender):
        return illegal(process, after, sender)
    waiting = replace(process, outgoing=after)
    return Step(waiting, (Send(message), *table.own_duties.get((process.role, after), ())))


def foreign(
    process: Negotiation | Transfer, message: NegotiationMessage | TransferMessage
) -> Refusal | None:
    """The refusal of a message that names another process."""
    for ours, theirs in (
        (process.consumer_pid, message.consumer_pid),
        (process.provider_pid, message.provider_pid),
    ):
        if ours and theirs and ours != theirs:
            return Refusal("exchange.other-process", {"pid": theirs})
    return None


def heard_before(process: Transfer, message: TransferMessage) -> bool:
    """Whether the peer's message brings nothing: told again, or wandered about and comes late.

    What renews something that lasts is told under the id it had, and is news all the same.
    """
    if process.last_received == fingerprint(message):
        return True
    lasts = process.state is TransferState.STARTED is message.target
    renews = lasts and process.role is Role.CONSUMER
    return not renews and _is_an_earlier_word(process, message)


def _is_an_earlier_word(
    process: Negotiation | Transfer, message: NegotiationMessage | TransferMessage
) -> bool:
    said = word(message)
    return said != "" and said in process.received


def remembering(process: Process, message: NegotiationMessage | TransferMessage) -> Process:
    """The process that has heard a message of the peer."""
    said = word(message)
    new = said and said not in process.received
    received = (*process.received, said)[-_REMEMBERED:] if new else process.received
    return replace(process, last_received=fingerprint(message), received=received)


def _ends_otherwise(table: Table[Any], process: Negotiation | Transfer, after: StrEnum) -> bool:
    """Whether we are ending the process, and the peer's word crosses ours on the way.

    Two words that cross must not leave each side with the end of the other: while we end it
    nothing but an end is heard, and of two ends termination is held to.
    """
    if process.outgoing is None or not table.ends(process.outgoing):
        return False
    return after is not process.outgoing and (
        str(after) != _TERMINATED or str(process.outgoing) == _TERMINATED
    )


def _renews(
    table: Table[Any],
    process: Negotiation | Transfer,
    message: NegotiationMessage | TransferMessage,
    sender: Role,
) -> bool:
    """Whether the word tells anew what lasts still, with fresh content."""
    lasting = process.state is message.target
    return lasting and sender in table.renewals.get(process.state, frozenset())


def acknowledged(process: Process) -> Process:
    """The process once the peer has acknowledged our outgoing message."""
    if process.outgoing is None:
        return process
    return replace(process, state=process.outgoing, outgoing=None)


def _bind(process: Process, message: NegotiationMessage | TransferMessage) -> Process:
    """The peer's pid may reach us with its first message, before its answer does."""
    return replace(
        process,
        consumer_pid=process.consumer_pid or message.consumer_pid,
        provider_pid=process.provider_pid or message.provider_pid,
    )


def illegal(process: Negotiation | Transfer, after: StrEnum, sender: Role) -> Refusal:
    return Refusal(
        "exchange.illegal-transition",
        {"state": str(process.state), "wanted": str(after), "sender": str(sender)},
    )

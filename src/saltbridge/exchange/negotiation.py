"""Contract negotiation: the arrows of DSP 2025-1 as a table, and ``step``.

Source: Dataspace Protocol 2025-1-err1, contract.negotiation.state.machine.puml. Read:
2026-11-23, in the standard itself.
"""

from types import MappingProxyType

from saltbridge.exchange.messages import NegotiationMessage
from saltbridge.exchange.model import Negotiation, NegotiationState, Refusal, Role
from saltbridge.exchange.process import CONSUMER, EITHER, PROVIDER, Duty, Step, Table, walk

_S = NegotiationState

TERMINAL = frozenset({_S.FINALIZED, _S.TERMINATED})

TABLE: Table[NegotiationState] = Table(
    arrows=MappingProxyType(
        {
            (_S.START, _S.REQUESTED): CONSUMER,
            (_S.START, _S.OFFERED): PROVIDER,
            (_S.REQUESTED, _S.OFFERED): PROVIDER,
            (_S.REQUESTED, _S.AGREED): PROVIDER,
            (_S.REQUESTED, _S.TERMINATED): EITHER,
            (_S.OFFERED, _S.REQUESTED): CONSUMER,
            (_S.OFFERED, _S.ACCEPTED): CONSUMER,
            (_S.OFFERED, _S.TERMINATED): EITHER,
            (_S.ACCEPTED, _S.AGREED): PROVIDER,
            (_S.ACCEPTED, _S.TERMINATED): PROVIDER,
            (_S.AGREED, _S.VERIFIED): CONSUMER,
            (_S.AGREED, _S.TERMINATED): CONSUMER,
            (_S.VERIFIED, _S.FINALIZED): PROVIDER,
            (_S.VERIFIED, _S.TERMINATED): PROVIDER,
        }
    ),
    duties=MappingProxyType(
        {
            (Role.PROVIDER, _S.REQUESTED): (Duty.ANSWER_REQUEST,),
            (Role.PROVIDER, _S.ACCEPTED): (Duty.AGREE,),
            (Role.PROVIDER, _S.VERIFIED): (Duty.FINALIZE,),
            (Role.CONSUMER, _S.OFFERED): (Duty.CONSIDER_OFFER,),
            (Role.CONSUMER, _S.AGREED): (Duty.VERIFY_AGREEMENT,),
            (Role.CONSUMER, _S.FINALIZED): (Duty.USE_AGREEMENT,),
        }
    ),
    own_duties=MappingProxyType({}),
    renewals=MappingProxyType({}),
)


def step(
    negotiation: Negotiation, message: NegotiationMessage, sender: Role
) -> Step[Negotiation] | Refusal:
    """The negotiation after a message of ``sender``, with its effects, or the refusal.

    A message of the peer moves the state; one of our own waits for its acknowledgement. The
    same message again has no effects.
    """
    return walk(TABLE, negotiation, message, sender)

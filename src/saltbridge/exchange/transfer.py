"""Transfer: the arrows of DSP 2025-1 as a table, and ``step``.

Source: Dataspace Protocol 2025-1-err1, transfer-process-state-machine.puml. Read: 2026-11-23,
in the standard itself.
"""

from dataclasses import replace
from types import MappingProxyType

from saltbridge.exchange import pauses
from saltbridge.exchange.messages import TransferMessage
from saltbridge.exchange.model import Refusal, Role, Transfer, TransferState
from saltbridge.exchange.process import CONSUMER, EITHER, PROVIDER, Duty, Step, Table, walk

_S = TransferState

TERMINAL = frozenset({_S.COMPLETED, _S.TERMINATED})

TABLE: Table[TransferState] = Table(
    arrows=MappingProxyType(
        {
            (_S.START, _S.REQUESTED): CONSUMER,
            (_S.REQUESTED, _S.STARTED): PROVIDER,
            (_S.REQUESTED, _S.TERMINATED): EITHER,
            (_S.STARTED, _S.COMPLETED): EITHER,
            (_S.STARTED, _S.SUSPENDED): EITHER,
            (_S.STARTED, _S.TERMINATED): EITHER,
            (_S.SUSPENDED, _S.STARTED): EITHER,
            (_S.SUSPENDED, _S.TERMINATED): EITHER,
        }
    ),
    duties=MappingProxyType(
        {
            (Role.PROVIDER, _S.REQUESTED): (Duty.START_TRANSFER,),
            # The consumer resumes: the token died with the suspension, so it needs a new one.
            (Role.PROVIDER, _S.STARTED): (Duty.START_TRANSFER,),
            (Role.PROVIDER, _S.SUSPENDED): (Duty.REVOKE_TOKEN,),
            (Role.PROVIDER, _S.COMPLETED): (Duty.REVOKE_TOKEN, Duty.CLOSE_TRANSFER),
            (Role.PROVIDER, _S.TERMINATED): (Duty.REVOKE_TOKEN,),
            (Role.CONSUMER, _S.STARTED): (Duty.FETCH,),
        }
    ),
    # The token dies when we decide so, not when the peer has heard of it.
    own_duties=MappingProxyType(
        {
            (Role.PROVIDER, _S.SUSPENDED): (Duty.REVOKE_TOKEN,),
            (Role.PROVIDER, _S.COMPLETED): (Duty.REVOKE_TOKEN, Duty.CLOSE_TRANSFER),
            (Role.PROVIDER, _S.TERMINATED): (Duty.REVOKE_TOKEN,),
        }
    ),
    # A start sent again after a lost answer carries a new token, since tokens are never kept.
    renewals=MappingProxyType({_S.STARTED: PROVIDER}),
)


def step(
    transfer: Transfer, message: TransferMessage, sender: Role
) -> Step[Transfer] | Refusal:
    """The transfer after a message of ``sender``, with its effects, or the refusal.

    A message of the peer moves the state; one of our own waits for its acknowledgement. The
    same message again has no effects. The arrow lets either side ask to start what was paused;
    only who paused it starts it: see ``pauses``.
    """
    if sender is transfer.role:
        held = pauses.may_say_start(transfer) if message.target is _S.STARTED else None
        walked = held or walk(TABLE, transfer, message, sender)
        if isinstance(walked, Refusal):
            return walked
        return replace(walked, process=pauses.with_own_word(walked.process, message))
    if pauses.is_about_a_pause(transfer, message):
        owed = TABLE.duties.get((transfer.role, message.target), ())
        return pauses.hear(transfer, message, owed)
    walked = walk(TABLE, transfer, message, sender)
    if isinstance(walked, Refusal) or message.target is not _S.SUSPENDED:
        return walked
    return replace(walked, process=replace(walked.process, paused_by=frozenset({sender})))

"""Transfer: the arrows of DSP 2025-1 as a table, and ``step``.

Source: Dataspace Protocol 2025-1-err1, transfer-process-state-machine.puml. Read: 2026-11-23,
in the standard itself.
"""

from dataclasses import replace
from types import MappingProxyType

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
    only who paused it starts it: a start of the other side may be one from before the pause.
    """
    others = transfer.suspended_by not in (None, sender)
    if transfer.state is _S.SUSPENDED and message.target is _S.STARTED and others:
        return Refusal("exchange.suspended-by-other", {"side": str(transfer.suspended_by)})
    walked = walk(TABLE, transfer, message, sender)
    if isinstance(walked, Refusal) or walked.process == transfer:
        return walked
    return replace(walked, process=_with_pause(transfer, walked.process, message, sender))


def _with_pause(
    before: Transfer, after: Transfer, message: TransferMessage, sender: Role
) -> Transfer:
    """The transfer with who paused it. Where both did at once, the provider is held to."""
    if message.target is _S.STARTED:
        return replace(after, suspended_by=None)
    if message.target is not _S.SUSPENDED:
        return after
    at_once = sender is not before.role and before.outgoing is _S.SUSPENDED
    return replace(after, suspended_by=Role.PROVIDER if at_once else sender)

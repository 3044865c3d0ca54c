"""What a process that has not ended waits for: whose word, or whose work.

Codes are message ids of the catalogues. A process whose own message is on its way waits for
that first, whatever its state.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from saltbridge.exchange.model import (
    Negotiation,
    NegotiationState,
    Role,
    Transfer,
    TransferState,
)
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1

SENDING: Final = "exchange.waits.to-be-sent"
GIVEN_UP: Final = "exchange.waits.given-up"
OWN_WORK: Final = "exchange.waits.own-work"

_N, _T = NegotiationState, TransferState
_NEGOTIATION: Final[Mapping[tuple[Role, NegotiationState], str]] = MappingProxyType(
    {
        (Role.CONSUMER, _N.REQUESTED): "exchange.waits.partner-answer",
        (Role.PROVIDER, _N.REQUESTED): "exchange.waits.own-approval",
        (Role.CONSUMER, _N.OFFERED): "exchange.waits.own-decision",
        (Role.PROVIDER, _N.OFFERED): "exchange.waits.partner-decision",
        (Role.CONSUMER, _N.ACCEPTED): "exchange.waits.partner-agreement",
        (Role.PROVIDER, _N.AGREED): "exchange.waits.partner-verification",
        (Role.CONSUMER, _N.VERIFIED): "exchange.waits.partner-final-word",
    }
)
_TRANSFER: Final[Mapping[tuple[Role, TransferState], str]] = MappingProxyType(
    {
        (Role.CONSUMER, _T.REQUESTED): "exchange.waits.partner-start",
        (Role.CONSUMER, _T.STARTED): "exchange.waits.own-pull",
        (Role.PROVIDER, _T.STARTED): "exchange.waits.partner-pull",
    }
)


def waits_for(process: Negotiation | Transfer, *, serves: bool = False) -> str:
    """What the process waits for; empty where it has ended, or nothing more is due.

    ``serves``: the transfer opens an interface and stays open.
    """
    if process.outgoing is not None:
        return SENDING
    if isinstance(process, Negotiation):
        if process.state in (_N.FINALIZED, _N.TERMINATED):
            return ""
        return _NEGOTIATION.get((process.role, process.state), OWN_WORK)
    return _transfer_waits_for(process, serves)


def _transfer_waits_for(transfer: Transfer, serves: bool) -> str:
    if transfer.state in (_T.COMPLETED, _T.TERMINATED):
        return ""
    if transfer.state is _T.SUSPENDED:
        ours = transfer.role in transfer.paused_by or not transfer.paused_by
        return "exchange.waits.own-resumption" if ours else "exchange.waits.partner-resumption"
    if transfer.state is not _T.STARTED:
        return _TRANSFER.get((transfer.role, transfer.state), OWN_WORK)
    if serves:
        return "exchange.waits.open"
    if transfer.format == DSP_2025_1.push_format:
        if transfer.role is Role.PROVIDER:
            return "exchange.waits.own-push"
        return f"exchange.waits.partner-{'completion' if transfer.delivery_id else 'push'}"
    return _TRANSFER[transfer.role, transfer.state]

"""What a token of the data plane stands for: one transfer, one agreement, one consumer, now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saltbridge.core.canonical import digest
from saltbridge.exchange.model import Role, Transfer, TransferState
from saltbridge.exchange.policy import in_force
from saltbridge.exchange.records import transfer_of
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document
from saltbridge.steps.speak import kept_agreement
from saltbridge.trust.did import from_iso


@dataclass(frozen=True, slots=True)
class OpenedTransfer:
    """A started transfer of ours as provider, and the dataset that was agreed."""

    transfer: Transfer
    dataset: Mapping[str, Any]

    @property
    def reader(self) -> str:
        """BPN of the partner the token was given to."""
        return self.transfer.counterparty


def opened_transfer(
    world: World, view: UnitOfWork, token: str, pid: str = ""
) -> OpenedTransfer | None:
    """The transfer that a token opens now; None: unknown, expired, revoked, or not theirs.

    With a ``pid`` it has to be that one.
    """
    token_digest = digest(token.encode())
    binding = document(view, "token", token_digest)
    if binding is None or (pid and binding["transfer_id"] != pid):
        return None
    stored = document(view, "transfer", binding["transfer_id"])
    transfer = transfer_of(stored) if stored else None
    if transfer is None or not _holds(transfer, binding, token_digest):
        return None
    now = world.clock.now()
    kept = kept_agreement(view, transfer.agreement_id, Role.PROVIDER)
    dataset = document(view, "dataset", transfer.dataset_id)
    if kept is None or dataset is None or kept.counterparty != transfer.counterparty:
        return None
    if now >= from_iso(binding["expires_at"]) or not in_force(kept.agreement, now):
        return None
    return OpenedTransfer(transfer, dataset)


def _holds(transfer: Transfer, binding: Mapping[str, Any], token_digest: str) -> bool:
    return (
        transfer.role is Role.PROVIDER
        and TransferState.STARTED in (transfer.state, transfer.outgoing)
        and binding["agreement_id"] == transfer.agreement_id
        and binding["bpn"] == transfer.counterparty
        and transfer.token_digest == token_digest
    )

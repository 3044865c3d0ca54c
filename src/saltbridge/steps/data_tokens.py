"""What a token of the data plane stands for: one transfer, one agreement, one consumer, now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.exchange.ends import Ends, ends_of
from saltbridge.exchange.model import Role, Transfer, TransferState
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.records import transfer_of
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.records import document
from saltbridge.steps.speak import kept_agreement
from saltbridge.trust.did import from_iso, iso

REFRESH: Final = "refresh-token"


@dataclass(frozen=True, slots=True)
class OpenedTransfer:
    """A started transfer of ours as provider, and the dataset that was agreed."""

    transfer: Transfer
    dataset: Mapping[str, Any]
    ends: Ends  # of the agreement
    until: datetime  # of the token
    token: str = ""  # its digest; empty where the company's connector opened it

    def stands(self, now: datetime) -> bool:
        """Whether time alone has not ended it yet; what was written since, it does not know."""
        return now < self.until and self.ends.let_provide(now)

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
    return _opened_by(world, view, digest(token.encode()), pid)


def still_open(world: World, view: UnitOfWork, opened: OpenedTransfer) -> OpenedTransfer | None:
    """The same transfer as it stands now, or None where it was paused or ended meanwhile."""
    if opened.token:
        return _opened_by(world, view, opened.token, opened.transfer.pid)
    stored = document(view, "transfer", opened.transfer.pid)
    transfer = transfer_of(stored) if stored else None
    if transfer is None or transfer.state is not TransferState.STARTED:
        return None
    if transfer.outgoing is not None or transfer.paused_by:
        return None
    again = agreed_transfer(view, transfer, opened.until)
    return again if again and again.stands(world.clock.now()) else None


def _opened_by(
    world: World, view: UnitOfWork, token_digest: str, pid: str
) -> OpenedTransfer | None:
    binding = document(view, "token", token_digest)
    if binding is None or (pid and binding["transfer_id"] != pid):
        return None
    stored = document(view, "transfer", binding["transfer_id"])
    transfer = transfer_of(stored) if stored else None
    if transfer is None or not _holds(transfer, binding):
        return None
    opened = agreed_transfer(view, transfer, from_iso(binding["expires_at"]))
    if opened is None or not opened.stands(world.clock.now()):
        return None
    return replace(opened, token=token_digest)


def agreed_transfer(
    view: UnitOfWork, transfer: Transfer, until: datetime
) -> OpenedTransfer | None:
    """The dataset of a transfer and the agreement about it, whether in force or not."""
    kept = kept_agreement(view, transfer.agreement_id, Role.PROVIDER)
    dataset: Mapping[str, Any] | None = document(view, "dataset", transfer.dataset_id)
    if kept is None or dataset is None or kept.counterparty != transfer.counterparty:
        return None
    ends = ends_of(kept.agreement)
    return None if ends is None else OpenedTransfer(transfer, dataset, ends, until)


def _holds(transfer: Transfer, binding: Mapping[str, Any]) -> bool:
    return (
        transfer.role is Role.PROVIDER
        and TransferState.STARTED in (transfer.state, transfer.outgoing)
        and not transfer.paused_by
        and binding["agreement_id"] == transfer.agreement_id
        and binding["bpn"] == transfer.counterparty
        and bool(transfer.token_digest)
        and binding.get("generation", 0) >= transfer.token_floor
    )


@dataclass(frozen=True, slots=True)
class Issued:
    """A token of the data plane and the one that renews it; we keep their digests only."""

    access: str
    refresh: str
    seconds: int


def _binding(world: World, transfer: Transfer, generation: int) -> bytes:
    """What a token given now stands for, as it is stored under its digest."""
    expires = world.clock.now() + timedelta(seconds=DSP_2025_1.token_seconds)
    return canonical_bytes(
        {
            "transfer_id": transfer.pid,
            "agreement_id": transfer.agreement_id,
            "bpn": transfer.counterparty,
            "expires_at": iso(expires),
            "generation": generation,
        }
    )


def issue(world: World, work: UnitOfWork, transfer: Transfer) -> tuple[Transfer, Issued]:
    """The transfer with one token more, and that token; the transfer is not stored here.

    Tokens given before live on until they expire, or are raised above by ``token_floor``.
    """
    generation = transfer.token_generation + 1
    issued = Issued(
        world.identifiers.token(), world.identifiers.token(), DSP_2025_1.token_seconds
    )
    access = digest(issued.access.encode())
    work.put("token", access, _binding(world, transfer, generation), expected_version=0)
    renewing = {"transfer_id": transfer.pid, "access": access, "generation": generation}
    work.put(
        REFRESH,
        digest(issued.refresh.encode()),
        canonical_bytes(renewing),
        expected_version=0,
    )
    return replace(transfer, token_digest=access, token_generation=generation), issued


def admit(world: World, work: UnitOfWork, transfer: Transfer, token: str) -> Transfer:
    """The transfer with the token of a push, which opens the export statement beside it.

    The consumer chose it, and hears nothing by it but what is about to be sent to it anyway.
    """
    known = digest(token.encode())
    before = document(work, "token", known)
    if before is not None and before["transfer_id"] != transfer.pid:
        return transfer  # another process's: then nothing is opened
    generation = max(transfer.token_generation, transfer.token_floor)
    work.put("token", known, _binding(world, transfer, generation))
    return replace(transfer, token_digest=known, token_generation=generation)


def renew(
    world: World, work: UnitOfWork, partner: Partner, refresh: str, old: str
) -> tuple[Transfer, Issued] | None:
    """Another token in the place of ``old``, or None: unknown, revoked, not theirs.

    The refresh token stays good until one that was given later is used: an answer that got
    lost costs nothing, and two that ask at once both get theirs.
    """
    named = document(work, REFRESH, digest(refresh.encode()))
    stored = document(work, "transfer", named["transfer_id"]) if named else None
    if named is None or stored is None or named["access"] != digest(old.encode()):
        return None
    transfer = transfer_of(stored)
    binding = document(work, "token", named["access"])
    theirs = transfer.counterparty == partner.bpn
    if binding is None or not theirs or not _holds(transfer, binding):
        return None
    agreed = agreed_transfer(work, transfer, from_iso(binding["expires_at"]))
    if agreed is None or not agreed.ends.let_provide(world.clock.now()):
        return None
    raised = max(transfer.token_floor, named["generation"])
    return issue(world, work, replace(transfer, token_floor=raised))

"""What partners agreed and pulled through the company's connector, in our own records.

The connector agrees by itself. So each agreement is judged when it is seen: by our parties and
our terms it is one of ours, with a negotiation, an agreement and a leaf as any other; else it
opens nothing here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.exchange.model import (
    Agreement,
    Json,
    Negotiation,
    NegotiationState,
    Offer,
    Role,
    Transfer,
    TransferState,
)
from saltbridge.exchange.policy import same_terms
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.transfer import TERMINAL
from saltbridge.ports import (
    VIA_CONNECTOR,
    Connector,
    Partner,
    SeenTransfer,
    UnitOfWork,
    World,
)
from saltbridge.steps import negotiating, transferring
from saltbridge.steps.connector_offering import Offered, readers_of
from saltbridge.steps.processes import keep_process
from saltbridge.steps.records import document
from saltbridge.steps.through_connector import RECEIVED_CODE

FOREIGN: Final = "connector-foreign"


@dataclass(frozen=True, slots=True)
class Taken:
    """What the connector has about one asset. ``foreign``: others agreed about it too."""

    agreements: tuple[str, ...]
    transfers: tuple[str, ...]
    foreign: bool


def take_over(world: World, connector: Connector, offered: Offered) -> Taken:
    """Bring our records up to what the connector has about an asset.

    Raises:
        Unavailable, Refused: the connector cannot be asked.
    """
    with world.store.reading() as view:
        readers = readers_of(world, offered, document(view, "dataset", offered.dataset_id))
    agreed = connector.agreements_about(readers, offered.asset_id)
    pulled = connector.transfers_about(offered.asset_id)
    with world.store.unit_of_work() as work:
        dataset: Mapping[str, Any] = document(work, "dataset", offered.dataset_id)
        ours = [_take_agreement(world, work, readers, offered, dataset, a) for a in agreed]
        known = tuple(a.id for a, own in zip(agreed, ours, strict=True) if own)
        for seen in pulled:
            if seen.agreement_id in known:
                _take_transfer(work, offered, seen)
    return Taken(known, tuple(seen.id for seen in pulled), foreign=not all(ours))


def _take_agreement(
    world: World,
    work: UnitOfWork,
    readers: Sequence[Partner],
    offered: Offered,
    dataset: Mapping[str, Any],
    agreement: Agreement,
) -> bool:
    """Whether it is one with a reader, under our terms; then it is kept as any other."""
    partner = next((p for p in readers if p.did == agreement.assignee), None)
    kept = document(work, "agreement", agreement.id)
    if kept is not None:
        return partner is not None and bool(kept["counterparty"] == partner.bpn)
    same = same_terms(agreement.policy, dataset["offer"])
    if partner is None or agreement.assigner != world.node.did or not same:
        _keep_foreign(work, agreement)
        return False
    named = replace(agreement, dataset_id=offered.dataset_id, policy=_terms(dataset["offer"]))
    process = Negotiation(
        role=Role.PROVIDER,
        state=NegotiationState.FINALIZED,
        consumer_pid="",
        provider_pid=f"{VIA_CONNECTOR}:{agreement.id}",
        counterparty=partner.bpn,
        peer_address=VIA_CONNECTOR,
        offer=Offer(dataset["offer"]["@id"], dataset["offer"], offered.dataset_id),
        agreement=named,
        dataset_kind=dataset["kind"],
    )
    keep_process(work, process)
    negotiating.keep_agreement(work, process)
    return True


def _terms(policy: Json) -> Json:
    return {key: value for key, value in policy.items() if not key.startswith("@")}


def _keep_foreign(work: UnitOfWork, agreement: Agreement) -> None:
    """Somebody else agreed, or about other terms: written down once, and refused ever after."""
    body = canonical_bytes(
        {
            "id": agreement.id,
            "asset_id": agreement.dataset_id,
            "assigner": agreement.assigner,
            "assignee": agreement.assignee,
            "policy": dict(agreement.policy),
        }
    )
    if work.get(FOREIGN, agreement.id) is None:
        work.put(FOREIGN, agreement.id, body, expected_version=0)
        work.append_leaf("agreement.not-ours", agreement.id, body)


def _take_transfer(work: UnitOfWork, offered: Offered, seen: SeenTransfer) -> None:
    known = transferring.load(work, seen.id)
    kept = document(work, "agreement", seen.agreement_id)
    if known is None:
        known = Transfer(
            role=Role.PROVIDER,
            state=TransferState.REQUESTED,
            consumer_pid=seen.peer_pid,
            provider_pid=seen.id,
            counterparty=kept["counterparty"],
            peer_address=VIA_CONNECTOR,
            agreement_id=seen.agreement_id,
            dataset_id=offered.dataset_id,
            format=DSP_2025_1.formats[0],
        )
        keep_process(work, known)
    if seen.state is None or known.state in TERMINAL or known.outgoing is not None:
        return
    state, told = seen.state, (seen.detail,) if seen.detail else ()
    if state is TransferState.TERMINATED and seen.detail.startswith(RECEIVED_CODE):
        state, told = TransferState.COMPLETED, ()  # the only way to say so through EDC
    if known.state is not state:
        reason = told if state in TERMINAL else ()
        keep_process(work, replace(known, state=state, refusal_reason=reason))


def mark_opened(work: UnitOfWork, transfer: Transfer) -> None:
    """From now on the data may have left: a leaf, the first time."""
    keep_process(work, replace(transfer, token_digest=digest(transfer.pid.encode())))

"""A partner's interface, open to us: agreed at need, opened again when its token has run out.

``access`` goes one step at a time and never waits: whoever needs the interface asks again, a
person's command a few times a second, the outbox with its own pauses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import finding
from saltbridge.exchange.address import may_pull_from, same_origin
from saltbridge.exchange.model import (
    Catalogue,
    Dataset,
    Negotiation,
    NegotiationState,
    Offer,
    Role,
    Transfer,
    TransferState,
)
from saltbridge.exchange.policy import in_force
from saltbridge.exchange.records import negotiation_of, transfer_of
from saltbridge.exchange.served import semantic_id, served_kind
from saltbridge.ports import HttpAnswer, Partner, UnitOfWork, World
from saltbridge.steps.data_plane import send_with_token
from saltbridge.steps.edr import Edr, kept_edr, renewed_edr
from saltbridge.steps.judging import fitting_offer
from saltbridge.steps.records import document
from saltbridge.steps.speak import kept_agreement

KIND: Final = "partner-access"
LIMIT_BYTES: Final = 20_000_000
_ENDED: Final = (TransferState.COMPLETED, TransferState.TERMINATED)


class Negotiate(Protocol):
    """Begins a negotiation about a dataset; ``services.negotiate.start_negotiation``."""

    def __call__(
        self,
        world: World,
        partner: Partner,
        dataset_id: str,
        offer: Offer,
        *,
        transfer_wanted: bool = False,
        dataset_kind: str = "",
    ) -> Negotiation: ...


@dataclass(frozen=True, slots=True)
class Ways:
    """The use cases that lead to an interface, chosen in ``bootstrap``."""

    catalogue: Callable[[World, Partner], Catalogue]
    negotiate: Negotiate
    transfer: Callable[[World, str], Transfer]
    complete: Callable[[World, str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which interface: its kind, and where there are several, version, meaning or dataset."""

    kind: str
    version: str = ""
    semantic_id: str = ""
    dataset_id: str = ""

    @property
    def name(self) -> str:
        """One text for it."""
        return "|".join((self.kind, self.version, self.semantic_id, self.dataset_id))


@dataclass(frozen=True, slots=True)
class _Kept:
    negotiation: str
    agreement: str = ""
    transfer: str = ""


def access(world: World, ways: Ways, partner: Partner, wanted: Wanted) -> Edr | None:
    """The interface if it is open now; else the next step towards it is taken, and None.

    Raises:
        FaultyInput: the partner offers no such interface, or we do not know where it is.
        Refused: its offer does not fit us, or the partner ended the negotiation or the
            transfer; the next call begins anew.
        Unavailable: the partner cannot be reached.
    """
    name = f"{partner.bpn}|{wanted.name}"
    with world.store.reading() as view:
        stored = document(view, KIND, name)
        kept = _Kept(**stored) if stored and stored["negotiation"] else None
        kept = kept and _gone_on(view, kept)
        edr = kept_edr(world, view, kept.transfer) if kept and kept.transfer else None
        transfer = _transfer(view, kept.transfer) if kept else None
        over = kept is not None and bool(kept.agreement) and _is_over(world, view, kept)
        refused = _refusal(view, kept) if kept else None
    if refused is not None:
        _keep(world, name, None)
        raise refused
    if kept is None or over:
        _begin(world, ways, partner, wanted, name)
        return None
    if transfer is None or transfer.state in (TransferState.START, TransferState.REQUESTED):
        return None
    if edr is None and transfer.state is TransferState.STARTED:
        edr = renewed_edr(world, transfer)  # the token has run out
    if edr is not None and transfer.state is TransferState.STARTED:
        _keep(world, name, kept)
        return edr
    if transfer.state is TransferState.SUSPENDED:
        return None  # the partner has closed it for a while
    if transfer.state not in _ENDED:
        ways.complete(world, transfer.pid)
    again = ways.transfer(world, kept.agreement)
    _keep(world, name, replace(kept, transfer=again.pid))
    return None


def ask(
    world: World,
    partner: Partner,
    edr: Edr,
    method: str,
    url: str,
    content: bytes | None = None,
    *,
    limit_bytes: int = LIMIT_BYTES,
) -> HttpAnswer:
    """One request behind the partner's data plane; ``url`` may be below the endpoint or whole.

    Raises:
        FaultyInput: the address is neither the partner's own origin nor behind TLS.
        Unavailable: the partner cannot be reached, or is in trouble.
    """
    whole = url if "://" in url else f"{edr.endpoint.rstrip('/')}/{url}"
    there = same_origin(whole, edr.endpoint)  # judged when it was kept
    if not there and not may_pull_from(whole, partner.dsp_url):
        raise FaultyInput.of("delivery.endpoint-foreign")
    headers = {} if content is None else {"content-type": "application/json"}
    answer = send_with_token(
        world,
        method,
        whole,
        edr,
        headers=headers,
        content=content,
        limit_bytes=limit_bytes,
        timeout_seconds=30.0,
    )
    if answer.status >= 500 and answer.status != 501:
        raise Unavailable.of(
            "exchange.peer-troubled", partner=partner.name, status=answer.status
        )
    return answer


def _begin(world: World, ways: Ways, partner: Partner, wanted: Wanted, name: str) -> None:
    shown = ways.catalogue(world, partner).datasets
    fitting = [d for d in shown if _fits(d, wanted)]
    if not fitting:
        raise FaultyInput.of(
            "exchange.interface-not-offered",
            partner=partner.name,
            wanted=wanted.semantic_id or wanted.dataset_id or wanted.kind,
        )
    chosen = fitting[0]
    begun = ways.negotiate(
        world,
        partner,
        chosen.id,
        fitting_offer(world, chosen.offers),
        transfer_wanted=True,
        dataset_kind=wanted.kind,
    )
    _keep(world, name, _Kept(begun.pid))


def _fits(dataset: Dataset, wanted: Wanted) -> bool:
    return (
        served_kind(dataset) == wanted.kind
        and wanted.dataset_id in ("", dataset.id)
        and wanted.version in ("", dataset.version)
        and wanted.semantic_id in ("", semantic_id(dataset))
    )


def _gone_on(view: UnitOfWork, kept: _Kept) -> _Kept:
    """What the negotiation has come to meanwhile."""
    if kept.agreement:
        return kept
    found = document(view, "negotiation", kept.negotiation)
    negotiation = negotiation_of(found) if found else None
    if negotiation is None or negotiation.state is not NegotiationState.FINALIZED:
        return kept
    agreement = negotiation.agreement
    return _Kept(kept.negotiation, agreement.id if agreement else "", negotiation.transfer_pid)


def _refusal(view: UnitOfWork, kept: _Kept) -> Refused | None:
    found = document(view, "negotiation", kept.negotiation)
    negotiation = negotiation_of(found) if found else None
    ended: Negotiation | Transfer | None = None
    if negotiation is not None and negotiation.state is NegotiationState.TERMINATED:
        ended = negotiation
    transfer = _transfer(view, kept.transfer)
    if transfer is not None and transfer.state is TransferState.TERMINATED:
        ended = transfer
    if ended is None:
        return None
    reason = "; ".join(ended.refusal_reason) or "–"
    code = ended.refusal_code or "–"
    return Refused([finding("exchange.ended", refusal=code, reason=reason)])


def _is_over(world: World, view: UnitOfWork, kept: _Kept) -> bool:
    found = kept_agreement(view, kept.agreement, Role.CONSUMER)
    return found is None or not in_force(found.agreement, world.clock.now())


def _transfer(view: UnitOfWork, pid: str) -> Transfer | None:
    stored = document(view, "transfer", pid)
    return transfer_of(stored) if stored else None


def _keep(world: World, name: str, kept: _Kept | None) -> None:
    told: Mapping[str, Any] = {
        "negotiation": kept.negotiation if kept else "",
        "agreement": kept.agreement if kept else "",
        "transfer": kept.transfer if kept else "",
    }
    body = canonical_bytes(told)
    with world.store.unit_of_work() as work:
        before = work.get(KIND, name)
        if before is None or before.body != body:
            work.put(KIND, name, body)

"""Agreements and their ends: what is owed until when, and what follows when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.exchange.ends import Ends, ends_of
from saltbridge.exchange.model import Role
from saltbridge.exchange.records import KeptAgreement, agreement_of
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document, every


@dataclass(frozen=True, slots=True)
class AgreementShown:
    """One agreement. ``next_end`` is the end that comes next, or the last one that passed.

    ``deliveries`` (consumer): what was received under it, to be deleted when the use is over.
    """

    id: str
    role: Role  # ours
    partner: str
    title: str
    ends: Ends | None
    provision_over: bool
    use_over: bool
    next_end: datetime | None
    deliveries: tuple[str, ...] = ()


def agreements(world: World, *, within: timedelta | None = None) -> Sequence[AgreementShown]:
    """Every agreement, the one that ends next first; ``within``: only what ends so soon.

    What is over already is due, too: its data are to be deleted.
    """
    now = world.clock.now()
    with world.store.reading() as view:
        kept = [agreement_of(read_json(r.body)) for r in every(view, "agreement")]
        received = _received(view) if kept else {}
        shown = [_shown(world, view, one, now, received) for one in kept]
    if within is not None:
        shown = [s for s in shown if s.next_end is not None and s.next_end <= now + within]
    return sorted(shown, key=lambda s: (s.next_end is None, s.next_end or now, s.id))


def _shown(
    world: World,
    view: UnitOfWork,
    kept: KeptAgreement,
    now: datetime,
    received: Mapping[str, list[str]],
) -> AgreementShown:
    agreement = kept.agreement
    partner = world.node.partner(kept.counterparty)
    dataset: Mapping[str, Any] = document(view, "dataset", agreement.dataset_id) or {}
    ends = ends_of(agreement)
    provision_over = ends is None or ends.provided_until <= now
    use_over = ends is None or (ends.used_until is not None and ends.used_until <= now)
    return AgreementShown(
        id=agreement.id,
        role=kept.role,
        partner=f"{partner.name} ({partner.bpn})" if partner else kept.counterparty,
        title=dataset.get("title") or kept.dataset_kind or agreement.dataset_id,
        ends=ends,
        provision_over=provision_over,
        use_over=use_over,
        next_end=_next_end(ends, now),
        deliveries=tuple(received.get(agreement.id, ())),
    )


def _next_end(ends: Ends | None, now: datetime) -> datetime | None:
    if ends is None:
        return None
    known = sorted(end for end in (ends.provided_until, ends.used_until) if end is not None)
    return next((end for end in known if end > now), known[-1])


def _received(view: UnitOfWork) -> Mapping[str, list[str]]:
    """Ids of deliveries by agreement."""
    found: dict[str, list[str]] = {}
    for record in every(view, "delivery"):
        delivery = read_json(record.body)
        found.setdefault(str(delivery.get("agreement_id", "")), []).append(delivery["id"])
    return found

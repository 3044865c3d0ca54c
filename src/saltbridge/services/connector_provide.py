"""Datasets on offer through the company's connector: put there, looked after, served to it."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import SaltbridgeError
from saltbridge.exchange.model import Role, Transfer, TransferState
from saltbridge.exchange.policy import in_force
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.steps import transferring
from saltbridge.steps.connector_agreements import mark_opened, take_over
from saltbridge.steps.connector_offering import (
    KIND,
    WATCH,
    Offered,
    asset_name,
    data_key,
    is_data_plane,
    keep_offered,
    offered_before,
    offerings,
)
from saltbridge.steps.data_tokens import OpenedTransfer, agreed_transfer
from saltbridge.steps.records import document, every
from saltbridge.steps.release import kept_release
from saltbridge.steps.speak import kept_agreement
from saltbridge.steps.statement import kept_statement
from saltbridge.steps.through_connector import connector_of

_log = logging.getLogger(__name__)
_USUAL_SECONDS: Final = 60
_ONE_REQUEST: Final = timedelta(seconds=60)  # an opening is good for no other


def offer_waiting(world: World, entry: OutboxEntry) -> None:
    """Put a dataset on offer at the connector; again, where it stood there before.

    Raises:
        Unavailable, Refused: the connector cannot be asked, or does not take it.
    """
    id = str(read_json(entry.body)["dataset_id"])
    with world.store.unit_of_work() as work:
        dataset = document(work, "dataset", id)
        key = data_key(world, work)
    for offered, offering in offerings(world, dataset, key):
        connector_of(world).offer(offering)
        with world.store.unit_of_work() as work:
            keep_offered(work, offered)
            _watch(world, work)


def _watch(world: World, work: UnitOfWork) -> None:
    """Begin to look after what stands on offer, unless a look waits already."""
    if not work.waits(WATCH):
        _look_later(world, work)


def _look_later(world: World, work: UnitOfWork) -> None:
    told: Any = world.settings.get("connector", {})
    pause = timedelta(seconds=int(told.get("watch_seconds", _USUAL_SECONDS)))
    entry = OutboxEntry(
        id=world.identifiers.urn_uuid(),
        kind=WATCH,
        body=canonical_bytes({}),
        ordering_key=WATCH,
        due_at=world.clock.now() + pause,
    )
    work.enqueue(entry)


def watch_waiting(world: World, entry: OutboxEntry) -> bool:
    """Bring our records up to the connector's; the end of this look puts the next one in.

    However often the connector cannot be asked: it is looked at again after a pause.
    """
    if world.connector is not None:
        look_after(world)
    with world.store.unit_of_work() as work:
        work.done(entry.id)
        _watch(world, work)
    return True


def look_after(world: World) -> None:
    """Take over every agreement and transfer about what stands on offer there.

    Each asset by itself: one about which the connector cannot be asked holds up no other.
    """
    with world.store.reading() as view:
        standing = [Offered(**read_json(record.body)) for record in every(view, KIND)]
    for offered in standing:
        try:
            take_over(world, connector_of(world), offered)
        except SaltbridgeError as fault:
            code = fault.findings[0].code if fault.findings else ""
            _log.warning("connector not looked at", extra={"event": "connector", "code": code})


def open_offered(
    world: World, key: str, dataset_id: str, bpn: str, agreement_id: str, *, statement: bool
) -> Release | None:
    """The released bytes for the connector's data plane, or None where it opens nothing.

    The data plane asks for whoever pulls; who that is, the connector's agreements say: they are
    read now. ``agreement_id`` is the one that the data plane says it serves (Tractus-X). Where
    it says none, and somebody else holds an agreement too, nothing is served at all.

    Raises:
        SaltbridgeError: the connector cannot be asked, or what it answers cannot be read; then
            nothing is served either.
    """
    started, offered = _opened(world, key, asset_name(dataset_id, bpn), agreement_id)
    if not started or offered is None:
        return None
    with world.store.unit_of_work() as work:
        released = document(work, "dataset", dataset_id)["releases"].get(bpn)
        if not released:
            return None
        release = kept_release(work, released["digest"], released["decision_id"], bpn)
        if release is None or statement:
            return release and kept_statement(work, release.decision_id, release.audience)
        _mark(work, started)
    return release


def open_offered_interface(
    world: World, key: str, dataset_id: str, agreement_id: str
) -> OpenedTransfer | None:
    """The transfer behind a request of the connector's data plane at an interface, or None.

    Who asks has to be sure: by the agreement that the data plane names, or because one partner
    alone has a started transfer. Raises as ``open_offered``.
    """
    started, offered = _opened(world, key, dataset_id, agreement_id)
    if offered is None or offered.bpn or len({t.counterparty for t in started}) != 1:
        return None
    with world.store.unit_of_work() as work:
        _mark(work, started[:1])
        return agreed_transfer(work, started[0], world.clock.now() + _ONE_REQUEST)


def _opened(
    world: World, key: str, asset_id: str, named: str
) -> tuple[list[Transfer], Offered | None]:
    """The started transfers of an asset under agreements in force, for the right key alone."""
    with world.store.reading() as view:
        known = is_data_plane(world.keyring, view, key)
        offered = offered_before(view, asset_id) if known else None
    if world.connector is None or offered is None:
        return [], None
    taken = take_over(world, world.connector, offered)
    if taken.foreign and not named:
        return [], None
    with world.store.reading() as view:
        wanted = [id for id in taken.agreements if named in ("", id)]
        agreed = (kept_agreement(view, id, Role.PROVIDER) for id in wanted)
        now = world.clock.now()
        valid = {k.agreement.id for k in agreed if k is not None and in_force(k.agreement, now)}
        found = [transferring.load(view, id) for id in taken.transfers]
    agreed_on = [t for t in found if t is not None and t.agreement_id in valid]
    return [t for t in agreed_on if _is_open(t)], offered


def _is_open(transfer: Transfer) -> bool:
    """Started, and nobody here has said to pause or end it."""
    going_on = transfer.state is TransferState.STARTED and transfer.outgoing is None
    return going_on and not transfer.paused_by


def _mark(work: UnitOfWork, started: Sequence[Transfer]) -> None:
    for transfer in started:
        if not transfer.token_digest:
            mark_opened(work, transfer)

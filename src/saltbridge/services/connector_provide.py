"""Datasets on offer through the company's connector: put there, looked after, served to it."""

from datetime import timedelta
from typing import Any, Final

from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange.model import Role, TransferState
from saltbridge.exchange.policy import in_force
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.steps import transferring
from saltbridge.steps.connector_agreements import Taken, mark_opened, take_over
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
    partner_of,
)
from saltbridge.steps.records import document, every
from saltbridge.steps.release import kept_release
from saltbridge.steps.speak import kept_agreement
from saltbridge.steps.statement import kept_statement
from saltbridge.steps.through_connector import connector_of

_WATCHING: Final = "connector-watching"
_USUAL_SECONDS: Final = 60


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
    """Begin to look after what stands on offer, unless somebody does."""
    if work.get(_WATCHING, "now") is None:
        work.put(_WATCHING, "now", canonical_bytes({"watched": True}), expected_version=0)
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


def watch_waiting(world: World, entry: OutboxEntry) -> None:
    """Bring our records up to the connector's, then once more after a pause.

    Raises:
        Unavailable, Refused: the connector cannot be asked.
    """
    if world.connector is not None:
        look_after(world)
    with world.store.unit_of_work() as work:
        _look_later(world, work)


def look_after(world: World) -> None:
    """Take over every agreement and transfer about what stands on offer there."""
    with world.store.reading() as view:
        standing = [Offered(**read_json(record.body)) for record in every(view, KIND)]
    for offered in standing:
        partner = partner_of(world, offered)
        if partner is not None:
            take_over(world, connector_of(world), partner, offered)


def open_offered(
    world: World, key: str, dataset_id: str, bpn: str, agreement_id: str, *, statement: bool
) -> Release | None:
    """The released bytes for the connector's data plane, or None where it opens nothing.

    The data plane asks for whoever pulls; who that is, the connector's agreements say: they are
    read now, and where anybody else holds one about this asset nothing is served at all.
    ``agreement_id`` is what the data plane says it serves, if it does (Tractus-X).

    Raises:
        Unavailable, Refused: the connector cannot be asked; then nothing is served either.
    """
    with world.store.reading() as view:
        known = is_data_plane(world.keyring, view, key)
        offered = offered_before(view, asset_name(dataset_id, bpn)) if known else None
    partner = partner_of(world, offered) if offered else None
    if world.connector is None or offered is None or partner is None:
        return None
    taken = take_over(world, world.connector, partner, offered)
    if taken.foreign:
        return None
    with world.store.unit_of_work() as work:
        return _serve(world, work, offered, taken, agreement_id, statement=statement)


def _serve(
    world: World,
    work: UnitOfWork,
    offered: Offered,
    taken: Taken,
    named: str,
    *,
    statement: bool,
) -> Release | None:
    """The release while one of the transfers is started under an agreement in force."""
    dataset, now = document(work, "dataset", offered.dataset_id), world.clock.now()
    wanted = [id for id in taken.agreements if named in ("", id)]
    agreed = (kept_agreement(work, id, Role.PROVIDER) for id in wanted)
    valid = {k.agreement.id for k in agreed if k is not None and in_force(k.agreement, now)}
    known = (transferring.load(work, id) for id in taken.transfers)
    started = [
        t
        for t in known
        if t is not None and t.agreement_id in valid and t.state is TransferState.STARTED
    ]
    released = dataset["releases"].get(offered.bpn)
    if not started or not released:
        return None
    release = kept_release(work, released["digest"], released["decision_id"], offered.bpn)
    if release is None or statement:
        return release and kept_statement(work, release.decision_id, release.audience)
    for transfer in started:
        if not transfer.token_digest:
            mark_opened(work, transfer)
    return release

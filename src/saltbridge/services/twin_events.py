"""News of twins: told to partners who listen, and taken in from partners we listen to."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.exchange.served import NOTIFICATIONS
from saltbridge.formats.cx_notification import PATH, Notification, parse_notification
from saltbridge.ports import OutboxEntry, Partner, World
from saltbridge.steps.partner_access import Wanted, Ways, access, ask
from saltbridge.steps.records import every
from saltbridge.steps.release import kept_release
from saltbridge.steps.served_datasets import open_dataset
from saltbridge.trust.did import iso

EVENT: Final = "twin-event"


def listen(world: World, partner: Partner) -> str:
    """Open our door for notifications to a partner; the id of the dataset that offers it."""
    with world.store.unit_of_work() as work:
        dataset = open_dataset(
            world, work, NOTIFICATIONS, [partner.bpn], title="Notifications about twins"
        )
    return str(dataset["id"])


def announce_waiting(world: World, ways: Ways, entry: OutboxEntry) -> None:
    """Send a released notification, unless the partner does not listen.

    Raises:
        Unavailable: the partner's door is not open yet, or it cannot be reached.
    """
    told = read_json(entry.body)
    partner = world.node.partner(told["bpn"])
    with world.store.reading() as view:
        release = kept_release(view, told["digest"], told["decision_id"], told["bpn"])
    if partner is None or release is None:
        return
    try:
        edr = access(world, ways, partner, Wanted(kind=NOTIFICATIONS))
    except (FaultyInput, Refused):
        return  # nobody listens there: the twins can be found all the same
    if edr is None:
        raise Unavailable.of("twins.not-open", partner=partner.name)
    answer = ask(world, partner, edr, "POST", PATH, release.content)
    if answer.status in (401, 403, 408, 425, 429):
        raise Unavailable.of(
            "exchange.peer-troubled", partner=partner.name, status=answer.status
        )


def receive(world: World, partner_bpn: str, content: bytes) -> Notification:
    """Keep a notification of a partner, once however often it comes.

    Raises:
        FaultyInput: it is none, or names another sender or receiver than the two of us.
    """
    news = parse_notification(content)
    if (news.sender, news.receiver) != (partner_bpn, world.node.bpn):
        raise FaultyInput.of("twins.no-notification")
    id = f"{partner_bpn}|{news.id}"
    body = canonical_bytes(
        {
            "id": id,
            "sender": news.sender,
            "sent_at": news.sent_at,
            "received_at": iso(world.clock.now()),
            "events": [
                {
                    "kind": event.kind,
                    "global_asset_id": event.global_asset_id,
                    "semantic_id": event.semantic_id,
                }
                for event in news.events
            ],
            "unknown": dict(news.unknown),
        }
    )
    with world.store.unit_of_work() as work:
        if work.get(EVENT, id) is None:
            work.put(EVENT, id, body, expected_version=0)
            work.append_leaf("twin.notified", id, body)
    return news


def received(world: World) -> Iterator[Mapping[str, Any]]:
    """The notifications that came, by sender."""
    with world.store.reading() as view:
        yield from [read_json(record.body) for record in every(view, EVENT)]

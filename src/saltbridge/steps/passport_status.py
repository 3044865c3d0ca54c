"""Whether a version of a passport still holds: its place in a status list of this node.

The place is that of the version's own leaf in the log, so that no two versions share one and
nothing has to be counted; a list covers ``LIST_SIZE`` leaves and is mostly zeros. The list is
signed anew when a status changes and before it expires; it leaves as a ``Release``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from saltbridge.border.context import PUBLIC
from saltbridge.border.decide import decide, release
from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.ports import OutboxEntry, UnitOfWork, World
from saltbridge.steps.deciding import public_circumstances
from saltbridge.steps.records import document, every
from saltbridge.steps.release import keep_decision, kept_release
from saltbridge.steps.rules import rule_book
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.did import from_iso, iso
from saltbridge.trust.status_list import BITS, MEDIA_TYPE, Status, encoded, signed_list

LIST: Final = "passport-status-list"  # record: one list
BASE: Final = "passport-status-base"  # record: how many lists came back from a copy
STATUS: Final = "passport-status"  # record: the status of one version that is not valid
RENEW: Final = "passport-status-list"  # outbox: a list has to be signed anew
PURPOSE: Final = "whether signed versions of battery passports still hold"
LIST_SIZE: Final = 131_072  # statuses of 2 bits: 32 KiB, some hundred bytes compressed
LIFE: Final = timedelta(days=7)
TTL_SECONDS: Final = 43_200


def list_address(world: World, number: int) -> str:
    """The address of a status list; it stays the same for good."""
    return f"{world.node.base_url}/passports/status/{number}"


def status_place(world: World, work: UnitOfWork, now: datetime) -> dict[str, Any]:
    """The place for the version that is signed next in this unit of work.

    The first version on a list brings the list with it.
    """
    return status_places(world, work, now, 1)[0]


def status_places(
    world: World, work: UnitOfWork, now: datetime, count: int
) -> list[dict[str, Any]]:
    """The places for the next ``count`` versions, whose leaves follow one another."""
    base = _base(work)
    while True:
        first = work.log_size()
        last = first + max(count, 1) - 1
        numbers = range(base + first // LIST_SIZE, base + last // LIST_SIZE + 1)
        absent = [n for n in numbers if work.get(LIST, str(n)) is None]
        if not absent:
            break
        publish_list(world, work, absent[0], {}, now)
    places = (divmod(index, LIST_SIZE) for index in range(first, first + count))
    return [
        {"idx": index, "uri": list_address(world, base + number)} for number, index in places
    ]


def _base(work: UnitOfWork) -> int:
    """The number of this node's first own list: those before it came back from a copy."""
    return int((document(work, BASE, "current") or {"first": 0})["first"])


def restore_places(
    world: World, work: UnitOfWork, places: Mapping[int, Mapping[str, int]], now: datetime
) -> None:
    """Lists of this very address that came back from a copy: status by number and index.

    Later versions get places on lists behind them, so that no place is used twice.

    Raises:
        Refused: versions that this node signed already may stand on them.
    """
    base = _base(work)
    for number, statuses in sorted(places.items()):
        stored = document(work, LIST, str(number))
        if stored is not None and number >= base:
            raise Refused.of("copy.numbers-used", number=number)
        known = {} if stored is None else dict(stored["statuses"])
        told = {i: s for i, s in statuses.items() if s != Status.VALID}
        if stored is None or {**known, **told} != known:
            publish_list(world, work, number, {**known, **told}, now)
    after = max([base, *(number + 1 for number in places)])
    if after != base:
        work.put(BASE, "current", canonical_bytes({"first": after}))


def publish_list(
    world: World,
    work: UnitOfWork,
    number: int,
    statuses: Mapping[str, int],
    now: datetime,
    person: str = "",
) -> None:
    """Sign a list, have it decided and released, and store it, with a leaf.

    Raises:
        Refused: the border room withholds it.
        FaultyInput: the key cannot be used.
    """
    address = list_address(world, number)
    content = encoded({int(i): s for i, s in statuses.items()}, LIST_SIZE)
    shown = {"kind": LIST, "address": address, "bits": BITS, "list": content}
    context = public_circumstances(world, PURPOSE, person, now)
    book = rule_book(work)
    decision = decide(shown, context, book.catalogue(LIST, context), book.packs)
    if decision.stays or decision.minimised:
        raise Refused.of("passport.status-withheld", address=address)
    token = signed_list(
        content,
        address=address,
        issuer=world.node.did,
        issued_at=now,
        expires=now + LIFE,
        ttl_seconds=TTL_SECONDS,
        signer=world.keyring.signer(),
    )
    released = release(decision, token.encode("ascii"), MEDIA_TYPE, decision.view_bytes)
    record, _ = keep_decision(work, decision, released)
    keep_statement(world, work, decision, record, [released], now)
    body = canonical_bytes(
        {
            "number": number,
            "address": address,
            "statuses": dict(statuses),
            "signed_at": iso(now),
            "decision_id": record["id"],
            "digest": work.put_release(released),
        }
    )
    work.put(LIST, str(number), body)
    work.append_leaf("passport.status-list", str(number), body)
    if not work.waits(f"{RENEW} {number}"):
        renew_later(world, work, number, now)


def renew_later(world: World, work: UnitOfWork, number: int, signed_at: datetime) -> None:
    """Have the list signed anew when half its life is over."""
    work.enqueue(
        OutboxEntry(
            id=world.identifiers.urn_uuid(),
            kind=RENEW,
            body=canonical_bytes({"number": number}),
            ordering_key=f"{RENEW} {number}",
            due_at=signed_at + LIFE / 2,
        )
    )


def renew_at_once(world: World, work: UnitOfWork, now: datetime) -> None:
    """Have every list signed anew as soon as this is committed: a key was revoked."""
    for record in stored_lists(work):
        work.enqueue(
            OutboxEntry(
                id=world.identifiers.urn_uuid(),
                kind=RENEW,
                body=canonical_bytes({"number": record["number"], "because": "key.revoked"}),
                ordering_key=f"{RENEW} {record['number']} key.revoked",
                due_at=now,
            )
        )


def set_status(
    world: World,
    work: UnitOfWork,
    version: Mapping[str, Any],
    status: Status,
    *,
    reason: str,
    person: str,
    now: datetime,
) -> None:
    """Say in the list, and in a record with a leaf, what has become of a version.

    A version that another operator signed stands on that operator's list; of it only this
    node's own record says something.
    """
    place = version["status"]
    number = int(place["uri"].rpartition("/")[2])
    if place["uri"] == list_address(world, number):  # another operator's list is not ours
        statuses = dict((document(work, LIST, str(number)) or {}).get("statuses", {}))
        statuses[str(place["idx"])] = int(status)
        kept = {index: s for index, s in statuses.items() if s != Status.VALID}
        publish_list(world, work, number, kept, now, person)
    id = f"{version['passport_id']}#{version['version']}"
    body = canonical_bytes(
        {
            "passport_id": version["passport_id"],
            "version": version["version"],
            "status": status.name.lower(),
            "reason": reason,
            "person": person,
            "at": iso(now),
        }
    )
    work.put(STATUS, id, body)
    work.append_leaf("passport.status", id, body)


def status_of(work: UnitOfWork, passport_id: str, number: int) -> Status:
    """What has become of a version."""
    kept = document(work, STATUS, f"{passport_id}#{number}")
    return Status.VALID if kept is None else Status[str(kept["status"]).upper()]


def not_valid(record: Mapping[str, Any], status: Status) -> list[Finding]:
    """That a passport was revoked or suspended, which whoever reads it has to know."""
    codes = {Status.INVALID: "passport.revoked", Status.SUSPENDED: "passport.suspended"}
    if status not in codes:
        return []
    serial = str(record["serial"])[:40]
    return [finding(codes[status], severity=Severity.WARNING, serial=serial)]


def is_fresh(record: Mapping[str, Any], now: datetime) -> bool:
    """Whether less than half the life of a stored list is over."""
    return now < from_iso(record["signed_at"]) + LIFE / 2


def stored_lists(work: UnitOfWork) -> list[Mapping[str, Any]]:
    """The records of all lists of this node."""
    return [read_json(record.body) for record in every(work, LIST)]


def released_lists(work: UnitOfWork) -> list[bytes]:
    """The tokens of all lists of this node, as released."""
    found = [
        kept_release(work, kept["digest"], kept["decision_id"], PUBLIC.bpn)
        for kept in sorted(stored_lists(work), key=lambda r: int(r["number"]))
    ]
    return [release.content for release in found if release is not None]


def released_list(work: UnitOfWork, number: int) -> Release | None:
    """The token of one list, as released; None where there is none."""
    kept = document(work, LIST, str(number))
    if kept is None:
        return None
    return kept_release(work, kept["digest"], kept["decision_id"], PUBLIC.bpn)

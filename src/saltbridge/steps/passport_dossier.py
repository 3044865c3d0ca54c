"""A passport with its whole history, gathered from the store for another company."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import Refused
from saltbridge.formats.passport_dossier import Dossier
from saltbridge.passport.access import Audience
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_events import kept_events
from saltbridge.steps.passport_measured import batches_of
from saltbridge.steps.passport_reading import newest_number, seen, stored_version
from saltbridge.steps.passport_status import list_address, released_list, status_of
from saltbridge.steps.records import document

FOREIGN_LIST: Final = "passport-foreign-list"  # by its address: a list of another operator
# What is handed on of a version's record. Who decided on it, and on which sources it rests,
# are the operator's own affair.
_CARRIED: Final = (
    *("passport_id", "version", "issued_at", "reason", "claim_id", "claim_digest"),
    *("jwt", "disclosures", "views", "status", "unshown", "replaces"),
)


def dossier_of(view: UnitOfWork, world: World, passport: Mapping[str, Any]) -> Dossier:
    """Everything there is about a passport of this node but the names of its people.

    Raises:
        Refused: a version or its release is not as it was stored.
    """
    id = str(passport["id"])
    versions = [_version(view, id, n) for n in range(1, newest_number(passport) + 1)]
    return Dossier(
        passport_id=id,
        product_id=str(passport["product_id"]),
        gtin=str(passport["gtin"]),
        serial=str(passport["serial"]),
        category=str(passport.get("category") or _category(versions[-1]["record"])),
        placed_on_market=str(passport["placed_on_market"]),
        issued_at=str(passport["issued_at"]),
        first_operator=str(passport.get("first_operator") or world.node.did),
        status="ceased" if passport.get("ceased_on") else "active",
        ceased_on=str(passport.get("ceased_on", "")),
        versions=tuple(versions),
        events=tuple(_without_person(kept) for kept in kept_events(view, id)),
        measurements=tuple(batches_of(view, id)),
        lists=tuple(_lists(view, world, versions)),
        succession=_nameless(passport.get("succession") or {}),
    )


def _category(record: Mapping[str, Any]) -> str:
    """The category of a passport from before its record named it."""
    return str(seen(record, Audience.PUBLIC)["category"])


def _version(view: UnitOfWork, id: str, number: int) -> dict[str, Any]:
    record = stored_version(view, id, number)
    released = None
    if record is not None:
        public = record["public"]
        released = view.get_release(public["claim"], public["decision_id"])
    if record is None or released is None:
        raise Refused.of("passport.version-altered", passport=id, version=number)
    return {
        "record": {member: record[member] for member in _CARRIED if member in record},
        "file": read_json(released.content),
        "status": status_of(view, id, number).name.lower(),
    }


def _without_person(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in kept.items() if member != "person"}


def _nameless(succession: Mapping[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in succession.items() if member != "person"}


def _lists(
    view: UnitOfWork, world: World, versions: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """The newest token of every status list that the versions stand on."""
    places = [version["record"].get("status") for version in versions]
    for address in sorted({str(place["uri"]) for place in places if place}):
        number = address.rpartition("/")[2]
        if address == list_address(world, int(number)):
            released = released_list(view, int(number))
            token = "" if released is None else released.content.decode("ascii")
        else:
            token = (document(view, FOREIGN_LIST, address) or {}).get("token", "")
        if token:
            yield token

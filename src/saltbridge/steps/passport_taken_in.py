"""A passport that comes from another node, or back from a copy: stored as one of this node's.

What was signed stays as it was signed. The public part of every version is decided anew by
this node's border room before this node shows it to anybody.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import Refused
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_dossier import FOREIGN_LIST
from saltbridge.steps.passport_dossier_check import CheckedDossier
from saltbridge.steps.passport_events import LEAF as EVENT_LEAF
from saltbridge.steps.passport_events import RECORD as EVENT
from saltbridge.steps.passport_events import event_id
from saltbridge.steps.passport_issued import REGISTRY_CLOSED
from saltbridge.steps.passport_measured import RECORD as BATCH
from saltbridge.steps.passport_measured import batch_id
from saltbridge.steps.passport_named import ADDRESS
from saltbridge.steps.passport_reading import RECORD as VERSION
from saltbridge.steps.passport_reading import version_id
from saltbridge.steps.passport_status import STATUS, list_address, restore_places
from saltbridge.steps.passport_versions import release_public
from saltbridge.steps.records import document
from saltbridge.trust.did import iso
from saltbridge.trust.status_list import Status, address_of

TAKEN_IN: Final = "passport.taken-in"  # the leaf over the record of the passport
FILE: Final = "passport-measurement-file"


def take_in(
    world: World,
    work: UnitOfWork,
    checked: CheckedDossier,
    *,
    source: str,
    person: str,
    now: datetime,
) -> Mapping[str, Any]:
    """Store a checked dossier; the record of the passport. ``source``: DID of who gave it.

    Raises:
        Refused: there is such a passport, or another one at its address; events that are kept
            here are not in it; or the border room withholds a public value.
    """
    dossier = checked.dossier
    id, address = dossier.passport_id, f"{dossier.gtin}/{dossier.serial}"
    if work.get("passport", id) is not None or work.get(ADDRESS, address) is not None:
        raise Refused.of("handover.here-already", passport=id, serial=dossier.serial)
    public: Mapping[str, str] = {}
    for told, view in zip(dossier.versions, checked.views, strict=True):
        public = _keep_version(world, work, told, view, source, person, now)
    _keep_events(work, checked)
    _keep_measurements(work, checked, source, person, now)
    restore_places(world, work, _own_places(world, checked), now)
    for token in dossier.lists:
        body = canonical_bytes({"token": token, "source": source})
        work.put(FOREIGN_LIST, address_of(token), body)
    newest = dossier.versions[-1]["record"]
    record = {
        "id": id,
        "product_id": dossier.product_id,
        "gtin": dossier.gtin,
        "serial": dossier.serial,
        "category": dossier.category,
        "model": "",
        "placed_on_market": dossier.placed_on_market,
        "issued_at": dossier.issued_at,
        "status": dossier.status,
        **({"ceased_on": dossier.ceased_on} if dossier.ceased_on else {}),
        "registration": REGISTRY_CLOSED,
        "version": len(dossier.versions),
        "claim_digest": newest["claim_digest"],
        "public": public,
        "first_operator": dossier.first_operator,
        "responsible": checked.life.operator,
        "taken_in_from": source,
        "taken_in_at": iso(now),
        **({"succession": dict(dossier.succession)} if dossier.succession else {}),
    }
    body = canonical_bytes(record)
    work.put("passport", id, body, expected_version=0)
    work.put(ADDRESS, address, canonical_bytes({"passport_id": id}), expected_version=0)
    work.append_leaf(TAKEN_IN, id, body)
    return record


def _own_places(world: World, checked: CheckedDossier) -> dict[int, dict[str, int]]:
    """Places on lists of this very address: they were signed here once, and came back."""
    found: dict[int, dict[str, int]] = {}
    for told in checked.dossier.versions:
        place = told["record"].get("status")
        number = int(str(place["uri"]).rpartition("/")[2]) if place else -1
        if place and place["uri"] == list_address(world, number):
            status = Status[str(told["status"]).upper()]
            found.setdefault(number, {})[str(place["idx"])] = int(status)
    return found


def _keep_version(
    world: World,
    work: UnitOfWork,
    told: Mapping[str, Any],
    view: Mapping[str, Any],
    source: str,
    person: str,
    now: datetime,
) -> Mapping[str, str]:
    """Store a version with its own release and its status; where its public part is."""
    record = told["record"]
    file = canonical_bytes(told["file"])
    public = release_public(world, work, view, file, person, now)
    body = canonical_bytes(
        {**record, "person": "", "sources": {"taken_in_from": source}, "public": public}
    )
    id = version_id(record["passport_id"], int(record["version"]))
    work.put(VERSION, id, body, expected_version=0)
    if Status[str(told["status"]).upper()] is not Status.VALID:
        said = canonical_bytes(
            {
                "passport_id": record["passport_id"],
                "version": record["version"],
                "status": told["status"],
                "reason": "",
                "person": "",
                "at": iso(now),
            }
        )
        work.put(STATUS, id, said)
        work.append_leaf("passport.status", id, said)
    return public


def _keep_events(work: UnitOfWork, checked: CheckedDossier) -> None:
    """Store the events that are not here yet; what is here has to be among them."""
    id, told = checked.dossier.passport_id, checked.dossier.events
    if work.get(EVENT, event_id(id, len(told) + 1)) is not None:
        raise Refused.of("handover.events-here", passport=id)
    for kept in told:
        key = event_id(id, int(kept["number"]))
        here = document(work, EVENT, key)
        if here is not None:
            if here["digests"] != kept["digests"]:
                raise Refused.of("handover.events-here", passport=id)
            continue
        body = canonical_bytes({**kept, "person": ""})
        work.put(EVENT, key, body, expected_version=0)
        work.append_leaf(EVENT_LEAF, key, body)


def _keep_measurements(
    work: UnitOfWork, checked: CheckedDossier, source: str, person: str, now: datetime
) -> None:
    """Store the batches as they were, listed with their digests under a leaf of this log."""
    id, batches = checked.dossier.passport_id, checked.dossier.measurements
    bodies = {batch_id(id, int(b["number"])): canonical_bytes(dict(b)) for b in batches}
    if not bodies:
        return
    work.put_new(BATCH, bodies)
    listed = {key: digest(body) for key, body in bodies.items()}
    name = digest(canonical_bytes(listed))
    body = canonical_bytes(
        {
            "file": name,
            "name": source,
            "person": person,
            "recorded_at": iso(now),
            "measurements": sum(len(s["values"]) for b in batches for s in b["snapshots"]),
            "batches": listed,
        }
    )
    work.put(FILE, name, body, expected_version=0)
    work.append_leaf("passport.measured", name, body)

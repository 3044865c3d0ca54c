"""The ids of the twin of one thing and of its aspects: made once, the same for ever."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.battery_twins import BatteryNames
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document

SUBJECT: Final = "twin-subject"


def subject_of(
    world: World, work: UnitOfWork, names: BatteryNames, parts: Collection[str]
) -> Mapping[str, Any]:
    """``twin_id``, ``global_asset_id`` and ``aspects`` by part; those missing are made."""
    known = document(work, SUBJECT, names.subject)
    new = world.identifiers.urn_uuid
    subject: dict[str, Any] = dict(
        known or {"twin_id": new(), "global_asset_id": new(), "aspects": {}}
    )
    missing = [part for part in parts if part not in subject["aspects"]]
    if missing or known is None:
        subject["aspects"] = {**subject["aspects"], **{part: new() for part in missing}}
        body = canonical_bytes(subject)
        work.put(SUBJECT, names.subject, body, expected_version=0 if known is None else None)
    return subject

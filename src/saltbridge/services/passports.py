"""The passports of this node: a list, and the public part of one."""

from collections.abc import Mapping
from typing import Any

from saltbridge.border.release import Release
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document, every


def issued_passports(world: World) -> list[Mapping[str, Any]]:
    """Records of all passports, the oldest first."""
    with world.store.reading() as work:
        records = _records(work)
    return sorted(records, key=lambda r: (str(r["issued_at"]), str(r["serial"])))


def public_passport(world: World, wanted: str) -> tuple[Release, Release]:
    """The releases of a passport by its id or serial: signed claim file and public view.

    Raises:
        FaultyInput: no such passport.
    """
    with world.store.reading() as work:
        record = document(work, "passport", wanted) or next(
            (r for r in _records(work) if r["serial"] == wanted), None
        )
        if record is not None:
            public = record["public"]
            claim_file = work.get_release(public["claim"], public["decision_id"])
            view = work.get_release(public["view"], public["decision_id"])
            if claim_file is not None and view is not None:
                return claim_file, view
    raise FaultyInput.of("passport.unknown-passport", passport=wanted[:80])


def _records(work: UnitOfWork) -> list[Mapping[str, Any]]:
    return [read_json(record.body) for record in every(work, "passport")]

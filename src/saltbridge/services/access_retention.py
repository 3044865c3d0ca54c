"""How long the names of readers of restricted passport data are kept, and their erasure.

Somebody's reading is recorded with a name, so that misuse can be found. Past the term the
record goes; its leaf stays in the log, and a tombstone with a leaf of its own says when, by
whom, and how many accesses it held. Before the term nothing goes.

The term: personal data are kept no longer than their purpose needs, (EU) 2016/679, Art. 5(1)(e)
(recalled). No act says how long records of access are to be kept; three years is the default.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.accounts.model import Act, Person
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.ports import ERASED, StoredRecord, UnitOfWork, World
from saltbridge.steps.passport_access_log import ACCESS
from saltbridge.steps.records import every
from saltbridge.trust.did import iso

DEFAULT_YEARS: Final = 3
LEAF: Final = "passport.access-erased"


@dataclass(frozen=True, slots=True)
class AccessesDue:
    """Records of access past their term: so many records with so many accesses."""

    years: int
    before: str  # those recorded before this moment
    records: int
    accesses: int


def years(world: World) -> int:
    """The term in years: setting ``passport_access.retention_years``; never under one."""
    table: Any = world.settings.get("passport_access") or {}
    stated = table.get("retention_years", DEFAULT_YEARS)
    sane = isinstance(stated, int) and not isinstance(stated, bool) and stated >= 1
    return stated if sane else DEFAULT_YEARS


def due(world: World) -> AccessesDue:
    """What is past its term; nothing is erased."""
    before = _before(world)
    with world.store.reading() as view:
        found = _due(view, before)
    return _told(world, before, found)


def erase(world: World, person: Person) -> AccessesDue:
    """Erase the records of access that are past their term; what was erased.

    Raises:
        Refused: the person may not load rules (and so not erase).
    """
    if not person.may(Act.LOAD_RULES):
        raise Refused.of("retention.may-not", person=person.name)
    before, now = _before(world), world.clock.now()
    with world.store.unit_of_work() as work:
        found = _due(work, before)
        for record in found:
            tombstone = canonical_bytes(
                {
                    "kind": ACCESS,
                    "id": record.id,
                    "digest": digest(record.body),
                    "accesses": _count(record),
                    "erased_at": iso(now),
                    "erased_by": {"id": person.id, "name": person.name},
                    "retention_years": years(world),
                }
            )
            work.put(ERASED, record.id, tombstone, expected_version=0)
            work.append_leaf(LEAF, record.id, tombstone)
        if found:
            work.forget(ACCESS, before)
    return _told(world, before, found)


def _before(world: World) -> datetime:
    now, count = world.clock.now(), years(world)
    try:
        return now.replace(year=now.year - count)
    except ValueError:  # 29 February
        return now.replace(year=now.year - count, day=28)


def _due(view: UnitOfWork, before: datetime) -> list[StoredRecord]:
    return [record for record in every(view, ACCESS) if record.written_at < before]


def _count(record: StoredRecord) -> int:
    return len(read_json(record.body)["accesses"])


def _told(world: World, before: datetime, found: list[StoredRecord]) -> AccessesDue:
    return AccessesDue(years(world), iso(before), len(found), sum(map(_count, found)))

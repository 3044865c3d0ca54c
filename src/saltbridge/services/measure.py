"""Take in measurements: a file of many batteries, all of it or nothing.

One record per battery and file, and one log leaf over the list of those records: what was
taken in can be shown to be complete and unchanged. Nothing here leaves the node.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Place, errors_in, finding
from saltbridge.core.quantity import is_number
from saltbridge.formats.measurements import MeasuredRow, parse_measurements
from saltbridge.passport.counters import COUNTERS, fallen
from saltbridge.passport.measurements import Measurement, consistent
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_counted import stated_counters
from saltbridge.steps.passport_events import HANDED_OVER, passed_whole
from saltbridge.steps.passport_measured import (
    RECORD,
    batch_body,
    batch_id,
    marks_after,
    marks_of,
    measurements_of,
    newest_batch,
)
from saltbridge.steps.passport_named import passport_ids
from saltbridge.steps.passport_plausible import implausible
from saltbridge.steps.records import document
from saltbridge.trust.did import iso

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
FILE: Final = "passport-measurement-file"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was taken in."""

    file: str  # digest of the bytes
    measurements: int
    batteries: int


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one battery gets: its passport, the number of the batch, and what was measured."""

    passport: str
    number: int
    measured: Sequence[Measurement]
    marks: Sequence[Measurement]


def measure(world: World, content: bytes, name: str, person: str = "") -> Measured:
    """Take in a file of measurements; ``name`` is what a person calls it.

    Raises:
        FaultyInput: something is wrong with the file, a battery is not known here, a counter
            falls: every finding at once, nothing stored.
        Refused: this very file was taken in before.
    """
    now = world.clock.now()
    rows, found = parse_measurements(content, name, now)
    source = digest(content)
    with world.store.unit_of_work() as work:
        before = document(work, FILE, source)
        if before is not None:
            raise Refused.of("measurement.known-already", recorded=before["recorded_at"])
        batches, faults = _batches(work, rows, world.node.did)
        if errors_in([*found, *faults]):
            raise FaultyInput([*found, *faults])
        _put(work, batches, source, name, person, now)
    return Measured(source, len(rows), len(batches))


def _batches(
    work: UnitOfWork, rows: Sequence[MeasuredRow], own: str
) -> tuple[list[_Batch], list[Finding]]:
    """One batch per battery, and what stands against it."""
    ids = passport_ids(work, (row.battery for row in rows))
    found = [
        finding("measurement.unknown-battery", row.place, battery=row.battery[:80])
        for row in rows
        if row.battery not in ids
    ]
    grouped: dict[str, list[MeasuredRow]] = defaultdict(list)
    for row in rows:
        if row.battery in ids:
            grouped[ids[row.battery]].append(row)
    records = _records(work, grouped)
    closed = _closed(work, records, own)
    batches = []
    for passport, told in grouped.items():
        if passport in closed:
            place, battery = told[0].place, told[0].battery
            found.append(finding(closed[passport], place, battery=battery[:80]))
            continue
        batch, faults = _batch(work, records[passport], told)
        batches.append(batch)
        found += faults
    return batches, found


def _records(work: UnitOfWork, passports: Collection[str]) -> dict[str, Mapping[str, Any]]:
    found = work.get_many("passport", passports)
    return {id: read_json(stored.body) for id, stored in found.items()}


def _closed(
    work: UnitOfWork, records: Mapping[str, Mapping[str, Any]], own: str
) -> dict[str, str]:
    """Passports of which nothing is measured here, and why: recycled, or another's by now,
    or of a battery that lives on as a whole under another passport."""
    closed = {}
    for id, record in records.items():
        here = record["status"] == "active"
        if record["status"] == HANDED_OVER or (here and record.get("responsible", own) != own):
            closed[id] = "measurement.elsewhere"
        elif not here:
            closed[id] = "measurement.ceased"
        elif passed_whole(work, id):
            closed[id] = "measurement.passed-on"
    return closed


def _batch(
    work: UnitOfWork, record: Mapping[str, Any], rows: Sequence[MeasuredRow]
) -> tuple[_Batch, Iterable[Finding]]:
    passport = str(record["id"])
    newest = newest_batch(work, passport)
    new: list[tuple[Measurement, Place]] = [(row.measured, row.place) for row in rows]
    held = marks_of(newest) if newest else []
    if newest and _needs_history([m for m, _ in new], held):
        held = measurements_of(work, passport)
    measured = [m for m, _ in new]
    batch = _Batch(
        passport,
        1 + (newest["number"] if newest else 0),
        measured,
        marks_after([*held, *measured]),
    )
    wrong = [*_below_stated(record, rows), *implausible(work, record, rows)]
    return batch, (*consistent(held, new), *wrong)


def _below_stated(record: Mapping[str, Any], rows: Sequence[MeasuredRow]) -> Iterable[Finding]:
    """Counters that show less than what a version states of them."""
    stated = stated_counters(record)
    for row in rows if stated else ():
        measured = row.measured
        if measured.attribute in stated and is_number(measured.value) and not measured.replaces:
            reading = (measured.value, iso(measured.measured_at))
            yield from fallen({measured.attribute: reading}, stated, row.place)


def _needs_history(new: Sequence[Measurement], marks: Sequence[Measurement]) -> bool:
    """Whether something is corrected, or not younger than a counter's highest reading."""
    highest: Mapping[str, datetime] = {m.attribute: m.measured_at for m in marks}
    return any(
        m.replaces
        or (m.attribute in COUNTERS and m.measured_at <= highest.get(m.attribute, _NEVER))
        for m in new
    )


def _put(
    work: UnitOfWork,
    batches: Sequence[_Batch],
    source: str,
    name: str,
    person: str,
    now: datetime,
) -> None:
    recorded = iso(now)
    bodies = {
        batch_id(b.passport, b.number): batch_body(
            b.passport, b.number, source, recorded, b.measured, b.marks
        )
        for b in batches
    }
    work.put_new(RECORD, bodies)
    body = canonical_bytes(
        {
            "file": source,
            "name": name,
            "person": person,
            "recorded_at": recorded,
            "measurements": sum(len(batch.measured) for batch in batches),
            "batches": {id: digest(stored) for id, stored in bodies.items()},
        }
    )
    work.put(FILE, source, body, expected_version=0)
    work.append_leaf("passport.measured", source, body)

"""The measurements of a passport in the store: batches, the newest first.

A batch is one record. Its number counts down, so that the newest one of a passport is found
first; it carries the highest readings of the counters so far, so that the next batch can be
checked without the ones before it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.formats.measurements import moment_text
from saltbridge.passport.counters import COUNTERS
from saltbridge.passport.measurements import Measurement, Source, uncorrected
from saltbridge.ports import StoredRecord, UnitOfWork
from saltbridge.trust.did import from_iso

RECORD: Final = "passport-measurements"
_LAST: Final = 999_999_999  # as many batches as one battery may have
_PAGE: Final = 200


def batch_id(passport_id: str, number: int) -> str:
    """The id of a batch; a later one comes first in the order of texts.

    >>> batch_id("urn:uuid:1", 2)
    'urn:uuid:1#999999997'
    """
    return f"{passport_id}#{_LAST - number:09d}"


def newest_batch(view: UnitOfWork, passport_id: str) -> Mapping[str, Any] | None:
    """The newest batch of a passport, or None.

    Raises:
        Refused: the record is not as it was stored.
    """
    found = view.find(RECORD, after=f"{passport_id}#", limit=1)
    return next((dict(read_json(r.body)) for r in _of(found, passport_id)), None)


def measurements_of(view: UnitOfWork, passport_id: str) -> list[Measurement]:
    """Every measurement of a passport, corrected ones too.

    Raises:
        Refused: a record is not as it was stored.
    """
    return [m for batch in _batches(view, passport_id) for m in _measured(batch)]


def batches_of(view: UnitOfWork, passport_id: str) -> list[Mapping[str, Any]]:
    """The batches of a passport as they are stored, the oldest first."""
    return [*_batches(view, passport_id)][::-1]


def measurements_in(batch: Mapping[str, Any]) -> list[Measurement]:
    """The measurements of one batch.

    Raises:
        KeyError, TypeError, ValueError: it is not written as a batch is.
    """
    return [*_measured(batch)]


def marks_of(batch: Mapping[str, Any]) -> list[Measurement]:
    """The highest readings of the counters when a batch had been taken in."""
    recorded = from_iso(batch["recorded_at"])
    return [
        Measurement(id, value, unit, from_iso(at), recorded, Source(source))
        for id, (value, unit, at, source) in batch["marks"].items()
    ]


def marks_after(measurements: Iterable[Measurement]) -> list[Measurement]:
    """The highest reading of every counter among these, the newest of equal ones."""
    highest: dict[str, Measurement] = {}
    for measured in uncorrected([m for m in measurements if m.attribute in COUNTERS]):
        held = highest.get(measured.attribute)
        if held is None or _rank(measured) >= _rank(held):
            highest[measured.attribute] = measured
    return [highest[id] for id in sorted(highest)]


def _rank(measured: Measurement) -> tuple[float, datetime]:
    return measured.value, measured.measured_at


def batch_body(
    passport_id: str,
    number: int,
    source: str,
    recorded_at: str,
    measured: Sequence[Measurement],
    marks: Sequence[Measurement],
) -> bytes:
    """The record of a batch; ``source`` is the digest of the file it came in."""
    return canonical_bytes(
        {
            "passport_id": passport_id,
            "number": number,
            "file": source,
            "recorded_at": recorded_at,
            "snapshots": _snapshots(measured),
            "marks": {
                m.attribute: [m.value, m.unit, moment_text(m.measured_at), m.source.value]
                for m in marks
            },
        }
    )


def _batches(view: UnitOfWork, passport_id: str) -> Iterator[Mapping[str, Any]]:
    after = f"{passport_id}#"
    while True:
        page = view.find(RECORD, after=after, limit=_PAGE)
        ours = list(_of(page, passport_id))
        for record in ours:
            yield read_json(record.body)
        if len(ours) < _PAGE:
            return
        after = ours[-1].id


def _of(found: Sequence[StoredRecord], passport_id: str) -> Iterator[StoredRecord]:
    return (record for record in found if record.id.startswith(f"{passport_id}#"))


def _snapshots(measured: Sequence[Measurement]) -> list[dict[str, Any]]:
    """What was measured at one time by one source with one method stands together."""
    together: dict[tuple[datetime, Source, str], list[list[Any]]] = {}
    for m in measured:
        row = [m.attribute, m.value, m.unit]
        together.setdefault((m.measured_at, m.source, m.method), []).append(
            [*row, m.replaces] if m.replaces else row
        )
    return [
        {"at": moment_text(at), "source": source.value, "method": method, "values": rows}
        for (at, source, method), rows in together.items()
    ]


def _measured(batch: Mapping[str, Any]) -> Iterator[Measurement]:
    recorded = from_iso(batch["recorded_at"])
    for told in batch["snapshots"]:
        at, source, method = from_iso(told["at"]), Source(told["source"]), told["method"]
        for id, value, unit, *replaces in told["values"]:
            yield Measurement(id, value, unit, at, recorded, source, method, *replaces)

"""Whether what was measured can be: of this battery, at that time, and in what follows from it.

A value that is taken in stays for good, and what is worked out from it stands in every later
version: what could not stand there is refused when it arrives.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from saltbridge.core.finding import Finding, errors_in, finding
from saltbridge.formats.measurements import MeasuredRow
from saltbridge.passport.assemble import derived_values
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_values import check_value
from saltbridge.passport.measurements import as_value
from saltbridge.passport.model import Values
from saltbridge.ports import UnitOfWork
from saltbridge.steps.passport_reading import facts_of, newest_number, stored_version
from saltbridge.trust.did import iso

MADE: Final = "made"  # of a passport's record: the month of manufacture, YYYY-MM
# What is worked out from a measured value needs one of these beside it.
_ORIGINALS: Final = ("A087", "A091", "A100", "A106", "A115")
_MEASURED: Final = frozenset({"A088", "A092", "A101", "A108", "A117"})


def made_member(values: Values) -> dict[str, str]:
    """The member of a passport's record that says when its battery was made."""
    made = values.get("A029")
    known = made is not None and isinstance(made.value, str)
    return {MADE: str(made.value)[:7]} if known and made is not None else {}


def implausible(
    view: UnitOfWork, record: Mapping[str, Any], rows: Sequence[MeasuredRow]
) -> Iterable[Finding]:
    """What cannot be of these measurements of one battery."""
    made = str(record.get(MADE, ""))
    originals: Values | None = None
    for row in rows:
        if row.measured.measured_at.date().isoformat()[:7] < made:
            at = iso(row.measured.measured_at)
            yield finding("measurement.before-made", row.place, measured=at, made=made)
        if row.measured.attribute in _MEASURED:
            originals = _originals(view, record) if originals is None else originals
            yield from _of_derived(originals, row)


def _originals(view: UnitOfWork, record: Mapping[str, Any]) -> Values:
    version = stored_version(view, record["id"], newest_number(record))
    values = {} if version is None else facts_of(view, version).values
    return {id: values[id] for id in _ORIGINALS if id in values}


def _of_derived(originals: Values, row: MeasuredRow) -> Iterable[Finding]:
    measured = row.measured
    worked_out = derived_values({**originals, measured.attribute: as_value(measured)})
    for id, value in worked_out.items():
        attribute = attribute_table()[id]
        if errors_in(check_value(attribute, value)):
            yield finding(
                "measurement.implausible",
                row.place,
                name=attribute_table()[measured.attribute].name,
                found=f"{measured.value:.15g} {measured.unit}",
                derived=attribute.name,
                gives=f"{value.value:.6g} {value.unit}",
                low=f"{attribute.constraints.minimum or 0:g}",
                high="∞"
                if attribute.constraints.maximum is None
                else f"{attribute.constraints.maximum:g}",
            )

"""Amounts beside other rows: what stands twice, was copied, or slipped between two plants."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.provenance import Confidence
from saltbridge.core.quantity import conversion_factor, is_unit, same_dimension
from saltbridge.footprint.model import Carrier, Exchange, Inventory, Process
from saltbridge.footprint.plausibility.amounts import MJ_PER_KWH, SLIPS, rows_by_process


def copied(inventory: Inventory) -> Iterator[Finding]:
    """Findings for rows that stand twice, and for processes with the numbers of another.

    Two plants never measure the same; a literature value may be used twice. So processes of
    one product are compared in measured rows only, and of different products in all.
    """
    rows = rows_by_process(inventory)
    for own in rows.values():
        seen: dict[tuple[object, ...], Exchange] = {}
        for row in own:
            flow = (row.direction, row.flow, row.amount, row.unit, row.provider, row.location)
            key = (*flow, row.stage, row.supplier, row.factor)
            repeated = key in seen
            first = seen.setdefault(key, row)
            if repeated and row.amount > 0:
                yield finding(
                    "plausibility.row-twice",
                    row.place,
                    severity=Severity.WARNING,
                    process=row.process,
                    flow=row.flow,
                    amount=row.amount,
                    unit=row.unit,
                    first=str(first.place),
                )
    series: dict[tuple[object, ...], Process] = {}
    for process in inventory.processes:
        own = [r for r in rows.get(process.id, []) if r.carrier is not Carrier.TRANSPORT]
        numbers = tuple(sorted((r.direction.value, r.unit, r.amount) for r in own))
        telling = {r.amount for r in own if _digits(r.amount) >= 3}
        if len(telling) < 2 or len(own) < 4:
            continue
        earlier = series.setdefault(numbers, process)
        if earlier is process:
            continue
        same = earlier.reference_flow == process.reference_flow
        measured = all(r.primary or r.confidence is Confidence.MEASURED for r in own)
        if not same or measured:
            yield finding(
                "plausibility.process-copied",
                process.place,
                severity=Severity.WARNING,
                process=process.id,
                other=earlier.id,
                count=len(own),
            )


def compared(inventory: Inventory, other: Inventory) -> Iterator[Finding]:
    """Findings beside the same rows of another plant or period: copied, or slipped."""
    before, now = _alone(other), _alone(inventory)
    pairs = [(row, before[key]) for key, row in now.items() if key in before]
    telling = [
        (r, o) for r, o in pairs if _digits(r.amount) >= 3 and (r.primary or o.primary
        or Confidence.MEASURED in (r.confidence, o.confidence))
    ]  # fmt: skip
    equal = [r for r, o in telling if r.amount == o.amount and r.unit == o.unit]
    if len(telling) >= 4 and len(equal) >= 0.6 * len(telling):
        yield finding(
            "plausibility.copied-from-other",
            equal[0].place,
            severity=Severity.WARNING,
            count=len(equal),
            of=len(telling),
            other=other.title or other.plant.id,
        )
    for row, old in pairs:
        if not (row.amount > 0 and old.amount > 0) or not is_unit(row.unit):
            continue
        if not same_dimension(row.unit, old.unit):
            continue
        ratio = row.amount / old.amount * conversion_factor(row.unit, old.unit)
        # Round amounts as found in the two rows: a slip is close to an exact power of ten.
        for slip in (MJ_PER_KWH, *SLIPS):
            for factor in (slip, 1 / slip):
                near = 1.05 if slip == MJ_PER_KWH else 1.6
                if factor / near <= ratio <= factor * near:
                    yield finding(
                        "plausibility.slip-beside-other",
                        replace(row.place, column="amount"),
                        severity=Severity.WARNING,
                        process=row.process,
                        flow=row.flow,
                        amount=row.amount,
                        unit=row.unit,
                        before=old.amount,
                        before_unit=old.unit,
                    )


def _alone(inventory: Inventory) -> dict[tuple[str, str, str, str], Exchange]:
    """The rows that are the only one of their process, direction, flow and provider."""
    count = Counter(_key(r) for r in inventory.exchanges)
    return {_key(r): r for r in inventory.exchanges if count[_key(r)] == 1}


def _key(row: Exchange) -> tuple[str, str, str, str]:
    return row.process, row.direction.value, row.flow, row.provider or row.location


def _digits(value: float) -> int:
    """Significant digits of a number as it was written."""
    return len(f"{abs(value):.12g}".split("e")[0].replace(".", "").strip("0"))

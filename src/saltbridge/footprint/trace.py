"""The trace of a footprint: from an activity to the declared value, with the clause behind
each step.

Works on a footprint record, so that a saved or received document can be explained as well as
one just worked out. A record that was cut down at the border holds no lines: then only the
steps from the stage sums on are there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument
from saltbridge.core.quantity import round_significant

# Rule of a line (its part before the first dot) or its term -> ids of the rules behind it.
_RULES: Mapping[str, tuple[str, ...]] = {
    "electricity": ("electricity", "direct_line", "residual_mix"),
    "recycling": ("recycling",),
    "gwp": ("gwp", "biogenic"),
    "substitution": ("allocation",),
}
_UNIT_RULES = ("functional_unit", "declared_unit", "total_energy", "warranty", "cycles")


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule with its text, and how it is known; ``known`` empty: the rule was not read."""

    rule: str
    value: str
    citation: str
    known: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the trace. The text is the message ``trace.<code>``."""

    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()


def line_trace(record: Mapping[str, Any], line: int) -> tuple[Step, ...]:
    """From the activity of one line (counted from 1) to the declared value.

    Raises:
        FaultyInput: the record holds no such line.
    """
    lines = record.get("lines") or []
    if not 1 <= line <= len(lines):
        raise FaultyInput.of("footprint.no-such-line", line=line, count=len(lines))
    one = lines[line - 1]
    factor = one["factor"]
    where = f"{one['file']}:{one['row']}" if one.get("file") else "–"
    steps = [
        Step(
            "activity",
            {
                "flow": one["flow"],
                "process": one["process"],
                "amount": float(one["amount"]),
                "unit": one["unit"],
                "product": record["unit_of_product"],
                "where": where,
            },
            _clauses(record, ("boundary",)),
        ),
        Step(
            "factor",
            {
                "value": float(factor["value"]),
                "unit": factor["unit"],
                "id": factor["id"],
                "location": factor["location"] or "–",
                "year": str(factor["year"] or "–"),
                "source": factor["source"] or "–",
                "licence": factor["licence"] or "–",
                "confidence": factor["confidence"],
                "basis": f"{factor['gas_basis']}, {factor['scope']}, {factor['market']}",
            },
            _clauses(record, _rules_of(one)),
        ),
        Step("line", {"kg": float(one["kg_co2e"]), "stage": one["stage"]}),
    ]
    return (*steps, *_from_stage(record, one["stage"]), *_from_total(record))


def footprint_trace(record: Mapping[str, Any]) -> tuple[Step, ...]:
    """From the stage sums to the declared value."""
    stages = [step for stage in record["stages"] for step in _from_stage(record, stage)]
    return (*stages, *_from_total(record))


def _from_stage(record: Mapping[str, Any], stage: str) -> tuple[Step, ...]:
    total = float(record["total_kg_co2e"])
    kg = float(record["stages"][stage])
    count = sum(one["stage"] == stage for one in record.get("lines") or ())
    holes = sum(hole["stage"] == stage for hole in record.get("holes") or ())
    share = 100 * kg / total if total else 0.0
    arguments: dict[str, Argument] = {
        "stage": stage,
        "kg": kg,
        "count": count,
        "holes": holes,
        "share": share,
    }
    return (Step("stage", arguments),)


def _from_total(record: Mapping[str, Any]) -> tuple[Step, ...]:
    total = float(record["total_kg_co2e"])
    steps = [
        Step(
            "total",
            {"kg": total, "product": record["unit_of_product"], "method": _method(record)},
            _clauses(record, ("allocation", "cut_off")),
        )
    ]
    holes = record.get("holes") or ()
    if holes:
        bounds = record.get("range_kg_co2e")
        arguments: dict[str, Argument] = {"count": len(holes)}
        if bounds is not None:
            arguments |= {"low": float(bounds["low"]), "high": float(bounds["high"])}
        steps.append(Step("holes" if bounds is not None else "holes-unbounded", arguments))
    unit, declared = record.get("unit"), record.get("declared")
    if unit is None or declared is None:
        return (*steps, Step("no-unit", {}, _clauses(record, _UNIT_RULES)))
    amount = float(unit["amount"])
    steps.append(
        Step(
            "unit",
            {"amount": amount, "unit": unit["unit"], "value": total / amount},
            _clauses(record, _UNIT_RULES),
        )
    )
    digits = int(record["significant_digits"])
    steps.append(
        Step(
            "rounded",
            {
                "digits": digits,
                "value": round_significant(total / amount, digits),
                "unit": unit["unit"],
                "kind": record["type"],
            },
            _clauses(record, ("rounding",)),
        )
    )
    return tuple(steps)


def sums_agree(record: Mapping[str, Any]) -> bool:
    """Whether each line is amount times factor, lines add up to stages and stages to the total
    (to 1e-9 of the largest)."""
    lines: Sequence[Mapping[str, Any]] = record.get("lines") or ()
    scale = max([abs(float(one["kg_co2e"])) for one in lines] or [1.0])
    for one in lines:
        product = float(one["amount"]) * float(one["factor"]["value"])
        if abs(product - float(one["kg_co2e"])) > 1e-9 * scale:
            return False
    stages: Mapping[str, float] = record["stages"]
    for stage, kg in stages.items():
        added = fsum(float(one["kg_co2e"]) for one in lines if one["stage"] == stage)
        if lines and abs(added - kg) > 1e-9 * max(scale, abs(kg)):
            return False
    total = float(record["total_kg_co2e"])
    return abs(fsum(stages.values()) - total) <= 1e-9 * max(scale, abs(total))


def _rules_of(line: Mapping[str, Any]) -> tuple[str, ...]:
    head = str(line["rule"]).partition(".")[0]
    named = (*_RULES.get(head, (head,)), *_RULES.get(str(line["term"]), ()))
    return tuple(dict.fromkeys(named))


def _clauses(record: Mapping[str, Any], rules: Sequence[str]) -> tuple[Clause, ...]:
    found = [
        Clause(r["id"], r["value"], r["citation"], r["confidence"])
        for r in record.get("rules") or ()
        if r["id"] in rules or r["id"].removeprefix("assumption.") in rules
    ]
    found += [
        Clause(r["id"], "", r["citation"])
        for r in record.get("rules_not_loaded") or ()
        if r["id"] in rules
    ]
    return tuple(found)


def _method(record: Mapping[str, Any]) -> str:
    method = record["methodology"]
    return f"{method['id']}@{method['edition']}"

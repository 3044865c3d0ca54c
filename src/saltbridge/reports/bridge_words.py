"""The bridge between two rule sets in words: rules, clauses, and what the difference means."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from saltbridge.locales import number, text, text_or
from saltbridge.reports.rule_words import rule_name, rule_value, unit_name

Record = Mapping[str, Any]
_DOUBT = ("recalled", "illustrative")


def product_unit(record: Record, tongue: str) -> str:
    """What a total is counted for: the battery, a kilogram of it, …"""
    unit = str(record["unit_of_product"])
    return text_or(unit, f"bridge.unit-of-product.{unit}", None, tongue)


def named(name: str, words: str, tongue: str) -> str:
    """A label with what it labels, in the punctuation of the language."""
    return text("bridge.named", {"name": name, "words": words}, tongue)


def listed(words: Iterable[str], tongue: str) -> str:
    """A list in the punctuation of the language."""
    return text("bridge.list", None, tongue).join(words)


def signed(value: float, tongue: str, digits: int = 4) -> str:
    """A number with its sign.

    >>> signed(829.8, "en"), signed(-1080.0, "de")
    ('+829.8', '−1.080')
    """
    sign = "−" if value < 0 else "+"
    return sign + number(abs(value), tongue, digits)


def clause_words(clause: Record, tongue: str) -> str:
    """What a rule set says, with its source and how sure we are of it."""
    status = clause["status"]
    if status == "silent":
        return text("bridge.clause.silent", None, tongue)
    if status == "applied":
        sure = text(f"footprint.confidence.{clause['confidence']}", None, tongue)
        return f"{rule_value(clause['value'], tongue)} ({clause['citation']}; {sure})"
    value = rule_value(str(clause["value"] or ""), tongue)
    says = text(f"bridge.clause.{status}", {"value": value}, tongue)
    return f"{says} ({clause['citation']})"


def range_words(side: Record, tongue: str) -> str:
    """Low and high of a total with its holes; the total alone where it has none."""
    bounds = side["range_kg_co2e"]
    if bounds is None:
        return "?"
    if not side["holes"]:
        return number(side["total_kg_co2e"], tongue)
    return span_words(bounds, tongue)


def span_words(bounds: Record, tongue: str) -> str:
    """Low and high; once where nobody could tell them apart."""
    low, high = number(bounds["low"], tongue), number(bounds["high"], tongue)
    return low if low == high else f"{low} – {high}"


def line_words(line: Record, tongue: str) -> str:
    """One moved line: flow, process, change, kilograms."""
    term = text_or("", f"bridge.term.{line['term']}", None, tongue)
    comma = text("bridge.comma", None, tongue)
    line_name = f"{line['flow']} ({line['process']}{comma + term if term else ''})"
    before, after = line["before_kg_co2e"], line["after_kg_co2e"]
    delta = signed(line["delta_kg_co2e"], tongue)
    if line["change"] == "changed":
        if before is None or after is None:
            return named(line_name, delta, tongue)
        moved = f"{number(before, tongue)} → {number(after, tongue)} ({delta})"
        return named(line_name, moved, tongue)
    change = text(f"bridge.change.{line['change']}", None, tongue)
    return named(line_name, f"{delta}{comma}{change}", tongue)


def hole_words(step: Record, tongue: str) -> str:
    """How many holes a step opens, closes or changes; empty where none."""
    counts = Counter(hole["change"] for hole in step["holes"])
    if not counts:
        return ""
    words = listed(
        (
            text(f"bridge.hole-count.{change}", {"count": count}, tongue)
            for change, count in counts.items()
        ),
        tongue,
    )
    return text("bridge.holes-moved", {"words": words}, tongue)


def unit_words(side: Record, tongue: str) -> str:
    """The value per functional or declared unit of the rule set."""
    unit = side["unit"]
    if unit is None:
        return text("bridge.no-unit", None, tongue)
    value = number(side["kg_co2e_per_unit"], tongue)
    name = unit_name(unit["unit"], tongue)
    return text("bridge.per", {"value": value, "unit": name}, tongue)


def order_words(record: Record, tongue: str) -> str:
    """How the steps were taken."""
    return text(f"bridge.order.{record['order']}", {"count": record["calculations"]}, tongue)


def meaning(record: Record, tongue: str) -> list[str]:
    """What the difference means, in a few sentences."""
    start, end, steps = record["from"], record["to"], record["steps"]
    before, after = start["total_kg_co2e"], end["total_kg_co2e"]
    arguments: dict[str, object] = {
        "unit": product_unit(record, tongue),
        "before": number(before, tongue, 5),
        "after": number(after, tongue, 5),
        "delta": signed(record["difference_kg_co2e"], tongue),
    }
    if before:
        arguments["percent"] = signed(100 * (after - before) / abs(before), tongue, 3)
    message = "bridge.mean.total" if before else "bridge.mean.total-from-zero"
    told = [text(message, arguments, tongue)]
    told += _largest(steps, tongue)
    told += _knowledge(steps, start, end, tongue)
    if start["holes"] or end["holes"]:
        ranges = {
            "from_range": range_words(start, tongue),
            "to_range": range_words(end, tongue),
        }
        told.append(_between("bridge.mean.range", start, end, ranges, tongue))
    told.append(_units(record, tongue))
    doubtful = sum(_is_doubtful(step) for step in steps)
    if doubtful:
        counts = {"count": doubtful, "steps": len(steps)}
        told.append(text("bridge.mean.sure", counts, tongue))
    return told


def _largest(steps: list[Record], tongue: str) -> list[str]:
    if not steps:
        return [text("bridge.no-steps", None, tongue)]
    largest = max(steps, key=lambda step: abs(step["delta_kg_co2e"]))
    against = [s for s in steps if s["delta_kg_co2e"] * largest["delta_kg_co2e"] < 0]
    told = [("bridge.mean.largest", largest)]
    if against:
        told.append(
            ("bridge.mean.against", max(against, key=lambda s: abs(s["delta_kg_co2e"])))
        )
    return [text(message, _step_words(step, tongue), tongue) for message, step in told]


def _step_words(step: Record, tongue: str) -> dict[str, object]:
    return {
        "rule": rule_name(step["rule"], tongue),
        "delta": signed(step["delta_kg_co2e"], tongue),
    }


def _knowledge(steps: list[Record], start: Record, end: Record, tongue: str) -> list[str]:
    """Lines that lose or get their number: no emission goes or comes with them."""
    told: list[str] = []
    for step in steps:
        for change, message in (("became_hole", "lost"), ("priced", "found")):
            lines = [line for line in step["lines"] if line["change"] == change]
            if not lines:
                continue
            moved = sum(line["delta_kg_co2e"] for line in lines)
            arguments = {
                "rule": rule_name(step["rule"], tongue),
                "count": len(lines),
                "delta": signed(moved, tongue),
                "methodology": end["methodology"],
            }
            told.append(text(f"bridge.mean.{message}", arguments, tongue))
    return told


def _units(record: Record, tongue: str) -> str:
    start, end = record["from"], record["to"]
    values = {"from_value": unit_words(start, tongue), "to_value": unit_words(end, tongue)}
    told = [_between("bridge.mean.unit", start, end, values, tongue)]
    units = [side["unit"] and side["unit"]["unit"] for side in (start, end)]
    if units[0] != units[1] and all(units):
        told.append(text("bridge.mean.units-differ", None, tongue))
    mass = record["mass_per_unit_kg"]
    if mass:
        per_kg = {
            name: number(side["total_kg_co2e"] / mass, tongue)
            for name, side in (("before", start), ("after", end))
        }
        told.append(text("bridge.mean.per-kg", per_kg, tongue))
    return (" " if tongue != "zh" else "").join(told)


def _between(
    message: str, start: Record, end: Record, more: Mapping[str, object], tongue: str
) -> str:
    names = {"start": start["methodology"], "end": end["methodology"]}
    return text(message, {**names, **more}, tongue)


def _is_doubtful(step: Record) -> bool:
    return any(
        clause["status"] in ("not_loaded", "assumed") or clause["confidence"] in _DOUBT
        for clause in (step["from"], step["to"])
    )

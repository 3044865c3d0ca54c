"""How a trace looks in the terminal: numbered lines, steps, clauses."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from saltbridge.footprint.trace import Step, sums_agree
from saltbridge.locales import number, text, text_or
from saltbridge.reports.bridge_words import listed, named
from saltbridge.reports.rule_words import (
    basis_words,
    product_amount,
    rule_name,
    rule_value,
    unit_name,
)


def show_trace(
    record: Mapping[str, Any], steps: Sequence[Step], spoken: str, *, numbered: bool
) -> None:
    """Print the steps; ``numbered`` first lists the lines with their numbers."""
    console = Console(highlight=False)
    if numbered:
        _lines(console, record, spoken)
    for step in steps:
        arguments = {k: _word(k, v, spoken) for k, v in step.arguments.items()}
        _fold(console, text(f"trace.{step.code}", arguments, spoken), 2, bold=True)
        for clause in step.clauses:
            known = clause.known
            mark = (
                text_or(known, f"footprint.confidence.{known}", None, spoken)
                if known
                else text("trace.not-read", None, spoken)
            )
            words = rule_name(clause.rule, spoken)
            if clause.value:
                words = named(words, rule_value(clause.value, spoken), spoken)
            _fold(console, f"§ {words} [{mark}] {clause.citation}", 6)
    if not sums_agree(record):
        _fold(console, text("trace.sums-differ", None, spoken), 2, bold=True)


def _lines(console: Console, record: Mapping[str, Any], spoken: str) -> None:
    lines = record.get("lines") or []
    if not lines:
        return
    console.print(Text(text("trace.lines", {"count": len(lines)}, spoken), style="bold"))
    for index, one in enumerate(lines, 1):
        console.print(
            Text(f"  {index:>4}  {number(one['kg_co2e'], spoken):>10} kg  "
                 f"{one['flow']} ← {one['process']}")
        )  # fmt: skip
    console.print()


def _word(key: str, value: object, spoken: str) -> object:
    if key == "stage":
        return text(f"footprint.stage.{value}", None, spoken)
    if key == "kind":
        return text_or(str(value), f"footprint.kind.{value}", None, spoken)
    if key == "confidence":
        return text_or(str(value), f"footprint.confidence.{value}", None, spoken)
    if key == "unit":
        return unit_name(str(value), spoken)
    if key == "product":
        return product_amount(str(value), spoken)
    if key == "basis":
        return listed(basis_words(str(value).split(", "), spoken), spoken)
    if isinstance(value, float):
        return number(value, spoken, 6)
    return value


def _fold(console: Console, words: str, indent: int, *, bold: bool = False) -> None:
    width = max(20, console.width - indent - 2)
    for index, piece in enumerate(Text(words).wrap(console, width)):
        lead = " " * (indent + (2 if index else 0))
        console.print(
            Text(lead + piece.plain.rstrip(), style="bold" if bold else "dim"), soft_wrap=True
        )

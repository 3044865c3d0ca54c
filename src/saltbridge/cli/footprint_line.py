"""One line of a footprint in full: activity × factor = kg CO2e, with source and licence."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from saltbridge.cli.footprint_view import symbol
from saltbridge.core.errors import FaultyInput
from saltbridge.locales import number, text, text_or
from saltbridge.reports.bridge_words import listed
from saltbridge.reports.rule_words import basis_words, rule_name
from saltbridge.services.account import Accounted


def open_line(result: Accounted, position: int, tongue: str) -> None:
    """Print one line in full.

    Raises:
        FaultyInput: there is no such line.
    """
    lines = result.record["lines"]
    if not 1 <= position <= len(lines):
        raise FaultyInput.of("footprint.no-such-line", line=position, count=len(lines))
    line, console = lines[position - 1], Console(highlight=False)
    console.print()
    heading = text("footprint.heading.line", {"line": position}, tongue)
    console.print(Text(heading, style="bold"))
    console.print(Text(f"  {_equation(line, tongue)}", style="bold green"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for label, value in _rows(line, tongue):
        if value:
            grid.add_row(f"  {text(f'footprint.label.{label}', None, tongue)}", Text(value))
    console.print(grid)


def _equation(line: Mapping[str, Any], tongue: str) -> str:
    amount, value = (
        number(line["amount"], tongue, 6),
        number(line["factor"]["value"], tongue, 6),
    )
    taken, per = (symbol(unit, tongue) for unit in (line["unit"], line["factor"]["unit"]))
    result = number(line["kg_co2e"], tongue, 6)
    return f"{amount} {taken} × {value} kg CO2e/{per} = {result} kg CO2e"


def _rows(line: Mapping[str, Any], tongue: str) -> list[tuple[str, str]]:
    factor = line["factor"]
    basis = [factor["gas_basis"], factor["scope"], factor["market"]]
    words = [*basis_words(basis, tongue), str(factor["year"] or ""), factor["location"]]
    told = listed((word for word in words if word), tongue)
    return [
        ("flow", line["flow"]),
        ("process", line["process"]),
        ("stage", text(f"footprint.stage.{line['stage']}", None, tongue)),
        ("rule", _rule(line, tongue)),
        ("factor", f"{factor['id']} ({factor['flow']}; {told})"),
        ("source", factor["source"]),
        ("licence", factor["licence"]),
        ("confidence", text(f"footprint.confidence.{factor['confidence']}", None, tongue)),
        ("supplier", line["supplier"]),
        ("place", ":".join(str(p) for p in (line["file"], line["row"]) if p)),
    ]


def _rule(line: Mapping[str, Any], tongue: str) -> str:
    """The rule that priced the line, its term, and its id as the record has it."""
    rule = str(line["rule"])
    term = text_or("", f"bridge.term.{line['term']}", None, tongue)
    head = rule.partition(".")[0]
    name = rule_name(head, tongue)
    if name == head:  # the factor of the row's own flow: no rule of the rule set decided
        name = text("footprint.label.factor", None, tongue)
    words = [name, *([term] if term else [])]
    return f"{listed(words, tongue)} [{rule}]"

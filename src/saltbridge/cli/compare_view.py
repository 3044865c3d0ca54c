"""How a bridge looks in the terminal: a waterfall, then clause and lines of every step."""

from collections.abc import Mapping
from math import fsum
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from saltbridge.locales import number, text
from saltbridge.reports.bridge_words import (
    clause_words,
    hole_words,
    line_words,
    listed,
    meaning,
    named,
    order_words,
    range_words,
    signed,
)
from saltbridge.reports.rule_words import rule_name

_CELLS = 36
_LINES = 4
Record = Mapping[str, Any]


def show(record: Record, tongue: str) -> None:
    """Print a bridge record for a person."""
    console = Console(highlight=False)
    view = _View(console, record, tongue)
    view.waterfall()
    view.meaning()
    view.steps()
    view.unmoved()


class _View:
    def __init__(self, console: Console, record: Record, tongue: str) -> None:
        self.console = console
        self.record = record
        self.tongue = tongue
        levels = [0.0, record["from"]["total_kg_co2e"], record["to"]["total_kg_co2e"]]
        levels += [step["total_after_kg_co2e"] for step in record["steps"]]
        self.low, self.span = min(levels), (max(levels) - min(levels)) or 1.0

    def say(self, message: str, **arguments: object) -> str:
        return text(f"bridge.{message}", arguments, self.tongue)

    def heading(self, message: str) -> None:
        self.console.print()
        self.console.print(Text(self.say(f"heading.{message}"), style="bold"))

    def hang(self, words: str, style: str = "", first: int = 2, by: int = 4) -> None:
        """Words folded to the terminal, the lines after the first further in."""
        for index, piece in enumerate(
            Text(words).wrap(self.console, max(20, self.console.width - by))
        ):
            lead = " " * (by if index else first)
            self.console.print(Text(lead + piece.plain.rstrip(), style=style), soft_wrap=True)

    def bar(self, start: float, end: float, style: str, sign: str) -> Text:
        cells = [round(_CELLS * (v - self.low) / self.span) for v in sorted((start, end))]
        left = min(cells[0], _CELLS - 1)
        return Text(" " * left + sign * max(1, cells[1] - left), style=style)

    def waterfall(self) -> None:
        start, end, tongue = self.record["from"], self.record["to"], self.tongue
        title = self.say(
            "subtitle",
            product=self.record["product"]["name"],
            start=start["methodology"],
            end=end["methodology"],
        )
        self.console.print(Text(title, style="bold"))
        self.hang(order_words(self.record, tongue), "dim", first=0, by=0)
        self.console.print()
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        level = start["total_kg_co2e"]
        self._total(table, start)
        for step in self.record["steps"]:
            after = step["total_after_kg_co2e"]
            falls = step["delta_kg_co2e"] < 0
            table.add_row(
                f"  {rule_name(step['rule'], tongue)}",
                signed(step["delta_kg_co2e"], tongue, 5),
                self.bar(level, after, *(("green", "░") if falls else ("yellow", "▓"))),
            )
            level = after
        self._total(table, end)
        self.console.print(table)
        for side in (start, end):
            if side["holes"]:
                counted = self.say("holes", count=side["holes"])
                bounds = range_words(side, tongue)
                words = f"{counted}{self.say('comma')}{bounds} kg CO2e"
                self.hang(named(side["methodology"], words, tongue), "yellow")
        gap = number(self.record["gap_kg_co2e"], tongue, 2)
        self.hang(self.say("closes", gap=gap), "dim")

    def _total(self, table: Table, side: Record) -> None:
        table.add_row(
            Text(side["methodology"], style="bold"),
            Text(number(side["total_kg_co2e"], self.tongue, 5), style="bold"),
            self.bar(0.0, side["total_kg_co2e"], "cyan", "█"),
        )

    def meaning(self) -> None:
        self.heading("meaning")
        for sentence in meaning(self.record, self.tongue):
            self.hang(sentence)

    def steps(self) -> None:
        if not self.record["steps"]:
            return
        self.heading("steps")
        for step in self.record["steps"]:
            name = rule_name(step["rule"], self.tongue)
            delta = signed(step["delta_kg_co2e"], self.tongue, 6)
            words = named(name, f"{delta} kg CO2e", self.tongue)
            self.console.print(Text(f"  {words}", style="bold"))
            self.hang(clause_words(step["from"], self.tongue), "dim", first=4, by=6)
            self.hang(f"→ {clause_words(step['to'], self.tongue)}", "dim", first=4, by=6)
            for line in step["lines"][:_LINES]:
                self.hang(line_words(line, self.tongue), first=4, by=6)
            rest = step["lines"][_LINES:]
            if rest:
                moved = signed(fsum(line["delta_kg_co2e"] for line in rest), self.tongue)
                self.hang(self.say("more-lines", count=len(rest), delta=moved), first=4, by=6)
            holes = hole_words(step, self.tongue)
            if holes:
                self.hang(holes, "yellow", first=4, by=6)

    def unmoved(self) -> None:
        rules = self.record["without_effect"]
        if not rules:
            return
        self.heading("unmoved")
        by_reason: dict[str, list[str]] = {}
        for rule in rules:
            by_reason.setdefault(rule["why"], []).append(rule_name(rule["rule"], self.tongue))
        for why, names in by_reason.items():
            reason = self.say(f"why.{why}")
            self.hang(named(reason, listed(names, self.tongue), self.tongue))

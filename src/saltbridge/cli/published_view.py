"""A footprint beside published values in the terminal: in the study's unit, then per kg."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from saltbridge.locales import number, text

Record = Mapping[str, Any]


def show_beside(studies: Iterable[Record], tongue: str) -> None:
    """Print the studies (records of ``beside_published``) beside the footprint."""
    console = Console(highlight=False)
    for study in studies:
        _Study(console, study, tongue).show()


class _Study:
    def __init__(self, console: Console, study: Record, tongue: str) -> None:
        self.console = console
        self.study = study
        self.tongue = tongue

    def say(self, message: str, **arguments: object) -> str:
        return text(f"published.{message}", arguments, self.tongue)

    def num(self, value: float) -> str:
        return number(value, self.tongue, 4)

    def share(self, value: float | None) -> str:
        return "–" if value is None else f"{number(100 * value, self.tongue, 3)} %"

    def span(self, low: float | None, high: float | None) -> str:
        if low is None or high is None:
            return "?"
        return self.num(low) if low == high else f"{self.num(low)} – {self.num(high)}"

    def show(self) -> None:
        study = self.study
        self.console.print()
        self.console.print(Text(self.say("heading", study=study["study"]), style="bold"))
        basis = self.say(
            "basis",
            rules=study["rules"],
            amount=number(study["units_per_product"], self.tongue, 6),
            unit=study["unit"],
            mass=number(study["mass_kg"], self.tongue, 6),
        )
        for piece in Text(basis).wrap(self.console, max(20, self.console.width - 2)):
            self.console.print(Text("  " + piece.plain.rstrip(), style="dim"), soft_wrap=True)
        self._table(f"kg CO2e/{study['unit']}", 1.0, digits=6)
        self._table(self.say("per-kg"), study["units_per_kg"], shares=True)
        for stage in study["stages"]:
            self._told(stage)

    def _table(
        self, title: str, factor: float, *, digits: int = 4, shares: bool = False
    ) -> None:
        table = Table(box=None, padding=(0, 1, 0, 1), header_style="dim")
        table.add_column(title, no_wrap=True)
        headings = ["published", "known", "range"]
        headings += ["explained"] if shares else []
        for heading in headings:
            table.add_column(self.say(f"label.{heading}"), justify="right", no_wrap=True)
        for stage in self.study["stages"]:
            name = self._name(stage)
            published = number(stage["published"] * factor, self.tongue, digits)
            if stage["known"] is None:
                table.add_row(name, published, self.say("outside"))
                continue
            low, high = stage["low"], stage["high"]
            cells = [
                self.num(stage["known"] * factor),
                "?" if low is None else self.span(low * factor, high * factor),
            ]
            if shares:
                cells.append(self.share(stage["explained_share"]))
            table.add_row(name, published, *cells)
        self.console.print(table)

    def _name(self, stage: Record) -> str:
        if stage["stage"] is None:
            return self.say("whole")
        return text(f"footprint.stage.{stage['stage']}", None, self.tongue)

    def _told(self, stage: Record) -> None:
        """One sentence where a difference has an explanation, or has none."""
        known, share = stage["known"], stage["explained_share"]
        if known is None or share is None:
            return
        message = "explained" if share == 1.0 else "partly" if share else "unexplained"
        words = self.say(
            message,
            stage=self._name(stage),
            share=self.share(share),
            gap=self.num(stage["published"] - known),
            unit=self.study["unit"],
            count=stage["holes"],
            coverage=self.share(stage["mass_share_with_factor"]),
        )
        for index, piece in enumerate(
            Text(words).wrap(self.console, max(20, self.console.width - 4))
        ):
            self.console.print(("    " if index else "  ") + piece.plain.rstrip())

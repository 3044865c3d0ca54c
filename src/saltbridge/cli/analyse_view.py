"""How an analysis looks in the terminal: spread, levers, hot spots, paths, remarks."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from saltbridge.cli.footprint_view import symbol
from saltbridge.cli.present import finding_lines
from saltbridge.core.finding import Severity
from saltbridge.footprint.contribution import Path as ChainPath
from saltbridge.footprint.contribution import Share
from saltbridge.footprint.linear_model import Parameter, ParameterKind
from saltbridge.footprint.uncertainty import Spread
from saltbridge.locales import number, text
from saltbridge.reports.rule_words import product_amount
from saltbridge.services.analyse import Analysis

TOP = 8
PATHS_SHOWN = 14
FINDINGS_ALIKE = 3
_BAR = 16
_NAME = 40


def show(found: Analysis, product: str, tongue: str, sankey: Path | None = None) -> None:
    """Print an analysis for a person."""
    view = _View(Console(highlight=False), found, tongue)
    view.head(product)
    view.spread()
    view.levers()
    view.hot_spots()
    view.paths()
    view.findings()
    if sankey is not None:
        view.console.print()
        view.say("sankey-written", path=str(sankey))


class _View:
    def __init__(self, console: Console, found: Analysis, tongue: str) -> None:
        self.console = console
        self.found = found
        self.tongue = tongue
        self.names = {p.id: p.name or p.id for p in found.model.processes}

    def word(self, message: str, **arguments: object) -> str:
        return text(f"analysis.{message}", arguments, self.tongue)

    def say(self, message: str, style: str = "", **arguments: object) -> None:
        self.hang(self.word(message, **arguments), style)

    def hang(self, words: str, style: str = "", first: int = 2, by: int = 4) -> None:
        pieces = Text(words).wrap(self.console, max(20, self.console.width - by))
        for index, piece in enumerate(pieces):
            lead = " " * (by if index else first)
            self.console.print(Text(lead + piece.plain.rstrip(), style=style), soft_wrap=True)

    def heading(self, message: str, **arguments: object) -> None:
        self.console.print()
        self.console.print(Text(self.word(f"heading.{message}", **arguments), style="bold"))

    def spread_num(self, sd: float) -> str:
        """A standard deviation; what is left of rounding alone reads 0."""
        noise = 1e-12 * abs(self.found.model.score())
        return self.num(sd if sd > noise else 0.0, 3)

    def num(self, value: float, digits: int = 4) -> str:
        return number(value, self.tongue, digits)

    def percent(self, share: float) -> str:
        return f"{self.num(100 * share, 3)} %"

    def head(self, product: str) -> None:
        footprint = self.found.model.footprint
        name = f"{footprint.methodology}@{footprint.edition.name}"
        self.console.print(Text(product, style="bold"), Text(name, style="dim"))
        total = self.num(self.found.model.score(), 5)
        unit = product_amount(footprint.unit_of_product, self.tongue)
        part = "known-part" if footprint.holes else "known-whole"
        self.say(part, "bold", value=total, unit=unit)
        if not footprint.holes:
            return
        bounds = footprint.range_kg_co2e
        if bounds is None:
            self.say("holes-unpriced", "yellow", count=len(footprint.holes))
            return
        low, high = (self.num(b) for b in bounds)
        self.say("holes-range", "yellow", count=len(footprint.holes), low=low, high=high)

    def spread(self) -> None:
        drawn = self.found.uncertainty
        self.heading("spread")
        if not drawn.uncertain and not drawn.background:
            self.say("spread-unknown", "yellow")
            return
        table = _table()
        table.add_column(self.word("label.stage"))
        for label in ("accounted", "mean", "sd"):
            table.add_column(self.word(f"label.{label}"), justify="right")
        table.add_column(self.word("label.low"), justify="right", style="bold")
        table.add_column(self.word("label.median"), justify="right")
        table.add_column(self.word("label.high"), justify="right", style="bold")
        table.add_column(self.word("label.first-order"), justify="right")
        for stage, spread in drawn.stages.items():
            self._spread_row(table, text(f"footprint.stage.{stage}", None, self.tongue), spread)
        self._spread_row(table, self.word("label.total"), drawn.total, "bold")
        self.console.print(table)
        kinds = Counter(u.basis for u in drawn.uncertain)
        for used in self.found.backgrounds:
            kinds["background"] += len(used.drawn.numbers)
        told = ", ".join(
            self.word(f"basis.{basis}", count=count) for basis, count in sorted(kinds.items())
        )
        self.say(
            "drawn",
            "dim",
            drawn=kinds.total(),
            all=len(self.found.model.parameters),
            kinds=told,
            draws=drawn.draws,
            seed=drawn.seed,
        )
        for used in self.found.backgrounds:
            self.say(
                "background-drawn",
                "dim",
                background=used.sampled.id,
                samples=used.sampled.samples,
                seed=used.sampled.seed,
            )
        ratio = drawn.total.first_order_ratio
        if drawn.total.first_order_is_poor and ratio is not None:
            self.say("first-order-poor", "yellow", ratio=self.percent(ratio))
        self.heading("variance")
        largest = [
            (self.found.model.parameters[self.found.model.number(id)], self.percent(share))
            for id, share in drawn.variance_shares[:TOP]
            if share >= 0.005
        ]
        self._parameters(largest, self.word("label.share"))

    def _spread_row(self, table: Table, name: str, spread: Spread, style: str = "") -> None:
        poor = spread.first_order_is_poor
        table.add_row(
            name,
            self.num(spread.value),
            self.num(spread.mean),
            self.spread_num(spread.sd),
            self.num(spread.p2_5),
            self.num(spread.median),
            self.num(spread.p97_5),
            Text(self.spread_num(spread.first_order_sd) + (" !" if poor else ""),
                 style="yellow" if poor else ""),
            style=style,
        )  # fmt: skip

    def levers(self) -> None:
        self.heading("levers")
        rows = []
        for s in self.found.sensitivities:
            # Outputs and what passes a whole product on only scale the total.
            passes = s.elasticity is None or abs(s.elasticity) > 0.995
            if s.parameter.kind is ParameterKind.OUTPUT or passes or _is_gwp(s.parameter):
                continue
            unit = symbol(s.parameter.unit, self.tongue)
            if s.parameter.kind is ParameterKind.FACTOR:
                unit = f"kg/{unit}"
            value = f"{self.num(s.parameter.value)} {unit}"
            rows.append((s.parameter, value, f"{self.num(s.elasticity or 0.0, 3)} %"))
        self._parameters(rows[:TOP], self.word("label.value"), self.word("label.one-percent"))

    def _parameters(
        self, rows: Sequence[tuple[Parameter, *tuple[str, ...]]], *heads: str
    ) -> None:
        """A table of parameters; names are cut, so that every one takes a single line."""
        table = _table()
        room = self.console.width - sum(max(cell_len(h), 14) + 2 for h in heads) - 6
        width = max(16, room // 2)
        table.add_column(self.word("label.parameter"), no_wrap=True)
        table.add_column(self.word("label.where"), no_wrap=True, style="dim")
        for i, head in enumerate(heads):
            last = "bold" if i == len(heads) - 1 else ""
            table.add_column(head, justify="right", no_wrap=True, style=last)
        for parameter, *cells in rows:
            where = self.word("is-factor")
            if parameter.kind is not ParameterKind.FACTOR:
                where = self.names.get(parameter.process, parameter.process)
            flow = escape(_cut(parameter.flow, width))
            table.add_row(flow, escape(_cut(where, width)), *cells)
        self.console.print(table)

    def hot_spots(self) -> None:
        groups: list[tuple[str, Sequence[Share]]] = [
            ("by-flow", self.found.flows),
            ("by-process", self.found.processes),
        ]
        if any(s.name for s in self.found.suppliers):
            groups.append(("by-supplier", self.found.suppliers))
        total = self.found.model.score()
        for heading, shares in groups:
            self.heading(heading)
            for share in shares[:TOP]:
                part = share.kg_co2e / total if total else 0.0
                reading = f"{self.num(share.kg_co2e)} kg  {self.percent(part)}"
                self._bar(share.name or self.word("no-supplier"), part, reading)
            if len(shares) > TOP:
                self.say("more", "dim", count=len(shares) - TOP)

    def _bar(self, name: str, part: float, reading: str) -> None:
        cells = min(_BAR, max(1, round(_BAR * abs(part)))) if part else 0
        mark, style = ("█", "cyan") if part >= 0 else ("░", "magenta")
        label = Text(_cut(name, _NAME))
        label.pad_right(max(0, _NAME - label.cell_len))
        bar = Text(mark * cells + " " * (_BAR - cells), style=style)
        self.console.print(Text("  ") + label, bar, Text(reading), soft_wrap=True)

    def paths(self) -> None:
        paths = self.found.paths
        total = self.found.model.score()
        least = self.num(paths.cut_off_kg_co2e)
        self.heading("paths", cut_off=least)
        for path in _as_tree(paths.paths)[:PATHS_SHOWN]:
            depth = len(path.processes) - 1
            lead = "  " * depth + ("└ " if depth else "")
            part = path.kg_co2e / total if total else 0.0
            name = self.names[path.processes[-1]]
            reading = f"{self.num(path.kg_co2e)} kg  {self.percent(part)}"
            label = Text(lead + _cut(name, max(16, _NAME - len(lead))))
            label.pad_right(max(0, _NAME - label.cell_len))
            self.console.print(Text("  ") + label, Text(reading), soft_wrap=True)
        if len(paths.paths) > PATHS_SHOWN:
            self.say("more", "dim", count=len(paths.paths) - PATHS_SHOWN)
        if not paths.complete:
            self.say("paths-cut", "yellow", count=len(paths.paths))

    def findings(self) -> None:
        found = self.found.uncertainty.findings
        if not found:
            return
        self.console.print()
        self.console.print(Text(text("footprint.heading.findings", None, self.tongue), "bold"))
        alike = Counter(f.code for f in found)
        shown: Counter[str] = Counter()
        for here in found:
            shown[here.code] += 1
            says, *remedy = finding_lines(here, self.tongue)
            few = alike[here.code] <= FINDINGS_ALIKE + 1
            if few or shown[here.code] <= FINDINGS_ALIKE:
                self.hang(says, "" if here.severity is Severity.NOTE else "yellow")
            if shown[here.code] == alike[here.code]:
                if not few:
                    self.say("more", "dim", count=alike[here.code] - FINDINGS_ALIKE)
                for line in remedy:
                    self.hang(line.strip(), "dim", first=4, by=6)


def _as_tree(paths: Sequence[ChainPath]) -> list[ChainPath]:
    """The paths with every one under the path it continues, the heaviest branch first."""
    after: dict[tuple[str, ...], list[ChainPath]] = {}
    for path in paths:
        after.setdefault(path.processes[:-1], []).append(path)
    ordered: list[ChainPath] = []
    stack = list(reversed(after.get((), [])))
    while stack:
        path = stack.pop()
        ordered.append(path)
        stack += reversed(after.get(path.processes, []))
    return ordered


def _is_gwp(parameter: Parameter) -> bool:
    """Whether it is the warming potential of a gas, which nobody can pull as a lever."""
    return parameter.factor is not None and parameter.factor.id.startswith("gwp:")


def _cut(name: str, width: int = 44) -> str:
    label = Text(name)
    label.truncate(width, overflow="ellipsis")
    return label.plain


def _table() -> Table:
    return Table(box=None, padding=(0, 1, 0, 1), pad_edge=True, header_style="dim")

"""How a footprint looks in the terminal: total, stages, largest lines, holes, marks."""

from collections import Counter
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from saltbridge.cli.present import finding_lines
from saltbridge.core.finding import Finding, Severity
from saltbridge.locales import has_text, number, text
from saltbridge.reports.bridge_words import named
from saltbridge.reports.rule_words import product_amount, rule_name, rule_value, unit_name
from saltbridge.services.account import Accounted

TOP = 5
HOLES_SHOWN = 12
FINDINGS_ALIKE = 4
_BAR = 32
_WIDE = 120
_SHORT = {
    "kilogram": "kg",
    "kilowatt hour": "kWh",
    "megajoule": "MJ",
    "cubic meter": "m3",
    "ton kilometer": "tkm",
    "square meter": "m2",
}


def show(result: Accounted, tongue: str, remarks: Iterable[Finding] = ()) -> None:
    """Print a footprint for a person."""
    console = Console(highlight=False)
    view = _View(console, result, tongue)
    view.head()
    view.total()
    view.stages()
    view.top()
    view.holes()
    view.rules()
    view.marks()
    view.findings([*remarks, *result.footprint.findings])


class _View:
    def __init__(self, console: Console, result: Accounted, tongue: str) -> None:
        self.console = console
        self.result = result
        self.record = result.record
        self.tongue = tongue

    def say(self, message: str, **arguments: object) -> str:
        return text(f"footprint.{message}", arguments, self.tongue)

    def num(self, value: float, digits: int = 4) -> str:
        return number(value, self.tongue, digits)

    def span(self, low: float | None, high: float | None) -> str:
        if low is None or high is None:
            return "?"
        return self.num(low) if low == high else f"{self.num(low)} – {self.num(high)}"

    def status(self, status: str) -> str:
        named = f"footprint.status.{status}"
        return text(named, None, self.tongue) if has_text(named, self.tongue) else status

    def hang(self, words: str, style: str = "", by: int = 4, first: int = 2) -> None:
        """Words folded to the terminal, the lines after the first further in."""
        pieces = Text(words).wrap(self.console, max(20, self.console.width - by))
        for index, piece in enumerate(pieces):
            lead = " " * (by if index else first)
            self.console.print(Text(lead + piece.plain.rstrip(), style=style), soft_wrap=True)

    def heading(self, message: str, **arguments: object) -> None:
        self.console.print()
        self.console.print(Text(self.say(f"heading.{message}", **arguments), style="bold"))

    def head(self) -> None:
        method, product = self.record["methodology"], self.record["product"]
        plant, period = self.record["plant"], self.record["period"]
        kind = Text(self.say(f"kind.{self.result.kind}"), style="bold reverse")
        self.console.print(kind, Text(product["name"], style="bold"))
        status = self.status(method["status"])
        grid = Table.grid(padding=(0, 2))
        rows = [
            ("edition", f"{method['id']}@{method['edition']} ({status})"),
            ("product", f"{product['id']} {product['chemistry']}"),
            ("plant", f"{plant['name']}, {plant['province'] or plant['country']}"),
            ("period", f"{period['start']} – {period['end']}"),
        ]
        if "placed_on_market" in self.record:
            rows.append(("placed-on-market", self.record["placed_on_market"]))
        for label, value in rows:
            grid.add_row(Text(self.say(f"label.{label}"), style="dim"), Text(value))
        self.console.print(grid)

    def total(self) -> None:
        holes = self.record["holes"]
        self.heading("total-partly" if holes else "total")
        unit = product_amount(str(self.record["unit_of_product"]), self.tongue)
        total = f"{self.num(self.record['total_kg_co2e'], 5)} kg CO2e / {unit}"
        self.console.print(Text(f"  {total}", style="bold green" if not holes else "bold"))
        if holes:
            bounds = self.record["range_kg_co2e"]
            shown = (
                self.say("heading.range-unknown")
                if bounds is None
                else f"{self.num(bounds['low'])} – {self.num(bounds['high'])} kg CO2e"
            )
            self.console.print(Text(f"  {self.say('heading.range')}: {shown}"))
        declared = self.record["declared"]
        if declared is not None:
            label = self.say(f"heading.declared.{'partly' if holes else self.result.kind}")
            value = (
                f"{self.num(declared['value'], 6)} {unit_name(declared['unit'], self.tongue)}"
            )
            bounds, amount = self.record["range_kg_co2e"], self.record["unit"]["amount"]
            if holes and bounds is not None:
                low, high = (self.num(bounds[end] / amount) for end in ("low", "high"))
                value = f"{value} ({low} – {high})"
            self.console.print(Text(f"  {label}: {value}"))
        self._biogenic()
        self._rating()
        if holes:
            self._left_out()

    def _biogenic(self) -> None:
        """Uptake and release of biogenic CO2, where there is any."""
        carbon = self.record.get("biogenic") or {}
        up, back = carbon.get("taken_up_kg_co2", 0.0), carbon.get("given_back_kg_co2", 0.0)
        if not up and not back:
            return
        with_uptake = carbon["including_uptake_kg_co2e"]
        if with_uptake is not None:
            shown = f"{self.say('label.with-uptake')}: {self.num(with_uptake, 5)} kg CO2e"
            self.console.print(Text(f"  {shown}"))
        told = self.say("label.biogenic", up=self.num(up), back=self.num(back))
        self.console.print(Text(f"  {told}", style="dim"))

    def _left_out(self) -> None:
        """What has no factor, by mass and by emissions, against the rule set's limit."""
        found = self.record.get("cut_off")
        if found is None:
            return
        coverage, emissions = self.record["coverage"], found["emission_share"]
        if found["mass_share"] is not None:
            mass = self.num(100 * found["mass_share"], 3)
        else:  # a hole without a mass: what is known of the rest is the least
            known = None if coverage is None else 100 * (1 - coverage["mass_share"])
            mass = "?" if known is None else f"≥ {self.num(known, 3)}"
        shares = {
            "mass": mass,
            "emissions": "?" if emissions is None else self.num(100 * emissions, 3),
        }
        limit = self.say("label.limit-none")
        if found["of"] is not None:
            allowed = self.num(100 * found["allowed"], 3)
            limit = self.say(f"label.limit-{found['of']}", allowed=allowed)
        self.hang(self.say("label.left-out", **shares, limit=limit), "dim", first=2)

    def _rating(self) -> None:
        coverage, quality = self.record["coverage"], self.record["data_quality"]
        share = self.record["primary_data_share"]
        parts = []
        if coverage is not None:
            covered = self.num(100 * coverage["mass_share"], 3)
            parts.append(f"{self.say('label.coverage')} {covered} %")
        if share is not None:
            parts.append(f"{self.say('label.primary')} {self.num(share, 3)} %")
        if quality is not None:
            scheme = "quality-five" if quality.get("worst") == 3 else "quality"
            parts.append(f"{self.say(f'label.{scheme}')} {self.num(quality['DQR'], 3)}")
        self.console.print(Text("  " + "   ".join(parts), style="dim"))

    def stages(self) -> None:
        self.heading("stages")
        stages: Mapping[str, float] = self.record["stages"]
        widest = max((abs(v) for v in stages.values()), default=0.0) or 1.0
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(justify="right")
        table.add_column()
        for stage, value in stages.items():
            cells = max(1 if value else 0, round(_BAR * abs(value) / widest))
            style = "cyan" if value >= 0 else "magenta"
            bar = Text(("█" if value > 0 else "░") * cells, style=style)
            table.add_row(f"  {self.say(f'stage.{stage}')}", f"{self.num(value)} kg", bar)
        self.console.print(table)

    def top(self) -> None:
        lines = self.record["lines"]
        if not lines:
            return
        self.heading("top")
        order = sorted(range(len(lines)), key=lambda i: -abs(lines[i]["kg_co2e"]))[:TOP]
        table = _table()
        table.add_column("#", justify="right", style="dim")
        table.add_column(self.say("label.flow"), overflow="fold")
        table.add_column(self.say("label.process"), overflow="fold", style="dim")
        table.add_column(self.say("label.amount"), justify="right")
        table.add_column(self.say("label.factor"), justify="right")
        table.add_column("kg CO2e", justify="right", style="bold")
        for i in order:
            line = lines[i]
            factor = line["factor"]
            table.add_row(
                str(i + 1),
                escape(line["flow"]),
                escape(line["process"]),
                f"{self.num(line['amount'])} {symbol(line['unit'], self.tongue)}",
                f"× {self.num(factor['value'])}",
                self.num(line["kg_co2e"]),
            )
        self.console.print(table)

    def holes(self) -> None:
        holes = self.record["holes"]
        if not holes:
            return
        self.heading("holes")
        table = _table()
        table.add_column(self.say("label.flow"), overflow="fold")
        table.add_column(self.say("label.process"), overflow="fold", style="dim")
        table.add_column(self.say("label.amount"), justify="right")
        table.add_column(self.say("label.reason"), overflow="fold")
        table.add_column(
            self.say("label.low-high"), justify="right", style="yellow", no_wrap=True
        )
        source = self.say("label.range-source")
        roomy = self.console.width >= _WIDE
        if roomy:  # on a narrow terminal the numbers matter more; the record holds it all
            table.add_column(
                source, no_wrap=True, overflow="ellipsis", style="dim", max_width=36
            )
        largest = sorted(holes, key=lambda h: -(h["high_kg_co2e"] or float("inf")))
        for hole in largest[:HOLES_SHOWN]:
            low, high = hole["low_kg_co2e"], hole["high_kg_co2e"]
            cells = [
                escape(hole["flow"]),
                escape(hole["process"]),
                f"{self.num(hole['amount'])} {symbol(hole['unit'], self.tongue)}",
                self.say(f"reason.{hole['reason']}"),
                self.span(low, high),
            ]
            table.add_row(*cells, *([escape(hole["range_source"])] if roomy else []))
        self.console.print(table)
        recalled = sum(h.range_confidence == "recalled" for h in self.result.footprint.holes)
        if recalled:
            note = self.say("heading.ranges-recalled", count=recalled, holes=len(holes))
            self.console.print(Text(f"  {note}", style="yellow"))
        if len(holes) > HOLES_SHOWN:
            more = self.say("heading.more", count=len(holes) - HOLES_SHOWN)
            self.console.print(Text(f"  {more}", style="dim"))

    def rules(self) -> None:
        recalled = [r for r in self.record["rules"] if r["confidence"] == "recalled"]
        if recalled:
            self.heading("rules-recalled")
            for rule in recalled:
                name = rule_name(rule["id"], self.tongue)
                self.hang(
                    named(name, rule_value(rule["value"], self.tongue), self.tongue), "yellow"
                )
                self.hang(rule["citation"], "dim", first=4)
        missing = self.record["rules_not_loaded"]
        if missing:
            self.heading("rules-not-loaded")
            assumed = self.record["assumptions"]
            citations = {rule["citation"] for rule in missing}
            for rule in missing:
                effect = rule["effect"]
                says = text(effect, None, self.tongue) if has_text(effect) else effect
                if rule["id"] in assumed:
                    value = rule_value(assumed[rule["id"]], self.tongue)
                    says = text("footprint.rule-assumed", {"value": value}, self.tongue)
                cited = "" if len(citations) == 1 else f" ({rule['citation']})"
                self.hang(named(rule_name(rule["id"], self.tongue), says + cited, self.tongue))
            if len(citations) == 1:
                self.hang(self.say("heading.all-rules-cite", citation=citations.pop()), "dim")
        assumptions = self.record["assumptions"]
        if assumptions:
            self.heading("assumptions")
            for key, value in assumptions.items():
                words = named(
                    rule_name(key, self.tongue), rule_value(value, self.tongue), self.tongue
                )
                self.hang(f"{words} ({key}={value})")

    def marks(self) -> None:
        lines = self.record["lines"]
        if not lines:
            return
        self.heading("confidence")
        marks = Counter(line["factor"]["confidence"] for line in lines)
        for mark, count in marks.most_common():
            style = "yellow" if mark in ("recalled", "illustrative") else ""
            self.console.print(Text(f"  {self.say(f'confidence.{mark}')}: {count}", style))
        self.heading("licences")
        licences = Counter(line["factor"]["licence"] or "–" for line in lines)
        for licence, count in licences.most_common():
            self.console.print(Text(f"  {licence}: {count}"))
        if self.result.id:
            self.console.print()
            self.console.print(Text(self.say("saved", id=self.result.id), style="bold"))

    def findings(self, found: Iterable[Finding]) -> None:
        told = list(dict.fromkeys(_key(f) for f in found))
        if not told:
            return
        self.heading("findings")
        alike = Counter(key.finding.code for key in told)
        shown: Counter[str] = Counter()
        for here, after in zip(told, [*told[1:], None], strict=True):
            code = here.finding.code
            shown[code] += 1
            last = shown[code] == alike[code]
            if alike[code] <= FINDINGS_ALIKE + 1 or shown[code] <= FINDINGS_ALIKE:
                first = finding_lines(here.finding, self.tongue)[0]
                loud = here.finding.severity is not Severity.NOTE
                self.hang(first, "yellow" if loud else "")
            elif last:
                count = alike[code] - FINDINGS_ALIKE
                self.hang(self.say("heading.more-findings", count=count), "dim", first=4)
            if after is not None and after.finding.code == code:
                continue  # one remedy is enough for a run of the same fault
            for more in finding_lines(here.finding, self.tongue)[1:]:
                self.hang(more.strip(), "dim", by=6, first=4)


class _key:
    """A finding made comparable, since its arguments are a mapping."""

    def __init__(self, found: Finding) -> None:
        self.finding = found
        self._identity = (found.code, tuple(sorted(found.arguments.items())), found.place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _key) and other._identity == self._identity

    def __hash__(self) -> int:
        return hash(self._identity)


def symbol(unit: str, tongue: str) -> str:
    """A unit as short as people write it; the record keeps the word of the inventory."""
    return unit_name(_SHORT.get(unit.lower(), unit), tongue)


def _table() -> Table:
    return Table(box=None, padding=(0, 1, 0, 1), pad_edge=True, header_style="dim")

"""How a what-if looks: by stage, under every rule set, the levers, the hourly shadow."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from saltbridge.cli.present import finding_lines, language
from saltbridge.footprint.hourly import HourlyShadow
from saltbridge.footprint.levers import Lever
from saltbridge.footprint.result import CarbonFootprint
from saltbridge.footprint.whatif_changes import scenario_record
from saltbridge.locales import number, text
from saltbridge.reports.rule_words import unit_name
from saltbridge.services.what_if import (
    UnderRules,
    WhatIf,
    WhatIfRequest,
    per_unit,
    stage_changes,
)
from saltbridge.steps.accounting import Accounted


def show(request: WhatIfRequest, answer: WhatIf, shadow: HourlyShadow | None, top: int) -> None:
    """Print a what-if for a person."""
    console, tongue = Console(highlight=False), language()
    console.print(Text(text("whatif.title", None, tongue), style="bold reverse"))
    for change in request.changes:
        console.print(Text(f"  {change.text}"))
    if not request.changes:
        console.print(Text(f"  {text('whatif.no-change', None, tongue)}"))
    _stages(console, answer.chosen, tongue, bool(request.changes))
    _everywhere(console, answer, tongue)
    _levers(console, answer.levers[:top], tongue)
    if shadow is not None:
        _shadow(console, shadow, tongue)
    console.print()
    console.print(Text(text("whatif.estimate-only", None, tongue), style="dim"))


def _heading(console: Console, message: str, tongue: str, **arguments: object) -> None:
    console.print()
    console.print(Text(text(f"whatif.heading.{message}", arguments, tongue), style="bold"))


def _num(value: float, tongue: str, digits: int = 4) -> str:
    return number(value, tongue, digits)


def _delta(before: float, after: float, tongue: str) -> str:
    change = after - before
    sign = "+" if change > 0 else ""
    if abs(change) < 1e-12 * max(abs(before), abs(after), 1e-300):
        return "0"
    share = f" ({sign}{_num(100 * change / abs(before), tongue, 3)} %)" if before else ""
    return f"{sign}{_num(change, tongue)}{share}"


def _percent(before: float, after: float, tongue: str) -> str:
    if not before:
        return "–"
    share = 100 * (after - before) / abs(before)
    return f"{'+' if share > 0 else ''}{_num(share, tongue, 3)} %"


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for index, name in enumerate(columns):
        table.add_column(name, justify="left" if index == 0 else "right", overflow="fold")
    return table


def _stages(console: Console, chosen: UnderRules, tongue: str, changed: bool) -> None:
    rules = f"{chosen.methodology}@{chosen.edition}"
    _heading(console, "stages", tongue, rules=rules)
    words = [text(f"whatif.label.{k}", None, tongue) for k in ("before", "after", "change")]
    table = _table("", *words)
    for stage, (before, after) in stage_changes(chosen).items():
        if before or after:
            name = text(f"footprint.stage.{stage.value}", None, tongue)
            table.add_row(
                f"  {name}", _num(before, tongue), _num(after, tongue),
                _delta(before, after, tongue),
            )  # fmt: skip
    if chosen.before is not None and chosen.after is not None:
        one, two = chosen.before.total_kg_co2e, chosen.after.total_kg_co2e
        table.add_row(
            Text(f"  {text('whatif.label.total', None, tongue)}", style="bold"),
            _num(one, tongue, 5), _num(two, tongue, 5), _delta(one, two, tongue),
        )  # fmt: skip
        if changed and one == two:
            console.print(table)
            console.print(Text("  " + text("whatif.no-effect", None, tongue), style="yellow"))
            return _holes(console, chosen, tongue)
    console.print(table)
    _holes(console, chosen, tongue)


def _holes(console: Console, chosen: UnderRules, tongue: str) -> None:
    """A change that opens or closes a hole moves the known part for another reason."""
    if chosen.before is None or chosen.after is None:
        return
    one, two = len(chosen.before.holes), len(chosen.after.holes)
    if one == two == 0:
        return
    code = "holes-differ" if one != two else "holes-same"
    console.print(Text("  " + text(f"whatif.{code}", {"before": one, "after": two}, tongue)))
    spans = [_span(f, tongue) for f in (chosen.before, chosen.after)]
    if all(spans):
        arguments = {"before": spans[0], "after": spans[1]}
        console.print(Text("  " + text("whatif.ranges", arguments, tongue)))


def _span(footprint: CarbonFootprint, tongue: str) -> str:
    bounds = footprint.range_kg_co2e
    return "" if bounds is None else " – ".join(_num(b, tongue) for b in bounds)


def _everywhere(console: Console, answer: WhatIf, tongue: str) -> None:
    _heading(console, "everywhere", tongue)
    words = ("before", "after", "change", "holes", "unit")
    table = _table("", *(text(f"whatif.label.{k}", None, tongue) for k in words))
    table.padding = (0, 1)  # narrow: a number that is cut off is another number
    skipped: list[UnderRules] = []
    differ = False
    for under in answer.everywhere:
        if under.before is None or under.after is None:
            skipped.append(under)
            continue
        one, two, unit = per_unit(under.before, under.after)
        differ = differ or len(under.before.holes) != len(under.after.holes)
        table.add_row(
            f"{under.methodology}@{under.edition}",
            _num(one, tongue),
            _num(two, tongue),
            _percent(one, two, tongue),
            f"{len(under.before.holes)} → {len(under.after.holes)}",
            unit_name(unit.removeprefix("kg CO2e/"), tongue),
        )
    console.print(table)
    if differ:
        console.print(Text("  " + text("whatif.holes-somewhere", None, tongue), style="dim"))
    for under in skipped:
        rules = f"{under.methodology}@{under.edition}"
        says = finding_lines(under.obstacle[0], tongue)[0] if under.obstacle else ""
        console.print(
            Text("  " + text("whatif.skipped", {"rules": rules}, tongue) + f" {says}")
        )


def _levers(console: Console, found: tuple[Lever, ...], tongue: str) -> None:
    if not found:
        return
    _heading(console, "levers", tongue)
    words = ("lever", "now", "effect")
    table = _table(*(text(f"whatif.label.{k}", None, tongue) for k in words))
    for rank, lever in enumerate(found, start=1):
        name = text(f"whatif.lever.{lever.kind}", {"target": lever.target}, tongue)
        sign = "+" if lever.kg_co2e > 0 else ""
        effect = f"{sign}{_num(lever.kg_co2e, tongue, 3)} kg"
        share = f" ({sign}{_num(lever.share_percent, tongue, 2)} %)"
        unit = unit_name(lever.unit, tongue)
        now = f"{_num(lever.value, tongue, 3)} {unit}".rstrip()
        table.add_row(escape(f"{rank:3}. {name}"), now, effect + share)
    for column in table.columns[1:]:
        column.no_wrap = True
    console.print(table)


def _shadow(console: Console, shadow: HourlyShadow, tongue: str) -> None:
    _heading(console, "hourly", tongue)
    table = Table.grid(padding=(0, 2))
    rows = {
        "hours": f"{shadow.hours}",
        "load": f"{_num(shadow.load_kwh, tongue)} kWh",
        "cfe": f"{_num(100 * shadow.carbon_free_share, tongue, 3)} %",
        "yearly": f"{_num(100 * shadow.yearly_share, tongue, 3)} %",
        "hourly-kg": f"{_num(shadow.hourly_kg_co2e, tongue)} kg CO2e",
        "yearly-kg": f"{_num(shadow.yearly_kg_co2e, tongue)} kg CO2e",
        "factor": f"{_num(shadow.hourly_kg_co2e_per_kwh, tongue)} kg CO2e/kWh",
    }
    for key, value in rows.items():
        table.add_row(f"  {text(f'whatif.hourly.{key}', None, tongue)}", value)
    console.print(table)
    console.print(Text("  " + text("whatif.hourly.shadow", None, tongue), style="dim"))


def as_json_document(
    request: WhatIfRequest,
    answer: WhatIf,
    shadow: HourlyShadow | None,
    top: int,
    signed: Accounted | None,
) -> dict[str, Any]:
    """The whole answer for a program."""
    everywhere = []
    for under in answer.everywhere:
        entry: dict[str, Any] = {
            "methodology": under.methodology,
            "edition": under.edition,
            "obstacle": [f.code for f in under.obstacle],
        }
        if under.before is not None and under.after is not None:
            one, two, unit = per_unit(under.before, under.after)
            entry |= {
                "unit": unit,
                "before": one,
                "after": two,
                "before_kg_co2e": under.before.total_kg_co2e,
                "after_kg_co2e": under.after.total_kg_co2e,
                "before_holes": len(under.before.holes),
                "after_holes": len(under.after.holes),
            }
        everywhere.append(entry)
    return {
        "scenario": scenario_record(tuple(request.changes), request.inventory_digest),
        "methodology": f"{answer.chosen.methodology}@{answer.chosen.edition}",
        "stages": {
            stage.value: {"before_kg_co2e": one, "after_kg_co2e": two}
            for stage, (one, two) in stage_changes(answer.chosen).items()
        },
        "rule_sets": everywhere,
        "levers": [
            {
                "kind": lever.kind,
                "target": lever.target,
                "value": lever.value,
                "unit": lever.unit,
                "kg_co2e_per_percent": lever.kg_co2e,
                "share_percent": lever.share_percent,
            }
            for lever in answer.levers[:top]
        ],
        "hourly_shadow": None
        if shadow is None
        else {
            "hours": shadow.hours,
            "load_kwh": shadow.load_kwh,
            "carbon_free_share": shadow.carbon_free_share,
            "yearly_share": shadow.yearly_share,
            "hourly_kg_co2e": shadow.hourly_kg_co2e,
            "yearly_kg_co2e": shadow.yearly_kg_co2e,
        },
        "estimate": None
        if signed is None or signed.claim is None
        else {"id": signed.id, "claim": signed.claim.jws, "record": dict(signed.record)},
    }

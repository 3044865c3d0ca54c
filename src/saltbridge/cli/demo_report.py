"""What the demo prints of each step."""

from typing import Any

from saltbridge.cli.demo_walk import Walk
from saltbridge.cli.present import language
from saltbridge.locales import number

STAGES = {
    "raw_material_acquisition": "raw material acquisition",
    "main_production": "main production",
    "distribution": "distribution",
    "end_of_life": "end of life",
}
_INDENT = "       "


def _kg(value: float) -> str:
    return number(value, language(), 4)


def say_footprint(walk: Walk, record: dict[str, Any]) -> None:
    """Total, declared value and the stages as bars."""
    methodology = record["methodology"]
    declared = record["declared"]
    per = f" = [bold]{declared['value']:g} {declared['unit']}[/bold]" if declared else ""
    walk.say(
        f"{_INDENT}{methodology['id']}@{methodology['edition']} ({record['type']}): "
        f"{_kg(record['total_kg_co2e'])} kg CO2e{per}"
    )
    longest = max((abs(kg) for kg in record["stages"].values()), default=0.0) or 1.0
    for stage, kg in record["stages"].items():
        bar = "█" * max(1 if kg else 0, round(24 * abs(kg) / longest))
        colour = "green" if kg < 0 else "cyan"
        name = STAGES.get(stage, stage)
        walk.say(f"{_INDENT}  {name:<25}{_kg(kg):>10} kg  [{colour}]{bar}[/{colour}]")
    if record["holes"]:
        walk.say(f"{_INDENT}  {_range(record)}")
    if record["rules_not_loaded"]:
        names = ", ".join(rule["id"] for rule in record["rules_not_loaded"])
        walk.say(f"{_INDENT}  rules nobody here has read, not loaded: {names}", style="yellow")


def _range(record: dict[str, Any]) -> str:
    holes = len(record["holes"])
    between = record["range_kg_co2e"]
    if between is None:
        return f"[yellow]{holes} holes, not all of them can be priced[/yellow]"
    low, high = _kg(between["low"]), _kg(between["high"])
    return f"[yellow]{holes} holes: the total lies between {low} and {high} kg CO2e[/yellow]"


def say_holes(walk: Walk, record: dict[str, Any], most: int = 6) -> None:
    """The largest holes with what they would cost, and what that does to the total."""
    walk.say(
        f"{_INDENT}known so far {_kg(record['total_kg_co2e'])} kg CO2e per battery, "
        f"{record['coverage']['mass_share'] * 100:.0f} % of the mass has a factor"
    )
    priced = sorted(record["holes"], key=lambda h: -(h["high_kg_co2e"] or 0.0))
    for hole in priced[:most]:
        low, high = hole["low_kg_co2e"], hole["high_kg_co2e"]
        cost = "no range known" if low is None else f"{_kg(low)} to {_kg(high)} kg CO2e"
        flow = f"{hole['flow'][:34]:<34}"
        walk.say(f"{_INDENT}  hole  {flow} {_kg(hole['amount']):>9} {hole['unit']:<5} {cost}")
    if len(priced) > most:
        walk.say(f"{_INDENT}  and {len(priced) - most} more")
    walk.say(f"{_INDENT}{_range(record)}")


def say_checks(walk: Walk, delivery: dict[str, Any]) -> None:
    """The numbered checks of a delivery."""
    for check in delivery["checks"]:
        mark = "[green]✓[/green]" if check["ok"] else "[red]✗[/red]"
        walk.say(f"{_INDENT}{mark} {check['number']}. {check['name']}")


def say_manifest(walk: Walk, manifest: dict[str, Any], decision: dict[str, Any]) -> None:
    """How many fields left, left smaller, and stayed, by class; and the packs that decided."""
    walk.say(
        f"{_INDENT}to {decision['recipient']['name']} ({decision['destination']}), "
        f"for {decision['purpose']}"
    )
    for word, key in (("left", "left"), ("left, minimised", "minimised"), ("stayed", "stayed")):
        classes: dict[str, int] = {}
        for entry in manifest[key]:
            name = entry["class"] or "uncatalogued"
            classes[name] = classes.get(name, 0) + 1
        shown = ", ".join(f"{count} {name}" for name, count in sorted(classes.items()))
        walk.say(f"{_INDENT}{word:<16}{len(manifest[key]):>5} fields   {shown}")
    packs = ", ".join(f"{pack['id']}@{pack['edition']}" for pack in decision["packs"])
    walk.say(f"{_INDENT}rule packs: {packs}")


def say_passports(walk: Walk, issued: dict[str, Any]) -> None:
    """The passports, and the footprint as the carmaker recalculated it."""
    for passport in issued["passports"]:
        walk.say(f"{_INDENT}{passport['serial']:<24} {passport['id']}")
    say_footprint(walk, issued["footprint"])
    walk.say(
        f"{_INDENT}The carbon-footprint declaration is not yet required and stays out of the "
        "passport;\n       the estimate stands beside it as company information."
    )


def say_verified(walk: Walk, verified: dict[str, Any]) -> None:
    """What `saltbridge verify` found, in one line, and every check that did not pass."""
    checks = verified["checks"]
    passed = sum(check["outcome"] == "passed" for check in checks)
    good = passed == len(checks)
    mark = "[green]✓[/green]" if good else "[yellow]caught:[/yellow]"
    walk.say(
        f"{_INDENT}{mark} {verified['type']} of {verified['issuer'] or 'nobody known'}: "
        f"{passed} of {len(checks)} checks passed"
    )
    for check in checks:
        if check["outcome"] != "passed":
            walk.say(f"{_INDENT}  {check['number']}. {check['name']}: {check['outcome']}")

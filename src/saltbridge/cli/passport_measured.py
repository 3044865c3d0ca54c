"""``saltbridge passport measure`` and ``condition``: what was measured, and what holds now."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saltbridge.cli.days import day_of
from saltbridge.cli.options import AsJson, Node

if TYPE_CHECKING:
    from saltbridge.services.condition import BatteryCondition

Passport = Annotated[str, typer.Argument(help="Id, GTIN/serial number, or serial number.")]


def measure(
    file: Annotated[Path, typer.Argument(help="CSV or JSON; see docs/how-to/battery-life.md.")],
    node: Node,
    person: Annotated[str, typer.Option(help="Who brings the measurements.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take in measurements of many batteries: all of a file, or nothing with every finding."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.options import read_file
    from saltbridge.cli.present import say, say_json
    from saltbridge.services.measure import measure as take_in

    content = read_file(file)
    with opened_world(node) as world:
        taken = take_in(world, content, file.name, person)
    if as_json:
        told = {"measurements": taken.measurements, "batteries": taken.batteries}
        say_json({"file": taken.file, **told})
        return
    say(
        "measurement.taken-in",
        measurements=taken.measurements,
        batteries=taken.batteries,
        digest=taken.file,
    )


def condition(
    passport: Passport,
    node: Node,
    at: Annotated[str, typer.Option(help="YYYY-MM-DD: as it was at the end of that day.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Draw the state of health: a .svg or .html file.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write the measurements: a .csv or .json file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The condition of a battery: status, measured values, state of health."""

    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import language, say_json
    from saltbridge.services.condition import condition_of

    moment = _end_of(at)
    with opened_world(node) as world:
        found = condition_of(world, passport, moment)
    tongue = language()
    if as_json:
        say_json(_document(found))
    else:
        _show(found, tongue)
    if out is not None:
        _draw(found, out, tongue)
    if export is not None:
        _export(found, export)


def _end_of(day: str) -> datetime | None:
    return datetime.combine(day_of(day), time.max, UTC) if day else None


def _document(found: "BatteryCondition") -> dict[str, Any]:
    """What ``--json`` prints; ``measurements`` have the ids that a correction names."""
    from saltbridge.passport.assemble import render_value
    from saltbridge.trust.did import iso

    return {
        "passport_id": found.passport_id,
        "serial": found.serial,
        "at": iso(found.at),
        "version": found.version,
        "status": found.status,
        "attributes": {id: render_value(id, value) for id, value in found.values.items()},
        "state_of_health": [
            {
                "attribute": line.attribute,
                "of": line.of,
                "points": [{"at": iso(p.at), "percent": p.percent} for p in line.points],
            }
            for line in found.health
        ],
        "measurements": [
            {
                "id": m.id,
                "attribute": m.attribute,
                "value": m.value,
                "unit": m.unit,
                "measured_at": iso(m.measured_at),
                "recorded_at": iso(m.recorded_at),
                "source": m.source.value,
                "method": m.method,
                "replaces": m.replaces,
            }
            for m in found.history
        ],
    }


def _show(found: "BatteryCondition", tongue: str) -> None:
    from saltbridge.locales import text
    from saltbridge.passport.attributes import attribute_table
    from saltbridge.web.passport_values import day

    typer.echo(f"{found.serial}  {found.passport_id}")
    status = f"lifecycle.status.{found.status}"
    told = {
        "status": text(status, None, tongue) if found.status else "–",
        "version": found.version or "–",
        "day": day(found.at.date().isoformat(), tongue),
    }
    typer.echo(text("measurement.condition", told, tongue))
    for id in attribute_table():
        if id in found.values:
            typer.echo(f"    {_line(found, id, tongue)}")
    if not found.measured:
        typer.echo(text("measurement.nothing", None, tongue))


def _line(found: "BatteryCondition", id: str, tongue: str) -> str:
    """Name, value and where it is from, on one line."""
    from saltbridge.locales import text
    from saltbridge.passport.attributes import attribute_table
    from saltbridge.passport.model import OriginKind
    from saltbridge.web.passport_values import day

    value, label = found.values[id], text(f"attribute.{id}", None, tongue)
    when = day(value.measured_on, tongue) if value.measured_on else "–"
    source = text("measurement.from-passport", None, tongue)
    if id in found.measured:
        source = text(f"measurement.by.{found.measured[id].source.value}", None, tongue)
    elif value.origin.kind is OriginKind.COMPUTED and value.origin.reference:
        of = text(f"attribute.{value.origin.reference}", None, tongue)
        source = text("measurement.worked-out", {"of": of}, tongue)
    said = _reading(attribute_table()[id], value, tongue)
    return f"{label}: {said}  ({when}, {source})"


def _reading(attribute: Any, value: Any, tongue: str) -> str:
    from saltbridge.locales import text
    from saltbridge.passport.assemble import render_value
    from saltbridge.web.passport_values import line_of

    line = line_of(attribute, render_value(attribute.id, value), tongue)
    if line.table is not None:
        return "; ".join(", ".join(cell for cell in row if cell) for row in line.table.rows)
    items = line.items or tuple(link.title for link in line.links)
    return line.text or "; ".join(items) or text("page.none", None, tongue)


def _draw(found: "BatteryCondition", out: Path, tongue: str) -> None:
    from saltbridge.cli.present import say
    from saltbridge.core.errors import FaultyInput
    from saltbridge.reports.health_page import health_page, health_picture

    if not found.health:
        raise FaultyInput.of("measurement.no-health", serial=found.serial)
    if out.suffix.lower() == ".svg":
        content = health_picture(found.health, tongue).encode()
    else:
        content = health_page(found.health, found.serial, tongue)
    out.write_bytes(content)
    say("measurement.drawn", file=str(out))


def _export(found: "BatteryCondition", out: Path) -> None:
    from saltbridge.cli.present import say
    from saltbridge.core.finding import Place
    from saltbridge.formats.measurements import (
        MeasuredRow,
        render_measurements_csv,
        render_measurements_json,
    )

    rows = [MeasuredRow(found.passport_id, m, Place()) for m in found.history]
    as_csv = out.suffix.lower() == ".csv"
    out.write_bytes(render_measurements_csv(rows) if as_csv else render_measurements_json(rows))
    say("measurement.exported", file=str(out), measurements=len(rows))

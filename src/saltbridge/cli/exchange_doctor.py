"""``saltbridge exchange doctor``: whether an exchange with a partner can work, in words."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from saltbridge.cli.options import AsJson, Node, PartnerName

if TYPE_CHECKING:
    from saltbridge.exchange.checkup import Check, Checkup


def doctor(
    partner: PartnerName,
    node: Node,
    json: AsJson = False,
) -> None:
    """Check all that an exchange with a partner needs; say what is wrong and who changes it."""
    from saltbridge.bootstrap import opened_world
    from saltbridge.cli.present import say_json
    from saltbridge.services.doctor import examine
    from saltbridge.services.exchange_state import partner_named
    from saltbridge.web.serve import is_served

    with opened_world(node) as world:
        asked = partner_named(world, partner)
        found = examine(world, asked, served=is_served(Path(node)))
    if json:
        say_json(_record(asked.name, found))
    else:
        _say(asked.name, found)
    if not found.ok:
        raise typer.Exit(1)


def _say(partner: str, found: "Checkup") -> None:
    from saltbridge.cli.present import language, say
    from saltbridge.exchange.checkup import US, State
    from saltbridge.locales import text
    from saltbridge.reports.policy_words import point_lines

    tongue = language()
    marks = {State.OK: "✓", State.FAILED: "✗", State.UNKNOWN: "?"}
    for check in found.checks:
        name = text(f"doctor.check.{check.name}", {"subject": check.subject}, tongue)
        typer.echo(f"{marks[check.state]} {name}")
        for line in point_lines(_named(check, tongue), US, partner, tongue):
            typer.echo(f"    {line}")
    failed = sum(check.state is State.FAILED for check in found.checks)
    typer.echo("")
    if failed:
        say("doctor.found", count=failed, all=len(found.checks), partner=partner)
    else:
        say("doctor.all-well", partner=partner)


def _named(check: "Check", tongue: str) -> list[Any]:
    """The points of a check; another check is called by its name."""
    from dataclasses import replace

    from saltbridge.locales import text_or

    named = []
    for point in check.points:
        other = point.arguments.get("check")
        if point.code in ("doctor.not-made", "doctor.not-let-in-because") and other:
            name = text_or(str(other), f"doctor.check.{other}", {"subject": ""}, tongue)
            point = replace(point, arguments={**point.arguments, "check": name})
        named.append(point)
    return named


def _record(partner: str, found: "Checkup") -> dict[str, Any]:
    from saltbridge.cli.present import language
    from saltbridge.exchange.checkup import US
    from saltbridge.exchange.explanation import point_record
    from saltbridge.locales import text_or

    tongue = language()
    return {
        "partner": partner,
        "ok": found.ok,
        "checks": [
            {
                "name": check.name,
                "subject": check.subject,
                "state": str(check.state),
                "points": [
                    {
                        **point_record(point),
                        "who": ("us" if point.who is US else "partner") if point.who else "",
                        "says": text_or(point.code, point.code, point.arguments, tongue),
                        "remedy": text_or("", f"{point.code}.remedy", point.arguments, tongue),
                    }
                    for point in check.points
                ],
            }
            for check in found.checks
        ],
    }

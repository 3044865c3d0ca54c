"""The bridge on two pages: what the difference means, and every step with its clauses."""

from collections.abc import Mapping
from math import fsum
from typing import Any

from saltbridge.locales import number, text
from saltbridge.reports.bridge_svg import bridge_svg
from saltbridge.reports.bridge_words import (
    clause_words,
    hole_words,
    line_words,
    meaning,
    order_words,
    range_words,
    rule_name,
    signed,
    unit_words,
)
from saltbridge.reports.pdf import Report, Section, Table

Record = Mapping[str, Any]
_LINES = 18  # of all steps together: what one page holds; at least one a step
_UNMOVED = 7


def bridge_report(record: Record, tongue: str) -> Report:
    """The two-page report of a bridge record, in one language."""

    def say(message: str, **arguments: object) -> str:
        return text(f"bridge.{message}", arguments, tongue)

    start, end = record["from"], record["to"]
    names = {"start": start["methodology"], "end": end["methodology"]}
    facts = [
        (say("label.inventory"), f"{record['product']['id']} {record['product']['name']}"),
        (say("label.from"), _side(start, tongue)),
        (say("label.to"), _side(end, tongue)),
        (say("label.order"), order_words(record, tongue)),
    ]
    return Report(
        language=tongue,
        title=say("title"),
        subtitle=say("subtitle", product=record["product"]["name"], **names),
        facts=facts,
        sections=(
            Section(title=say("heading.meaning"), paragraphs=meaning(record, tongue)),
            Section(title=say("heading.waterfall"), picture=bridge_svg(record, tongue)),
            Section(
                title=say("heading.steps"),
                table=_steps(record, tongue),
                nothing=say("no-steps"),
                new_page=True,
            ),
            Section(title=say("heading.unmoved"), table=_unmoved(record, tongue)),
        ),
        notes=(
            say("closes", gap=number(record["gap_kg_co2e"], tongue, 2)),
            say("note.text"),
            say("note.full"),
        ),
        footer=say("footer"),
    )


def _side(side: Record, tongue: str) -> str:
    status = text(f"footprint.status.{side['status']}", None, tongue)
    total = f"{number(side['total_kg_co2e'], tongue, 5)} kg CO2e"
    parts = [f"{side['methodology']} ({status}): {total}"]
    if side["holes"]:
        parts.append(text("bridge.holes", {"count": side["holes"]}, tongue))
        if side["range_kg_co2e"] is None:
            parts.append(text("bridge.range-unknown", None, tongue))
        else:
            parts.append(range_words(side, tongue))
    parts.append(unit_words(side, tongue))
    parts += [f"{key}={value}" for key, value in side["assumptions"].items()]
    return "; ".join(parts)


def _steps(record: Record, tongue: str) -> Table:
    steps = record["steps"]
    each = max(1, _LINES // max(1, len(steps)))
    rows = []
    for step in steps:
        shown = [line_words(line, tongue) for line in step["lines"][:each]]
        rest = step["lines"][each:]
        if rest:
            delta = signed(fsum(line["delta_kg_co2e"] for line in rest), tongue)
            shown.append(
                text("bridge.more-lines", {"count": len(rest), "delta": delta}, tongue)
            )
        holes = hole_words(step, tongue)
        rows.append(
            (
                rule_name(step["rule"], tongue),
                signed(step["delta_kg_co2e"], tongue, 6),
                f"{clause_words(step['from'], tongue)}\n→ {clause_words(step['to'], tongue)}",
                "\n".join([*shown, holes] if holes else shown),
            )
        )
    return Table(
        headings=(
            text("bridge.label.rule", None, tongue),
            "kg CO2e",
            text("bridge.label.clauses", None, tongue),
            text("bridge.label.lines", None, tongue),
        ),
        rows=rows,
        numbers=(1,),
        widths=(1.3, 1.0, 3.6, 3.6),
    )


def _unmoved(record: Record, tongue: str) -> Table:
    """Rules that act on numbers but not here; those on proof and quality are in the JSON."""
    acting = [rule for rule in record["without_effect"] if rule["why"] != "not_in_total"]
    rows = [
        (
            rule_name(rule["rule"], tongue),
            text(f"bridge.why.{rule['why']}", None, tongue),
            f"{_short(rule['from'], tongue)} → {_short(rule['to'], tongue)}",
        )
        for rule in acting[:_UNMOVED]
    ]
    headings = ("rule", "why", "clauses")
    return Table(
        headings=[text(f"bridge.label.{label}", None, tongue) for label in headings],
        rows=rows,
        widths=(1.3, 2.6, 5.6),
    )


def _short(clause: Record, tongue: str) -> str:
    """A clause without its source, save where there is nothing else to say."""
    if clause["status"] == "applied":
        sure = text(f"footprint.confidence.{clause['confidence']}", None, tongue)
        return f"{clause['value']} ({sure})"
    return text(f"bridge.clause.{clause['status']}", {"value": clause["value"]}, tongue)

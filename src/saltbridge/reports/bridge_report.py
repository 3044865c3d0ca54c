"""The bridge on two pages: what the difference means, and every step with its clauses."""

from collections.abc import Mapping, Sequence
from math import ceil, fsum
from typing import Any
from unicodedata import east_asian_width

from saltbridge.locales import number, text
from saltbridge.reports.bridge_svg import bridge_svg
from saltbridge.reports.bridge_words import (
    clause_words,
    hole_words,
    line_words,
    meaning,
    named,
    order_words,
    range_words,
    signed,
    unit_words,
)
from saltbridge.reports.pdf import Report, Section, Table
from saltbridge.reports.rule_words import rule_name

Record = Mapping[str, Any]
# What page 2 holds, in printed lines: the steps get theirs first, at least one line moved each.
_PAGE = 56
_FOR_UNMOVED = 20  # at most, as long as the steps need more
_BARS = 6  # of full width on page 1; more are drawn smaller
_BETWEEN = 2  # rows of a table lie further apart than lines
_CLAUSE = _MOVED = 42  # Latin characters in a line of these columns; Chinese ones count twice
_WHY, _SHORT = 29, 66


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
    steps = _steps(record, tongue)
    return Report(
        language=tongue,
        title=say("title"),
        subtitle=say("subtitle", product=record["product"]["name"], **names),
        facts=facts,
        sections=(
            Section(title=say("heading.meaning"), paragraphs=meaning(record, tongue)),
            Section(
                title=say("heading.waterfall"),
                picture=bridge_svg(record, tongue),
                picture_share=min(1.0, _BARS / (len(record["steps"]) + 2)),
            ),
            Section(
                title=say("heading.steps"),
                table=steps,
                nothing=say("no-steps"),
                new_page=True,
            ),
            Section(title=say("heading.unmoved"), table=_unmoved(record, steps, tongue)),
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
    parts = [named(f"{side['methodology']} ({status})", total, tongue)]
    if side["holes"]:
        parts.append(text("bridge.holes", {"count": side["holes"]}, tongue))
        if side["range_kg_co2e"] is None:
            parts.append(text("bridge.range-unknown", None, tongue))
        else:
            parts.append(range_words(side, tongue))
    parts.append(unit_words(side, tongue))
    parts += [f"{key}={value}" for key, value in side["assumptions"].items()]
    return text("bridge.semicolon", None, tongue).join(parts)


def _steps(record: Record, tongue: str) -> Table:
    clauses = [
        f"{clause_words(step['from'], tongue)}\n→ {clause_words(step['to'], tongue)}"
        for step in record["steps"]
    ]
    for_unmoved = sum(height for height, _ in _idle(record, tongue))
    rows = [
        (
            rule_name(step["rule"], tongue),
            signed(step["delta_kg_co2e"], tongue, 6),
            words,
            "\n".join(_moved(step, room, tongue)),
        )
        for step, words, room in zip(
            record["steps"], clauses, _rooms(clauses, for_unmoved), strict=True
        )
    ]
    return Table(
        headings=(
            text("bridge.label.rule", None, tongue),
            "kg CO2e",
            text("bridge.label.clauses", None, tongue),
            text("bridge.label.lines", None, tongue),
        ),
        rows=rows,
        numbers=(1,),
        widths=_STEP_WIDTHS,
    )


_STEP_WIDTHS = (1.5, 1.0, 3.5, 3.5)
_UNMOVED_WIDTHS = (1.6, 2.4, 5.5)


def _rooms(clauses: Sequence[str], for_unmoved: int) -> list[int]:
    """Printed lines for the rows of each step: as high as its clauses, and a share more."""
    heights = [_height(words, _CLAUSE) for words in clauses]
    for_steps = _PAGE - min(for_unmoved, _FOR_UNMOVED)
    rest = max(0, for_steps - sum(heights) - _BETWEEN * len(heights))
    return [height + rest // len(heights) for height in heights]


def _moved(step: Record, room: int, tongue: str) -> list[str]:
    """The largest lines of a step that fit, what the others sum to, and its holes."""
    lines, holes = step["lines"], hole_words(step, tongue)
    left = room - (_height(holes, _MOVED) if holes else 0)
    shown: list[str] = []
    for index, line in enumerate(lines):
        words = line_words(line, tongue)
        left -= _height(words, _MOVED)
        if index and left < (index + 1 < len(lines)):  # one line for what is not shown
            break
        shown.append(words)
    rest = lines[len(shown) :]
    if rest:
        delta = signed(fsum(line["delta_kg_co2e"] for line in rest), tongue)
        shown.append(text("bridge.more-lines", {"count": len(rest), "delta": delta}, tongue))
    return [*shown, holes] if holes else shown


def _height(words: str, width: int) -> int:
    """How many printed lines a text takes, roughly; wide characters count twice."""
    return sum(
        ceil(sum(1 + (east_asian_width(sign) in "WF") for sign in piece) / width) or 1
        for piece in words.split("\n")
    )


def _unmoved(record: Record, steps: Table, tongue: str) -> Table:
    """Rules that act on numbers but not here, as many as the page still holds."""
    left = _PAGE - sum(
        max(_height(row[2], _CLAUSE), _height(row[3], _MOVED)) + _BETWEEN for row in steps.rows
    )
    rows: list[tuple[str, ...]] = []
    for height, row in _idle(record, tongue):
        left -= height
        if left < 0:
            break
        rows.append(row)
    headings = ("rule", "why", "clauses")
    return Table(
        headings=[text(f"bridge.label.{label}", None, tongue) for label in headings],
        rows=rows,
        widths=_UNMOVED_WIDTHS,
    )


def _idle(record: Record, tongue: str) -> list[tuple[int, tuple[str, ...]]]:
    """Printed lines and row of every idle rule; those on proof and quality are in the JSON."""
    found: list[tuple[int, tuple[str, ...]]] = []
    for rule in record["without_effect"]:
        if rule["why"] == "not_in_total":
            continue
        why = text(f"bridge.why.{rule['why']}", None, tongue)
        words = f"{_short(rule['from'], tongue)} → {_short(rule['to'], tongue)}"
        height = max(_height(why, _WHY), _height(words, _SHORT)) + 1
        found.append((height, (rule_name(rule["rule"], tongue), why, words)))
    return found


def _short(clause: Record, tongue: str) -> str:
    """A clause without its source, save where there is nothing else to say."""
    if clause["status"] == "applied":
        sure = text(f"footprint.confidence.{clause['confidence']}", None, tongue)
        return f"{clause['value']} ({sure})"
    return text(f"bridge.clause.{clause['status']}", {"value": clause["value"]}, tongue)

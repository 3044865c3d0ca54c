"""What was measured since a passport's newest version, for readers who may see point 4."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from saltbridge.core.errors import SaltbridgeError
from saltbridge.locales import text
from saltbridge.passport.access import Audience
from saltbridge.passport.assemble import render_value
from saltbridge.passport.attributes import attribute_table
from saltbridge.ports import World
from saltbridge.reports.health_page import health_numbers, health_picture
from saltbridge.services.condition import condition_of
from saltbridge.services.passport_opening import Opened
from saltbridge.web.passport_values import Line, day, line_of


@dataclass(frozen=True, slots=True)
class MeasuredSince:
    """Measured values as lines; state of health as a picture and, beside it, a table."""

    lines: Sequence[Line]
    picture: Markup
    table: Markup


def measured_since(world: World, opened: Opened, language: str) -> MeasuredSince | None:
    """What the reader may see of it; None where nothing was measured or point 4 is closed."""
    if opened.reading.audience is not Audience.LEGITIMATE_INTEREST:
        return None
    if 4 not in opened.reading.points:
        return None
    try:
        found = condition_of(world, str(opened.view["passport_id"]))
    except SaltbridgeError:
        return None  # what is stored was altered: nothing of it is shown
    if not found.measured:
        return None
    lines = []
    for id, measured in found.measured.items():
        entry = render_value(id, found.values[id])
        line = line_of(attribute_table()[id], entry, language)
        when = day(measured.measured_at.date().isoformat(), language)
        source = text(f"measurement.by.{measured.source.value}", None, language)
        comma = "，" if language == "zh" else ", "
        told = {"label": line.label, "day": f"{when}{comma}{source}"}
        lines.append(replace(line, label=text("page.measured", told, language)))
    # Both escape every text themselves.
    picture = health_picture(found.health, language) if found.health else ""
    table = health_numbers(found.health, language) if found.health else ""
    return MeasuredSince(lines, Markup(picture), Markup(table))  # noqa: S704

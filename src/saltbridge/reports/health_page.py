"""State of health as one HTML page: the picture, and the same numbers as a table."""

from collections.abc import Sequence
from datetime import date
from html import escape

from babel.dates import format_date

from saltbridge.locales import number, text
from saltbridge.passport.health import HealthLine
from saltbridge.reports.health_svg import DrawnLine, DrawnPoint, health_svg, health_table

_BABEL = {"en": "en_GB", "de": "de", "zh": "zh_Hans_CN"}
_LANG = {"en": "en", "de": "de", "zh": "zh-CN"}
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1b1f23;
max-width:40rem;margin:0 auto;padding:1rem}
svg{max-width:100%;height:auto}table{border-collapse:collapse}caption{text-align:left}
th,td{padding:.3rem .8rem .3rem 0;border-bottom:1px solid #c4cacf;text-align:left}
"""


def drawn_lines(lines: Sequence[HealthLine], language: str) -> list[DrawnLine]:
    """Lines with names, days and numbers as a person of that language reads them."""
    return [
        DrawnLine(
            text(f"attribute.{line.attribute}", None, language),
            [
                DrawnPoint(
                    point.at,
                    point.percent,
                    _day(point.at.date(), language),
                    f"{number(point.percent, language)} %",
                )
                for point in line.points
            ],
        )
        for line in lines
    ]


def health_picture(lines: Sequence[HealthLine], language: str) -> str:
    """The SVG element, with a title and a description for those who do not see it."""
    drawn = drawn_lines(lines, language)
    return health_svg(
        drawn,
        title=text("measurement.health", None, language),
        description=" ".join(_described(line, language) for line in drawn),
    )


def health_numbers(lines: Sequence[HealthLine], language: str) -> str:
    """The HTML table with every number of the picture."""
    return health_table(
        drawn_lines(lines, language),
        caption=text("measurement.health", None, language),
        day=text("measurement.day", None, language),
    )


def health_page(lines: Sequence[HealthLine], serial: str, language: str) -> bytes:
    """The page, in UTF-8: no script, no outside resource."""
    title = text("measurement.health-of", {"serial": serial}, language)
    return (
        f'<!doctype html>\n<html lang="{_LANG[language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{health_picture(lines, language)}"
        f"{health_numbers(lines, language)}</body></html>\n"
    ).encode()


def _described(line: DrawnLine, language: str) -> str:
    first, last = line.points[0], line.points[-1]
    told = {
        "name": line.label,
        "first": first.reading,
        "from": first.day,
        "last": last.reading,
        "until": last.day,
    }
    return text("measurement.described", told, language)


def _day(day: date, language: str) -> str:
    return format_date(day, "medium", locale=_BABEL[language])

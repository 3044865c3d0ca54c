"""State of health over time, as SVG without script, and the same numbers as a table.

Colour is never the only sign: every line has its own mark and its name at its end, and a
table with every number stands beside the picture for those who read without seeing. No style
attributes, since the page's content security policy allows none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from math import floor

_WIDTH, _HEIGHT = 360, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 352, 12, 176
_ROW = 40  # of the legend
_COLOURS = ("#0b5c6b", "#b4541a", "#5b4a9b")
_DASHES = ("", "7 4", "2 4")


@dataclass(frozen=True, slots=True)
class DrawnPoint:
    """A share [%], when, and both as a person reads them."""

    at: datetime
    percent: float
    day: str
    reading: str


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line with its name; the points in order of time."""

    label: str
    points: Sequence[DrawnPoint]


def health_svg(lines: Sequence[DrawnLine], *, title: str, description: str) -> str:
    """SVG element: shares over time, the axis from a round number below the lowest to 100 %."""
    points = [point for line in lines for point in line.points]
    first, last = min(p.at for p in points), max(p.at for p in points)
    low = min(80.0, floor(min(p.percent for p in points) / 10) * 10.0)
    high = max(100.0, *(p.percent for p in points))
    seconds = (last - first).total_seconds() or 1.0

    def x(point: DrawnPoint) -> float:
        if first == last:
            return (_LEFT + _RIGHT) / 2
        return _LEFT + (point.at - first).total_seconds() / seconds * (_RIGHT - _LEFT)

    def y(percent: float) -> float:
        return _BOTTOM - (percent - low) / (high - low) * (_BOTTOM - _TOP)

    height = _HEIGHT + _ROW * len(lines)
    parts = [
        f'<svg class="health" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-labelledby="health-title health-description" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="health-title">{escape(title)}</title>',
        f'<desc id="health-description">{escape(description)}</desc>',
    ]
    for percent in (low, (low + 100.0) / 2, 100.0):
        parts += [
            f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y(percent):.2f}" y2="{y(percent):.2f}" '
            f'stroke="#c9ccd1" stroke-width="1"/>',
            f'<text x="{_LEFT - 6}" y="{y(percent) + 4:.2f}" text-anchor="end" '
            f'class="health-axis" font-size="14">{percent:.4g} %</text>',
        ]
    for index, line in enumerate(lines):
        colour, dash = _COLOURS[index % 3], _DASHES[index % 3]
        drawn = f'stroke="{colour}" stroke-width="2" fill="none"'
        drawn += f' stroke-dasharray="{dash}"' if dash else ""
        path = " ".join(f"{x(p):.2f},{y(p.percent):.2f}" for p in line.points)
        parts.append(f'<polyline points="{path}" {drawn}/>')
        parts += [
            _mark(index, x(p), y(p.percent), colour, f"{line.label}: {p.reading}, {p.day}")
            for p in line.points
        ]
        parts += _legend(index, line, colour, drawn)
    parts += _days(points)
    return "".join([*parts, "</svg>"])


def _mark(index: int, x: float, y: float, colour: str, says: str) -> str:
    """A circle, a square or a rhombus that says its number."""
    told = f"<title>{escape(says)}</title>"
    if index % 3 == 0:
        return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="3.5" fill="{colour}">{told}</circle>'
    turned = f' transform="rotate(45 {x:.2f} {y:.2f})"' if index % 3 == 2 else ""
    return (
        f'<rect x="{x - 3:.2f}" y="{y - 3:.2f}" width="6" height="6" fill="{colour}"'
        f"{turned}>{told}</rect>"
    )


def _legend(index: int, line: DrawnLine, colour: str, drawn: str) -> list[str]:
    top = _HEIGHT + _ROW * index
    newest = line.points[-1]
    return [
        f'<line x1="0" x2="30" y1="{top}" y2="{top}" {drawn}/>',
        _mark(index, 15, top, colour, line.label),
        # Two lines: a name in German fills the whole width.
        f'<text x="38" y="{top + 4}" class="health-name" font-size="12">'
        f"{escape(line.label)}</text>",
        f'<text x="38" y="{top + 21}" class="health-axis" font-size="14">'
        f"{escape(newest.reading)}</text>",
    ]


def _days(points: Sequence[DrawnPoint]) -> list[str]:
    first, last = min(points, key=lambda p: p.at), max(points, key=lambda p: p.at)
    if first.at == last.at:
        return [_day((_LEFT + _RIGHT) / 2, "middle", first.day)]
    return [_day(_LEFT, "start", first.day), _day(_RIGHT, "end", last.day)]


def _day(x: float, anchor: str, day: str) -> str:
    return (
        f'<text x="{x:.0f}" y="{_BOTTOM + 18}" text-anchor="{anchor}" class="health-axis" '
        f'font-size="14">{escape(day)}</text>'
    )


def health_table(lines: Sequence[DrawnLine], *, caption: str, day: str) -> str:
    """The same numbers as an HTML table: a row per day, a column per line."""
    days = sorted({(p.at, p.day) for line in lines for p in line.points})
    heads = "".join(f'<th scope="col">{escape(line.label)}</th>' for line in lines)
    held = [{p.at: p.reading for p in line.points} for line in lines]
    rows = "".join(
        f'<tr><th scope="row">{escape(said)}</th>'
        + "".join(f"<td>{escape(column.get(at, '–'))}</td>" for column in held)
        + "</tr>"
        for at, said in days
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>"
        f'<th scope="col">{escape(day)}</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )

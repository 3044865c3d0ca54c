"""The bridge as a waterfall picture (SVG): two totals, and between them one bar a rule.

A bar starts where the one before it ended. Colour is never the only sign: every bar carries
its name and its number with a sign. Under a total with holes a pale bar shows its range.
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from saltbridge.locales import number, text
from saltbridge.reports.bridge_words import product_unit, signed, span_words
from saltbridge.reports.rule_words import rule_name

_WIDTH = 640
_SIDE = 8
_ROW = 46
_BAR = 16
_TOTAL, _RISE, _FALL, _RANGE = "#1f4e5f", "#b4541a", "#3f7d3a", "#9db6bf"
_HALO = ' stroke="#ffffff" stroke-width="4"'  # drawn first, so that words stand over lines
_FONT = "Noto Sans CJK SC, Noto Sans, Arial, sans-serif"


def bridge_svg(record: Mapping[str, Any], tongue: str) -> str:
    """SVG document of a bridge record, in one language."""
    ends = [record["from"], record["to"]]
    levels = [0.0, *(end["total_kg_co2e"] for end in ends)]
    levels += [step["total_after_kg_co2e"] for step in record["steps"]]
    for end in ends:
        bounds = end["range_kg_co2e"]
        if end["holes"] and bounds is not None:
            levels += [bounds["low"], bounds["high"]]
    low, high = min(levels), max(levels)
    scale = (_WIDTH - 2 * _SIDE) / ((high - low) or 1.0)

    def x(value: float) -> float:
        return float(_SIDE + (value - low) * scale)

    height = _ROW * (len(record["steps"]) + 2) + 12
    arguments = {
        "start": ends[0]["methodology"],
        "end": ends[1]["methodology"],
        "unit": product_unit(record, tongue),
    }
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" font-family="{_FONT}" font-size="12">',
        f"<title>{escape(text('bridge.picture', arguments, tongue))}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<line x1="{x(0):.2f}" x2="{x(0):.2f}" y1="20" y2="{height - 6}" '
        f'stroke="#888888" stroke-width="1"/>',
    ]
    parts += _total(ends[0], 0, x, tongue)
    level = ends[0]["total_kg_co2e"]
    for index, step in enumerate(record["steps"], 1):
        after = step["total_after_kg_co2e"]
        delta = step["delta_kg_co2e"]
        name = rule_name(step["rule"], tongue)
        colour = _RISE if delta >= 0 else _FALL
        top = index * _ROW
        parts += _join(x(level), top)
        parts += _words(name, signed(delta, tongue), top)
        parts += _bar(x(level), x(after), top, colour)
        level = after
    last = _ROW * (len(record["steps"]) + 1)
    parts += _join(x(level), last)
    parts += _total(ends[1], last, x, tongue)
    parts.append("</svg>")
    return "".join(parts)


def _total(
    side: Mapping[str, Any], top: int, x: Callable[[float], float], tongue: str
) -> list[str]:
    reading = f"{number(side['total_kg_co2e'], tongue, 5)} kg CO2e"
    bounds = side["range_kg_co2e"]
    parts: list[str] = []
    if side["holes"] and bounds is None:
        reading += f" · {text('bridge.range-unknown', None, tongue)}"
    elif side["holes"]:
        low, high = bounds["low"], bounds["high"]
        words = {"range": span_words(bounds, tongue)}
        reading += f" · {text('bridge.range', words, tongue)}"
        parts.append(
            f'<rect x="{x(low):.2f}" y="{top + 20 + _BAR + 2}" '
            f'width="{max(x(high) - x(low), 1.5):.2f}" height="4" fill="{_RANGE}"/>'
        )
    return [
        *_words(side["methodology"], reading, top, weight="bold"),
        *_bar(x(0.0), x(side["total_kg_co2e"]), top, _TOTAL),
        *parts,
    ]


def _words(name: str, reading: str, top: int, weight: str = "normal") -> list[str]:
    return [
        f'<text x="{_SIDE + 3}" y="{top + 15}" font-weight="{weight}"{halo}>'
        f"{escape(name)}</text>"
        f'<text x="{_WIDTH - _SIDE}" y="{top + 15}" text-anchor="end"{halo}>'
        f"{escape(reading)}</text>"
        for halo in (_HALO, "")
    ]


def _bar(start: float, end: float, top: int, colour: str) -> list[str]:
    left, width = min(start, end), max(abs(end - start), 1.5)
    return [
        f'<rect x="{left:.2f}" y="{top + 20}" width="{width:.2f}" height="{_BAR}" '
        f'fill="{colour}"/>'
    ]


def _join(at: float, top: int) -> list[str]:
    """The dashed line from the end of one bar to the next."""
    return [
        f'<line x1="{at:.2f}" x2="{at:.2f}" y1="{top + 20 + _BAR - _ROW}" y2="{top + 20}" '
        f'stroke="#888888" stroke-width="1" stroke-dasharray="3 3"/>'
    ]

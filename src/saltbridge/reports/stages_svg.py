"""A picture of a footprint by life-cycle stage: bars around a zero line, as SVG.

Colour is never the only sign: every bar carries its name and its number, one above the other
and both above the bar, so that long names and large type fit on a phone. No style attributes,
since the page's content security policy allows none; a table with the same numbers stands
beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 360
_ROW = 68
_BAR = 16
_COLOURS = ("#0b5c6b", "#b4541a", "#5b4a9b", "#3f7d3a")


@dataclass(frozen=True, slots=True)
class StageBar:
    """One bar: its name, its size (kg CO2e), and the size as a person reads it."""

    label: str
    kg_co2e: float
    reading: str


def stages_svg(bars: Sequence[StageBar], *, title: str, description: str) -> str:
    """SVG element with one bar per stage; credits point to the left of the zero line."""
    high = max([0.0, *(b.kg_co2e for b in bars)])
    low = min([0.0, *(b.kg_co2e for b in bars)])
    span = (high - low) or 1.0
    zero = -low / span * _WIDTH
    height = _ROW * len(bars) + 4
    parts = [
        f'<svg class="stages" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-labelledby="stages-title stages-description" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="stages-title">{escape(title)}</title>',
        f'<desc id="stages-description">{escape(description)}</desc>',
    ]
    for index, bar in enumerate(bars):
        top = index * _ROW
        width = max(abs(bar.kg_co2e) / span * _WIDTH, 1.5)
        left = min(zero if bar.kg_co2e >= 0 else zero - width, _WIDTH - width)
        colour = _COLOURS[index % len(_COLOURS)]
        parts += [
            f'<text x="0" y="{top + 15}" class="stage-name">{escape(bar.label)}</text>',
            f'<text x="0" y="{top + 34}" class="stage-reading">{escape(bar.reading)}</text>',
            f'<rect x="0" y="{top + 41}" width="{_WIDTH}" height="{_BAR}" rx="3" '
            f'class="stage-track"/>',
            f'<rect x="{left:.2f}" y="{top + 41}" width="{width:.2f}" height="{_BAR}" rx="3" '
            f'fill="{colour}"/>',
        ]
        if low < 0:
            parts.append(
                f'<line x1="{zero:.2f}" x2="{zero:.2f}" y1="{top + 38}" '
                f'y2="{top + 44 + _BAR}" class="stage-zero"/>'
            )
    parts.append("</svg>")
    return "".join(parts)

"""Labels for batteries, many at once: QR code, serial number, GTIN; as an SVG sheet or a PDF.

Black on white, the code as ``qr`` makes it, the serial number below it for whoever cannot
scan. Annex VI Part C of Regulation (EU) 2023/1542 (read 2026-11-23) asks for high contrast and
legibility; print grade and the type of the letters are the printer's to choose.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from saltbridge.core.errors import Unavailable
from saltbridge.reports.qr import qr_svg, qr_svg_part

COLUMNS: Final = 3
# Millimetres: a sheet is as wide as A4 is, and as long as its labels.
_SHEET: Final = 210
_MARGIN: Final = 10
_WIDE: Final = 60
_HIGH: Final = 66
_CODE: Final = 46
_GAP: Final = (_SHEET - 2 * _MARGIN - COLUMNS * _WIDE) / (COLUMNS - 1)


@dataclass(frozen=True, slots=True)
class Label:
    """What a label says."""

    address: str  # the battery's own, behind the code
    serial: str
    gtin: str


def labels_svg(labels: Sequence[Label]) -> bytes:
    """All labels on one sheet, three in a row; every code scales without loss."""
    rows = -(-len(labels) // COLUMNS)
    high = 2 * _MARGIN + rows * (_HIGH + _GAP) - _GAP
    drawn = "".join(_drawn(label, *divmod(at, COLUMNS)) for at, label in enumerate(labels))
    sheet = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_SHEET}mm" height="{high:g}mm" '
        f'viewBox="0 0 {_SHEET} {high:g}"><rect width="100%" height="100%" fill="#ffffff"/>'
        f"{drawn}</svg>\n"
    )
    return sheet.encode("utf-8")


def _drawn(label: Label, row: int, column: int) -> str:
    left = _MARGIN + column * (_WIDE + _GAP)
    top = _MARGIN + row * (_HIGH + _GAP)
    code = qr_svg_part(label.address, left + (_WIDE - _CODE) / 2, top + 2, _CODE)
    middle = left + _WIDE / 2
    letters = 'text-anchor="middle" font-family="monospace" fill="#000000"'
    return (
        f'<rect x="{left:g}" y="{top:g}" width="{_WIDE}" height="{_HIGH}" fill="none" '
        f'stroke="#000000" stroke-width="0.2"/>{code}'
        f'<text x="{middle:g}" y="{top + 54:g}" font-size="4.4" {letters}>'
        f"{escape(label.serial)}</text>"
        f'<text x="{middle:g}" y="{top + 60:g}" font-size="3.2" {letters}>'
        f"GTIN {escape(label.gtin)}</text>"
    )


def labels_pdf(labels: Sequence[Label], made_at: datetime) -> bytes:
    """All labels on pages of A4, three in a row; the same labels give the same bytes.

    Raises:
        Unavailable: typst is not installed.
    """
    try:
        import typst
    except ImportError as fault:
        raise Unavailable.of("report.no-typst") from fault
    given = [{**asdict(label), "code": qr_svg(label.address).decode()} for label in labels]
    compile: Any = typst.compile  # its stub cannot say bytes in
    content = compile(
        _TEMPLATE.encode("utf-8"),
        sys_inputs={"labels": json.dumps(given)},
        format="pdf",
        timestamp=made_at.replace(microsecond=0),
    )
    return bytes(content)


_TEMPLATE: Final = """
#let labels = json(bytes(sys.inputs.labels))
#set document(title: "QR")
#set page(paper: "a4", margin: 10mm)
#set text(font: "DejaVu Sans Mono", fill: black, hyphenate: false)
#grid(
  columns: (60mm,) * 3,
  column-gutter: 5mm,
  row-gutter: 3mm,
  ..labels.map(label => block(
    width: 60mm, height: 66mm, stroke: 0.2mm + black, breakable: false, inset: 2mm,
    align(center, stack(
      spacing: 3mm,
      image(bytes(label.code), format: "svg", width: 46mm, alt: label.address),
      text(12pt, label.serial),
      text(9pt, "GTIN " + label.gtin),
    )),
  ))
)
"""

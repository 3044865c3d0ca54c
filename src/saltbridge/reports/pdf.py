"""A report as a PDF: title, facts, sections with tables, notes; typeset by typst.

Every report is the same value (``Report``) drawn by the same template, so that a new report
needs no typesetting. Texts reach the template as JSON values and never as markup: nothing a
partner wrote can be read as a command. The packaged font covers Chinese, German and English;
a rare character outside of it is drawn by a font of the system, if there is one.

typst comes with the extra ``pdf`` and is imported at the first report.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.resources import as_file, files
from typing import Any, Final

from saltbridge.core.errors import Unavailable

LANG: Final = {"en": ("en", "gb"), "de": ("de", "de"), "zh": ("zh", "cn")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of texts under headings; ``numbers`` are the columns set flush right.

    ``widths`` are shares of the page's width, one a column; equal shares without them.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()
    widths: Sequence[float] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A heading with paragraphs, at most one picture and one table.

    ``picture`` is an SVG document of ours, as wide as its share of the page; ``nothing`` stands
    for no rows; ``new_page`` starts the section on a page of its own.
    """

    title: str
    paragraphs: Sequence[str] = ()
    table: Table | None = None
    nothing: str = ""
    picture: str = ""
    picture_share: float = 1.0
    new_page: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A document for people, in the words of one language."""

    language: str
    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    notes: Sequence[str] = ()
    footer: str = ""


def report_pdf(report: Report, made_at: datetime) -> bytes:
    """The report as PDF; the same report and moment give the same bytes.

    Raises:
        Unavailable: typst is not installed.
    """
    try:
        import typst
    except ImportError as fault:
        raise Unavailable.of("report.no-typst") from fault
    language, region = LANG[report.language]
    given = {**asdict(report), "lang": language, "region": region}
    fonts = files("saltbridge.reports") / "fonts"
    compile: Any = typst.compile  # its stub cannot say bytes in and font folders by name
    with as_file(fonts) as folder:
        content = compile(
            _TEMPLATE.encode("utf-8"),
            font_paths=[str(folder)],
            sys_inputs={"report": json.dumps(given, ensure_ascii=False)},
            format="pdf",
            timestamp=made_at.replace(microsecond=0),
        )
    return bytes(content)


_TEMPLATE: Final = """
#let report = json(bytes(sys.inputs.report))
#let accent = rgb("#1f4e5f")
#let pale = rgb("#e8eef0")
#set document(title: report.title)
#set page(
  paper: "a4",
  margin: (x: 18mm, top: 18mm, bottom: 20mm),
  footer: context [
    #set text(7.5pt, fill: luma(90))
    #grid(
      columns: (1fr, auto),
      report.footer,
      [#counter(page).display() / #counter(page).final().first()],
    )
  ],
)
// Quotation marks and the ellipsis of the Chinese font are as wide as a character of it.
#let narrow = (name: "Libertinus Serif", covers: regex("[‘’‚‛“”„‟…·]"))
#set text(
  font: if report.lang == "zh" { ("Noto Sans CJK SC",) } else { (narrow, "Noto Sans CJK SC") },
  size: 9pt, lang: report.lang, region: report.region, hyphenate: true,
)
#set par(leading: 0.6em)
// Long ids break after their signs, digests anywhere; words are hyphenated.
#let digits = regex("[0-9]")
#let broken(piece) = if piece.len() > 40 or (piece.len() > 17 and piece.contains(digits)) {
  piece.clusters().join(sym.zws)
} else { piece }
#let cell(words) = {
  show regex("[0-9A-Za-z_:/.+@-]{18,}"): run => {
    run.text.matches(regex("[^_:/.+@-]*[_:/.+@-]?")).map(m => broken(m.text)).join(sym.zws)
  }
  words
}
#text(17pt, fill: accent, report.title)
#v(-2mm)
#text(10pt, fill: luma(70), report.subtitle)
#v(1mm)
#grid(
  columns: (auto, 1fr),
  column-gutter: 6mm,
  row-gutter: 2.2mm,
  ..report.facts.map(((label, words)) => (text(fill: luma(70), label), cell(words))).flatten()
)
#for section in report.sections {
  if section.new_page { pagebreak(weak: true) }
  block(above: 7mm, below: 2.5mm, sticky: true, text(12pt, fill: accent, section.title))
  for paragraph in section.paragraphs { par(cell(paragraph)) }
  if section.picture != "" {
    let width = section.picture_share * 100%
    block(above: 3mm, image(bytes(section.picture), format: "svg", width: width))
  }
  if section.table != none and section.table.rows.len() > 0 {
    let data = section.table
    let count = data.headings.len()
    let widths = if data.widths.len() == count { data.widths.map(w => w * 1fr) } else {
      (1fr,) * count
    }
    set text(8pt)
    set par(justify: false)
    table(
      columns: widths,
      align: (column, row) => if column in data.numbers { right } else { left },
      stroke: (x, y) => (bottom: 0.4pt + luma(190)),
      inset: (x: 1.6mm, y: 1.5mm),
      fill: (x, y) => if y == 0 { pale },
      table.header(..data.headings.map(h => text(fill: accent, h))),
      ..data.rows.flatten().map(cell),
    )
  } else if section.nothing != "" {
    text(fill: luma(90), section.nothing)
  }
}
#if report.notes.len() > 0 {
  v(5mm)
  set text(8pt, fill: luma(60))
  list(..report.notes.map(cell))
}
"""

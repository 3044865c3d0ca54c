"""A report as one HTML page that needs nothing else: no script, no outside resource.

The same value (``Report``) as the PDF. Every text is escaped: nothing a partner wrote is read
as markup.
"""

from html import escape

from saltbridge.reports.pdf import Report, Section, Table

_STYLE = """
body{font:16px/1.5 "Noto Sans CJK SC",system-ui,sans-serif;color:#1b1f23;margin:0}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{color:#1f4e5f;font-size:1.6rem;line-height:1.25;margin:0}
h2{color:#1f4e5f;font-size:1.15rem;margin:2rem 0 .5rem}
.sub{color:#50575e;margin:.3rem 0 1.2rem}
dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.3rem 1.5rem;margin:0}
dt{color:#50575e}dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th{background:#e8eef0;color:#1f4e5f;text-align:left}
th,td{padding:.4rem .5rem;border-bottom:1px solid #c4cacf;vertical-align:top;
overflow-wrap:anywhere}
.n{text-align:right;font-variant-numeric:tabular-nums}
ul{color:#50575e;font-size:.9rem}footer{color:#50575e;font-size:.85rem;margin-top:2rem}
"""
_LANG = {"en": "en", "de": "de", "zh": "zh-CN"}


def report_html(report: Report) -> bytes:
    """The report as a page in UTF-8."""
    facts = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(words)}</dd>" for label, words in report.facts
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    page = (
        f'<!doctype html>\n<html lang="{_LANG[report.language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(report.title)}</h1>"
        f'<p class="sub">{escape(report.subtitle)}</p><dl>{facts}</dl>'
        + "".join(_section(section) for section in report.sections)
        + (f"<ul>{notes}</ul>" if notes else "")
        + f"<footer>{escape(report.footer)}</footer></main></body></html>\n"
    )
    return page.encode("utf-8")


def _section(section: Section) -> str:
    told = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in section.paragraphs)
    if section.table is not None and section.table.rows:
        told += _table(section.table)
    elif section.nothing:
        told += f"<p>{escape(section.nothing)}</p>"
    return f"<section><h2>{escape(section.title)}</h2>{told}</section>"


def _table(table: Table) -> str:
    def cell(tag: str, column: int, words: str) -> str:
        kind = ' class="n"' if column in table.numbers else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{kind}>{escape(words)}</{tag}>"

    head = "".join(cell("th", i, words) for i, words in enumerate(table.headings))
    rows = "".join(
        "<tr>" + "".join(cell("td", i, words) for i, words in enumerate(row)) + "</tr>"
        for row in table.rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )

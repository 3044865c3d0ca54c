"""The yearly report: right sums, harmless cells, three languages, a PDF on a bare machine."""

import csv
import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.test_annex import CARS, released, request

from saltbridge.core.errors import Refused, Unavailable
from saltbridge.locales import LANGUAGES, message_ids, text
from saltbridge.reports.border_report import COLUMNS, border_csv, border_report, harmless
from saltbridge.reports.pdf import Report, Section, Table, report_pdf
from saltbridge.services.border_report import year_of_decisions
from saltbridge.services.publish import publish
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of

EVIL = partner_of(
    replace(node_profile("x", jurisdiction="EU", port=8105), name='=HYPERLINK("x")')
)


@pytest.fixture(scope="module")
def a_year():
    clock = FixedClock(datetime(2026, 12, 31, 15, tzinfo=UTC))
    w = memory_world(node_profile("cellmaker", partners=(CARS, EVIL)), clock=clock)
    released(w, request())
    released(w, request(recipients=(EVIL.bpn,), person="+cmd|' /C calc'!A0"))
    with pytest.raises(Refused):
        publish(w, request(purpose="other"))
    with w.store.reading() as view:
        size, root = view.log_size(), view.log_root()
    clock.advance(hours=1)  # 2027 in Beijing
    released(w, request())
    return w, size, root


def test_a_year_ends_at_midnight_in_beijing_and_names_the_root_of_then(a_year):
    w, size, root = a_year
    found = year_of_decisions(w, 2026)
    assert (len(found.decisions), found.ended) == (3, True)
    assert (found.log_size, found.log_root) == (size, f"sha256:{root.hex()}")
    after = year_of_decisions(w, 2027)
    assert (len(after.decisions), after.ended) == (1, False)
    assert after.log_size > size and year_of_decisions(w, 2025).log_size == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_counts_every_decision(a_year, language):
    report = border_report(year_of_decisions(a_year[0], 2026), language)
    for section in report.sections[:5]:
        assert sum(int(row[1]) for row in section.table.rows) == 3
        assert sum(int(row[2]) + int(row[3]) for row in section.table.rows) == 3
    by_class = report.sections[5].table.rows
    by_month = report.sections[0].table.rows
    plain = [int(c.replace(".", "").replace(",", "")) for r in by_class for c in r[1:]]
    whole = [int(c.replace(".", "").replace(",", "")) for r in by_month for c in r[4:7]]
    assert sum(plain) == sum(whole)
    assert len(report.sections[6].table.rows) == 1  # the refusal
    words = [t for s in report.sections if s.table for row in s.table.rows for t in row]
    assert not [t for t in words if t.startswith(("report.", "border."))]


def test_the_table_for_machines_is_whole_and_harmless(a_year):
    rows = list(
        csv.reader(io.StringIO(border_csv(year_of_decisions(a_year[0], 2026))[3:].decode()))
    )
    assert tuple(rows[0]) == COLUMNS and len(rows) == 4
    assert not [c for row in rows[1:] for c in row if c[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert any("'=HYPERLINK" in c for row in rows for c in row)


@given(st.text())
def test_no_cell_is_a_formula(cell):
    assert harmless(cell)[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert harmless(cell).endswith(cell)


def a_report(language: str, *words: str) -> Report:
    return Report(
        language=language,
        title="Report",
        subtitle="s",
        facts=[("f", words[0])],
        sections=[Section(title="t", table=Table(headings=("a",), rows=[[w] for w in words]))],
    )


def told(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


MOMENT = datetime(2026, 12, 31, 15, tzinfo=UTC)


def test_the_same_report_gives_the_same_bytes():
    pytest.importorskip("typst")
    one, other = (report_pdf(a_report("en", "x"), MOMENT) for _ in range(2))
    assert one == other and one.startswith(b"%PDF")


@pytest.mark.full("pdftotext")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_reads_in_every_language(a_year, language):
    report = border_report(year_of_decisions(a_year[0], 2026), language)
    page = "".join(told(report_pdf(report, MOMENT)).split())
    assert "".join(text("report.counters", None, language).split()) in page
    assert "HYPERLINK" in page


@pytest.mark.full("pdftotext")
def test_markup_in_a_text_is_a_text():
    page = told(report_pdf(a_report("en", '#panic("x") *b* $x$ \\ #import "y"'), MOMENT))
    assert '#panic("x")' in page.replace("“", '"').replace("”", '"')


def test_the_packaged_font_has_every_character_of_our_chinese_texts():
    """Reads the font's own character map: a bare machine has no other Chinese font."""
    from importlib.resources import files

    points = code_points(
        (files("saltbridge.reports") / "fonts/NotoSansCJKsc-subset.otf").read_bytes()
    )
    words = {c for id in message_ids("zh") for c in text(id, None, "zh")}
    chinese = {c for c in words if ord(c) >= 0x3000}
    assert len(chinese) > 800 and {c for c in chinese if ord(c) not in points} == set()


def code_points(font: bytes) -> set[int]:
    """The code points of an OpenType font, from its cmap (formats 4 and 12)."""

    def number(at: int, size: int) -> int:
        return int.from_bytes(font[at : at + size], "big")

    tables = {font[12 + 16 * i :][:4]: number(12 + 16 * i + 8, 4) for i in range(number(4, 2))}
    cmap, points = tables[b"cmap"], set[int]()
    for i in range(number(cmap + 2, 2)):
        at = cmap + number(cmap + 4 + 8 * i + 4, 4)
        if number(at, 2) == 4:
            count = number(at + 6, 2) // 2
            for segment in range(count):
                end = number(at + 14 + 2 * segment, 2)
                start = number(at + 16 + 2 * count + 2 * segment, 2)
                points |= set(range(start, end + 1))
        elif number(at, 2) == 12:
            for group in range(number(at + 12, 4)):
                start, end = number(at + 16 + 12 * group, 4), number(at + 20 + 12 * group, 4)
                points |= set(range(start, end + 1))
    return points


def test_without_typst_the_report_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(Unavailable) as fault:
        report_pdf(a_report("en", "x"), MOMENT)
    assert fault.value.findings[0].code == "report.no-typst"

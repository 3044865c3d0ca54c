"""The picture of state of health: whole for readers of any kind, inert for browsers."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from saltbridge.passport.health import HealthLine, HealthPoint
from saltbridge.reports.health_page import health_page, health_picture
from saltbridge.reports.health_svg import DrawnLine, DrawnPoint, health_svg, health_table

DAY = datetime(2028, 5, 1, tzinfo=UTC)


def line(name: str, *percents: float) -> DrawnLine:
    points = [
        DrawnPoint(DAY + timedelta(days=100 * n), p, f"day {n}", f"{p} %")
        for n, p in enumerate(percents)
    ]
    return DrawnLine(name, points)


def svg(*lines: DrawnLine) -> ElementTree.Element:
    # Our own text, just rendered.
    return ElementTree.fromstring(health_svg(lines, title="t", description="d"))  # noqa: S314


@pytest.mark.parametrize("percents", [(99.0,), (99.0, 99.0), (101.5, 97.0, 12.5), (0.0, 0.0)])
def test_every_point_lies_inside_the_picture(percents: tuple[float, ...]) -> None:
    picture = svg(line("SOCE", *percents))
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    marks = [e for e in picture.iter() if e.tag.endswith("circle")]
    assert len(marks) == len(percents) + 1  # and one in the legend
    for mark in marks:
        assert 0 <= float(mark.attrib["cx"]) <= width
        assert 0 <= float(mark.attrib["cy"]) <= height


def test_lines_differ_in_more_than_their_colour() -> None:
    picture = svg(line("a", 99, 98), line("b", 97, 96))
    dashes = [
        e.attrib.get("stroke-dasharray", "")
        for e in picture.iter()
        if e.tag.endswith("polyline")
    ]
    assert len(set(dashes)) == 2
    assert {e.tag.rpartition("}")[2] for e in picture.iter()} >= {"circle", "rect", "desc"}


def test_nothing_a_partner_wrote_is_markup() -> None:
    evil = line("</svg><script>alert(1)</script>", 99)
    for text in (
        health_svg([evil], title="<b>", description="<b>"),
        health_table([evil], caption="<b>", day="<b>"),
    ):
        assert "<script" not in text
        assert "<b>" not in text
        assert " style=" not in text


def test_the_table_holds_every_number_of_the_picture() -> None:
    table = health_table([line("a", 99.5, 98.5), line("b", 97.5)], caption="c", day="d")
    root = ElementTree.fromstring(table)  # noqa: S314
    cells = [td.text for td in root.iter("td")]
    assert cells == ["99.5 %", "97.5 %", "98.5 %", "–"]


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_the_page_speaks_the_language(language: str) -> None:
    lines = [HealthLine("A093", "", (HealthPoint(DAY, 99.5), HealthPoint(DAY, 98.25)))]
    page = health_page(lines, "MJC-1", language).decode()
    said = {"en": "State of health", "de": "Alterungszustand", "zh": "健康状况"}[language]
    assert said in page
    assert ("98,25 %" if language == "de" else "98.25 %") in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert health_picture(lines, language) in page

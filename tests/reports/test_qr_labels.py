"""Labels: every code reads as its address, the serial stands beside it, nothing is markup."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from saltbridge.reports.qr import qr_svg
from saltbridge.reports.qr_labels import COLUMNS, Label, labels_pdf, labels_svg

SVG = "{http://www.w3.org/2000/svg}"
NOW = datetime(2027, 2, 18, tzinfo=UTC)


def read(drawing: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(drawing)  # noqa: S314  (our own)


def many(count: int) -> list[Label]:
    base = "https://id.example/01/09521234567899/21/"
    return [Label(f"{base}SB-{n:04}", f"SB-{n:04}", "09521234567899") for n in range(count)]


def test_every_label_has_its_own_code_and_its_number() -> None:
    labels = many(7)
    sheet = read(labels_svg(labels))
    codes = sheet.findall(f"{SVG}svg")
    texts = [t.text for t in sheet.findall(f"{SVG}text")]
    assert texts[::2] == [label.serial for label in labels]
    assert texts[1::2] == ["GTIN 09521234567899"] * 7
    for code, label in zip(codes, labels, strict=True):
        alone = read(qr_svg(label.address))
        drawn = [p.get("d") for p in code.iter(f"{SVG}path") if p.get("stroke")]
        assert drawn == [p.get("d") for p in alone.iter(f"{SVG}path") if p.get("stroke")]
        assert {p.get("stroke") for p in code.iter(f"{SVG}path")} <= {"#000", "#000000", None}


def test_labels_do_not_overlap_and_stay_on_the_sheet() -> None:
    sheet = read(labels_svg(many(COLUMNS * 2 + 1)))
    wide, high = (float(n) for n in sheet.get("viewBox", "").split()[2:])
    frames = [
        tuple(float(r.get(k, "")) for k in ("x", "y", "width", "height"))
        for r in sheet.findall(f"{SVG}rect")[1:]
    ]
    assert len(frames) == COLUMNS * 2 + 1
    for x, y, w, h in frames:
        assert x > 0 and x + w < wide and y > 0 and y + h < high
    for at, (x, y, w, h) in enumerate(frames):
        for other_x, other_y, *_ in frames[at + 1 :]:
            assert other_x >= x + w or other_y >= y + h or other_x + w <= x


def test_a_serial_number_is_text_and_no_markup() -> None:
    evil = Label("https://id.example/01/09521234567899/21/%26", "A&<i>\"'", "09521234567899")
    sheet = read(labels_svg([evil]))
    assert next(sheet.iter(f"{SVG}text")).text == evil.serial
    assert [e.tag for e in sheet.iter() if e.tag.endswith("}i")] == []


def test_the_pdf_has_a_page_for_twelve_labels_and_is_the_same_again() -> None:
    pytest.importorskip("typst")
    made = labels_pdf(many(13), NOW)
    assert made.startswith(b"%PDF")
    assert made.count(b"/Type /Page\n") + made.count(b"/Type/Page/") == 2
    assert made == labels_pdf(many(13), NOW)

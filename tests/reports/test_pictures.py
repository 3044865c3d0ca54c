"""The QR code reads back; the stage picture says what it shows."""

from io import BytesIO
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

from saltbridge.passport.data_carrier import product_link
from saltbridge.reports.qr import qr_png, qr_svg
from saltbridge.reports.stages_svg import StageBar, stages_svg

LINK = product_link("https://id.isarwerk.example", "09521234567899", "MJC24-7K2MQ9")


@pytest.mark.parametrize("serial", ["MJC24-7K2MQ9", "A/1", "a" * 20])
def test_the_printed_code_leads_to_the_battery(serial: str) -> None:
    link = product_link("https://id.isarwerk.example", "09521234567899", serial)
    found = zxingcpp.read_barcode(Image.open(BytesIO(qr_png(link))))
    assert found is not None
    assert found.text == link
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    assert found.ec_level == "Q"


def test_the_code_is_still_read_with_a_scratch_over_it() -> None:
    """Error correction Q: a tenth of the width painted over."""
    image = Image.open(BytesIO(qr_png(LINK))).convert("L")
    width, height = image.size
    image.paste(0, (int(width * 0.55), int(height * 0.3), int(width * 0.62), int(height * 0.7)))
    found = zxingcpp.read_barcode(image)
    assert found is not None
    assert found.text == LINK


def test_the_code_is_black_on_white_with_a_quiet_zone() -> None:
    image = Image.open(BytesIO(qr_png(LINK, pixels_per_module=1))).convert("L")
    assert {colour for _, colour in image.getcolors() or []} == {0, 255}
    assert all(image.getpixel((i, i)) == 255 for i in range(4))
    assert image.getpixel((4, 4)) == 0


def test_the_svg_is_one_drawing_without_anything_from_elsewhere() -> None:
    root = ElementTree.fromstring(qr_svg(LINK))  # noqa: S314
    assert root.tag.endswith("svg")
    assert root.get("viewBox")
    assert b"http" not in qr_svg(LINK, "battery").replace(b"http://www.w3.org/2000/svg", b"")


def test_bars_are_drawn_to_scale_around_zero() -> None:
    """hand: 300 and −100 over 360 points: 270 wide from 90 on, and 90 wide from 0 on."""
    svg = stages_svg(
        [StageBar("Raw", 300.0, "300 kg"), StageBar("End", -100.0, "−100 kg")],
        title="Stages",
        description="per battery",
    )
    root = ElementTree.fromstring(svg)  # noqa: S314
    bars = [r for r in root.iter() if r.tag.endswith("rect") and r.get("fill")]
    assert [(b.get("x"), b.get("width")) for b in bars] == [
        ("90.00", "270.00"),
        ("0.00", "90.00"),
    ]
    texts = [t.text for t in root.iter() if t.tag.endswith("text")]
    assert texts == ["Raw", "300 kg", "End", "−100 kg"]
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "style=" not in svg


def test_labels_are_escaped_and_nothing_is_drawn_of_nothing() -> None:
    assert "<b>" not in stages_svg([StageBar("<b>", 0.0, "<b>")], title="<b>", description="")
    ElementTree.fromstring(stages_svg([], title="t", description="d"))  # noqa: S314

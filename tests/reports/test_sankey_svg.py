"""The flow diagram as SVG: words and numbers for every band, credits and loops told apart
without colour, nothing outside of the picture, nothing from the data taken for markup."""

import re
from xml.etree import ElementTree

import pytest

from saltbridge.footprint.contribution import FlowDiagram, flow_diagram
from saltbridge.footprint.model import CoProductRole, Inventory
from saltbridge.reports.sankey_svg import sankey_svg
from saltbridge.testing.inventories import factor, inventory, model, process, row

NAMESPACE = "{http://www.w3.org/2000/svg}"


def diagram(what: Inventory, cut_off: float = 0.01) -> FlowDiagram:
    prices = (factor("graphite", 5.0), factor("copper", 3.0))
    return flow_diagram(model(what, *prices), cut_off)


def cell(name: str = "anode") -> Inventory:
    return inventory(
        process("cell"),
        row("cell", "input", name, 2.0),
        row("cell", "input", "graphite", 4.0),
        row("cell", "output", "copper", 1.5, role=CoProductRole.SUBSTITUTE),
        row("cell", "emission", "CO2", 0.1, origin="fossil"),
        process(name),
        row(name, "input", "graphite", 3.0),
    )


def drawn(found: FlowDiagram, language: str = "en") -> ElementTree.Element:
    text = sankey_svg(found, product="Pack", language=language)
    return ElementTree.fromstring(text)  # noqa: S314


def test_every_band_says_what_it_carries() -> None:
    found = diagram(cell())
    titles = [t.text for t in drawn(found).iterfind(f"{NAMESPACE}path/{NAMESPACE}title")]
    assert "anode → cell: 30 kg CO2e" in titles
    assert "graphite → anode: 30 kg CO2e" in titles
    assert "copper → cell: −4.5 kg CO2e" in titles
    assert "others → cell: 0.1 kg CO2e" in titles
    assert len(titles) == len(found.edges)


def test_a_title_and_a_description_stand_for_the_picture() -> None:
    root = drawn(diagram(cell()))
    assert root.get("role") == "img"
    title, description = root.find(f"{NAMESPACE}title"), root.find(f"{NAMESPACE}desc")
    assert title is not None and title.text == "Where the carbon footprint comes from: Pack"
    assert description is not None and "anode → cell: 30 kg CO2e" in (description.text or "")
    assert root.get("aria-labelledby") == "sankey-title sankey-desc"


def test_credits_are_hatched_and_the_legend_says_so() -> None:
    text = sankey_svg(diagram(cell()), product="Pack")
    assert text.count('fill="url(#credit)"') == 1
    assert "hatched: credit" in text
    without = inventory(process("a"), row("a", "input", "graphite", 1.0))
    assert 'fill="url(#credit)"' not in sankey_svg(diagram(without), product="Pack")


def test_a_loop_is_drawn_dashed_and_does_not_hang_the_layout() -> None:
    what = inventory(
        process("a"),
        row("a", "input", "b", 0.5),
        row("a", "emission", "CO2", 1.0, origin="fossil"),
        process("b"),
        row("b", "input", "a", 1.0),
    )
    text = sankey_svg(diagram(what), product="Pack")
    assert text.count("stroke-dasharray") == 1
    assert "dashed: flows back" in text


def test_a_name_is_never_markup() -> None:
    text = sankey_svg(diagram(cell('<script x="1">&')), product='"<b>')
    root = ElementTree.fromstring(text)  # noqa: S314
    assert root.find(f".//{NAMESPACE}script") is None
    assert "<b>" not in text


def test_no_script_and_no_style_attribute() -> None:
    text = sankey_svg(diagram(cell()), product="Pack")
    assert "style=" not in text and "<style" not in text and "script" not in text


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_nothing_stands_outside_of_the_picture(language: str) -> None:
    root = drawn(diagram(cell()), language)
    _, _, width, height = (float(v) for v in str(root.get("viewBox")).split())
    for node in root.iter(f"{NAMESPACE}rect"):
        if node.get("x"):
            assert 0 <= float(node.get("x", "")) <= width - float(node.get("width", ""))
            assert 0 <= float(node.get("y", "")) <= height - float(node.get("height", ""))
    for path in root.iter(f"{NAMESPACE}path"):
        numbers = [float(n) for n in re.findall(r"-?\d+\.\d", path.get("d", ""))]
        assert numbers and min(numbers) >= 0
        assert max(numbers[1::2]) <= height

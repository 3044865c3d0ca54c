"""The reference pages say what the code and its tables say."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from saltbridge.core.provenance import Confidence
from saltbridge.footprint.methodologies import known, methodologies
from saltbridge.passport.attributes import attribute_table

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "write_reference", ROOT / "scripts" / "write_reference.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = _script().pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name: str) -> None:
    # Out of date? make docs writes it anew.
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name]


def test_every_edition_and_every_mark_is_on_the_page() -> None:
    page = PAGES["methodologies.md"]
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] != []
    assert all(f"\n## {name}\n" in page for name in known())
    recalled = [
        rule
        for methodology in methodologies().values()
        for rules in methodology.rule_sets
        for rule in rules.rules
        if rule.confidence is Confidence.RECALLED
    ]
    assert recalled and page.count("| recalled |") == len(recalled)


def test_every_attribute_is_on_the_page_once() -> None:
    page = PAGES["attributes.md"]
    assert all(page.count(f"\n| {identifier} | ") == 1 for identifier in attribute_table())

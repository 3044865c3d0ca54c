"""Real battery processes through our engine, against the source's own results.

published: ``golden/carculator_results.csv``, column gwp100_static (carculator-utils 1.3.5;
solved there as one system of 1,712 activities). Here the 111 battery processes are an
inventory and their inputs are priced by the factor set read from the wheel.
"""

import csv
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters.background.carculator import FETCH_COMMAND, arrays, is_fetched
from saltbridge.adapters.factors.library import Library
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.methodologies import choose
from saltbridge.footprint.model import FactorSet, Inventory
from saltbridge.formats.inventory_folder import parse_folder

ROOT = Path(__file__).resolve().parents[2]
RELATIVE = 1e-6

pytestmark = pytest.mark.full("the carculator background and the golden cases")


@pytest.fixture(scope="module")
def background() -> FactorSet:
    if not is_fetched():
        pytest.skip(f"the carculator background is not in the cache: {FETCH_COMMAND}")
    arrays.cache_clear()
    return Library().factor_set("carculator-static")


@pytest.fixture(scope="module")
def build_packs() -> Iterator[Any]:
    """The builder of the examples, so that it is tested with the rows it writes."""
    folder = str(ROOT / "scripts")
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location(
            "build_packs", ROOT / "scripts/build_packs.py"
        )
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules["build_packs"] = module
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def inventory(shared: Path, build_packs: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All 111 processes as one inventory, written and read as a folder."""
    rows = build_packs.carculator(shared / "data")
    tables = build_packs.tables(rows, dict.fromkeys(row.key for row in rows))
    assert len(tables["processes"]) == 111
    folder = tmp_path_factory.mktemp("carculator")
    top = tables["processes"][0]
    head = {
        "inventory": {"factor_sets": ["carculator-static"]},
        "product": {
            "id": "p",
            "name": "p",
            "category": "ev",
            "reference_process": top["id"],
            "unit": top["unit"],
        },
        "operator": {"name": "o"},
        "plant": {"id": "x", "name": "x", "country": "CN"},
        "period": {"start": date(2025, 1, 1), "end": date(2025, 12, 31)},
        "service_life": {},
        "warranty": {},
    }
    build_packs.write_folder(folder, head, tables)
    read, findings = parse_folder({p.name: p.read_bytes() for p in folder.iterdir()})
    assert read is not None, findings
    return read


EU_DRAFT, CATENA_X, DAY = "eu-cfb@draft-2024-04", "catena-x-pcf@v4", date(2026, 11, 23)


def gwp100(inventory: Inventory, background: FactorSet, methodology: str = EU_DRAFT) -> Any:
    # All four stages: the capacity markets of the source hold the used battery too.
    return calculate(inventory, *choose(methodology, DAY), [background])


def test_every_published_unit_result_is_met(
    shared: Path, build_packs: Any, inventory: Inventory, background: FactorSet
) -> None:
    with (shared / "golden/carculator_results.csv").open(encoding="utf-8") as text:
        golden = list(csv.DictReader(text))
    assert len(golden) == 23
    for row in golden:
        reference = build_packs.slug(row["process"], row["location"])
        unit = build_packs.UNITS[row["unit"]]
        asked = replace(
            inventory,
            product=replace(inventory.product, reference_process=reference, unit=unit),
        )
        result = gwp100(asked, background)
        assert result.holes == (), row["process"]
        expected = float(row["gwp100_static"])
        assert result.total_kg_co2e == pytest.approx(expected, rel=RELATIVE), row["process"]


def test_the_shipped_nmc622_pack_gives_the_published_result(background: FactorSet) -> None:
    folder = ROOT / "examples/nmc622-pack"
    inventory, _ = parse_folder(
        {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix != ".md"}
    )
    assert inventory is not None and inventory.product.mass_kg is not None
    result = gwp100(inventory, background, CATENA_X)  # without the used battery
    per_kg = result.total_kg_co2e / inventory.product.mass_kg
    assert per_kg == pytest.approx(17.826978622100444, rel=RELATIVE)


@pytest.mark.parametrize(("name", "holes"), [("nmc811-pack", 21), ("lfp-pack", 23)])
def test_packs_with_holes_name_them(background: FactorSet, name: str, holes: int) -> None:
    folder = ROOT / "examples" / name
    inventory, _ = parse_folder(
        {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix != ".md"}
    )
    assert inventory is not None
    result = gwp100(inventory, background)
    assert len(result.holes) == holes  # regression: what the background does not hold
    assert result.detail["coverage"].mass_share > 0.95


def test_the_background_is_never_written_into_the_repository(background: FactorSet) -> None:
    values = {
        repr(f.kg_co2e_per_unit)
        for f in background.factors
        if len(repr(f.kg_co2e_per_unit)) > 9
    }
    for path in (ROOT / "examples").rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as text:
            cells = {cell for row in csv.reader(text) for cell in row}
        assert not cells & values, path


def test_a_waste_row_is_priced_as_a_burden(background: FactorSet) -> None:
    used = next(f for f in background.factors if f.flow == "market for used Li-ion battery")
    assert used.kg_co2e_per_unit > 0
    assert "handed over" in used.comment

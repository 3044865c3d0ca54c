"""The NMC111 example line by line, before and after the material supplier's records.

hand: single lines worked out from the rows of the example; each stands below as arithmetic.
regression: totals, stages and counts. They were found equal, every line to 1e-15, with a
separate calculation that read the CSV files and solved the system with numpy alone; here they
guard against change.
"""

import json
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters.factors.library import Library
from saltbridge.adapters.inventory_files import load
from saltbridge.footprint.supplier_records import supplier_factors
from saltbridge.services.account import FootprintRequest, work_out

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EU, CATENA = "eu-cfb@draft-2024-04", "catena-x-pcf@v4"
NEAR = 1e-9

PACK = 165.02  # kg per battery
CELL = PACK * 0.7259092896857625  # kg of cells in it
CATHODE = CELL * 0.47633358377160023
ACTIVE = CATHODE * 0.95  # NMC111 active material
USED_CELL = PACK * 0.72590929  # kg of cells to pyrometallurgy
CHINA, NORWAY, GERMANY = 0.5777, 0.03008, 0.38095  # kg CO2e per kWh
CH4, N2O = 29.8, 273.0  # GWP100, EF 3.1 and AR6
LITHIUM_CARBONATE = 3.6200944006605678  # kg CO2e per kg, brine, Istrate et al. 2024

# Row of exchanges.csv, term of the rule → kg CO2e per battery. hand
KNOWN: dict[tuple[int, str], float] = {
    # pack assembly takes 0.000277778 kWh per kg in Norway
    (13, "factor"): PACK * 0.000277778 * NORWAY,
    # assembly and formation of the cells, kWh per kg of cell in China
    (26, "factor"): CELL * 0.902917389 * CHINA,
    (27, "factor"): CELL * 0.2845557832 * CHINA,
    # 0.383 kg of lithium carbonate (brine), 6.87 kWh per kg of active material
    (41, "factor"): ACTIVE * 0.383 * LITHIUM_CARBONATE,
    (42, "factor"): ACTIVE * 6.873695339 * CHINA,
    (43, "direct_emission"): ACTIVE * 0.206956,
}
KNOWN_EU: dict[tuple[int, str], float] = {
    # one tonne-kilometre per kg of pack
    (108, "direct_emission"): PACK * 0.17111,
    (109, "direct_emission"): PACK * 4.1257e-06 * CH4,
    (110, "direct_emission"): PACK * 6.1875e-06 * N2O,
    # end of life: furnace of the cells, electricity of Europe taken as Germany
    (83, "direct_emission"): USED_CELL * 1.19448,
    (75, "factor"): USED_CELL * 1.0 * GERMANY,
    # (1−A)·R2·(ErecyclingEoL − Ev*·Q): aluminium 0.8·0.9·(0.8−16) = −10.944,
    # copper 0.8·0.95·(1.2−5) = −2.888, steel 0.8·0.9·(0.5−2.1) = −1.152
    (69, "circular_end_of_life"): PACK * 0.18028051 * -10.944,
    (70, "circular_end_of_life"): PACK * 0.00315113 * -2.888,
    (71, "circular_end_of_life"): PACK * 0.006181042105263158 * -1.152,
    # (1−R2−R3)·Ed = 0.1·0.02
    (69, "circular_disposal"): PACK * 0.18028051 * 0.002,
}
DELIVERED: dict[tuple[int, str], float] = {
    (12, "factor"): PACK * 0.004302492659461485 * 30.0,  # passive electronics
    (11, "factor"): PACK * 0.02423939526457175 * 40.0,  # battery management system
    (40, "factor"): ACTIVE * 0.949 * 14.0,  # hydroxide
}
# Ev comes from the supplier. EU: (1−R1)·Ev + R1·(A·Erec + (1−A)·Ev): copper
# 0.28·5 + 0.72·(0.24 + 4) = 4.4528, steel 0.82·2.1 + 0.18·(0.1 + 1.68) = 2.0424, aluminium 16.
DELIVERED_EU: dict[tuple[int, str], float] = {
    (8, "circular_acquisition"): PACK * 0.0005453863934528643 * 4.4528,
    (10, "circular_acquisition"): PACK * 0.006181045792465796 * 2.0424,
    (21, "circular_acquisition"): CELL * 0.018198514066282662 * 16.0,
}
# Cut-off: (1−R1)·Ev + R1·Erec: copper 1.4 + 0.864 = 2.264, steel 1.722 + 0.09 = 1.812.
DELIVERED_CATENA: dict[tuple[int, str], float] = {
    (8, "circular_acquisition"): PACK * 0.0005453863934528643 * 2.264,
    (10, "circular_acquisition"): PACK * 0.006181045792465796 * 1.812,
    (21, "circular_acquisition"): CELL * 0.018198514066282662 * 16.0,
}


@lru_cache(maxsize=4)
def record(methodology: str, delivered: bool) -> Any:
    document = json.loads((EXAMPLES / "partners/material-supplier/pcf.json").read_text("utf-8"))
    supplied, faults = supplier_factors(
        document, supplier="BPNL00000000MATS", digest="sha256:0"
    )
    assert not faults
    loaded = load(EXAMPLES / "nmc111-pack")
    request = FootprintRequest(
        inventory=loaded.inventory, inventory_digest=loaded.digest, methodology=methodology
    )
    return work_out(
        Library(), date(2026, 11, 23), request, supplied if delivered else ()
    ).record


@pytest.mark.parametrize(
    ("methodology", "delivered", "expected"),
    [
        (EU, False, KNOWN | KNOWN_EU),
        (CATENA, False, KNOWN),
        (EU, True, KNOWN | KNOWN_EU | DELIVERED | DELIVERED_EU),
        (CATENA, True, KNOWN | DELIVERED | DELIVERED_CATENA),
    ],
)
def test_lines_worked_out_by_hand(
    methodology: str, delivered: bool, expected: dict[tuple[int, str], float]
) -> None:
    lines = record(methodology, delivered)["lines"]
    found = {(line["row"], line["term"]): line["kg_co2e"] for line in lines}
    assert len(found) == len(lines)
    for key, kg in expected.items():
        assert found[key] == pytest.approx(kg, rel=NEAR), key


def test_the_functional_unit_by_hand() -> None:
    """24 kWh × 60 a year × min(8 years, 160,000 km / 20,000 km a year) = 11,520 kWh."""
    unit = record(EU, False)["unit"]
    assert unit == {"kind": "functional", "amount": 11520.0, "unit": "kWh"}
    assert record(CATENA, False)["unit"] == {"kind": "declared", "amount": 1.0, "unit": "piece"}


@pytest.mark.parametrize(
    ("methodology", "delivered", "total", "declared", "lines", "holes"),
    [
        (EU, False, 482.7601587339834, 0.0419, 36, 58),
        (CATENA, False, 697.9646756391207, 698.0, 17, 41),
        (EU, True, 2514.675730519026, 0.218, 94, 0),
        (CATENA, True, 2495.639097049275, 2496.0, 58, 0),
    ],
)
def test_totals_have_not_moved(
    methodology: str, delivered: bool, total: float, declared: float, lines: int, holes: int
) -> None:
    found = record(methodology, delivered)
    assert found["total_kg_co2e"] == pytest.approx(total, rel=NEAR)
    assert found["declared"]["value"] == declared
    assert (len(found["lines"]), len(found["holes"])) == (lines, holes)


def test_stages_have_not_moved() -> None:
    assert record(EU, True)["stages"] == pytest.approx(
        {
            "raw_material_acquisition": 2380.6729872682363,
            "main_production": 174.66022202517226,
            "distribution": 34.3117725030672,
            "end_of_life": -74.96925127744977,
        },
        rel=NEAR,
    )

"""One inventory under two rule sets, worked out by hand (BR-01 and BR-02).

hand: 60 kWh usable, 400 kg, 8 years of warranty, M1. 100 kg of aluminium with Ev 16, Erec 1,
R1 0.3, R2 0.9, A 0.2, Ed 0.02; other materials 3,600; 3,000 kWh, half of it covered by
certificates at 0.0545; gas 300; distribution 150; other end of life 100 kg CO2e.

EU draft: aluminium 100·(0.7·16 + 0.3·(0.2·1 + 0.8·16)) = 1,510, all power at the national
0.5777 = 1,733.1, gas, materials, distribution, 100; recycling 100·0.8·0.9·(1−16) = −1,080,
disposal 100·0.1·0.02 = 0.2: 6,313.3 kg, over 28,800 kWh. Catena-X: no distribution, no end of
life; aluminium by cut-off 100·(0.7·16 + 0.3·1) = 1,150; 1,500·0.0545 + 1,500·0.6096.
"""

import pytest

from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    ElectricityContract,
    Inventory,
    Stage,
)
from saltbridge.testing.inventories import factor, footprint, inventory, process, row


def battery() -> Inventory:
    raw, end = Stage.RAW_MATERIAL, Stage.END_OF_LIFE
    return inventory(
        process("pack", unit="piece", location="CN-XX"),
        row("pack", "input", "aluminium", 100.0, circular="al", stage=raw),
        row("pack", "waste", "aluminium scrap", 100.0, circular="al", stage=end),
        row("pack", "input", "other materials", 1.0, "piece", stage=raw),
        row(
            "pack", "input", "electricity", 3000.0, "kWh",
            carrier=Carrier.ELECTRICITY, contract="green",
        ),
        row("pack", "input", "gas", 1.0, "piece"),
        row("pack", "input", "way", 1.0, "piece", stage=Stage.DISTRIBUTION),
        row("pack", "waste", "rest", 1.0, "piece", stage=end),
        electricity=(
            ElectricityContract(
                id="green", kind="certificate", share=0.5, kg_co2e_per_kwh=0.0545
            ),
        ),
        circular=(
            CircularTerms(
                id="al", material="aluminium", A=0.2, B=0.0, R1=0.3, R2=0.9, R3=0.0,
                Qsin_Qp=1.0, Qsout_Qp=1.0, Ev=16.0, Ev_star=16.0, Erecycled=1.0,
                ErecyclingEoL=1.0, Ed=0.02,
            ),
        ),
    )  # fmt: skip


PRICES = (
    factor("other materials", 3600.0, "piece"),
    factor("gas", 300.0, "piece"),
    factor("way", 150.0, "piece"),
    factor("rest", 100.0, "piece"),
    factor("electricity", 0.5777, "kWh", location="CN"),
    # stands for what is left of the mix; a life-cycle factor here, so that it may be used
    factor("electricity", 0.6096, "kWh", location="CN-XX"),
)


def test_eu_draft() -> None:
    result = footprint(battery(), *PRICES, methodology="eu-cfb@draft-2024-04")
    assert result.total_kg_co2e == pytest.approx(6313.3, rel=1e-12)
    assert result.stage_kg_co2e(Stage.END_OF_LIFE) == pytest.approx(-979.8, rel=1e-12)
    assert result.declared_unit is not None
    per_kwh = result.total_kg_co2e / result.declared_unit.amount
    assert per_kwh == pytest.approx(0.219212, abs=5e-7)


def test_catena_x() -> None:
    result = footprint(battery(), *PRICES, methodology="catena-x-pcf@v4")
    assert result.total_kg_co2e == pytest.approx(6046.15, rel=1e-12)
    assert result.total_kg_co2e / 400 == pytest.approx(15.115, abs=5e-4)
    assert not result.holes

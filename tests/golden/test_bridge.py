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

from saltbridge.footprint.bridge import bridge
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    ElectricityContract,
    Inventory,
    Stage,
)
from saltbridge.testing.inventories import (
    factor,
    factor_set,
    footprint,
    inventory,
    process,
    row,
)


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


# Start, end → steps [kg CO2e per battery] in the printed order, each worked out by hand.
#
# draft → Catena-X: the boundary drops distribution 150, other end of life 100, the scrap's
# −1,080 and 0.2: +829.8. The aluminium goes from 1,510 to 1,150. Electricity from 1,733.1 to
# 1,500·0.0545 + 1,500·0.6096 = 996.15.
# A rule set that has read neither recycling nor electricity keeps no number for the lines they
# touch: 1,510 − 1,080 + 0.2 = 430.2 and 1,733.1 become holes; 4,150 stay known.
# Catena-X → such a rule set: its boundary brings distribution, other end of life and, still by
# cut-off, the scrap's disposal of 0.2 back: +250.2; then 1,150 + 0.2 and 996.15 become holes.
# annex-ii and the Chinese notice leave the same rules open: nothing moves between them.
UNREAD = {"recycling": -430.2, "electricity": -1733.1}
FROM_GATE = {"boundary": 250.2, "recycling": -1150.2, "electricity": -996.15}
# From a rule set without them: distribution 150 and the rest 100 leave, then the lines that
# were holes get their numbers: aluminium 1,150, electricity 996.15.
TO_GATE = {"boundary": -250.0, "recycling": 1150.0, "electricity": 996.15}
BY_HAND: dict[tuple[str, str], dict[str, float]] = {
    ("eu-cfb@draft-2024-04", "catena-x-pcf@v4"): {
        "boundary": 829.8,
        "recycling": -360.0,
        "electricity": -736.95,
    },
    # The boundary comes first, so the scrap's credit appears in the recycling step.
    ("catena-x-pcf@v4", "eu-cfb@draft-2024-04"): {
        "boundary": 250.2,
        "recycling": 360.0 - 1080.0,
        "electricity": 736.95,
    },
    ("eu-cfb@draft-2024-04", "cn-miit-551@2025-551"): UNREAD,
    ("eu-cfb@draft-2024-04", "eu-cfb@annex-ii"): UNREAD,
    ("catena-x-pcf@v4", "cn-miit-551@2025-551"): FROM_GATE,
    ("catena-x-pcf@v4", "eu-cfb@annex-ii"): FROM_GATE,
    ("cn-miit-551@2025-551", "eu-cfb@annex-ii"): {},
    # PACT counts this battery as Catena-X does: there is no residual mix to take before 0.6096.
    ("eu-cfb@draft-2024-04", "pact@v3"): {
        "boundary": 829.8,
        "recycling": -360.0,
        "electricity": -736.95,
    },
    ("catena-x-pcf@v4", "pact@v3"): {},
    ("catena-x-pcf@v3", "catena-x-pcf@v4"): {},
    # v4.1 has not read its electricity: the line is a hole, though both readings give 996.15.
    ("catena-x-pcf@v4", "catena-x-pcf@v4.1"): {"electricity": -996.15},
    ("cn-miit-551@2025-551", "pact@v3"): TO_GATE,
    ("eu-cfb@annex-ii", "pact@v3"): TO_GATE,
    # ISO 14067 leaves recycling to whoever calculates: 430.2 of the draft become holes; all
    # four stages and contracts. 6,313.3 − 430.2 − 736.95 = 5,146.15.
    ("eu-cfb@draft-2024-04", "iso-14067@2018"): {
        "recycling": -430.2,
        "electricity": -736.95,
    },
    ("catena-x-pcf@v4", "iso-14067@2018"): {"boundary": 250.2, "recycling": -1150.2},
    ("pact@v3", "iso-14067@2018"): {"boundary": 250.2, "recycling": -1150.2},
    ("cn-miit-551@2025-551", "iso-14067@2018"): {"electricity": 996.15},
    # GBA: gate plus recycling, cut-off. Only distribution leaves the draft; aluminium 1,510 →
    # 1,150 and the credit of −1,080 goes: +720. 6,313.3 − 150 + 720 − 736.95 = 6,146.35.
    ("eu-cfb@draft-2024-04", "gba@v2"): {
        "boundary": -150.0,
        "recycling": 720.0,
        "electricity": -736.95,
    },
    # The rest 100 and the scrap's disposal 0.2 come in.
    ("catena-x-pcf@v4", "gba@v2"): {"boundary": 100.2},
    ("pact@v3", "gba@v2"): {"boundary": 100.2},
    # Distribution leaves; the aluminium 1,150 + 0.2 and 996.15 get their numbers.
    ("cn-miit-551@2025-551", "gba@v2"): {
        "boundary": -150.0,
        "recycling": 1150.2,
        "electricity": 996.15,
    },
    ("iso-14067@2018", "gba@v2"): {"boundary": -150.0, "recycling": 1150.2},
}


@pytest.mark.parametrize(("start", "end"), BY_HAND)
def test_bridges_worked_out_by_hand(start: str, end: str) -> None:
    names = (start.split("@"), end.split("@"))
    first, last = ((methodologies()[id], edition) for id, edition in names)
    found = bridge(battery(), first, last, [factor_set(*PRICES)])
    expected = BY_HAND[start, end]
    assert {s.rule: s.delta_kg_co2e for s in found.steps} == pytest.approx(expected, abs=1e-9)
    assert [s.rule for s in found.steps] == list(expected)
    assert abs(found.gap_kg_co2e) <= 1e-9
    if end in ("cn-miit-551@2025-551", "eu-cfb@annex-ii"):
        assert found.end.footprint.total_kg_co2e == pytest.approx(4150.0, rel=1e-12)
        # Each row has its own range: aluminium 1,150 to 1,510, scrap −1,079.8 to 0.2,
        # electricity 996.15 to 1,733.1.
        low, high = found.end.footprint.range_kg_co2e or (0.0, 0.0)
        assert low == pytest.approx(4150 + 1150 - 1079.8 + 996.15, rel=1e-12)
        assert high == pytest.approx(4150 + 1510 + 0.2 + 1733.1, rel=1e-12)


def test_the_last_block_is_the_unit() -> None:
    """6,313.3 kg / 28,800 kWh and 6,046.15 kg per piece of 400 kg: 0.21921 and 15.115 kg/kg."""
    eu, catena = methodologies()["eu-cfb"], methodologies()["catena-x-pcf"]
    found = bridge(battery(), (eu, "draft-2024-04"), (catena, "v4"), [factor_set(*PRICES)])
    assert found.start.per_unit == pytest.approx(0.219212, abs=5e-7)
    assert found.end.per_unit == pytest.approx(6046.15, rel=1e-12)

"""Published figures that concern functional unit, circular formula, balance and quality."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from saltbridge.footprint import circularity
from saltbridge.footprint.balance import mass_balance
from saltbridge.footprint.data_quality import dqr
from saltbridge.footprint.declare.functional_unit import (
    FULL_EQUIVALENT_CYCLES,
    total_energy_kwh,
)
from saltbridge.footprint.methodology import CFF, CUT_OFF
from saltbridge.footprint.model import CircularTerms
from saltbridge.testing.inventories import process, row


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, str]:
    """id → expected, as the table prints it."""
    with (shared / "golden" / "published_and_hand.csv").open(encoding="utf-8") as table:
        return {r["id"]: r["expected"] for r in csv.DictReader(table)}


def parts(text: str) -> dict[str, float]:
    """``acq=15.1; eol=-10.8`` as numbers."""
    return {k.strip(): float(v) for k, v in (p.split("=") for p in text.split(";"))}


def test_functional_unit(published: dict[str, str]) -> None:
    energy = total_energy_kwh(60.0, FULL_EQUIVALENT_CYCLES["M1"], 8.0)
    assert energy == float(published["FU-01"])
    per_kwh_of_capacity = total_energy_kwh(1.0, FULL_EQUIVALENT_CYCLES["M1"], 8.0)
    assert 70.0 / per_kwh_of_capacity == pytest.approx(float(published["FU-03"]), abs=5e-7)


def test_glass(published: dict[str, str]) -> None:
    t = CircularTerms(id="g", material="glass", A=0.2, B=0, R1=0, R2=0, R3=0, Ev=1.3, Ed=0.08)
    acquisition, disposal = circularity.acquisition(t, CFF).value, circularity.disposal(t).value
    assert acquisition is not None and disposal is not None
    assert acquisition + disposal == pytest.approx(float(published["CFF-01"]), rel=1e-12)


@pytest.mark.parametrize(("case", "rule"), [("CFF-02", CFF), ("CFF-04", CUT_OFF)])
def test_aluminium(published: dict[str, str], case: str, rule: object) -> None:
    t = CircularTerms(
        id="al", material="aluminium", A=0.2, B=0.0, R1=0.3, R2=0.9, R3=0.0, Qsin_Qp=1.0,
        Qsout_Qp=1.0, Ev=16.0, Ev_star=16.0, Erecycled=1.0, ErecyclingEoL=1.0, Ed=0.02,
    )  # fmt: skip
    wanted = parts(published[case])
    found = {
        "acq": circularity.acquisition(t, rule).value,  # type: ignore[arg-type]
        "eol": circularity.end_of_life(t, rule).value,  # type: ignore[arg-type]
        "disp": circularity.disposal(t).value,
    }
    for name, value in found.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-12)
    assert sum(v or 0.0 for v in found.values()) == pytest.approx(wanted["total"], rel=1e-9)


def balance_of(shared: Path, name: str) -> float | None:
    """Mass balance of one process of the published NMC111 inventory."""

    def rows() -> Iterator[tuple[str, float, str]]:
        with (shared / "data" / "lci_nmc111_cfbev.csv").open(encoding="utf-8") as table:
            for r in csv.DictReader(table):
                if r["process"] == name and r["direction"] == "input":
                    yield r["flow"], float(r["amount"]), r["unit"]

    return mass_balance(
        process(name), [row(name, "input", flow, amount, unit) for flow, amount, unit in rows()]
    )


def test_pack_balances_and_cell_does_not(shared: Path, published: dict[str, str]) -> None:
    expected = float(published["LCI-01"])
    assert balance_of(shared, "battery pack") == pytest.approx(expected, abs=5e-7)
    assert balance_of(shared, "battery cell") == pytest.approx(1.198, abs=5e-4)


def test_data_quality_rating(published: dict[str, str]) -> None:
    assert dqr(4, 3, 3) == pytest.approx(float(published["DQ-01"]), abs=5e-5)

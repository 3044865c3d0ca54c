"""Draws of a background, stored once: against closed forms, by number, and in an analysis.

``bw-uncertain.zip`` is a datapackage that bw2data 4.8 wrote, with our own numbers: 100 l of
fuel emit 50 kg CO2 (lognormal 0.3); 10 kWh take 2 l (lognormal 0.2) and emit 1 kg (lognormal
0.1); 1 MJ of heat takes 0.03 l (triangular 0.02–0.05) and emits 0.07 kg (uniform 0.06–0.08).
"""

import json
from math import exp, expm1, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saltbridge.adapters.background import store
from saltbridge.adapters.background.importing import ImportRequest, import_background
from saltbridge.adapters.factors.library import Library
from saltbridge.adapters.inventory_files import load
from saltbridge.cli.main import run
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.services.analyse import Analysis, FootprintRequest, analyse
from saltbridge.testing.inventories import DAY

SAMPLES = Path(__file__).resolve().parents[2] / "examples" / "backgrounds"
COUNT = 2000


@pytest.fixture(autouse=True)
def plant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SALTBRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", "en")
    bring()
    return tmp_path


def bring(gwp: str = "AR6") -> None:
    store.save(
        import_background(
            ImportRequest(
                path=SAMPLES / "bw-uncertain.zip", format="bw-datapackage", id="plant",
                licence="CC0-1.0", names=SAMPLES / "bw-uncertain-names.csv", gwp_sets=(gwp,),
            )
        )
    )  # fmt: skip


def drawn(**more: Any) -> dict[str, Any]:
    """Name of the product → its samples."""
    made = store.make_draws("plant", **{"samples": COUNT, "seed": 3, **more})
    names = store.product_flows("plant")
    ids = [id.removeprefix("plant/") for id in made.factors]
    return dict(zip([names[id] for id in ids], made.values, strict=True))


def mean_sd(median: float, ln_sd: float) -> tuple[float, float]:
    mean = median * exp(ln_sd**2 / 2)
    return mean, mean * sqrt(expm1(ln_sd**2))


def test_samples_have_the_moments_and_the_covariance_of_the_closed_forms() -> None:
    """hand: products of independent lognormals; what shares the fuel moves with it."""
    found = drawn()
    fuel, fuel_sd = mean_sd(0.5, 0.3)
    litres, litres_sd = mean_sd(2.0, 0.2)
    own, own_sd = mean_sd(1.0, 0.1)
    near = 4 / sqrt(COUNT)
    assert found["fuel"].mean() == pytest.approx(fuel, abs=near * fuel_sd)
    assert found["fuel"].std() == pytest.approx(fuel_sd, rel=0.07)
    power = (litres * fuel + own) / 10
    product = (litres_sd * fuel) ** 2 + (litres * fuel_sd) ** 2 + (litres_sd * fuel_sd) ** 2
    power_sd = sqrt(product + own_sd**2) / 10
    assert found["electricity"].mean() == pytest.approx(power, abs=near * power_sd)
    assert found["electricity"].std() == pytest.approx(power_sd, rel=0.07)
    share, share_sd = 0.1 / 3, sqrt((4 + 9 + 25 - 6 - 10 - 15) / 18) / 100
    product = (share_sd * fuel) ** 2 + (share * fuel_sd) ** 2 + (share_sd * fuel_sd) ** 2
    heat_sd = sqrt(product + 0.02**2 / 12)
    assert found["heat"].mean() == pytest.approx(share * fuel + 0.07, abs=near * heat_sd)
    assert found["heat"].std() == pytest.approx(heat_sd, rel=0.07)
    together = np.corrcoef([found["electricity"], found["heat"]])[0, 1]
    expected = (litres / 10) * share * fuel_sd**2 / (power_sd * heat_sd)
    assert together == pytest.approx(expected, abs=3 / sqrt(COUNT))
    assert expected > 0.4


def test_a_sample_number_is_one_background_whatever_else_is_drawn() -> None:
    whole = drawn()
    some = drawn(samples=30, flows={"heat"})
    assert set(some) == {"heat"}
    assert some["heat"] == pytest.approx(whole["heat"][:30], rel=1e-6)
    assert not np.allclose(drawn(samples=30, seed=4)["heat"], some["heat"])


def test_a_second_import_keeps_the_draws_only_of_the_same_exchanges() -> None:
    made = store.make_draws("plant", samples=20, seed=1)
    bring()
    kept = store.load_draws("plant")
    assert kept is not None
    assert (kept.values == made.values).all()
    names = (SAMPLES / "bw-uncertain-names.csv").read_text("utf-8")
    path = store.folder_of("plant").parents[1] / "names.csv"
    path.write_text(names.replace('"Carbon dioxide, fossil"', '"Methane, fossil"'), "utf-8")
    other = ImportRequest(
        path=SAMPLES / "bw-uncertain.zip", format="bw-datapackage", id="plant",
        licence="CC0-1.0", names=path,
    )  # fmt: skip
    store.save(import_background(other))
    assert store.load_draws("plant") is None


def test_draws_changed_in_the_cache_are_refused() -> None:
    store.make_draws("plant", samples=20, seed=1)
    path = store.folder_of("plant") / "draws.npz"
    with np.load(path) as kept:
        arrays = dict(kept)
    arrays["values"] = arrays["values"] * np.float32(1.01)
    np.savez_compressed(path, **arrays)
    with pytest.raises(Unavailable) as refused:
        store.load_draws("plant")
    assert refused.value.findings[0].code == "background.draws-damaged"
    path.write_bytes(b"PK")
    with pytest.raises(Unavailable):
        store.load_draws("plant")


def test_what_cannot_be_drawn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FaultyInput) as none:
        drawn(flows={"zinc"})
    assert none.value.findings[0].code == "background.nothing-to-draw"
    with pytest.raises(FaultyInput) as many:
        drawn(samples=200_000_000)
    (found,) = many.value.findings
    assert found.code == "background.draws-too-many"
    assert found.arguments["most"] == 400_000_000 // 12
    store.save(
        import_background(
            ImportRequest(
                path=SAMPLES / "uslci-excerpt.csv", format="exchange-table", id="table",
                licence="US public data", fill=SAMPLES / "fill.csv",
            )
        )
    )  # fmt: skip
    with pytest.raises(FaultyInput) as table:
        store.make_draws("table", samples=10, seed=1)
    assert table.value.findings[0].code == "background.no-spread"


@pytest.fixture
def battery(plant: Path) -> Path:
    """The template with two inputs from the plant, 300 MJ of heat and 40 l of fuel."""
    folder = plant / "battery"
    assert run(["inventory", "template", str(folder)]) == 0
    head = folder / "inventory.toml"
    text = head.read_text("utf-8")
    head.write_text(text.replace('["open-2026"]', '["open-2026", "plant"]'), "utf-8")
    with (folder / "exchanges.csv").open("a", encoding="utf-8") as table:
        for flow, amount, unit, place in (("heat", 300, "MJ", "DE"), ("fuel", 40, "l", "NL")):
            table.write(
                f"battery,input,{flow},{amount},{unit},,{place},main_production,,,,true,,"
                "bill-of-materials,illustrative,\n"
            )
    return folder


def analysed(folder: Path, draws: int = COUNT) -> Analysis:
    found = load(folder)
    request = FootprintRequest(
        inventory=found.inventory, inventory_digest=found.digest, methodology="catena-x-pcf@v4"
    )
    return analyse(Library(), DAY, request, draws=draws, seed=1, cut_off=0.02)


def codes(found: Analysis) -> set[str]:
    return {f.code.removeprefix("analysis.") for f in found.uncertainty.findings}


def test_a_background_enters_by_its_draws_and_counts_as_certain_without(battery: Path) -> None:
    """hand: 300 MJ and 40 l move together: the sd of 300·heat + 40·fuel, sample by sample."""
    before = analysed(battery)
    assert "background-certain" in codes(before)
    assert not before.backgrounds
    samples = drawn()
    after = analysed(battery)
    assert "background-certain" not in codes(after)
    (used,) = after.backgrounds
    assert (len(used.drawn.numbers), used.sampled.samples) == (2, COUNT)
    own = 300.0 * samples["heat"].astype(float) + 40.0 * samples["fuel"].astype(float)
    (stage,) = [s for s in after.uncertainty.stages if s.value == "main_production"]
    now, then = after.uncertainty.stages[stage], before.uncertainty.stages[stage]
    assert then.sd == pytest.approx(0.0, abs=1e-9)
    assert now.value == pytest.approx(then.value, rel=1e-12)
    assert now.sd == pytest.approx(own.std(ddof=1), rel=1e-6)
    assert now.first_order_sd == pytest.approx(now.sd, rel=1e-6)
    apart = sqrt((300 * samples["heat"].std()) ** 2 + (40 * samples["fuel"].std()) ** 2)
    assert now.sd > 1.15 * apart  # drawn apart they would hide a fifth of the spread
    total = after.uncertainty.total
    assert total.sd**2 == pytest.approx(before.uncertainty.total.sd**2 + now.sd**2, rel=0.05)


def test_fewer_samples_than_draws_and_what_was_not_drawn_are_told(battery: Path) -> None:
    drawn(samples=50, flows={"heat"})
    found = analysed(battery, draws=200)
    assert {"background-repeats", "background-partly"} <= codes(found)


def test_the_command_draws_for_an_inventory_and_the_analysis_says_so(
    battery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    order = ["background", "draws", "plant", "--samples", "60", "--seed", "9"]
    assert run([*order, "--for", str(battery), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["factors"], told["samples"], told["seed"]) == (3, 60, 9)  # electricity too
    assert run(["background", "show", "plant", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["draws"] == told
    assert run(["background", "show", "plant"]) == 0
    assert "60 samples of 3 products stored, seed 9" in capsys.readouterr().out
    orders = ["analyse", str(battery), "-m", "catena-x-pcf@v4", "--draws", "60"]
    assert run([*orders, "--json"]) == 0
    (used,) = json.loads(capsys.readouterr().out)["uncertainty"]["backgrounds"]
    assert used == {"set": "plant", "factors": 2, "samples": 60, "seed": 9,
                    "digest": told["digest"]}  # fmt: skip
    assert run(orders) == 0
    assert "60 stored samples, seed 9" in capsys.readouterr().out

"""The packaged factor set: units, bases, sources; and the library that hands it out."""

import csv
from dataclasses import replace
from importlib.resources import files

import pytest

from saltbridge.adapters.background import carculator
from saltbridge.adapters.factors.library import Library, digest_of, factor_set, open_2026
from saltbridge.core.errors import Unavailable
from saltbridge.core.provenance import Confidence
from saltbridge.core.quantity import is_unit
from saltbridge.footprint.model import EmissionFactor, FactorSet


@pytest.fixture(scope="module")
def factors() -> FactorSet:
    return open_2026()


def one(factors: FactorSet, id: str) -> EmissionFactor:
    return next(f for f in factors.factors if f.id == f"open-2026/{id}")


def test_every_factor_has_a_known_unit_a_source_and_an_open_licence(factors: FactorSet) -> None:
    for factor in factors.factors:
        assert is_unit(factor.unit), factor.id
        assert factor.source and factor.licence, factor.id
        assert factor.confidence is Confidence.READ, factor.id
        words = f"{factor.source} {factor.licence}".lower()
        for closed in ("odbl", "electricity maps", "ecoinvent", "cc by-nc", "by-nc"):
            assert closed not in words, factor.id


def test_published_values_are_unchanged(factors: FactorSet) -> None:
    # published: Istrate et al. 2024, repository results; MEE notices; OWID 2023 in grams.
    assert one(factors, "istrate2024/cobalt-sulfate").kg_co2e_per_unit == 14.99089722439171
    brine = one(factors, "istrate2024/lithium-carbonate-brine")
    assert (brine.low, brine.high) == (3.6200944006605678, 24.105141972718634)
    assert one(factors, "electricity/cn-average-2024").kg_co2e_per_unit == 0.5777
    assert one(factors, "electricity/de-2023").kg_co2e_per_unit == 0.38095
    assert one(factors, "electricity/no-2023").kg_co2e_per_unit == 0.03008


def test_electricity_is_in_kilograms_per_kilowatt_hour(factors: FactorSet) -> None:
    values = [f.kg_co2e_per_unit for f in factors.factors if f.flow.startswith("electricity")]
    # The world's most carbon-intensive grids stay below 1.5 kg/kWh: a gram would stand out.
    assert len(values) > 300 and max(values) < 1.5 and min(values) >= 0


def test_the_two_chinese_families_are_told_apart_by_their_basis(factors: FactorSet) -> None:
    chinese = [f for f in factors.factors if f.location.startswith("CN")]
    bases = {(f.gas_basis, f.scope) for f in chinese}
    assert bases == {("co2e", "life_cycle"), ("co2", "operational")}
    provinces = [f for f in chinese if f.location.startswith("CN-")]
    assert len({f.location for f in provinces}) == 30
    assert {(f.gas_basis, f.scope) for f in provinces} == {("co2", "operational")}
    assert one(factors, "electricity/cn-fj-co2-2023").kg_co2e_per_unit == 0.4211


def test_one_flow_at_one_place_has_one_value_a_year_and_basis(factors: FactorSet) -> None:
    seen: set[tuple[object, ...]] = set()
    for f in factors.factors:
        key = (f.flow, f.location, f.year, f.gas_basis, f.scope, f.market)
        assert key not in seen, key
        seen.add(key)


def test_nothing_recalled_came_along() -> None:
    folder = files("saltbridge.adapters.factors") / "open_2026"
    rows = list(
        csv.DictReader((folder / "electricity_china.csv").read_text("utf-8").splitlines())
    )
    # 0.9440 (coal) and 0.4792 (gas) are marked "recalled" in the source table.
    assert not {"0.9440", "0.4792"} & {row["kg_co2e_per_unit"] for row in rows}


def test_the_digest_follows_the_values_and_not_their_order(factors: FactorSet) -> None:
    assert factors.digest.startswith("sha256:")
    assert digest_of(factors.factors[::-1]) == factors.digest
    changed = replace(factors.factors[0], kg_co2e_per_unit=1.0)
    assert digest_of((changed, *factors.factors[1:])) != factors.digest


def test_two_factors_with_one_id_are_refused(factors: FactorSet) -> None:
    with pytest.raises(ValueError, match="unique"):
        factor_set("x", "x", [factors.factors[0], factors.factors[0]], "")


def test_the_library_loads_a_set_once() -> None:
    library = Library()
    assert library.factor_set("open-2026") is library.factor_set("open-2026")
    assert "open-2026" in library.available()


def test_an_unknown_set_is_unavailable_and_names_the_known_ones() -> None:
    with pytest.raises(Unavailable) as caught:
        Library().factor_set("ecoinvent-3.12")
    assert caught.value.findings[0].code == "factors.unknown-set"
    assert "open-2026" in str(caught.value.findings[0].arguments["known"])


def test_without_the_wheel_the_background_names_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("SALTBRIDGE_CACHE", str(tmp_path))
    carculator.arrays.cache_clear()
    with pytest.raises(Unavailable) as caught:
        Library().factor_set("carculator-static")
    assert caught.value.findings[0].code == "background.not-fetched"
    assert caught.value.findings[0].arguments["command"] == carculator.FETCH_COMMAND
    assert "carculator-static" not in Library().available()

"""Hourly matching: a case by hand, the identities for any profile, faulty profiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.hourly import COLUMNS, hourly_shadow, parse_profile

HEAD = ",".join(COLUMNS)
AMOUNT = st.floats(min_value=0.0, max_value=1e6, allow_subnormal=False)
HOUR = st.tuples(AMOUNT, AMOUNT, st.floats(min_value=0.0, max_value=2.0, allow_subnormal=False))


def test_sun_at_noon_does_not_light_the_night() -> None:
    """hand: 2 kWh load, 2 kWh sun in one hour: matched 1; the night costs 1 x 0.7."""
    shadow = hourly_shadow(parse_profile(f"{HEAD}\n1,2,0.5\n1,0,0.7\n"))
    assert shadow.carbon_free_share == 0.5
    assert shadow.yearly_share == 1.0
    assert shadow.hourly_kg_co2e == 0.7
    assert shadow.yearly_kg_co2e == 0.0
    assert shadow.hourly_kg_co2e_per_kwh == 0.35


@given(st.lists(HOUR, min_size=1, max_size=30).filter(lambda h: sum(x[0] for x in h) > 1e-3))
def test_identities(hours: list[tuple[float, float, float]]) -> None:
    """CFE is at most 1 and at most the yearly share; nothing costs more than the grid alone."""
    shadow = hourly_shadow(hours)
    assert 0 <= shadow.carbon_free_share <= 1 + 1e-12
    assert shadow.carbon_free_share <= shadow.yearly_share + 1e-12
    assert shadow.unmatched_kwh >= shadow.load_kwh * (1 - shadow.yearly_share) - 1e-6
    assert 0 <= shadow.hourly_kg_co2e <= shadow.grid_kg_co2e * (1 + 1e-12)


@given(st.lists(st.tuples(AMOUNT, AMOUNT), min_size=1, max_size=30))
def test_by_the_hour_is_never_less_than_by_the_year_where_the_grid_is_even(
    hours: list[tuple[float, float]],
) -> None:
    if sum(load for load, _ in hours) < 1e-3:
        return
    shadow = hourly_shadow([(load, made, 0.5) for load, made in hours])
    assert shadow.hourly_kg_co2e >= shadow.yearly_kg_co2e * (1 - 1e-9) - 1e-9


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("load_kwh\n1\n", "whatif.profile-columns"),
        (f"{HEAD}\n1,-2,0.5\n", "whatif.profile-cell"),
        (f"{HEAD}\n1,,0.5\n", "whatif.profile-cell"),
        (f'{HEAD}\n"1,5",2,0.5\n', "whatif.profile-cell"),
        (f"{HEAD}\n1,nan,0.5\n", "whatif.profile-cell"),
        (f"{HEAD}\n0,1,0.5\n", "whatif.profile-empty"),
        (f"{HEAD}\n", "whatif.profile-empty"),
    ],
)
def test_faulty_profiles(text: str, code: str) -> None:
    with pytest.raises(FaultyInput) as refused:
        parse_profile(text, "profile.csv")
    assert refused.value.findings[0].code == code

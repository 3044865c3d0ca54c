"""Distributions of real rows, draws that keep shared parameters shared, and the first order
beside them. Golden moments are closed forms (hand); the seed is fixed, so nothing here is luck.
"""

from math import exp, log, sqrt
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place
from saltbridge.footprint.distributions import moments, uncertain_parameters
from saltbridge.footprint.engine.draws import Lognormal, Normal, Triangular, Uniform
from saltbridge.footprint.model import Carrier, Exchange, Inventory, Stage
from saltbridge.footprint.pedigree import UnreadablePedigree, parse_pedigree, pedigree_ln_sd
from saltbridge.footprint.uncertainty import Uncertainty, uncertainty
from saltbridge.testing.inventories import factor, inventory, model, process, row

DRAWS = 20_000


def lognormal(process_: str, flow: str, median: float, ln_sd: float) -> Exchange:
    return row(
        process_, "input", flow, median, distribution="lognormal",
        location_parameter=log(median), scale=ln_sd,
    )  # fmt: skip


def drawn(what: Inventory, *factors: Any, **more: Any) -> Uncertainty:
    return uncertainty(model(what, *factors), **{"draws": DRAWS, "seed": 7, **more})


def product_of_lognormals() -> Inventory:
    """x · y with medians 3 and 2 and ln-sd 0.3 and 0.4: two steps of a chain."""
    return inventory(
        process("a"), lognormal("a", "b", 3.0, 0.3), process("b"), lognormal("b", "c", 2.0, 0.4)
    )


def test_product_of_lognormals() -> None:
    """mc-lognormal-product, closed form: the variances of the logarithms add (0.25)."""
    found = drawn(product_of_lognormals(), factor("c", 1.0)).total
    standard_error = 3.623403199265287 / sqrt(DRAWS)
    assert found.mean == pytest.approx(6.798890718400958, abs=4 * standard_error)
    assert found.median == pytest.approx(6.0, rel=0.02)
    assert found.sd == pytest.approx(3.623403199265287, rel=0.05)
    assert found.p2_5 == pytest.approx(2.251907144479059, rel=0.04)
    assert found.p97_5 == pytest.approx(15.986449569317386, rel=0.04)


def test_first_order_of_a_skewed_product_is_called_poor_where_it_is() -> None:
    """Hand: first order sd² = (2·sd x)² + (3·sd y)² with the sds of the two lognormals."""
    found = drawn(product_of_lognormals(), factor("c", 1.0)).total
    sd_x = 3 * sqrt(exp(0.09) * (exp(0.09) - 1))
    sd_y = 2 * sqrt(exp(0.16) * (exp(0.16) - 1))
    expected = sqrt((2 * sd_x) ** 2 + (3 * sd_y) ** 2)
    assert found.first_order_sd == pytest.approx(expected, rel=1e-12)
    assert found.first_order_ratio == pytest.approx(expected / found.sd)
    assert not found.first_order_is_poor  # 9 percent low: within what is asked of it
    skewed = inventory(
        process("a"), lognormal("a", "b", 3.0, 1.0), process("b"), lognormal("b", "c", 2.0, 1.0)
    )
    assert drawn(skewed, factor("c", 1.0)).total.first_order_is_poor


def test_triangular_and_uniform() -> None:
    """mc-triangular-uniform: 2.5 · a · u, mean 66.5 and variance 59.3433."""
    what = inventory(
        process("bike"),
        row("bike", "input", "fibre", 2.5),
        process("fibre"),
        row("fibre", "input", "firing", 1.0, distribution="uniform", minimum=0.8, maximum=1.2),
        process("firing"),
        row(
            "firing", "emission", "CO2", 26.6, origin="fossil", distribution="triangular",
            location_parameter=26.6, minimum=26.0, maximum=27.2,
        ),
    )  # fmt: skip
    found = drawn(what)
    assert found.total.value == pytest.approx(66.5, rel=1e-12)
    variance = 59.3433333333337
    assert found.total.mean == pytest.approx(66.5, abs=4 * sqrt(variance / DRAWS))
    assert found.total.sd**2 == pytest.approx(variance, rel=0.03)
    assert found.total.first_order_sd**2 == pytest.approx(variance, rel=1e-3)
    assert sum(share for _, share in found.variance_shares) == pytest.approx(1.0, rel=1e-12)


def test_a_shared_factor_stays_shared() -> None:
    """mc-shared-parameter: 3, 2 and 1 kg at one factor of sd 0.5 give 3.0, not 1.871."""
    half = 0.5 * sqrt(3)
    flows = ("one", "two", "three")
    rows = [row("cell", "input", f, a) for f, a in zip(flows, (3.0, 2.0, 1.0), strict=True)]

    def factors(*ids: str) -> list[Any]:
        return [
            factor(f, 2.0, low=2.0 - half, high=2.0 + half, id=i)
            for f, i in zip(flows, ids, strict=True)
        ]

    what = inventory(process("cell"), *rows)
    shared = drawn(what, *factors("grid", "grid", "grid")).total
    apart = drawn(what, *factors("a", "b", "c")).total
    assert shared.first_order_sd == pytest.approx(3.0, rel=1e-9)
    assert apart.first_order_sd == pytest.approx(sqrt(3.5), rel=1e-9)
    assert shared.sd == pytest.approx(3.0, rel=0.02)
    assert apart.sd == pytest.approx(sqrt(3.5), rel=0.02)


def test_the_same_seed_gives_the_same_draws_and_another_gives_others() -> None:
    what = product_of_lognormals()
    first, again = (drawn(what, factor("c", 1.0), draws=300) for _ in range(2))
    assert first.total == again.total
    assert drawn(what, factor("c", 1.0), draws=300, seed=8).total != first.total


def test_stages_have_spreads_of_their_own() -> None:
    what = inventory(
        process("a", stage=Stage.MAIN_PRODUCTION),
        row("a", "input", "b", 1.0),
        lognormal("a", "x", 2.0, 0.1),
        process("b", stage=Stage.RAW_MATERIAL),
        row("b", "input", "x", 4.0),
    )
    found = drawn(what, factor("x", 1.0), draws=500)
    spreads = {stage.value: spread for stage, spread in found.stages.items()}
    assert spreads["raw_material_acquisition"].sd == pytest.approx(0.0, abs=1e-12)
    assert spreads["main_production"].sd == pytest.approx(found.total.sd, rel=1e-9)


def one(**columns: Any) -> Inventory:
    place = Place(file="exchanges.csv", row=2)
    return inventory(process("a"), row("a", "input", "x", 2.0, place=place, **columns))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"distribution": "lognormal", "scale": 0.2}, Lognormal(2.0, 0.2)),
        ({"distribution": "normal", "scale": 0.3}, Normal(2.0, 0.3)),
        (
            {"distribution": "triangular", "minimum": 1.0, "maximum": 4.0},
            Triangular(1.0, 2.0, 4.0),
        ),
        ({"distribution": "uniform", "minimum": 1.0, "maximum": 4.0}, Uniform(1.0, 4.0)),
        ({"distribution": "lognormal", "scale": 0.2, "pedigree": "(5,5,5,5,5)"},
         Lognormal(2.0, 0.2)),
    ],
)  # fmt: skip
def test_distributions_are_read_from_the_columns(columns: Any, expected: Any) -> None:
    (found,), findings = uncertain_parameters(model(one(**columns), factor("x", 1.0)))
    assert found.distribution == expected
    assert found.basis == "row"
    assert not findings


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"distribution": "lognormal"}, "spread-missing"),
        ({"distribution": "normal", "scale": -0.3}, "negative-spread"),
        ({"distribution": "lognormal", "scale": -0.3}, "negative-spread"),
        ({"distribution": "uniform", "minimum": 3.0, "maximum": 1.0}, "bounds-order"),
        ({"distribution": "triangular", "minimum": 3.0}, "bounds-missing"),
        (
            {"distribution": "triangular", "minimum": 3.0, "maximum": 4.0},
            "amount-outside-bounds",
        ),
        ({"distribution": "weibull", "scale": 1.0}, "distribution-unknown"),
        ({"pedigree": "(1,2,9,1,1)"}, "pedigree-unreadable"),
    ],
)  # fmt: skip
def test_faults_of_distributions_are_findings(columns: Any, code: str) -> None:
    with pytest.raises(FaultyInput) as refused:
        uncertain_parameters(model(one(**columns), factor("x", 1.0)))
    (found,) = refused.value.findings
    assert found.code == f"analysis.{code}"
    assert found.place.row == 2


def test_a_location_elsewhere_than_the_amount_is_told_and_not_used() -> None:
    columns = {"distribution": "lognormal", "location_parameter": log(50.0), "scale": 0.1}
    (found,), (told,) = uncertain_parameters(model(one(**columns), factor("x", 1.0)))
    assert found.distribution == Lognormal(2.0, 0.1)
    assert told.code == "analysis.location-differs"
    assert told.arguments["location"] == pytest.approx(50.0)


def test_pedigree_becomes_the_spread_of_a_lognormal() -> None:
    """Hand: 0.0006 basic + 0.0006 + 0.0001 + 0.002 + 0.002 + 0.12 for (2,2,3,5,5)."""
    (found,), _ = uncertain_parameters(model(one(pedigree="(2,2,3,5,5)"), factor("x", 1.0)))
    assert found.basis == "pedigree"
    assert isinstance(found.distribution, Lognormal)
    assert found.distribution.ln_sd == pytest.approx(sqrt(0.1253), rel=1e-12)


def test_pedigree_of_transport_and_emissions_starts_wider() -> None:
    lorry = row(
        "a", "input", "lorry", 1.0, "tkm", carrier=Carrier.TRANSPORT, pedigree="1,1,1,1,1"
    )
    gas = row("a", "emission", "CH4", 1.0, pedigree="(1;1;1;1;1;3)")
    assert pedigree_ln_sd(lorry) == pytest.approx(sqrt(0.12))
    assert pedigree_ln_sd(gas) == pytest.approx(0.2)
    assert parse_pedigree("(1;1;1;1;1;3)") == (1, 1, 1, 1, 1)
    for text in ("", "(1,2)", "1,2,3,4,x", "(0,1,1,1,1)"):
        with pytest.raises(UnreadablePedigree):
            parse_pedigree(text)


def test_what_is_not_drawn_is_said() -> None:
    what = inventory(
        process("a"),
        row("a", "input", "x", 2.0),
        row("a", "input", "hole", 3.0, distribution="lognormal", scale=0.5),
    )
    found, findings = uncertain_parameters(model(what, factor("x", 1.0)))
    assert not found
    codes = {f.code for f in findings}
    assert codes == {"analysis.uncertain-outside", "analysis.nothing-uncertain"}


def test_a_value_at_the_edge_of_its_range_is_told() -> None:
    found = drawn(one(), factor("x", 1.0, low=1.0, high=5.0), draws=400)
    assert "analysis.value-outside-interval" in {f.code for f in found.findings}
    assert found.total.value == 2.0
    assert found.total.p2_5 > 2.0


def test_draws_that_no_supply_satisfies_are_counted() -> None:
    """A loop that takes 0.9 of what it makes, with a spread that often takes more than 1."""
    what = inventory(
        process("a"),
        row("a", "input", "a", 0.9, distribution="uniform", minimum=0.7, maximum=1.1),
        row("a", "emission", "CO2", 1.0, origin="fossil"),
    )
    found = drawn(what, draws=1000)
    assert 150 < found.without_solution < 350
    assert "analysis.draws-without-solution" in {f.code for f in found.findings}


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (Triangular(26.0, 26.6, 27.2), 26.6, sqrt(0.06)),
        (Uniform(0.8, 1.2), 1.0, 0.4 / sqrt(12)),
        (Lognormal(3.0, 0.3), 3 * exp(0.045), 3 * exp(0.045) * sqrt(exp(0.09) - 1)),
    ],
)
def test_moments_are_those_of_the_closed_forms(
    distribution: Any, mean: float, sd: float
) -> None:
    assert moments(distribution) == pytest.approx((mean, sd), rel=1e-9)

"""Suppliers' data sets: parse and render lose nothing, conversions say what they lose."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Place, errors_in
from saltbridge.footprint.supplier_checks import check_figure
from saltbridge.footprint.supplier_figure import (
    CATENA_X_9,
    CATENA_X_10,
    COMPONENT_1,
    PACT_3,
    MetalTerms,
    SupplierFigure,
)
from saltbridge.footprint.supplier_providers import Origin, figure_factors, figure_metals
from saltbridge.formats import pcf_pact
from saltbridge.formats.pcf import convert, parse_pcf, recognise, render_pcf, schema_findings
from saltbridge.formats.pcf_battery_component import parse_metals, render_metals
from saltbridge.formats.pcf_members import leaves

FOLDER = "partners/material-supplier/figures"
FORMAT = {
    "precursor-2025": CATENA_X_9,
    "precursor-2026": CATENA_X_9,
    "aluminium-pact": PACT_3,
    "cathode-component": COMPONENT_1,
}
OFFICIAL = {
    "io.catenax.pcf/9.0.0/Pcf.json": CATENA_X_9,
    "io.catenax.pcf/10.0.0/Pcf.json": CATENA_X_10,
    "io.catenax.pcf_for_battery_component_supplier/1.0.0/PcfForBatteryComponentSupplier.json": (
        COMPONENT_1
    ),
}


@pytest.fixture
def sample(examples: Path) -> Callable[[str], Any]:
    def read(name: str) -> Any:
        return read_json((examples / FOLDER / f"{name}.json").read_bytes(), name)

    return read


@pytest.mark.parametrize("name", FORMAT)
def test_our_samples_come_back_as_they_were(name: str, sample: Callable[[str], Any]) -> None:
    document = sample(name)
    untouched = deepcopy(document)
    figure, findings = parse_pcf(document, name)
    assert figure.format == FORMAT[name] == recognise(document)
    assert findings == () == schema_findings(document, figure.format)
    assert render_pcf(figure) == document == untouched
    assert list(leaves(figure.rest)) == []


@pytest.mark.full("the shared standards")
@pytest.mark.parametrize("path", OFFICIAL)
def test_the_official_samples_come_back_as_they_were(path: str, shared: Path) -> None:
    file = shared / "standards" / "tractusx-sldt-semantic-models" / path
    document = read_json(file.read_bytes())
    figure, findings = parse_pcf(document, path)
    assert figure.format == OFFICIAL[path]
    assert errors_in(findings) == ()
    assert schema_findings(document, figure.format) == ()
    assert render_pcf(figure) == document


# What our checks say of the official samples on 1 December 2026: published as they are, they
# contradict themselves, so that none of them makes a factor as it stands.
SAID_OF = {
    CATENA_X_9: {
        "unit-not-catena-x", "sum-without-uptake", "sum-with-uptake", "block-not-counted",
        "expired",
    },
    CATENA_X_10: {
        "unit-not-catena-x", "sum-without-uptake", "parts-not-stated", "sum-with-uptake",
        "block-not-counted", "expired",
    },
    COMPONENT_1: {"sum-of-stages", "rating-not-mean", "expired"},
}  # fmt: skip
# … and the totals that their parts make (hand: 0.5 + 1 + 1.4 + 1.4 = 4.3, less 1 of uptake;
# 3 * 0.2 of packaging; 4 stages of 3.14).
_TOTALS = {
    "production.excluding": "4.3", "production.including": "3.3",
    "packaging.excluding": "0.6", "packaging.including": "0.6",
}  # fmt: skip
MENDED = {CATENA_X_9: _TOTALS, CATENA_X_10: _TOTALS, COMPONENT_1: {"stage.total": "12.56"}}


@pytest.mark.full("the shared standards")
@pytest.mark.parametrize("path", OFFICIAL)
def test_an_official_sample_that_agrees_with_itself_is_a_provider(
    path: str, shared: Path
) -> None:
    """Origin and verification go with it; as published it is refused with the reasons."""
    file = shared / "standards" / "tractusx-sldt-semantic-models" / path
    figure, _ = parse_pcf(read_json(file.read_bytes()), path)
    on = date(2026, 12, 1)
    said = {f.code.removeprefix("supplier.") for f in check_figure(figure, on)}
    assert said == SAID_OF[figure.format]
    mended = {k: Decimal(v) for k, v in MENDED[figure.format].items()}
    sound = replace(figure, values={**figure.values, **mended})
    assert errors_in(check_figure(sound, on)) == ()
    assert parse_pcf(render_pcf(sound))[0].values == sound.values
    origin = Origin(
        supplier="BPNL0000000PARTN", digest="sha256:ab", signed=True, verified_by="this node"
    )
    factor = figure_factors(sound, origin)[0]
    assert (factor.supplier, factor.record) == ("BPNL0000000PARTN", "sha256:ab")
    assert factor.verification.startswith("signature verified by this node")
    if figure.format == COMPONENT_1:
        assert (factor.kg_co2e_per_unit, factor.unit) == (9.42, "kg")  # 3 stages of 3.14
        metals = {m.material: (m.Ev, m.Erecycled) for m in figure_metals(sound, origin)}
        # "2.3 kg CO₂eCOkg", as published: not taken for a unit.
        assert metals == {"Nickel": (4.9, None), "Cobalt": (13.0, 4.2)}
    else:
        assert (factor.kg_co2e_per_unit, factor.unit) == (4.3, "l")
        assert "PCF Program Certification by TÜV-X" in factor.verification
        assert "% verified or certified" in factor.verification


def _examples(schema: Any, root: Any) -> Any:
    """The example values a schema gives for its members, nested as they are."""
    while "$ref" in schema:
        target = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    if schema.get("examples"):
        return schema["examples"][0]
    found = {k: _examples(v, root) for k, v in schema.get("properties", {}).items()}
    return {k: v for k, v in found.items() if v not in (None, {})} or None


def _laid_over(document: Any, values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    merged = dict(document) if isinstance(document, dict) else {}
    return merged | {k: _laid_over(merged.get(k), v) for k, v in values.items()}


def test_every_example_value_of_pact_is_read(sample: Callable[[str], Any]) -> None:
    """PACT publishes no whole data set: the examples of its schema, laid over one of ours."""
    from importlib.resources import files

    schema = read_json((files("saltbridge.formats") / "pcf_schemas/pact-3.json").read_bytes())
    examples = _examples(schema, schema)
    document = _laid_over(sample("aluminium-pact"), examples)
    for name in ("geographyRegionOrSubregion", "geographyCountrySubdivision"):
        document["pcf"].pop(name, None)  # exactly one level is allowed
    # The one example the schema itself refuses: no operator is called PCR.
    assert document["pcf"]["productOrSectorSpecificRules"].pop()["operator"] == "PCR"
    assert schema_findings(document, PACT_3) == ()
    figure, unread = parse_pcf(document)
    assert unread == () and render_pcf(figure) == document
    assert figure.number("production.excluding") == Decimal("5.14")
    assert figure.number("production.including") == Decimal("-14.22")
    assert (figure.unit, figure.amount) == ("l", Decimal("12.5"))
    assert figure.number("mass_kg") == Decimal("9.86")
    carried = set(leaves(figure.rest))  # rules with names of their own are not interpreted
    assert {leaf.split("/")[2] for leaf in carried} == {"productOrSectorSpecificRules"}


@pytest.mark.full("the shared standards")
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("catena-x-pcf-9", "io.catenax.pcf/9.0.0/Pcf-schema.json"),
        ("catena-x-pcf-10", "io.catenax.pcf/10.0.0/Pcf-schema.json"),
    ],
)
def test_the_packaged_schemas_are_the_official_ones(
    ours: str, theirs: str, shared: Path
) -> None:
    from importlib.resources import files

    packaged = (files("saltbridge.formats") / "pcf_schemas" / f"{ours}.json").read_bytes()
    official = shared / "standards" / "tractusx-sldt-semantic-models" / theirs
    assert packaged == official.read_bytes()


def test_unknown_members_are_carried(sample: Callable[[str], Any]) -> None:
    document = sample("aluminium-pact")
    document["pcf"]["ours"] = {"deep": [1, {"er": "x"}]}
    document["extensions"] = [{"specVersion": "2.0.0", "dataSchema": "urn:x", "data": {}}]
    figure, _ = parse_pcf(document)
    assert render_pcf(figure) == document
    assert "/pcf/ours/deep/1/er" in list(leaves(figure.rest))
    with pytest.raises(Refused):  # what Catena-X asks for and PACT does not say
        convert(figure, CATENA_X_9)


def test_a_decimal_keeps_every_digit(sample: Callable[[str], Any]) -> None:
    document = sample("aluminium-pact")
    document["pcf"]["pcfExcludingBiogenicUptake"] = "15.500000000000000000012"
    figure, _ = parse_pcf(document)
    value = figure.number("production.excluding")
    assert value == Decimal("15.500000000000000000012")
    assert render_pcf(figure) == document


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=1e9))
def test_decimals_of_pact_come_back(value: Decimal) -> None:
    figure = SupplierFigure(PACT_3, {"production.excluding": value}, (), {})
    again, findings = pcf_pact.parse_pact(pcf_pact.render_pact(figure))
    assert (again.values, findings) == (figure.values, ())


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("15,5", "supplier.decimal-comma"),
        ("1e3", "supplier.not-a-number"),
        (15.5, "supplier.decimal-not-text"),
    ],
)
def test_faulty_decimals_are_findings(
    value: Any, code: str, sample: Callable[[str], Any]
) -> None:
    document = sample("aluminium-pact")
    document["pcf"]["fossilGhgEmissions"] = value
    figure, findings = parse_pcf(document, "al.json")
    assert [f.code for f in findings] == [code]
    assert str(findings[0].place) == "al.json /pcf/fossilGhgEmissions"
    assert figure.number("production.fossil") is None
    assert render_pcf(figure) == document


def test_a_second_product_in_a_list_is_named_not_dropped(sample: Callable[[str], Any]) -> None:
    document = sample("precursor-2025")
    stages = document["productLifeCycleStagesAndEmissions"][0]["productionStage"]
    stages.append({"pcfExcludingBiogenicUptake": 1})
    figure, findings = parse_pcf(document)
    assert {f.code for f in findings} == {"supplier.several-entries"}
    assert render_pcf(figure) == document


def test_conversions_say_what_is_lost(sample: Callable[[str], Any]) -> None:
    figure, _ = parse_pcf(sample("precursor-2026"))
    ten = convert(figure, CATENA_X_10)
    assert ten.lost == ("free_attribution",)  # "not applicable" is no flag
    back = convert(parse_pcf(ten.document)[0], CATENA_X_9, {"free_attribution": "false"})
    assert back.lost == ()
    pact = convert(figure, PACT_3)
    assert {"scope", "pcf_type", "region", "production.aviation"} <= set(pact.lost)
    assert pact.document["pcf"]["pcfExcludingBiogenicUptake"] == "9800"
    assert "geographyRegionOrSubregion" not in pact.document["pcf"]
    kept = {f for f in figure.values if f not in pact.lost} - {"spec", "distribution.counted"}
    again, _ = parse_pcf(pact.document)
    partly = {f for f in kept if any(lost.startswith(f"{f}/") for lost in pact.lost)}
    for field in kept - partly:
        assert again.values[field] == figure.values[field], field


def test_an_unread_version_is_not_guessed_at(sample: Callable[[str], Any]) -> None:
    document = sample("precursor-2025")
    document["scopeOfPcfForm"][0]["specVersion"] = "urn:io.catenax.pcf:datamodel:version:11.0.0"
    with pytest.raises(FaultyInput) as caught:
        parse_pcf(document)
    assert caught.value.findings[0].code == "supplier.unknown-format"


# --- metals -----------------------------------------------------------------------------------

NICKEL = MetalTerms("Nickel", Decimal("50.5"), Decimal("4.9"), Decimal("2.3"))
COBALT = MetalTerms("Cobalt", Decimal("6.0"), Decimal("13.0"), Decimal("4.2"))


@pytest.mark.parametrize(
    "line",
    [
        "Material: Nickel, Specific Content: 50.5 %, EV_Mat 4.9, Erecycled_Mat 2.3",
        "Material: Nickel, Specific Content: 50.5%, EV_Mat: 4.9 kg CO₂e/kg ,"
        "Erecycled_Mat: 2.3 kg CO2e/kg",
    ],
)
def test_the_text_of_metals_is_read(line: str) -> None:
    assert parse_metals([line], Place()) == ((NICKEL,), ())


def test_metals_come_back_from_their_text() -> None:
    assert parse_metals([render_metals((NICKEL, COBALT))], Place()) == ((NICKEL, COBALT), ())


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Material: Nickel, EV_Mat: 4.9 g CO2e/kg", "supplier.metal-unit"),
        ("Material: Nickel, EV_Mat: 4.9 kg CO₂eCOkg", "supplier.metal-unit"),  # official sample
        ("Material: Nickel, EV_Mat: 4,9 kg CO2e/kg", "supplier.decimal-comma"),
        ("Nickel 50 %", "supplier.metal-text"),
        ("Material: Nickel, Ev about 5", "supplier.metal-text"),
    ],
)
def test_what_cannot_be_read_for_certain_is_not_used(line: str, code: str) -> None:
    metals, findings = parse_metals([line], Place())
    assert [f.code for f in findings] == [code]
    assert all(m.Ev is None for m in metals)


def test_the_numbers_beside_the_text_must_agree(sample: Callable[[str], Any]) -> None:
    document = sample("cathode-component")
    document["saltbridgeMetals"] = [
        {"material": "Nickel", "unit": "kg CO2e/kg", "Ev": 14.5, "Erecycled": 2.3,
         "contentPercent": 20.3},
        {"material": "Cobalt", "unit": "kg CO2e/kg", "Ev": 15.0, "Erecycled": 4.2,
         "contentPercent": 20.4},
    ]  # fmt: skip
    figure, findings = parse_pcf(document)
    assert [(f.code, f.arguments["term"]) for f in findings] == [
        ("supplier.metal-contradiction", "Ev")
    ]
    assert figure.metals[0].Ev == Decimal("14.5")
    assert render_pcf(figure) == document


def test_a_credit_at_end_of_life_is_refused_never_clamped(sample: Callable[[str], Any]) -> None:
    document = sample("cathode-component")
    document["pcfValues"]["sharesPerStage"]["stage4EndOfLifeRecycling"]["stageValue"] = -0.5
    figure, _ = parse_pcf(document)
    with pytest.raises(Refused) as caught:
        render_pcf(figure)
    (found,) = caught.value.findings
    assert (found.code, found.arguments["value"]) == ("supplier.negative-stage", -0.5)

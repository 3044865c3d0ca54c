"""Distributions as Brightway, bw2io and openLCA write them; what is not read is told apart."""

from math import exp, nan
from typing import Any

import pytest

from saltbridge.footprint.background.linking import link
from saltbridge.footprint.background.model import BackgroundSystem, Flow
from saltbridge.footprint.engine.draws import Lognormal, Normal, Triangular, Uniform
from saltbridge.formats.lca_datasets import parse_brightway, parse_ecospold2, parse_simapro
from saltbridge.formats.lca_uncertainty import (
    UnreadSpread,
    brightway_distribution,
    openlca_distribution,
)
from saltbridge.formats.openlca_documents import parse_openlca


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, None),
        ({"uncertainty type": 0, "loc": 2.0}, None),
        ({"uncertainty type": 1}, None),
        ({"uncertainty type": 2, "loc": 9.0, "scale": 0.2}, Lognormal(2.0, 0.2)),
        ({"uncertainty type": 2, "scale": 0.0}, None),
        ({"uncertainty type": 3, "loc": 2.0, "scale": 0.5}, Normal(2.0, 0.5)),
        ({"uncertainty type": 4, "minimum": 1.0, "maximum": 3.0}, Uniform(1.0, 3.0)),
        (
            {"uncertainty type": 5, "loc": 2.0, "minimum": 1.0, "maximum": 4.0},
            Triangular(1.0, 2.0, 4.0),
        ),
    ],
)  # fmt: skip
def test_kinds_of_brightway(said: dict[str, Any], expected: Any) -> None:
    assert brightway_distribution(said, 2.0) == expected


@pytest.mark.parametrize(
    "said",
    [
        {"uncertainty type": 8, "scale": 1.0},
        {"uncertainty type": "odd"},
        {"uncertainty type": 2, "scale": nan},
        {"uncertainty type": 3, "scale": -1.0},
        {"uncertainty type": 4, "minimum": 3.0, "maximum": 1.0},
        {"uncertainty type": 5, "minimum": 3.0, "maximum": 4.0},
        {"uncertainty type": 4},
    ],
)
def test_what_is_not_read_is_no_certainty(said: dict[str, Any]) -> None:
    with pytest.raises(UnreadSpread):
        brightway_distribution(said, 2.0)


def test_kinds_of_openlca() -> None:
    kind = "distributionType"
    lognormal = {kind: "LOG_NORMAL_DISTRIBUTION", "geomMean": 9.0, "geomSd": exp(0.25)}
    found = openlca_distribution(lognormal, 2.0)
    assert found == Lognormal(2.0, pytest.approx(0.25))
    assert openlca_distribution({}, 2.0) is None
    bounds = {"minimum": 1.0, "maximum": 4.0}
    triangle = {kind: "TRIANGLE_DISTRIBUTION", "mode": 2.0, **bounds}
    assert openlca_distribution(triangle, 2.0) == Triangular(1.0, 2.0, 4.0)
    for faulty in ({**lognormal, "geomSd": 0.0}, {kind: "LOGISTIC"}):
        with pytest.raises(UnreadSpread):
            openlca_distribution(faulty, 2.0)


LN: dict[str, Any] = {"uncertainty type": 2, "loc": 0.0, "scale": 0.1}
WEIBULL: dict[str, Any] = {"uncertainty type": 8, "scale": 0.1}


def brightway() -> BackgroundSystem:
    a, b, gas = ("fg", "a"), ("fg", "b"), ("fg", "g")
    system, _ = parse_brightway(
        [
            {"database": "fg", "code": "a", "name": "a", "unit": "kilogram", "exchanges": [
                {"input": a, "amount": 1.0, "type": "production"},
                {"input": b, "amount": 2.0, "type": "technosphere", **LN},
                {"input": b, "amount": 2.0, "type": "technosphere", **WEIBULL},
                {"input": b, "amount": 0.5, "type": "substitution", **LN}]},
            {"database": "fg", "code": "b", "name": "b", "unit": "kilogram", "exchanges": [
                {"input": b, "amount": 1.0, "type": "production"},
                {"input": gas, "amount": 3.0, "type": "biosphere", **LN}]},
            {"database": "fg", "code": "g", "name": "Carbon dioxide, fossil",
             "type": "emission", "unit": "kilogram", "categories": ["air"]},
        ],
        "fg", "own",
    )  # fmt: skip
    return system


def ecospold2() -> BackgroundSystem:
    unit = {"unit": "kg"}
    system, _ = parse_ecospold2(
        [
            {"activity": "a", "name": "a", "location": "DE", "exchanges": [
                {"type": "production", "name": "a", "flow": "f-a", "amount": 1.0,
                 "outputGroup": "0", **unit},
                {"type": "technosphere", "name": "b", "flow": "f-b", "activity": "b",
                 "amount": 2.0, "inputGroup": "5", **unit, **LN},
                {"type": "technosphere", "name": "b", "flow": "f-b", "activity": "b",
                 "amount": 2.0, "inputGroup": "5", **unit, **WEIBULL},
                {"type": "technosphere", "name": "b", "flow": "f-b", "activity": "b",
                 "amount": -0.5, "inputGroup": "5", **unit, **LN}]},
            {"activity": "b", "name": "b", "location": "DE", "exchanges": [
                {"type": "production", "name": "b", "flow": "f-b", "amount": 1.0,
                 "outputGroup": "0", **unit},
                {"type": "biosphere", "name": "Carbon dioxide, fossil", "flow": "f-g",
                 "amount": 3.0, "outputGroup": "4", "categories": ["air"], **unit, **LN}]},
        ],
        "es2", "own",
    )  # fmt: skip
    return system


def simapro() -> BackgroundSystem:
    unit = {"unit": "kg"}
    system, _ = parse_simapro(
        [
            {"code": "1", "exchanges": [
                {"type": "production", "name": "a", "amount": 1.0, **unit},
                {"type": "technosphere", "name": "b", "amount": 2.0, **unit, **LN},
                {"type": "technosphere", "name": "b", "amount": 2.0, **unit, **WEIBULL},
                {"type": "substitution", "name": "b", "amount": 0.5, **unit, **LN}]},
            {"code": "2", "exchanges": [
                {"type": "production", "name": "b", "amount": 1.0, **unit},
                {"type": "biosphere", "name": "Carbon dioxide, fossil", "amount": 3.0,
                 "categories": ["Emissions to air"], **unit, **LN}]},
        ],
        "sp", "own",
    )  # fmt: skip
    return system


def openlca() -> BackgroundSystem:
    spread = {
        "uncertainty": {"distributionType": "LOG_NORMAL_DISTRIBUTION", "geomSd": exp(0.1)}
    }
    odd = {"uncertainty": {"distributionType": "LOGISTIC"}}
    unit = {"unit": {"name": "kg"}}
    a, b = ({"@id": name, "name": name, "flowType": "PRODUCT_FLOW"} for name in "ab")
    gas = {"@id": "g", "name": "Carbon dioxide, fossil", "flowType": "ELEMENTARY_FLOW",
           "category": "Emission to air"}  # fmt: skip
    made = {"amount": 1.0, "isQuantitativeReference": True, **unit}
    taken = {"flow": b, "isInput": True, **unit}
    avoided = {"flow": b, "amount": 0.5, "isAvoidedProduct": True, **unit, **spread}
    system, _ = parse_openlca(
        {"processes": [
            {"@id": "1", "name": "a", "exchanges": [
                {"flow": a, **made},
                {"amount": 2.0, **taken, **spread},
                {"amount": 2.0, **taken, **odd},
                avoided]},
            {"@id": "2", "name": "b", "exchanges": [
                {"flow": b, **made},
                {"flow": gas, "amount": 3.0, **unit, **spread}]},
        ]},
        "ol", "own",
    )  # fmt: skip
    return system


@pytest.mark.parametrize("read", [brightway, ecospold2, simapro, openlca])
def test_every_format_keeps_its_spreads_up_to_the_linked_exchanges(read: Any) -> None:
    """hand: a takes 2 kg twice (once in a kind nobody reads) and avoids 0.5 kg of b."""
    system = read()
    flows: list[Flow] = [f for activity in system.activities for f in activity.flows]
    assert [f.spread_unread for f in flows] == [False, False, True, False, False, False]
    exchanges = link(system, ("AR6",)).exchanges
    assert exchanges.uncertain == 3
    assert exchanges.burdens.values[0].tolist() == [3.0, pytest.approx(0.1), 0.0]
    inputs = exchanges.inputs
    taken = inputs.amounts[inputs.rows != inputs.columns].tolist()
    assert taken == [-2.0, -2.0, 0.5]
    medians = inputs.values[inputs.rows != inputs.columns][:, 0].tolist()
    assert medians == pytest.approx([-2.0, -2.0, 0.5])
    assert inputs.matrix((2, 2)).toarray().tolist() == [[1.0, 0.0], [-3.5, 1.0]]

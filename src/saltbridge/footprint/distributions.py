"""The distribution of every uncertain number of a footprint, and what cannot be drawn.

Of a row from its own columns (ecoinvent convention), else from its pedigree scores; of a factor
from its low and high values, taken as a uniform distribution, since nothing between the two is
known. Every distribution is centred on the amount that is accounted (median, mean or mode); a
``location_parameter`` that says something else is told, and not used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import exp, expm1, log, sqrt
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Severity, errors_in, finding
from saltbridge.footprint.engine.draws import (
    Distribution,
    Fixed,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
)
from saltbridge.footprint.linear_model import LinearModel, Parameter, ParameterKind
from saltbridge.footprint.pedigree import UnreadablePedigree, pedigree_ln_sd

# A location parameter further from the amount than this is told.
_LOCATION_TOLERANCE = 0.01
_NAMED = 8


@dataclass(frozen=True, slots=True)
class Uncertain:
    """One parameter with its distribution, and what it was taken from."""

    parameter: Parameter
    distribution: Distribution
    basis: str  # "row" | "pedigree" | "range"


def moments(distribution: Distribution) -> tuple[float, float]:
    """Mean and standard deviation of a distribution, in the unit of its parameter."""
    match distribution:
        case Lognormal(median, ln_sd):
            mean = median * exp(ln_sd**2 / 2)
            return mean, abs(mean) * sqrt(expm1(ln_sd**2))
        case Normal(mean, sd):
            return mean, sd
        case Triangular(a, c, b):
            return (a + b + c) / 3, sqrt((a * a + b * b + c * c - a * b - a * c - b * c) / 18)
        case Uniform(low, high):
            return (low + high) / 2, (high - low) / sqrt(12)
        case Fixed(value):
            return value, 0.0


def uncertain_parameters(
    model: LinearModel, *, nothing_else: bool = True
) -> tuple[tuple[Uncertain, ...], tuple[Finding, ...]]:
    """The parameters that have a distribution, and remarks on what was given.

    ``nothing_else`` says that nothing is drawn beside them: if there is none then, the spread
    is told to be unknown.

    Raises:
        FaultyInput: a distribution is none (negative spread, bounds out of order, unreadable
            pedigree); all findings at once.
    """
    found: list[Uncertain] = []
    findings: list[Finding] = []
    for parameter in model.parameters:
        if parameter.kind is ParameterKind.AMOUNT:
            taken = _of_row(parameter, findings)
        elif parameter.kind is ParameterKind.FACTOR:
            taken = _of_factor(parameter, findings)
        else:
            taken = None
        if taken is not None:
            found.append(taken)
    errors = errors_in(findings)
    if errors:
        raise FaultyInput(errors)
    findings += _not_drawn(model, found, nothing_else)
    return tuple(found), tuple(findings)


def _not_drawn(
    model: LinearModel, found: Sequence[Uncertain], nothing_else: bool
) -> list[Finding]:
    """What the spread does not hold, said aloud: no spread is not the same as certainty."""
    said = []
    rows = [r for r in model.outside if r.distribution or r.pedigree]
    if rows:
        flows = list(dict.fromkeys(r.flow for r in rows))
        said.append(
            finding(
                "analysis.uncertain-outside",
                severity=Severity.NOTE,
                count=len(rows),
                flows=", ".join(flows[:_NAMED]),
            )
        )
    if not found and nothing_else:
        said.append(finding("analysis.nothing-uncertain", severity=Severity.WARNING))
    return said


def _of_row(parameter: Parameter, findings: list[Finding]) -> Uncertain | None:
    row = parameter.exchange
    if row is None or not (row.distribution or row.pedigree):
        return None
    say = partial(_say, findings, parameter)
    kind = row.distribution or "lognormal"
    if kind in ("lognormal", "normal"):
        spread, basis = row.scale, "row"
        if spread is None and row.pedigree and kind == "lognormal":
            try:
                spread, basis = pedigree_ln_sd(row), "pedigree"
            except UnreadablePedigree:
                say("analysis.pedigree-unreadable", "pedigree", pedigree=row.pedigree)
                return None
        if spread is None:
            say("analysis.spread-missing", "scale", distribution=kind)
            return None
        if spread < 0:
            say("analysis.negative-spread", "scale", scale=spread)
            return None
        _check_location(parameter, kind, findings)
        if kind == "lognormal":
            return Uncertain(parameter, Lognormal(row.amount, spread), basis)
        if spread * 1.96 > row.amount:
            say("analysis.below-zero", "scale", Severity.WARNING, scale=spread)
        return Uncertain(parameter, Normal(row.amount, spread), basis)
    if kind not in ("triangular", "uniform"):
        say("analysis.distribution-unknown", "distribution", distribution=kind)
        return None
    if row.minimum is None or row.maximum is None:
        say("analysis.bounds-missing", "minimum", distribution=kind)
        return None
    bounds: dict[str, Any] = {"minimum": row.minimum, "maximum": row.maximum}
    if row.minimum > row.maximum:
        say("analysis.bounds-order", "minimum", **bounds)
        return None
    inside = row.minimum <= row.amount <= row.maximum
    if not inside:
        severity = Severity.ERROR if kind == "triangular" else Severity.WARNING
        say("analysis.amount-outside-bounds", "amount", severity, amount=row.amount, **bounds)
    if kind == "uniform":
        return Uncertain(parameter, Uniform(row.minimum, row.maximum), "row")
    if not inside:
        return None
    _check_location(parameter, kind, findings)
    return Uncertain(parameter, Triangular(row.minimum, row.amount, row.maximum), "row")


def _of_factor(parameter: Parameter, findings: list[Finding]) -> Uncertain | None:
    factor = parameter.factor
    if factor is None or factor.low is None or factor.high is None:
        return None
    if factor.low > factor.high:
        _say(
            findings, parameter, "analysis.bounds-order", "low",
            minimum=factor.low, maximum=factor.high,
        )  # fmt: skip
        return None
    if factor.low == factor.high:
        return None
    if not factor.low <= factor.kg_co2e_per_unit <= factor.high:
        _say(
            findings, parameter, "analysis.amount-outside-bounds", "low", Severity.WARNING,
            amount=factor.kg_co2e_per_unit, minimum=factor.low, maximum=factor.high,
        )  # fmt: skip
    return Uncertain(parameter, Uniform(factor.low, factor.high), "range")


def _check_location(parameter: Parameter, kind: str, findings: list[Finding]) -> None:
    """Tells where the distribution was centred elsewhere than the amount that is accounted."""
    row = parameter.exchange
    if row is None or row.location_parameter is None or row.amount == 0:
        return
    given = row.location_parameter
    if kind == "lognormal":
        apart = abs(given - log(row.amount)) > log(1 + _LOCATION_TOLERANCE)
        given = exp(min(given, 700.0))
    else:
        apart = abs(given - row.amount) > _LOCATION_TOLERANCE * row.amount
    if apart:
        _say(
            findings, parameter, "analysis.location-differs", "location_parameter",
            Severity.WARNING, amount=row.amount, location=given,
        )  # fmt: skip


def _say(
    findings: list[Finding],
    parameter: Parameter,
    code: str,
    column: str,
    severity: Severity = Severity.ERROR,
    **arguments: Any,
) -> None:
    place = replace(parameter.place, column=column)
    findings.append(finding(code, place, severity=severity, flow=parameter.flow, **arguments))

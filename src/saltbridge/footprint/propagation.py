"""What a changed supplier value does to footprints that are already worked out.

A footprint is linear in each factor: line = amount x factor. A change of the factor alone moves
it by Δ = s·ΔPCF, where s is the sum of the amounts of the lines that this provider priced. No
process runs more or less for it, so nothing is solved again. A changed *coefficient* (how much
of a product a process takes) changes the runs; the new score follows from the old solution by
the formula of Sherman and Morrison (Ann. Math. Stat. 21, 1950, p. 124; recalled).

Lines of the circular footprint formula hold a value made of several terms, and a record does
not say which factor stood behind them: a row may take a supplier's figure by its id or through
``same_as`` under a flow of another name, and a metal may fill a term that was empty. Every
material taken in through the formula, and every hole for want of one of its terms, is named in
``open_lines``; the footprint has to be worked out again, and none of them counts as unmoved.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, inf
from typing import Any, Final

from saltbridge.core.quantity import UnitMismatch, UnknownUnit
from saltbridge.footprint.metal_names import metal_key
from saltbridge.footprint.model import EmissionFactor
from saltbridge.footprint.units import turn

_CIRCULAR: Final = "circular_"
_TAKEN_IN: Final = "circular_acquisition"  # only here a factor may stand in for a term
_TERM_MISSING: Final = "circular_term_missing"


class SingularChange(ArithmeticError):
    """With the new coefficient the system has no solution: the loop makes no net product."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One footprint under a changed value [kg CO2e per unit of product].

    ``amount`` is s in the unit of the new factor. ``open_lines`` are places of lines whose
    change has to be worked out again.
    """

    footprint: str
    kind: str  # declaration | estimate
    product: str
    methodology: str  # ID@EDITION
    before_kg_co2e: float
    delta_kg_co2e: float
    amount: float
    lines: int
    open_lines: tuple[str, ...] = ()

    @property
    def after_kg_co2e(self) -> float:
        """The new total."""
        return self.before_kg_co2e + self.delta_kg_co2e

    @property
    def share(self) -> float:
        """Change as a share of the old total; infinite where that was zero and it moved."""
        if self.before_kg_co2e == 0:
            return 0.0 if self.delta_kg_co2e == 0 else inf
        return self.delta_kg_co2e / abs(self.before_kg_co2e)

    def beyond(self, threshold: float | None) -> bool | None:
        """Whether it moves by more than the threshold; None where there is none."""
        return None if threshold is None else abs(self.share) > threshold


def moved(
    footprints: Iterable[tuple[str, str, Mapping[str, Any]]], factor: EmissionFactor
) -> tuple[Movement, ...]:
    """Footprints that use this provider, under its new value; the largest share first.

    ``footprints`` are id, kind and record. A line is priced by the provider when its factor has
    the same id. Lines whose unit cannot be turned into that of the new factor stay open, and so
    do materials taken in through the circular formula.
    """
    found = [
        movement
        for id, kind, record in footprints
        if (movement := _movement(id, kind, record, factor)) is not None
    ]
    return tuple(sorted(found, key=lambda m: (-abs(m.share), m.footprint)))


def through_metals(
    footprints: Iterable[tuple[str, str, Mapping[str, Any]]], materials: Collection[str]
) -> tuple[Movement, ...]:
    """Footprints with terms of these metals in the circular formula: all their lines are open.

    ``footprints`` are id, kind and record; a metal goes by its name or symbol. A hole for want
    of a term is open too: it does not name its metal.
    """
    keys = {metal_key(material) for material in materials}
    if not keys:
        return ()
    found = []
    for id, kind, record in footprints:
        lines = [
            _place(line)
            for line in record.get("lines", ())
            if str(line["term"]).startswith(_CIRCULAR)
            and metal_key(str(line["factor"]["flow"])) in keys
        ] + _lacking_a_term(record)
        if lines:
            found.append(_made(id, kind, record, [], [], list(dict.fromkeys(lines))))
    return tuple(found)


def _movement(
    id: str, kind: str, record: Mapping[str, Any], factor: EmissionFactor
) -> Movement | None:
    deltas: list[float] = []
    amounts: list[float] = []
    open_lines: list[str] = []
    for line in record.get("lines", ()):
        priced = line["factor"]["id"] == factor.id
        if not priced:
            if line["term"] == _TAKEN_IN:
                open_lines.append(_place(line))
            continue
        try:
            amount = turn(
                line["amount"],
                line["unit"],
                factor.unit,
                mass_kg_per_into=factor.mass_kg_per_unit,
            )
        except (UnitMismatch, UnknownUnit):
            open_lines.append(_place(line))
            continue
        amounts.append(amount)
        deltas.append(amount * factor.kg_co2e_per_unit - line["kg_co2e"])
    open_lines += _lacking_a_term(record)
    if not amounts and not open_lines:
        return None
    return _made(id, kind, record, amounts, deltas, list(dict.fromkeys(open_lines)))


def _made(
    id: str,
    kind: str,
    record: Mapping[str, Any],
    amounts: Sequence[float],
    deltas: Sequence[float],
    open_lines: Sequence[str],
) -> Movement:
    methodology = record["methodology"]
    return Movement(
        footprint=id,
        kind=kind,
        product=str(record["product"]["name"]),
        methodology=f"{methodology['id']}@{methodology['edition']}",
        before_kg_co2e=record["total_kg_co2e"],
        delta_kg_co2e=fsum(deltas),
        amount=fsum(amounts),
        lines=len(amounts),
        open_lines=tuple(open_lines),
    )


def _lacking_a_term(record: Mapping[str, Any]) -> list[str]:
    """Places of holes that a new value of a term, or of a factor standing in, may fill."""
    holes = (h for h in record.get("holes", ()) if h["reason"] == _TERM_MISSING)
    return [_place(hole) for hole in holes]


def _place(line: Mapping[str, Any]) -> str:
    row = line.get("row")
    where = (
        f"{line.get('file') or ''}:{row}" if row is not None else str(line.get("file") or "")
    )
    return f"{line['flow']} ({where})" if where else str(line["flow"])


def score_after(
    score: float,
    runs: Sequence[float],
    unit_footprints: Sequence[float],
    column_of_inverse: Sequence[float],
    *,
    taker: int,
    delta: float,
) -> float:
    """The score once process ``taker`` needs ``delta`` more of a product [kg CO2e].

    The technosphere matrix holds inputs as negative numbers: A[product, taker] falls by
    ``delta``. ``runs`` solve the old system for the demand, ``column_of_inverse`` is the column
    of A⁻¹ of the product (the runs that make one unit of it), and ``unit_footprints`` are the
    burdens of one run of each process. One division replaces the solution of the new system.

    Raises:
        SingularChange: the changed system has no solution.

    >>> score_after(10.0, [1.0, 2.0], [0.0, 5.0], [0.0, 1.0], taker=0, delta=0.5)
    12.5
    """
    through = fsum(
        burden * runs_of_one
        for burden, runs_of_one in zip(unit_footprints, column_of_inverse, strict=True)
    )
    denominator = 1.0 - delta * column_of_inverse[taker]
    if abs(denominator) < 1e-12:
        raise SingularChange("the loop would use up all it makes")
    return score + delta * runs[taker] * through / denominator

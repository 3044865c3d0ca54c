"""What a changed supplier value does to footprints that are already worked out.

A footprint is linear in each factor: line = amount x factor. A change of the factor alone moves
it by Δ = s·ΔPCF, where s is the sum of the amounts of the lines that this provider priced. No
process runs more or less for it, so nothing is solved again. A changed *coefficient* (how much
of a product a process takes) changes the runs; the new score follows from the old solution by
the formula of Sherman and Morrison (Ann. Math. Stat. 21, 1950, p. 124; recalled).

Lines of the circular footprint formula hold a value made of several terms: what a supplier's
value does there is not read off a record. Such lines are named in ``open_lines``, and the
footprint has to be worked out again; none of them counts as unmoved.
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
    the same id. Lines whose unit cannot be turned into that of the new factor stay open.
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

    ``footprints`` are id, kind and record; a metal goes by its name or symbol.
    """
    keys = {metal_key(material) for material in materials}
    found = []
    for id, kind, record in footprints:
        lines = [
            _place(line)
            for line in record.get("lines", ())
            if str(line["term"]).startswith(_CIRCULAR)
            and metal_key(str(line["factor"]["flow"])) in keys
        ]
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
            if _through_formula(line, factor):
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
    if not amounts and not open_lines:
        return None
    return _made(id, kind, record, amounts, deltas, open_lines)


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


def _through_formula(line: Mapping[str, Any], factor: EmissionFactor) -> bool:
    """Whether the value may be one of the terms behind a line of the circular formula."""
    return str(line["term"]).startswith(_CIRCULAR) and line["flow"] == factor.flow


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

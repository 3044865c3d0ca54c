"""Whether the parts of a supplier's figure make its totals, T1 with uptake and T2 without.

Sums are checked in exact decimals. Each number was rounded by whoever wrote it, so a sum may
miss by half a unit of the last place of every number in it, and by no more.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.footprint.supplier_figure import (
    AVIATION,
    BIOGENIC_NON_CO2,
    BLOCKS,
    CAPTURE,
    COMPONENT_1,
    EXCLUDING,
    FOSSIL,
    INCLUDING,
    LAND_MANAGEMENT,
    LAND_USE_CHANGE,
    PACT_3,
    REMOVALS,
    TECHNICAL_REMOVALS,
    UPTAKE,
    SupplierFigure,
)

# T2 = A+C+E+F+G+H (Catena-X data model 9.0.0, SAMM descriptions); PACT 3.0 counts technological
# removals and captured CO2 and leaves aviation beside (openapi 3.0.0). Both read 2026-11.
_CATENA_X_SUM: Final = (
    FOSSIL, BIOGENIC_NON_CO2, LAND_USE_CHANGE, LAND_MANAGEMENT, REMOVALS, AVIATION,
)  # fmt: skip
# T1 "may be set equal to" T2 where biogenic carbon is negligible under the general cut-off
# (Catena-X data model 9.0.0), which is 3 % of the emissions there.
_NEGLIGIBLE: Final = Decimal("0.03")
_PACT_SUM: Final = (FOSSIL, LAND_USE_CHANGE, LAND_MANAGEMENT, REMOVALS, BIOGENIC_NON_CO2)
_PACT_OPTIONAL: Final = (TECHNICAL_REMOVALS, CAPTURE)


def check_sums(figure: SupplierFigure) -> Iterable[Finding]:
    """What does not add up in a block: the parts to T2, T2 and uptake to T1 [kg CO2e]."""
    yield from _withdrawals(figure)
    for block in BLOCKS:
        if figure.format == COMPONENT_1 or (figure.format == PACT_3 and block != "production"):
            continue
        without = figure.number(f"{block}.{EXCLUDING}")
        including = figure.number(f"{block}.{INCLUDING}")
        uptake = figure.number(f"{block}.{UPTAKE}")
        if without is None:
            continue
        needed = _PACT_SUM if figure.format == PACT_3 else _CATENA_X_SUM
        parts = {t: figure.number(f"{block}.{t}") for t in needed}
        stated = [p for p in parts.values() if p is not None]
        if figure.format == PACT_3:
            optional = [figure.number(f"{block}.{t}") for t in _PACT_OPTIONAL]
            stated += [p for p in optional if p is not None]
        missing = [t for t, p in parts.items() if p is None]
        if missing:
            # What is not stated is not zero; only a sum that is met shows that it may be.
            if stated and not within_rounding(without, stated):
                yield finding(
                    "supplier.parts-not-stated",
                    severity=Severity.NOTE,
                    block=block,
                    missing=", ".join(missing),
                    difference=float(without - sum(stated, Decimal(0))),
                )
        elif not within_rounding(without, stated):
            yield finding(
                "supplier.sum-without-uptake",
                block=block,
                total=float(without),
                sum=float(sum(stated, Decimal(0))),
            )
        if including is not None and _swapped(without, including, uptake):
            yield finding(
                "supplier.totals-swapped",
                block=block,
                excluding=float(without),
                including=float(including),
            )
            continue
        if including is None or uptake is None:
            continue
        if including == without and abs(uptake) <= _NEGLIGIBLE * abs(without):
            if uptake:
                yield finding(
                    "supplier.uptake-neglected",
                    severity=Severity.NOTE,
                    block=block,
                    uptake=float(uptake),
                )
            continue
        if not within_rounding(including, (without, uptake)):
            yield finding(
                "supplier.sum-with-uptake",
                block=block,
                total=float(including),
                sum=float(without + uptake),
            )


def _withdrawals(figure: SupplierFigure) -> Iterable[Finding]:
    """Uptake (D) and removals (G) take CO2 from the air: zero or below (data model 9.0.0)."""
    for block in BLOCKS:
        for term in (UPTAKE, REMOVALS):
            value = figure.number(f"{block}.{term}")
            if value is not None and value > 0:
                yield finding(
                    "supplier.withdrawal-positive", field=f"{block}.{term}", value=float(value)
                )


def _swapped(without: Decimal, including: Decimal, uptake: Decimal | None) -> bool:
    """Whether T1 and T2 stand in each other's place: uptake only ever lowers the total."""
    if including <= without:
        return False
    return uptake is None or (uptake < 0 and within_rounding(without, (including, uptake)))


def within_rounding(total: Decimal, parts: Iterable[Decimal]) -> bool:
    """Whether parts make a total, each rounded to the places it is written with.

    >>> within_rounding(Decimal("2.9"), [Decimal("0.5"), Decimal("1.0"), Decimal("1.4")])
    True
    >>> within_rounding(Decimal("2.9"), [Decimal("0.5"), Decimal("1.0"), Decimal("1.7")])
    False
    """
    addends = list(parts)
    slack = sum((half_a_place(n) for n in (total, *addends)), Decimal(0))
    return abs(sum(addends, Decimal(0)) - total) <= slack


def half_a_place(number: Decimal) -> Decimal:
    """Half a unit of the last place that is written; nothing for zero and whole numbers."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0 or number == 0:
        return Decimal(0)
    return Decimal(5).scaleb(exponent - 1)

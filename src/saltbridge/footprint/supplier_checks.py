"""Whether a supplier's figure is sound in itself: sums, units, ranges, ratings, validity."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.footprint.supplier_figure import (
    CATENA_X,
    COMPONENT_1,
    EXCLUDING,
    PACT_3,
    STAGES,
    SupplierFigure,
)
from saltbridge.footprint.supplier_sums import check_sums, half_a_place, within_rounding

_PERCENTAGES: Final = (
    "primary_data_share", "exempted_percent", "verified_program", "verified_third_party",
    "verified_second_party", "verified_first_party",
)  # fmt: skip
_RATINGS: Final = ("TeR", "GeR", "TiR", "DQR")
# Above this nothing may be left out: 3 % of the emissions (Catena-X data model 9.0.0).
_MOST_EXEMPTED: Final = Decimal(3)
_VALIDITY_YEARS: Final = 3  # PACT 3.0: after the end of the reference period


def check_figure(figure: SupplierFigure, on: date) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful about a figure on that day, all at once.

    An error means that no factor can be made of it; a warning goes with the factor.
    """
    return (
        *_unit(figure),
        *_values(figure),
        *check_sums(figure),
        *_blocks(figure),
        *_stages(figure),
        *_ranges(figure),
        *_rating(figure),
        *_status(figure, on),
        *_metals(figure),
    )


def _unit(figure: SupplierFigure) -> Iterable[Finding]:
    if not figure.unit:
        yield finding("supplier.unit-unknown", unit=figure.text("unit") or "–")
    elif figure.format in CATENA_X and figure.unit not in ("kg", "piece"):
        # Rulebook v4, 4.4, as the data model quotes it: piece and kilogram.
        yield finding(
            "supplier.unit-not-catena-x", severity=Severity.WARNING, unit=figure.text("unit")
        )
    amount, mass = figure.amount, figure.number("mass_kg")
    if amount is None or amount <= 0:
        shown = "–" if amount is None else float(amount)
        yield finding("supplier.amount-not-positive", value=shown)
    elif figure.unit == "kg" and mass is not None and mass > 0 and mass != amount:
        yield finding("supplier.mass-not-amount", mass=float(mass), amount=float(amount))
    if mass is not None and mass < 0:
        yield finding("supplier.mass-negative", value=float(mass))


def _values(figure: SupplierFigure) -> Iterable[Finding]:
    if not figure.product:
        yield finding("supplier.no-product")
    name = "stage.total" if figure.format == COMPONENT_1 else f"production.{EXCLUDING}"
    value = figure.number(name)
    if value is None:
        yield finding("supplier.no-value", field=name)
    elif value < 0:
        yield finding("supplier.value-negative", field=name, value=float(value))


def _blocks(figure: SupplierFigure) -> Iterable[Finding]:
    produced = figure.number(f"production.{EXCLUDING}")
    packed = figure.number(f"packaging.{EXCLUDING}")
    if produced is not None and packed is not None and packed > produced:
        yield finding(
            "supplier.packaging-above-production",
            packaging=float(packed),
            production=float(produced),
        )
    for block in ("packaging", "distribution"):
        value = figure.number(f"{block}.{EXCLUDING}")
        if figure.flag(f"{block}.counted") is False and value is not None and value != 0:
            yield finding(
                "supplier.block-not-counted",
                severity=Severity.WARNING,
                block=block,
                value=float(value),
            )
    if figure.flag("packaging.counted") is False:
        # Catena-X counts it always, within production (data model 9.0.0); PACT leaves it open.
        severity = Severity.WARNING if figure.format in CATENA_X else Severity.NOTE
        yield finding("supplier.packaging-left-out", severity=severity)


def _stages(figure: SupplierFigure) -> Iterable[Finding]:
    if figure.format != COMPONENT_1:
        return
    stages = [figure.number(f"stage.{stage}") for stage in STAGES]
    known = [stage for stage in stages if stage is not None]
    total = figure.number("stage.total")
    for name, value in zip(STAGES, stages, strict=True):
        if value is None:
            yield finding("supplier.no-value", field=f"stage.{name}")
        elif value < 0:
            # Right under the circular footprint formula, and impossible in this model.
            yield finding(
                "supplier.negative-stage",
                severity=Severity.WARNING,
                stage=name,
                value=float(value),
            )
    if total is None or len(known) < len(STAGES) or within_rounding(total, known):
        return
    # The model calls the stages a percentage in one place and a value in another.
    code = "stages-as-percent" if within_rounding(Decimal(100), known) else "sum-of-stages"
    yield Finding(
        f"supplier.{code}",
        {"total": float(total), "sum": float(sum(known, Decimal(0)))},
    )


def _ranges(figure: SupplierFigure) -> Iterable[Finding]:
    for name in _PERCENTAGES:
        value = figure.number(name)
        if value is not None and not 0 <= value <= 100:
            yield finding("supplier.not-a-percentage", field=name, value=float(value))
    for name in _RATINGS:
        value = figure.number(name)
        if value is not None and not 1 <= value <= 5:
            yield finding("supplier.not-a-rating", field=name, value=float(value))
    exempted = figure.number("exempted_percent")
    if exempted is not None and _MOST_EXEMPTED < exempted <= 100:
        yield finding(
            "supplier.much-exempted",
            severity=Severity.WARNING,
            value=float(exempted),
            most=float(_MOST_EXEMPTED),
        )


def _rating(figure: SupplierFigure) -> Iterable[Finding]:
    declared = figure.number("DQR")
    parts = [figure.number(name) for name in ("TeR", "GeR", "TiR")]
    known = [part for part in parts if part is not None]
    if declared is None or len(known) < 3:
        return
    mean = sum(known, Decimal(0)) / 3
    if abs(mean - declared) > half_a_place(declared) + Decimal("1e-9"):
        yield finding(
            "supplier.rating-not-mean",
            severity=Severity.WARNING,
            declared=float(declared),
            mean=round(float(mean), 4),
        )


def _status(figure: SupplierFigure, on: date) -> Iterable[Finding]:
    if figure.text("status") == "Deprecated":
        yield finding("supplier.deprecated", severity=Severity.WARNING)
    if figure.prospective:
        yield finding(
            "supplier.prospective", severity=Severity.WARNING, type=figure.text("pcf_type")
        )
        share = figure.number("primary_data_share")
        if share is not None and share != 0:
            yield finding("supplier.prospective-share", value=float(share))
    period_start, period_end = figure.text("period_start"), figure.text("period_end")
    start, end = figure.text("valid_from")[:10], figure.valid_until
    if start and end and start > end:
        yield finding("supplier.validity-reversed", start=start, end=end)
    if period_start and period_end and period_start[:10] > period_end[:10]:
        yield finding("supplier.period-reversed", start=period_start[:10], end=period_end[:10])
    latest = _years_later(period_end[:10], _VALIDITY_YEARS)
    if figure.format == PACT_3 and latest:
        if end and end > latest:
            yield finding(
                "supplier.valid-too-long", severity=Severity.WARNING, end=end, latest=latest
            )
        end = end or latest
    if end and end < on.isoformat():
        yield finding("supplier.expired", severity=Severity.WARNING, end=end, on=on.isoformat())
    if start and start > on.isoformat():
        yield finding(
            "supplier.not-yet-valid", severity=Severity.WARNING, start=start, on=on.isoformat()
        )


def _metals(figure: SupplierFigure) -> Iterable[Finding]:
    content = Decimal(0)
    for metal in figure.metals:
        for term in ("Ev", "Erecycled"):
            value = getattr(metal, term)
            if value is not None and value < 0:
                yield finding(
                    "supplier.metal-negative",
                    material=metal.material,
                    term=term,
                    value=float(value),
                )
        if None not in (metal.Ev, metal.Erecycled) and metal.Erecycled > metal.Ev:  # type: ignore[operator]
            yield finding(
                "supplier.metal-recycled-above-virgin",
                severity=Severity.WARNING,
                material=metal.material,
            )
        content += metal.content_percent or Decimal(0)
    if content > 100:
        yield finding("supplier.metal-content", value=float(content))


def _years_later(day: str, years: int) -> str:
    if len(day) != 10 or not day[:4].isdigit():
        return ""
    return f"{int(day[:4]) + years:04d}{day[4:]}"

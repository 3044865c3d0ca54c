"""The footprint by life-cycle stage stated in per cent of the whole.

The survey of formats allows both ways (A050 to A053: per cent, or kg CO2e per kWh); the
passport shows kg CO2e per kWh alone, so that the stages can be added up and compared.
"""

from dataclasses import replace
from typing import Final

from saltbridge.core.quantity import is_number
from saltbridge.passport.model import AttributeValue, Origin, OriginKind, Values, number_of

WHOLE: Final = "A049"  # carbon footprint per functional unit [kg CO2e/kWh]
UNIT: Final = "kgCO2e/kWh"
STAGES: Final = ("A050", "A051", "A052", "A053")
_PER_CENT: Final = frozenset({"%", "percent", "per cent", "unit:percent"})
_DIGITS: Final = 12  # binary noise of the product, undone


def is_share(id: str, value: AttributeValue) -> bool:
    """Whether this is a stage's share of the whole, and not an amount."""
    return id in STAGES and value.unit in _PER_CENT


def has_shares(values: Values) -> bool:
    """Whether a stage stands among them as a share."""
    return any(id in values and is_share(id, values[id]) for id in STAGES)


def in_absolute_terms(values: Values) -> Values:
    """The values with every stage in kg CO2e per kWh, where the whole is known.

    A share stays as it is, for the check of its unit to tell, where the whole is not given in
    kg CO2e per kWh. Whoever stated the share stays its party; the value is worked out from the
    whole, and says so.

    >>> stated = Origin(OriginKind.OPERATOR, "Ourcar")
    >>> given = {"A049": AttributeValue(0.08, UNIT, stated),
    ...          "A051": AttributeValue(55, "%", stated)}
    >>> made = in_absolute_terms(given)["A051"]
    >>> made.value, made.unit, made.origin.kind.value, made.origin.reference
    (0.044, 'kgCO2e/kWh', 'computed', 'A049')
    """
    if not has_shares(values):
        return values
    whole = number_of(values, WHOLE)
    if whole is None or values[WHOLE].unit != UNIT:
        return values
    made = dict(values)
    for id in STAGES:
        value = values.get(id)
        if value is not None and is_share(id, value) and is_number(value.value):
            amount = float(f"{value.value / 100 * whole:.{_DIGITS}g}")
            origin = Origin(OriginKind.COMPUTED, value.origin.party, WHOLE)
            made[id] = replace(value, value=amount, unit=UNIT, origin=origin)
    return made

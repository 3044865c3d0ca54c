"""Turning an amount into the unit of a factor or of a product, by dimension or by mass."""

from saltbridge.core.quantity import UnitMismatch, conversion_factor, is_unit, same_dimension


def turn(
    amount: float,
    unit: str,
    into: str,
    *,
    mass_kg_per_unit: float | None = None,
    mass_kg_per_into: float | None = None,
) -> float:
    """The amount in ``into``.

    Where the two units measure different things and one of them is a mass, the mass of one
    unit of the other makes the bridge.

    Raises:
        UnknownUnit: one of them is not a unit.
        UnitMismatch: they measure different things and no mass helps.

    >>> turn(2.0, "piece", "t", mass_kg_per_unit=500.0)
    1.0
    """
    if unit == into:
        return amount
    if same_dimension(unit, into):
        return amount * conversion_factor(unit, into)
    if mass_kg_per_unit is not None and same_dimension(into, "kg"):
        return amount * mass_kg_per_unit * conversion_factor("kg", into)
    if mass_kg_per_into is not None and mass_kg_per_into > 0 and same_dimension(unit, "kg"):
        return amount * conversion_factor(unit, "kg") / mass_kg_per_into
    raise UnitMismatch(f"{unit} cannot be turned into {into}")


def mass_kg(amount: float, unit: str, mass_kg_per_unit: float | None) -> float | None:
    """The mass of an amount [kg], or None where nothing says it."""
    if is_unit(unit) and same_dimension(unit, "kg"):
        return amount * conversion_factor(unit, "kg")
    return None if mass_kg_per_unit is None else amount * mass_kg_per_unit

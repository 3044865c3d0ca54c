"""State of health from measured and rated values, in per cent.

The formulas are printed ambiguously in DIN; the reading below follows Regulation (EU)
2023/1542, Annex IV: a fade is the loss against the original value of the model.
"""


def fade_percent(present: float, original: float) -> float:
    """Loss of capacity, power or efficiency against its original value [%].

    Negative where the battery does better than its rating: nothing is clamped.

    >>> fade_percent(90.0, 120.0)
    25.0
    """
    return (1.0 - present / original) * 100.0


def increase_percent(present: float, original: float) -> float:
    """Increase of internal resistance against its original value [%].

    >>> increase_percent(0.066, 0.06)
    10.0
    """
    return round((present - original) / original * 100.0, 12)


def state_of_certified_energy_percent(
    usable_energy_kwh: float, certified_energy_kwh: float
) -> float:
    """State of certified energy SOCE [%] (UN GTR 22: remaining over certified energy).

    >>> state_of_certified_energy_percent(54.0, 60.0)
    90.0
    """
    return usable_energy_kwh / certified_energy_kwh * 100.0

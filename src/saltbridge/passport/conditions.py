"""On what a conditional duty depends: each condition holds, does not hold, or has to be stated.

[1] Regulation (EU) 2023/1542, Annex XIII point 4(d): data "resulting from its use", the number
    of cycles, negative events, temperature and state of charge; Art. 77(4): up to date.
    Read: 2026-11-28.
"""

from collections.abc import Callable, Mapping
from typing import Final

from saltbridge.core.countries import is_country
from saltbridge.passport.counters import COUNTERS
from saltbridge.passport.model import Values, number_of

EU_COUNTRIES: Final = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
_HAPPENED: Final = ("A036", "A140", "A141")  # repairs, negative events, accidents


def _is_second_life(values: Values) -> bool | None:
    """Of a waste battery its passport tells it: one that names predecessors."""
    status = values.get("A035")
    if status is not None and status.value == "waste":
        named = values.get("A012")
        return named is not None and bool(named.value)
    return None if status is None else status.value != "original"


def _after_use(values: Values) -> bool | None:
    """Whether there is use to report, which then has to be stated, or why it cannot be [1].

    An original battery that shows no trace of use has none to report. Which day the first
    data are due, no text says: what the passport itself shows of a use decides.
    """
    status = values.get("A035")
    if status is None or status.value != "original":
        return None
    return None if _shows_use(values) else False


def _shows_use(values: Values) -> bool:
    """A counter above zero, or an entry in one of the lists of what happened to it."""
    if any((number_of(values, id) or 0) > 0 for id in COUNTERS):
        return True
    return any(id in values and bool(values[id].value) for id in _HAPPENED)


def _is_imported(values: Values) -> bool | None:
    place = values.get("A028")
    if place is None or not isinstance(place.value, Mapping):
        return None
    country = place.value.get("country")
    if not is_country(country):
        return None  # no country is named, so nobody can say whether it is a foreign one
    return country not in EU_COUNTRIES


def heavy_metals_due(values: Values) -> tuple[str, ...] | None:
    """Symbols due: cadmium above 0.002 %, lead above 0.004 % by weight (Art. 13(5))."""
    content = values.get("A067")
    if content is None or not isinstance(content.value, Mapping):
        return None
    limits_ppm = {"Cd": ("cadmium", 20.0), "Pb": ("lead", 40.0)}
    try:
        return tuple(
            symbol
            for symbol, (metal, limit) in limits_ppm.items()
            if float(content.value[metal]) > limit
        )
    except (KeyError, TypeError, ValueError):
        return None


def _heavy_metal(values: Values) -> bool | None:
    due = heavy_metals_due(values)
    return None if due is None else bool(due)


# condition -> holds, does not hold, or has to be stated (None)
CONDITIONS: Final[Mapping[str, Callable[[Values], bool | None]]] = {
    "after-use": _after_use,
    "second-life": _is_second_life,
    "imported": _is_imported,
    "heavy-metal": _heavy_metal,
    "declared": lambda values: None,
    "": lambda values: None,
}

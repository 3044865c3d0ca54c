"""One key for the names that suppliers and inventories give a metal."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# IUPAC symbols of the metals of battery cells and packs; exact, in the case they are written.
_SYMBOLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Ni": "nickel",
        "Co": "cobalt",
        "Li": "lithium",
        "Mn": "manganese",
        "Al": "aluminium",
        "Cu": "copper",
        "Fe": "iron",
        "Na": "sodium",
        "Ti": "titanium",
        "Zn": "zinc",
    }
)
_SPELLINGS: Final[Mapping[str, str]] = MappingProxyType({"aluminum": "aluminium"})


def metal_key(name: str) -> str:
    """The name two sides are compared by: a symbol becomes its metal, case does not count.

    Compounds stay what they are: lithium carbonate is no lithium.

    >>> metal_key(" Ni"), metal_key("NICKEL"), metal_key("Lithium carbonate")
    ('nickel', 'nickel', 'lithium carbonate')
    """
    written = name.strip()
    lowered = _SYMBOLS.get(written, written.lower())
    return _SPELLINGS.get(lowered, lowered)

"""Plausibility: what physics, published ranges and the look of the rows say about an inventory.

Every finding is a warning with its reason, its place and a remedy: a rare material may be
right where these checks wonder. Silence is no proof either. A number that is ten percent too
low is mostly not found, a whole inventory that was scaled never; ``docs/how-to/plausibility``
gives the rates at which injected errors were caught.
"""

from saltbridge.core.finding import Finding
from saltbridge.footprint.model import Inventory
from saltbridge.footprint.plausibility.amounts import (
    against_reference,
    beyond_any,
    mass_from_nothing,
)
from saltbridge.footprint.plausibility.copies import compared, copied
from saltbridge.footprint.plausibility.energies import minimum_energies, no_energy
from saltbridge.footprint.plausibility.figures import (
    check_result,
    factor_values,
    product_values,
)
from saltbridge.footprint.plausibility.stoichiometry import energy_content, stoichiometry

__all__ = ["check_plausibility", "check_result"]


def check_plausibility(
    inventory: Inventory, other: Inventory | None = None
) -> tuple[Finding, ...]:
    """Everything implausible in an inventory; ``other`` is one of another plant or period."""
    return (
        *product_values(inventory),
        *stoichiometry(inventory),
        *energy_content(inventory),
        *minimum_energies(inventory),
        *no_energy(inventory),
        *against_reference(inventory),
        *mass_from_nothing(inventory),
        *beyond_any(inventory),
        *copied(inventory),
        *factor_values(inventory),
        *(compared(inventory, other) if other is not None else ()),
    )

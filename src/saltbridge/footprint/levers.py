"""Which numbers of an inventory move its footprint most."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from saltbridge.core.edition import Edition
from saltbridge.footprint.calculate import calculate
from saltbridge.footprint.linear_model import Parameter, ParameterKind
from saltbridge.footprint.linear_model_build import linear_model
from saltbridge.footprint.methodology import Assumptions, Methodology
from saltbridge.footprint.model import EmissionFactor, FactorSet, Inventory


@dataclass(frozen=True, slots=True)
class Lever:
    """What one percent of a lever does to the footprint.

    ``kind``: factor, amount, yield or recycled. ``kg_co2e`` is the change of the known total
    for one percent less of a factor or amount, one percent more yield, one point more recycled.
    """

    kind: str
    target: str
    value: float
    unit: str
    kg_co2e: float
    share_percent: float  # of the known total


def levers(
    inventory: Inventory,
    methodology: Methodology,
    edition: Edition,
    factor_sets: Sequence[FactorSet],
    *,
    supplier_factors: Sequence[EmissionFactor] = (),
    assumptions: Assumptions | None = None,
) -> tuple[Lever, ...]:
    """The levers of a footprint, the strongest first [kg CO2e per unit of product].

    Factors, bought amounts and yields by the exact derivative of the linear model; recycled
    shares, which the formula takes apart, by calculating one point beside. What nobody can move
    (a GWP) or what is another lever seen twice (a row that takes what a process here makes) is
    left out.

    Raises:
        FaultyInput: as ``calculate``.
    """
    given = assumptions or {}
    model = linear_model(
        inventory, methodology, edition, factor_sets,
        supplier_factors=supplier_factors, assumptions=given,
    )  # fmt: skip
    total = model.score() or 1.0
    gradient = model.gradient()
    found = []
    for parameter in model.parameters:
        if not _can_be_moved(parameter, inventory):
            continue
        effect = -0.01 * parameter.value * gradient[parameter.id]
        kind = parameter.kind.value
        if parameter.kind is ParameterKind.OUTPUT:
            kind, effect = "yield", -effect
        label = parameter.process
        if parameter.kind is ParameterKind.AMOUNT:
            label = f"{parameter.process}/{parameter.flow}"
        elif parameter.kind is ParameterKind.FACTOR:
            label = parameter.id.partition(":")[2]
        found.append(
            Lever(kind, label, parameter.value, parameter.unit, effect, 100 * effect / total)
        )
    base = model.footprint.total_kg_co2e
    used = {row.circular for row in inventory.exchanges if row.circular}
    for terms in inventory.circular:
        if terms.id not in used or terms.R1 is None:
            continue
        step = 0.01 if terms.R1 <= 0.99 else -0.01
        circular = tuple(
            replace(c, R1=terms.R1 + step) if c is terms else c for c in inventory.circular
        )
        beside = calculate(
            replace(inventory, circular=circular), methodology, edition, factor_sets,
            supplier_factors=supplier_factors, assumptions=given,
        )  # fmt: skip
        effect = (beside.total_kg_co2e - base) * (0.01 / step)
        found.append(Lever("recycled", terms.id, terms.R1, "", effect, 100 * effect / total))
    return tuple(sorted(found, key=lambda one: (-abs(one.kg_co2e), one.kind, one.target)))


def _can_be_moved(parameter: Parameter, inventory: Inventory) -> bool:
    if parameter.kind is ParameterKind.OUTPUT:
        treatment = parameter.value < 0
        return not treatment and parameter.process != inventory.product.reference_process
    if parameter.kind is ParameterKind.FACTOR:
        return not parameter.id.startswith(("factor:gwp:", "factor:circular_"))
    row = parameter.exchange
    return row is None or not (
        row.provider or any(p.reference_flow == row.flow for p in inventory.processes)
    )

"""From an inventory and a rule set to the linear model of its footprint."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from saltbridge.core.edition import Edition
from saltbridge.core.finding import NOWHERE, Place
from saltbridge.footprint.calculate import Calculation, work_through
from saltbridge.footprint.linear_model import (
    Line,
    LinearModel,
    Parameter,
    ParameterKind,
    Term,
)
from saltbridge.footprint.linking import Link
from saltbridge.footprint.methodology import Assumptions, Methodology
from saltbridge.footprint.model import (
    EmissionFactor,
    Exchange,
    FactorSet,
    Inventory,
    Process,
    Stage,
)
from saltbridge.footprint.result import Contribution

_NONE: Mapping[str, str] = MappingProxyType({})


def linear_model(
    inventory: Inventory,
    methodology: Methodology,
    edition: Edition,
    factor_sets: Sequence[FactorSet],
    *,
    supplier_factors: Sequence[EmissionFactor] = (),
    assumptions: Assumptions = _NONE,
) -> LinearModel:
    """The linear model of a footprint; ``model.footprint`` is what ``calculate`` gives.

    Raises:
        As ``calculate``.
    """
    placed = _placed(inventory)
    calculation = work_through(
        methodology.rule_set(edition),
        methodology.id,
        placed,
        factor_sets,
        supplier_factors=supplier_factors,
        assumptions=assumptions,
    )
    return _Builder(placed, calculation).model()


class _Builder:
    def __init__(self, inventory: Inventory, calculation: Calculation) -> None:
        self.rows = {row.place: row for row in inventory.exchanges}
        self.calculation = calculation
        self.parameters: list[Parameter] = []
        self._numbers: dict[object, int] = {}
        self._taken: set[str] = set()

    def model(self) -> LinearModel:
        solution, footprint = self.calculation.solution, self.calculation.footprint
        system = solution.system
        number_of = {p.id: i for i, p in enumerate(system.processes)}
        terms = [t for link in system.links if (t := self._term(link)) is not None]
        lines: list[Line] = []
        for outcome in self.calculation.outcomes:
            if outcome.amount == 0 or not outcome.contributions:
                continue
            row = outcome.leaf.exchange
            amount = self._amount(row)
            per_run = outcome.leaf.per_run / self.parameters[amount].value
            for line in outcome.contributions:
                coefficient = per_run * line.amount / outcome.amount
                process = number_of[outcome.leaf.process.id]
                lines.append(Line(amount, self._factor(line), process, coefficient, line))
        product_of = {
            link.process: link.product for link in system.links if isinstance(link.row, Process)
        }
        used = {line.contribution.stage for line in lines}
        return LinearModel(
            footprint=footprint,
            processes=system.processes,
            parameters=tuple(self.parameters),
            terms=tuple(terms),
            lines=tuple(lines),
            stages=tuple(stage for stage in Stage if stage in used),
            product_of=tuple(product_of[i] for i in range(len(system.processes))),
            reference_product=system.reference_product,
            demand=self.calculation.demand,
            outside=tuple(
                row for place, row in self.rows.items() if place not in self._numbers
            ),
        )

    def _term(self, link: Link) -> Term | None:
        if link.amount == 0:
            return None
        if isinstance(link.row, Process):
            number, value = self._output(link.row), link.row.production_amount
        else:
            number = self._amount(link.row)
            value = self.parameters[number].value
        return Term(number, link.product, link.process, link.amount / value)

    def _amount(self, row: Exchange) -> int:
        original = self.rows.get(row.place, row)
        if original.place not in self._numbers:
            name = f"amount:{original.process}:{original.direction.value}:{original.flow}"
            name += f"@{original.location}" if original.location else ""
            parameter = Parameter(
                id=self._free(name, "#"),
                kind=ParameterKind.AMOUNT,
                value=original.amount,
                unit=original.unit,
                flow=original.flow,
                process=original.process,
                place=original.place,
                exchange=original,
            )
            self._add(original.place, parameter)
        return self._numbers[original.place]

    def _output(self, process: Process) -> int:
        parameter = Parameter(
            id=self._free(f"output:{process.id}", "#"),
            kind=ParameterKind.OUTPUT,
            value=process.production_amount,
            unit=process.unit,
            flow=process.reference_flow,
            process=process.id,
            place=process.place,
        )
        return self._add(("output", process.id), parameter)

    def _factor(self, line: Contribution) -> int:
        factor = line.factor
        key = (factor.id, factor.kg_co2e_per_unit, factor.unit)
        if key not in self._numbers:
            parameter = Parameter(
                id=self._free(f"factor:{factor.id}", "~"),
                kind=ParameterKind.FACTOR,
                value=factor.kg_co2e_per_unit,
                unit=factor.unit,
                flow=factor.flow,
                factor=factor,
            )
            self._add(key, parameter)
        return self._numbers[key]

    def _free(self, name: str, mark: str) -> str:
        found, count = name, 1
        while found in self._taken:
            count += 1
            found = f"{name}{mark}{count}"
        return found

    def _add(self, key: object, parameter: Parameter) -> int:
        self._numbers[key] = len(self.parameters)
        self._taken.add(parameter.id)
        self.parameters.append(parameter)
        return self._numbers[key]


def _placed(inventory: Inventory) -> Inventory:
    """The inventory with a place of its own for every row, by which its copies are known."""
    seen: set[Place] = {NOWHERE}
    rows = []
    for i, row in enumerate(inventory.exchanges):
        if row.place in seen:
            row = replace(row, place=Place(pointer=f"/exchanges/{i}"))
        seen.add(row.place)
        rows.append(row)
    return replace(inventory, exchanges=tuple(rows))

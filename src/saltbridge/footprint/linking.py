"""Who makes what: the products of an inventory and the equations between its processes.

A product is what some process makes: its reference flow, or a co-product that is used again
inside the system. Processes with the same flow at the same location share one product, unless
every row that takes it names its provider. A row is *linked* when it takes a product (or
hands waste to its treatment), and a *leaf* when it comes from outside: leaves are priced with
factors. Matches are exact; nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.quantity import UnitMismatch
from saltbridge.footprint.model import (
    Carrier,
    CoProductRole,
    Direction,
    Exchange,
    Inventory,
    Process,
    Stage,
)
from saltbridge.footprint.units import turn


@dataclass(frozen=True, slots=True)
class Product:
    """A flow made inside the system. ``maker`` is set where each maker has its own product."""

    flow: str
    location: str = ""
    maker: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A row that comes from, or goes to, the outside of the inventory.

    ``per_run`` is its amount for one run of its process; negative for an avoided product.
    """

    process: Process
    exchange: Exchange
    per_run: float
    stage: Stage


@dataclass(frozen=True, slots=True)
class Entry:
    """One coefficient of the system of equations: what one run adds to a product."""

    product: int
    process: int
    amount: float


@dataclass(frozen=True, slots=True)
class Link:
    """What one row, or the output of one process, adds to one coefficient of the equations."""

    row: Exchange | Process
    product: int
    process: int
    amount: float  # signed, in the unit of the product


@dataclass(frozen=True)
class System:
    """The equations: one balance per product, one unknown (number of runs) per process."""

    processes: tuple[Process, ...]
    products: tuple[Product, ...]
    units: tuple[str, ...]  # of the products
    entries: tuple[Entry, ...]
    leaves: tuple[Leaf, ...]
    reference_product: int
    outside: tuple[Exchange, ...] = ()  # rows of stages and kinds the rule set leaves out
    has_credits: bool = False
    links: tuple[Link, ...] = ()  # the entries, row by row


def link(
    inventory: Inventory,
    boundary: Sequence[Stage] = tuple(Stage),
    excluded_carriers: frozenset[Carrier] = frozenset(),
) -> tuple[System, tuple[Finding, ...]]:
    """The system of equations of an inventory whose co-products are already allocated.

    Rows of stages outside the boundary are left out and listed. Where the system holds an
    error, it is in the findings and the system must not be solved.
    """
    return _Linker(inventory, frozenset(boundary), excluded_carriers).run()


class _Linker:
    def __init__(
        self, inventory: Inventory, boundary: frozenset[Stage], excluded: frozenset[Carrier]
    ) -> None:
        self.inventory = inventory
        self.boundary = boundary
        self.excluded = excluded
        self.findings: list[Finding] = []
        self.process_index = {p.id: i for i, p in enumerate(inventory.processes)}
        self.products: dict[Product, int] = {}
        self.units: list[str] = []
        self.masses: list[float | None] = []
        self.product_of: dict[str, int] = {}  # process id -> its product
        self.by_flow: dict[str, list[int]] = {}  # flow -> product numbers
        self.treats_waste: dict[int, bool] = {}
        self.stage_of_product: dict[int, Stage] = {}

    def run(self) -> tuple[System, tuple[Finding, ...]]:
        self._collect_products()
        entries: dict[tuple[int, int], float] = {}
        links: list[Link] = []
        for i, process in enumerate(self.inventory.processes):
            product = self.product_of[process.id]
            amount = self._in_product_unit(
                process.production_amount, process, product, process.reference_mass_kg
            )
            entries[product, i] = entries.get((product, i), 0.0) + amount
            links.append(Link(process, product, i, amount))
        leaves: list[Leaf] = []
        outside: list[Exchange] = []
        has_credits = False
        for row in self.inventory.exchanges:
            i = self.process_index[row.process]
            process = self.inventory.processes[i]
            stage = row.stage or process.stage
            if row.carrier in self.excluded and row.carrier is not Carrier.NONE:
                outside.append(row)
                continue
            target = self._provider_of(row, process)
            if target is None:
                if stage not in self.boundary:
                    outside.append(row)
                    continue
                per_run = row.amount
                if row.direction is Direction.OUTPUT:
                    per_run, has_credits = -row.amount, True
                leaves.append(Leaf(process, row, per_run, stage))
                continue
            if self._leads_outside(row, process, target):
                outside.append(row)
                continue
            if row.direction is Direction.INPUT and self.treats_waste.get(target, False):
                # Taking from a treatment would run it backwards and give a credit.
                self.findings.append(
                    finding(
                        "footprint.input-from-treatment",
                        replace(row.place, column="direction"),
                        flow=row.flow,
                        process=row.provider or row.flow,
                    )
                )
            amount = self._in_product_unit(row.amount, row, target, row.mass_kg_per_unit)
            if row.direction is Direction.OUTPUT:
                has_credits = has_credits or row.role is CoProductRole.SUBSTITUTE
                signed = amount
            elif row.direction is Direction.WASTE and self.treats_waste.get(target, False):
                signed = amount
            else:
                signed = -amount
            entries[target, i] = entries.get((target, i), 0.0) + signed
            links.append(Link(row, target, i, signed))
        has_credits = has_credits or any(
            p.production_amount < 0 for p in self.inventory.processes
        )
        system = System(
            processes=self.inventory.processes,
            products=tuple(self.products),
            units=tuple(self.units),
            entries=tuple(Entry(p, i, a) for (p, i), a in entries.items()),
            leaves=tuple(leaves),
            reference_product=self.product_of.get(self.inventory.product.reference_process, 0),
            outside=tuple(outside),
            has_credits=has_credits,
            links=tuple(links),
        )
        return system, tuple(self.findings)

    def _collect_products(self) -> None:
        groups: dict[tuple[str, str], list[Process]] = {}
        for process in self.inventory.processes:
            groups.setdefault((process.reference_flow, process.location), []).append(process)
        taken_without_provider = {
            row.flow
            for row in self.inventory.exchanges
            if row.direction is not Direction.EMISSION and not row.provider
        }
        for (flow, location), makers in groups.items():
            shared = len(makers) == 1 or flow in taken_without_provider
            for process in makers:
                key = Product(flow, location, "" if shared else process.id)
                number = self._product(key, process.unit, process.reference_mass_kg)
                self.product_of[process.id] = number
                self.treats_waste[number] = process.production_amount < 0
                self.stage_of_product[number] = process.stage
        for row in self.inventory.exchanges:
            if row.direction is not Direction.OUTPUT or row.flow in self.by_flow:
                continue
            if row.role is CoProductRole.RECIRCULATE:
                self._product(Product(row.flow), row.unit, row.mass_kg_per_unit)

    def _product(self, key: Product, unit: str, mass: float | None) -> int:
        if key not in self.products:
            self.products[key] = len(self.products)
            self.units.append(unit)
            self.masses.append(mass)
            self.by_flow.setdefault(key.flow, []).append(self.products[key])
        return self.products[key]

    def _provider_of(self, row: Exchange, process: Process) -> int | None:
        """Number of the product a row takes or gives; None for a leaf."""
        if row.direction in (Direction.EMISSION, Direction.RESOURCE):
            return None
        if row.provider:
            return self.product_of[row.provider]
        if row.factor or row.contract:
            return None
        candidates = self.by_flow.get(row.flow, [])
        if not candidates:
            return None
        place = replace(row.place, column="flow")
        keys = tuple(self.products)
        exact = [n for n in candidates if keys[n].location == row.location]
        open_ = [n for n in candidates if not keys[n].location or not row.location]
        chosen = exact or open_
        if not chosen and row.role is CoProductRole.RECIRCULATE:
            chosen = candidates  # what is used again inside is never a purchase
        if not chosen:
            made_at = ", ".join(sorted({keys[n].location for n in candidates}))
            self.findings.append(
                finding(
                    "footprint.made-elsewhere",
                    place,
                    severity=Severity.WARNING,
                    flow=row.flow,
                    location=row.location,
                    made_at=made_at,
                )
            )
            return None
        if len(chosen) > 1:
            makers = ", ".join(
                p.id for p in self.inventory.processes if self.product_of[p.id] in chosen
            )
            self.findings.append(
                finding("footprint.provider-ambiguous", place, flow=row.flow, processes=makers)
            )
            return None
        if row.circular:
            return self._circular(row, chosen[0])
        return chosen[0]

    def _circular(self, row: Exchange, product: int) -> int | None:
        """A row with circular terms is priced by the formula, which then needs its own Ev."""
        terms = next((c for c in self.inventory.circular if c.id == row.circular), None)
        if row.direction is Direction.WASTE or (terms is not None and terms.Ev is not None):
            return None
        self.findings.append(
            finding(
                "footprint.circular-made-here",
                replace(row.place, column="circular"),
                flow=row.flow,
                circular=row.circular,
            )
        )
        return product

    def _leads_outside(self, row: Exchange, process: Process, product: int) -> bool:
        """Whether a linked row leads from inside the boundary to a stage outside of it."""
        if row.stage is not None:
            return row.stage not in self.boundary
        provider_stage = self.stage_of_product.get(product, process.stage)
        if provider_stage in self.boundary:
            return False
        return process.stage in self.boundary or row.direction is Direction.WASTE

    def _in_product_unit(
        self, amount: float, row: Exchange | Process, product: int, mass: float | None
    ) -> float:
        into = self.units[product]
        try:
            return turn(
                amount,
                row.unit,
                into,
                mass_kg_per_unit=mass,
                mass_kg_per_into=self.masses[product],
            )
        except UnitMismatch:
            self.findings.append(
                finding(
                    "footprint.unit-mismatch",
                    replace(row.place, column="unit"),
                    flow=row.flow if isinstance(row, Exchange) else row.reference_flow,
                    unit=row.unit,
                    expected=into,
                )
            )
            return amount

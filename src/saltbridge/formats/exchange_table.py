"""An exchange table: one row per flow of a process, with the groups of ecoSpold 1.

This is how unit process databases such as USLCI are handed on as one CSV file. Group numbers
as in the ecoSpold 1 schema (recalled): inputs 1-3 and 5 come from the technosphere, 4 from
nature; outputs 0 is the reference product, 1 an avoided product, 2 a co-product, 3 waste to
treatment, 4 goes to nature.
"""

import math
from collections.abc import Mapping, Sequence

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.footprint.background.model import Activity, BackgroundSystem, Flow, FlowKind
from saltbridge.formats.inventory_cells import shortened
from saltbridge.formats.inventory_tables import TextTable
from saltbridge.formats.inventory_text import read_csv, write_csv

COLUMNS = (
    "process", "process_number", "location", "flow", "unit", "amount", "category", "sub",
    "inputGroup", "outputGroup",
)  # fmt: skip
_INPUTS = {"1": FlowKind.INPUT, "2": FlowKind.INPUT, "3": FlowKind.INPUT, "5": FlowKind.INPUT,
           "4": FlowKind.RESOURCE}  # fmt: skip
_OUTPUTS = {"0": FlowKind.PRODUCT, "2": FlowKind.CO_PRODUCT, "3": FlowKind.WASTE,
            "4": FlowKind.EMISSION}  # fmt: skip
_AIR = frozenset({"air", "troposphere", "stratosphere", "rural", "urban"})
_WATER = frozenset({"water", "fresh water body", "saline water body"})
_SOIL = frozenset({"ground", "soil", "human-dominated", "terrestrial"})


def parse_exchange_table(
    content: bytes, file: str, source: str
) -> tuple[BackgroundSystem | None, tuple[Finding, ...]]:
    """The activities of an exchange table, or everything that is wrong with it."""
    table, found = read_csv(content, file)
    if table is None:
        return None, found
    missing = [name for name in COLUMNS if name not in table.header]
    if missing:
        place = Place(file, table.header_row)
        return None, tuple(
            finding("inventory.missing-column", place, column=name) for name in missing
        )
    faults: list[Finding] = []
    flows: dict[str, list[Flow]] = {}
    heads: dict[str, tuple[str, str, Place]] = {}
    for line, cells in table.rows:
        if fault := cell_count_fault(cells, table, line):
            faults.append(fault)
            continue
        row = dict(zip(table.header, cells, strict=True))
        read = _flow(row, table, line)
        if isinstance(read, Finding):
            faults.append(read)
            continue
        number = row["process_number"]
        heads.setdefault(number, (row["process"], row["location"], Place(file, line)))
        flows.setdefault(number, []).append(read)
    if faults:
        return None, tuple(faults)
    activities = tuple(
        Activity(id=number, name=name, location=where, flows=tuple(flows[number]), place=at)
        for number, (name, where, at) in heads.items()
    )
    return BackgroundSystem(activities=activities, source=source), ()


def cell_count_fault(cells: Sequence[str], table: TextTable, line: int) -> Finding | None:
    """The finding that a row has more or fewer cells than there are columns, or None."""
    width = len(table.header)
    if len(cells) == width:
        return None
    code = "too-few-cells" if len(cells) < width else "too-many-cells"
    where = Place(table.file, line)
    return finding(f"inventory.{code}", where, cells=len(cells), columns=width)


def _flow(row: Mapping[str, str], table: TextTable, line: int) -> Flow | Finding:
    place = Place(table.file, line)
    try:
        amount = float(row["amount"])
    except ValueError:
        amount = math.nan
    if not math.isfinite(amount):
        at = Place(table.file, line, "amount")
        return finding("background.not-a-number", at, value=shortened(row["amount"]))
    group = row["inputGroup"], row["outputGroup"]
    if group == ("", "1"):  # an avoided product: what it replaces is taken with the other sign
        kind, amount = FlowKind.INPUT, -amount
    elif not group[1] and group[0] in _INPUTS:
        kind = _INPUTS[group[0]]
    elif not group[0] and group[1] in _OUTPUTS:
        kind = _OUTPUTS[group[1]]
    else:
        return finding(
            "background.unknown-group", place, input=shortened(group[0] or "-"),
            output=shortened(group[1] or "-"),
        )  # fmt: skip
    return Flow(
        kind=kind,
        name=row["flow"].strip(),
        unit=row["unit"].strip(),
        amount=amount,
        compartment=_compartment(row["category"], row["sub"]),
        place=place,
    )


def _compartment(category: str, sub: str) -> str:
    for name in (category.lower(), sub.lower()):
        if name in _AIR:
            return "air"
        if name in _WATER:
            return "water"
        if name in _SOIL:
            return "soil"
    return ""


def render_exchange_table(system: BackgroundSystem) -> bytes:
    """The CSV file of a system whose flows all fit into the groups."""
    groups = {kind: ("", number) for number, kind in _OUTPUTS.items()}
    groups |= {FlowKind.INPUT: ("5", ""), FlowKind.RESOURCE: ("4", "")}
    rows = []
    for activity in system.activities:
        for flow in activity.flows:
            head = [activity.name, activity.id, activity.location, flow.name, flow.unit]
            rows.append([*head, repr(flow.amount), flow.compartment, "", *groups[flow.kind]])
    return write_csv(COLUMNS, rows)

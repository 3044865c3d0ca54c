"""A ``bw_processing`` datapackage: matrices of Brightway, read with numpy alone.

A datapackage holds numbers, no names. Names come in a CSV file beside it, with the columns
``id, name, location, unit, compartment``. Emissions are characterised by the package's own
characterization matrix where it has one, else by name with our GWP sets. Only vectors are
read, with their distributions; arrays of scenarios and dynamic resources are refused. Arrays
are never unpickled.
"""

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.footprint.background.model import Activity, BackgroundSystem, Flow, FlowKind
from saltbridge.footprint.background.spreads import scaled
from saltbridge.footprint.engine.draws import Distribution
from saltbridge.formats.exchange_table import cell_count_fault
from saltbridge.formats.inventory_cells import shortened
from saltbridge.formats.inventory_text import read_csv
from saltbridge.formats.lca_uncertainty import UnreadSpread, brightway_distribution

TECHNOSPHERE, BIOSPHERE, CHARACTERISATION = (
    "technosphere_matrix", "biosphere_matrix", "characterization_matrix",
)  # fmt: skip
MAX_MEMBER_BYTES = 500_000_000
_SPREAD = {
    "uncertainty type": "uncertainty_type", "scale": "scale", "minimum": "minimum",
    "maximum": "maximum",
}  # fmt: skip
# One resource of an entry: amount, its distribution, and whether it has one we cannot draw.
_Part = tuple[float, Distribution | None, bool]
_Entries = dict[tuple[int, int], list[_Part]]
_COMPARTMENTS = ("", "air", "water", "soil")
_COLUMNS = ("id", "name", "location", "unit", "compartment")


def read_datapackage(
    path: Path, names: Mapping[int, Mapping[str, str]], source: str
) -> BackgroundSystem:
    """The activities of a datapackage, a zip file or a folder.

    Raises:
        FaultyInput: it is no datapackage of vectors, or a number of it has no name.
    """
    try:
        matrices = _matrices(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as fault:
        raise FaultyInput(
            [finding("background.not-readable", Place(str(path)), format="bw-datapackage",
                     reason=str(fault)[:300])]
        ) from fault  # fmt: skip
    technosphere = _sums(matrices.get(TECHNOSPHERE, {}))
    biosphere = _sums(matrices.get(BIOSPHERE, {}))
    weights = {
        row: amount for (row, _), amount in _sums(matrices.get(CHARACTERISATION, {})).items()
    } if CHARACTERISATION in matrices else None  # fmt: skip
    _all_named(path, technosphere, biosphere, weights, names)
    columns: dict[int, list[Flow]] = defaultdict(list)
    made = _references(technosphere)
    for (row, column), amount in technosphere.items():
        said = names[row]
        kind = FlowKind.INPUT
        if row == made.get(column):
            kind = FlowKind.PRODUCT
        elif amount > 0 and column not in made:
            kind = FlowKind.CO_PRODUCT
        taken = kind is FlowKind.INPUT
        parts = matrices[TECHNOSPHERE][row, column] if taken else [(amount, None, False)]
        columns[column] += [
            Flow(
                kind=kind, name=said["name"], unit=said["unit"], key=str(row),
                amount=-part if taken else part,
                distribution=scaled(how, -1.0), spread_unread=unread,
            )
            for part, how, unread in parts
        ]  # fmt: skip
    for row, column in biosphere:
        said = names.get(row, {})
        columns[column] += [
            Flow(
                kind=FlowKind.EMISSION, name=said.get("name") or str(row),
                unit=said.get("unit") or "kg", amount=part,
                compartment=said.get("compartment") or "",
                kg_co2e_per_unit=None if weights is None else weights.get(row, 0.0),
                distribution=how, spread_unread=unread,
            )
            for part, how, unread in matrices[BIOSPHERE][row, column]
        ]  # fmt: skip
    activities = []
    for column, flows in columns.items():
        said = names.get(column) or names.get(made.get(column, -1)) or {}
        name = said.get("name") or str(column)
        activities.append(
            Activity(
                id=str(column), name=name, location=said.get("location") or "",
                flows=tuple(flows),
            )
        )  # fmt: skip
    return BackgroundSystem(activities=tuple(activities), source=source)


def _references(technosphere: Mapping[tuple[int, int], float]) -> dict[int, int]:
    """Column → row of its product: its own number, else the only thing it makes."""
    made: dict[int, int] = {}
    positive: dict[int, list[int]] = defaultdict(list)
    for (row, column), amount in technosphere.items():
        if row == column and amount != 0.0:
            made[column] = row
        elif amount > 0.0:
            positive[column].append(row)
    for column, rows in positive.items():
        if column not in made and len(rows) == 1:
            made[column] = rows[0]
    return made


def _sums(entries: _Entries) -> dict[tuple[int, int], float]:
    """(row, column) → amount, with the signs of the matrix."""
    return {at: sum(amount for amount, _, _ in parts) for at, parts in entries.items()}


def _matrices(path: Path) -> dict[str, _Entries]:
    """Matrix → (row, column) → what its resources hold there, with the signs of the matrix."""
    open_member = _members(path)
    head = json.loads(open_member("datapackage.json"))
    groups: dict[str, dict[str, Any]] = defaultdict(dict)
    for resource in head["resources"]:
        kind, matrix = resource.get("kind"), resource.get("matrix")
        if matrix not in (TECHNOSPHERE, BIOSPHERE, CHARACTERISATION):
            continue
        if resource.get("category") != "vector" or resource.get("profile") != "data-resource":
            raise ValueError(f"{resource.get('name')}: only vectors can be read")
        if kind in ("indices", "data", "flip", "distributions"):
            array = np.load(io.BytesIO(open_member(resource["path"])), allow_pickle=False)
            groups[resource["group"]][kind] = array
            groups[resource["group"]]["matrix"] = matrix
    matrices: dict[str, _Entries] = {}
    for group in groups.values():
        indices, amounts = group["indices"], group["data"].astype(float)
        if len(indices) != len(amounts) or not np.all(np.isfinite(amounts)):
            raise ValueError("indices and amounts do not match, or an amount is no number")
        entries = matrices.setdefault(group["matrix"], {})
        pairs = zip(indices["row"].tolist(), indices["col"].tolist(), strict=True)
        for pair, part in zip(pairs, _parts(group, amounts), strict=True):
            entries.setdefault(pair, []).append(part)
    if TECHNOSPHERE not in matrices:
        raise ValueError("no technosphere matrix")
    return matrices


def _parts(group: Mapping[str, Any], amounts: Any) -> list[_Part]:
    """Amounts with their distributions, turned where the resource says so."""
    flips = group["flip"].tolist() if "flip" in group else [False] * len(amounts)
    given = group.get("distributions")
    if given is not None and len(given) != len(amounts):
        raise ValueError("distributions and amounts do not match")
    found: list[_Part] = []
    for n, (amount, flip) in enumerate(zip(amounts.tolist(), flips, strict=True)):
        how, unread = None, False
        if given is not None:
            said = {ours: given[n][theirs].item() for ours, theirs in _SPREAD.items()}
            try:
                how = brightway_distribution(said, amount)
            except UnreadSpread:
                unread = True
        found.append((-amount, scaled(how, -1.0), unread) if flip else (amount, how, unread))
    return found


def _members(path: Path) -> Callable[[str], bytes]:
    if path.is_dir():
        root = path.resolve()

        def from_folder(name: str) -> bytes:
            file = (root / name).resolve()
            if root not in file.parents or file.stat().st_size > MAX_MEMBER_BYTES:
                raise ValueError(f"{name} is outside the folder or too large")
            return file.read_bytes()

        return from_folder

    def from_zip(name: str) -> bytes:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(name).file_size > MAX_MEMBER_BYTES:
                raise ValueError(f"{name} is too large")
            return archive.read(name)

    return from_zip


def _all_named(
    path: Path,
    technosphere: Mapping[tuple[int, int], float],
    biosphere: Mapping[tuple[int, int], float],
    weights: Mapping[int, float] | None,
    names: Mapping[int, Mapping[str, str]],
) -> None:
    products = sorted({row for row, _ in technosphere if row not in names})
    emitted = sorted({row for row, _ in biosphere if row not in names})
    unnamed = products + (emitted if weights is None else [])
    if unnamed:
        raise FaultyInput(
            [finding("background.unnamed", Place(str(path)), count=len(unnamed),
                     first=str(unnamed[0]))]
        )  # fmt: skip


def parse_names(content: bytes, file: str) -> dict[int, dict[str, str]]:
    """Number → name, location, unit and compartment.

    Raises:
        FaultyInput: a column is missing, a row has too many or too few cells (a comma in a name
            needs quotes), an id is no number, a unit is left out, or a compartment is unknown;
            all at once.
    """
    table, found = read_csv(content, file)
    if table is None:
        raise FaultyInput(found)
    absent = [name for name in ("id", "name", "unit") if name not in table.header]
    if absent:
        place = Place(file, table.header_row)
        raise FaultyInput(
            [finding("inventory.missing-column", place, column=n) for n in absent]
        )
    named: dict[int, dict[str, str]] = {}
    faults: list[Finding] = []
    for line, cells in table.rows:
        fault = cell_count_fault(cells, table, line) or _faulty_name(
            row := dict(zip(table.header, map(str.strip, cells), strict=False)), file, line
        )
        if fault is not None:
            faults.append(fault)
            continue
        named[int(row["id"])] = {name: row.get(name, "") for name in _COLUMNS}
    if faults:
        raise FaultyInput(faults)
    return named


def _faulty_name(row: Mapping[str, str], file: str, line: int) -> Finding | None:
    if not row["id"].isdecimal():
        return finding(
            "background.not-a-number", Place(file, line, "id"), value=shortened(row["id"])
        )
    if not row["unit"]:
        return finding("background.no-unit", Place(file, line, "unit"), name=row["name"][:60])
    compartment = row.get("compartment", "")
    if compartment not in _COMPARTMENTS:
        return finding(
            "background.unknown-compartment",
            Place(file, line, "compartment"),
            compartment=shortened(compartment),
            known=", ".join(c for c in _COMPARTMENTS if c),
        )
    return None

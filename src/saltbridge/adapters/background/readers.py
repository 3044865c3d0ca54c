"""One reader per format: a path and what a person said about it in, a background system out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saltbridge.adapters.background import carculator, foreign
from saltbridge.adapters.background.datapackage import parse_names, read_datapackage
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.footprint.background.model import Activity, BackgroundSystem, Flow, FlowKind
from saltbridge.formats.exchange_table import parse_exchange_table
from saltbridge.formats.lca_datasets import parse_brightway, parse_ecospold2, parse_simapro
from saltbridge.formats.openlca_documents import parse_openlca

MAX_FILE_BYTES = 500_000_000


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is read: a file or folder, or the name of a project with one of its databases."""

    path: Path
    source: str  # citation
    database: str = ""
    names: Path | None = None


def read_file(path: Path) -> bytes:
    """The content of a file that was named.

    Raises:
        FaultyInput: it cannot be read, or is too large.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            limit = f"{MAX_FILE_BYTES // 1_000_000} MB"
            raise FaultyInput([finding("background.too-large", Place(str(path)), limit=limit)])
        return path.read_bytes()
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise FaultyInput(
            [finding("background.unreadable", Place(str(path)), reason=reason)]
        ) from fault


def _exchange_table(origin: Origin) -> BackgroundSystem:
    content, name = read_file(origin.path), origin.path.name
    system, found = parse_exchange_table(content, name, origin.source)
    if system is None:
        raise FaultyInput(found)
    return system


def _datapackage(origin: Origin) -> BackgroundSystem:
    if origin.names is None:
        raise FaultyInput([finding("background.names-needed", Place(str(origin.path)))])
    named = parse_names(read_file(origin.names), origin.names.name)
    return read_datapackage(origin.path, named, origin.source)


_Parse = Callable[[Any, str, str], tuple[BackgroundSystem, tuple[Finding, ...]]]


def _with_tools(kind: str, parse: _Parse) -> "Reader":
    def read(origin: Origin) -> BackgroundSystem:
        is_project = kind == foreign.PROJECT
        if not is_project and not origin.path.exists():
            read_file(origin.path)
        where = str(origin.path) if is_project else str(origin.path.resolve())
        document = foreign.read(kind, where, origin.database)
        system, faults = parse(document, origin.path.name, origin.source)
        if faults:
            raise FaultyInput(faults)
        return system

    return read


def _carculator(origin: Origin) -> BackgroundSystem:
    """The whole matrix of the wheel in the cache, already characterised."""
    read = carculator.arrays()
    activities = []
    for j, about in enumerate(read.index):
        flows = [
            Flow(
                kind=FlowKind.PRODUCT, name=carculator.flow_of(about), unit=about.unit,
                amount=read.produced(j), key=str(j),
            ),
            Flow(
                kind=FlowKind.EMISSION, name="climate change, GWP100", unit="kgCO2e",
                amount=float(read.gwp100[j]), kg_co2e_per_unit=1.0,
            ),
        ]  # fmt: skip
        flows += [
            Flow(
                kind=FlowKind.INPUT, name=read.index[i].name, unit=read.index[i].unit,
                amount=amount, key=str(i),
            )
            for i, amount in read.inputs_of(j)
        ]  # fmt: skip
        where = about.location if about.product else "/".join(("biosphere", about.location))
        activities.append(
            Activity(id=str(j), name=about.name, location=where, flows=tuple(flows))
        )
    return BackgroundSystem(activities=tuple(activities), source=carculator.SOURCE)


Reader = Callable[[Origin], BackgroundSystem]

READERS: dict[str, Reader] = {
    "exchange-table": _exchange_table,
    "bw-datapackage": _datapackage,
    foreign.PROJECT: _with_tools(foreign.PROJECT, parse_brightway),
    foreign.ECOSPOLD2: _with_tools(foreign.ECOSPOLD2, parse_ecospold2),
    foreign.SIMAPRO: _with_tools(foreign.SIMAPRO, parse_simapro),
    foreign.OPENLCA: _with_tools(foreign.OPENLCA, parse_openlca),
    "carculator": _carculator,
}

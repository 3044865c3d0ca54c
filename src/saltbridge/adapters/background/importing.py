"""Bring a background: read a source, link it, reduce it, and say everything that was found."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from saltbridge.adapters.background import carculator, store
from saltbridge.adapters.background.readers import READERS, Origin, Reader, read_file
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, errors_in, finding
from saltbridge.footprint.background.linked import LinkedBackground
from saltbridge.footprint.background.linking import link
from saltbridge.footprint.background.model import BackgroundSystem
from saltbridge.footprint.background.reduction import factors, loops, product_rows, signs
from saltbridge.footprint.characterisation import SETS
from saltbridge.footprint.model import EmissionFactor
from saltbridge.formats.factor_table import parse_factor_table

FACTOR_TABLE = "factor-table"


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What a person asks for."""

    path: Path
    format: str
    id: str
    licence: str = ""
    source: str = ""  # citation; empty: the file's name
    gwp_sets: tuple[str, ...] = ("AR6",)
    fill: Path | None = None  # factor table that prices inputs nobody makes
    convert_units: bool = False
    year: int | None = None
    database: str = ""  # of a Brightway project
    names: Path | None = None  # names of a datapackage's numbers
    prospective: bool = False  # it looks ahead: no declaration may rest on it


def import_background(request: ImportRequest) -> store.ImportedBackground:
    """A background ready to be saved; nothing is written but the solved system.

    Raises:
        FaultyInput: the file cannot be read as this format, or holds faulty rows; all at once.
        Unavailable: the format needs tools that are not installed.
    """
    store.check_id(request.id)
    unknown = [name for name in request.gwp_sets if name not in SETS]
    if unknown or not request.gwp_sets:
        named = ", ".join(unknown) or "–"
        raise FaultyInput([finding("background.unknown-gwp", gwp=named, known=", ".join(SETS))])
    if request.format == FACTOR_TABLE:
        return _factor_table(request)
    if request.format == "carculator" and not request.licence:
        request = replace(request, licence=carculator.LICENCE)
    if not request.licence:
        raise FaultyInput([finding("background.licence-needed", id=request.id)])
    fill: tuple[EmissionFactor, ...] = ()
    found: tuple[Finding, ...] = ()
    if request.fill is not None:
        fill, found = parse_factor_table(read_file(request.fill), request.fill.name)
        if errors_in(found):
            raise FaultyInput(found)
    origin = Origin(
        path=request.path,
        source=request.source or request.path.name,
        database=request.database,
        names=request.names,
    )
    system = _reader(request.format)(origin)
    linked = link(system, request.gwp_sets, fill=fill, convert_units=request.convert_units)
    return _reduced(request, system, linked, found)


def _reduced(
    request: ImportRequest,
    system: BackgroundSystem,
    linked: LinkedBackground,
    found: Sequence[Finding],
) -> store.ImportedBackground:
    solution = store.solved(linked.technosphere, linked.burdens)
    rows = product_rows(linked, solution)
    whole = factors(
        rows,
        set_id=request.id,
        source=system.source,
        licence=request.licence,
        gwp_set=request.gwp_sets[0],
        year=request.year or system.year,
    )
    whole = _marked(whole, request)
    findings = (*found, *linked.findings, *loops(linked))
    unread = sum(f.spread_unread for a in linked.activities for f in a.flows)
    brought = sorted({factor.licence for _, factor in linked.fills_used if factor.licence})
    return store.ImportedBackground(
        id=request.id,
        format=request.format,
        source=system.source,
        source_digest=_digest(request.path),
        licence="; ".join(dict.fromkeys((request.licence, *brought))),
        gwp_sets=request.gwp_sets,
        factors=whole,
        products=rows,
        findings=findings,
        counts={
            "activities": len(linked.activities),
            "flows": sum(len(a.flows) for a in linked.activities),
            "links": int(linked.technosphere.nnz) - len(linked.activities),
            "products": len(rows),
            "whole": len(whole),
            "with_holes": len(rows) - len(whole),
            "filled_inputs": int(linked.filled.sum()),
            "air_emissions_without_gwp": int(linked.not_in_gwp.sum()),
            "uncertain": linked.exchanges.uncertain,
            "spreads_not_read": unread,
        },
        reduction={
            "digest": solution.digest,
            "method": solution.method,
            "sweeps": solution.sweeps,
            "forward_error": solution.forward_error,
        },
        exchanges=linked.exchanges if linked.exchanges.uncertain else None,
        signs=signs(rows, solution),
    )


def _factor_table(request: ImportRequest) -> store.ImportedBackground:
    content = read_file(request.path)
    read, found = parse_factor_table(content, request.path.name, request.licence)
    if errors_in(found):
        raise FaultyInput(found)
    licences = sorted({factor.licence for factor in read if factor.licence})
    unlicensed = sum(not factor.licence for factor in read)
    return store.ImportedBackground(
        id=request.id,
        format=request.format,
        source=request.source or request.path.name,
        source_digest=_digest(request.path),
        licence=request.licence or "; ".join(licences),
        gwp_sets=(),
        factors=_marked(read, request),
        products=(),
        findings=found,
        counts={"factors": len(read), "without_licence": unlicensed},
        reduction={},
    )


def _marked(
    read: Sequence[EmissionFactor], request: ImportRequest
) -> tuple[EmissionFactor, ...]:
    """The factors; of a background that looks ahead all are prospective."""
    if not request.prospective:
        return tuple(read)
    return tuple(replace(factor, prospective=True) for factor in read)


def formats() -> tuple[str, ...]:
    """Names of the formats that can be imported."""
    return (FACTOR_TABLE, *READERS)


def _reader(name: str) -> Reader:
    reader = READERS.get(name)
    if reader is None:
        known = ", ".join(formats())
        raise FaultyInput([finding("background.unknown-format", format=name, known=known)])
    return reader


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def tally(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """How often each code was found, the most frequent first."""
    return Counter(f.code for f in findings).most_common()

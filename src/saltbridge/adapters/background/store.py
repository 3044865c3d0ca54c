"""Imported backgrounds in the cache: factors, every product, findings, and solved systems.

``backgrounds/<id>/`` holds ``background.json`` (what, from where, under which licence, digests
and counts), ``factors.csv`` (what an inventory may draw on), ``products.csv`` (every product,
whole or not) and ``findings.csv``. ``reductions/<digest>.npz`` holds a solved system under
the digest of its matrix and burdens, so that nobody solves the same one twice. Exchanges with
their spreads and draws made from them lie beside a background (``draws``).
"""

import csv
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from saltbridge.adapters.background import draws
from saltbridge.adapters.background.carculator import cache_folder
from saltbridge.adapters.factors.digests import factor_set
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.footprint.background.reduction import ProductRow
from saltbridge.footprint.background.sampled import SampledBackground
from saltbridge.footprint.background.spreads import UncertainSystem
from saltbridge.footprint.engine.unit_footprints import (
    UnitFootprints,
    content_digest,
    unit_footprints,
)
from saltbridge.footprint.model import EmissionFactor, FactorSet
from saltbridge.formats.factor_table import parse_factor_table, render_factor_table
from saltbridge.formats.inventory_text import write_csv
from saltbridge.locales import has_text, text

SCHEMA = "saltbridge-background/1"
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
RESERVED = frozenset({"open-2026", "carculator-static"})


@dataclass(frozen=True, kw_only=True)
class ImportedBackground:
    """What an import leaves: a factor set with its digest and licence, and what was found."""

    id: str
    format: str
    source: str
    source_digest: str  # sha256 of the file that was read; empty for a database
    licence: str
    gwp_sets: tuple[str, ...]
    factors: tuple[EmissionFactor, ...]
    products: tuple[ProductRow, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    reduction: Mapping[str, Any]  # method, sweeps, forward_error, digest; empty for a table
    exchanges: UncertainSystem | None = None  # with their spreads; None: nothing has one
    signs: tuple[int, ...] = ()  # of every product: −1 treatment, 0 no factor

    def factor_set(self) -> FactorSet:
        """The factors as a digested set."""
        return factor_set(self.id, f"{self.id}: {self.source}", self.factors, self.licence)


def folder_of(id: str) -> Path:
    """Where a background of this name lies."""
    return cache_folder() / "backgrounds" / id


def check_id(id: str) -> None:
    """Raises FaultyInput where an id cannot name a background of its own."""
    if not _ID.fullmatch(id) or id in RESERVED:
        raise FaultyInput([finding("background.bad-id", id=id)])


def names() -> tuple[str, ...]:
    """Ids of the imported backgrounds."""
    folder = cache_folder() / "backgrounds"
    if not folder.is_dir():
        return ()
    return tuple(sorted(p.name for p in folder.iterdir() if (p / "background.json").is_file()))


def save(imported: ImportedBackground) -> Path:
    """Write a background into the cache, whole or not at all; returns its folder."""
    check_id(imported.id)
    target = folder_of(imported.id)
    target.parent.mkdir(parents=True, exist_ok=True)
    head = {
        "schema": SCHEMA,
        "id": imported.id,
        "format": imported.format,
        "source": imported.source,
        "source_digest": imported.source_digest,
        "licence": imported.licence,
        "gwp_sets": list(imported.gwp_sets),
        "digest": imported.factor_set().digest,
        "counts": dict(imported.counts),
        "reduction": dict(imported.reduction),
    }
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        built = Path(scratch) / "built"
        built.mkdir()
        (built / "background.json").write_text(
            json.dumps(head, ensure_ascii=False, indent=2) + "\n", "utf-8"
        )
        (built / "factors.csv").write_bytes(render_factor_table(imported.factors))
        (built / "products.csv").write_bytes(_products_csv(imported.products))
        (built / "findings.csv").write_bytes(findings_csv(imported.findings, "en"))
        if imported.exchanges is not None:
            ids = [product.id for product in imported.products]
            draws.write_system(built, imported.exchanges, ids, imported.signs)
            draws.keep(target, built, imported.exchanges.digest)
        if target.is_dir():
            target.rename(Path(scratch) / "old")
        built.rename(target)
    return target


@dataclass(frozen=True)
class Known:
    """What of an import was in the cache before it was saved."""

    unchanged: bool  # under the same id: the same factors and licence
    digest: str  # of what stands under this id; empty for nothing
    others: tuple[str, ...]  # other ids with the same content


def known(imported: ImportedBackground) -> Known:
    """Whether the content of an import is in the cache already, and under which ids."""
    before: Mapping[str, Any] = {}
    others = []
    for id in names():
        try:
            head = head_of(id)
        except Unavailable:
            continue  # damaged: told when somebody uses it
        if id == imported.id:
            before = head
        elif _content_key(head["reduction"], head["source_digest"]) == _content_key(
            imported.reduction, imported.source_digest
        ):
            others.append(id)
    now = (imported.factor_set().digest, imported.licence)
    same = bool(before) and (before["digest"], before["licence"]) == now
    return Known(same, str(before.get("digest", "")), tuple(others))


def _content_key(reduction: Mapping[str, Any], source_digest: str) -> str:
    """The system that was solved, GWP sets and brought factors included; else the file."""
    return str(reduction.get("digest") or source_digest)


def head_of(id: str) -> Mapping[str, Any]:
    """What ``background.json`` says.

    Raises:
        Unavailable: there is no such background, or its file is damaged.
    """
    path = folder_of(id) / "background.json"
    if not _ID.fullmatch(id) or not path.is_file():
        known = ", ".join(names()) or "–"
        raise Unavailable([finding("background.unknown", id=id, known=known)])
    try:
        head = json.loads(path.read_text("utf-8"))
    except ValueError as fault:
        raise _damaged(id, str(fault)) from fault
    if not isinstance(head, dict) or head.get("schema") != SCHEMA:
        raise _damaged(id, "background.json")
    return head


def load(id: str) -> FactorSet:
    """The factor set of an imported background; its values in kg CO2e per unit.

    Raises:
        Unavailable: there is none, or its factors are not those that were imported.
    """
    head = head_of(id)
    path = folder_of(id) / "factors.csv"
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise _damaged(id, fault.strerror or str(fault)) from fault
    if content.count(b"\n") > 1:
        factors, _ = parse_factor_table(content, path.name)
    else:
        factors = ()
    read = factor_set(id, f"{id}: {head['source']}", factors, str(head["licence"]))
    if read.digest != head.get("digest"):
        raise _damaged(id, "digest")
    return read


def products(id: str, part: str) -> tuple[Mapping[str, str], ...]:
    """Products of an imported background whose name holds this text, letter case aside."""
    head_of(id)
    path = folder_of(id) / "products.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(r for r in csv.DictReader(file) if part.lower() in r["flow"].lower())


def product_flows(id: str) -> dict[str, str]:
    """Product id → name of what it is, of an imported background."""
    return {row["id"]: row["flow"] for row in products(id, "")}


def make_draws(
    id: str, *, samples: int, seed: int, flows: Collection[str] | None = None
) -> SampledBackground:
    """Draws of a background, stored beside it (see ``draws.make_draws``).

    Raises:
        FaultyInput: nothing can be drawn of it.
        Unavailable: there is no such background, or a file of it is damaged.
    """
    head_of(id)
    known = None
    if flows is not None:
        known = {id for id, flow in product_flows(id).items() if flow in flows}
    return draws.make_draws(folder_of(id), id, samples=samples, seed=seed, products=known)


def has_spreads(id: str) -> bool:
    """Whether an imported background brought any distribution."""
    return draws.has_spreads(folder_of(id))


def load_draws(id: str) -> SampledBackground | None:
    """The stored draws of a background; None where nobody drew any.

    Raises:
        Unavailable: the file is damaged, or belongs to another system.
    """
    return draws.load_draws(folder_of(id), id)


def solved(technosphere: Any, burdens: Any) -> UnitFootprints:
    """Unit footprints of a system [kg CO2e per unit], from the cache where they lie there.

    Raises:
        FaultyInput: the system has no single solution.
    """
    import numpy as np

    key = content_digest(technosphere, burdens)
    folder = cache_folder() / "reductions"
    path = folder / f"{key}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            if _checksum(kept["values"], kept["bounds"]) == str(kept["checksum"]):
                return UnitFootprints(
                    kept["values"], kept["bounds"], str(kept["method"]),
                    int(kept["sweeps"]), float(kept["forward_error"]), key,
                )  # fmt: skip
    found = unit_footprints(technosphere, burdens)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as scratch:
        np.savez_compressed(
            scratch,
            values=found.values,
            bounds=found.bounds,
            method=np.array(found.method),
            sweeps=np.array(found.sweeps),
            forward_error=np.array(found.forward_error),
            checksum=np.array(_checksum(found.values, found.bounds)),
        )
    os.replace(scratch.name, path)
    return found


def _checksum(values: Any, bounds: Any) -> str:
    return hashlib.sha256(values.tobytes() + bounds.tobytes()).hexdigest()


def findings_csv(findings: Sequence[Finding], tongue: str) -> bytes:
    """All findings as a table: severity, code, file, row, column, what and the remedy."""
    rows = []
    for found in findings:
        arguments = dict(found.arguments)
        says = text(found.code, arguments, tongue) if has_text(found.code, tongue) else ""
        do = text(found.remedy, arguments, tongue) if has_text(found.remedy, tongue) else ""
        place = found.place
        rows.append(
            [
                found.severity.value, found.code, place.file or place.pointer,
                "" if place.row is None else str(place.row), place.column, says, do,
            ]
        )  # fmt: skip
    return write_csv(("severity", "code", "file", "row", "column", "says", "remedy"), rows)


def _products_csv(products: Sequence[ProductRow]) -> bytes:
    header = [*ProductRow.__dataclass_fields__]
    rows = [[_cell(value) for value in row.values()] for row in map(asdict, products)]
    return write_csv(header, rows)


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(value)
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _damaged(id: str, reason: str) -> Unavailable:
    place = Place(str(folder_of(id)))
    return Unavailable([finding("background.damaged", place, id=id, reason=reason)])

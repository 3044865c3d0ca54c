"""Suppliers' figures on this node: take a file in, list and show them, tell what they move.

A file is signed by nobody: it is kept with who imported it and is never called verified. What
its value changes in footprints that are stored here is told at once, declarations and estimates
apart; nothing is changed in them, for a declaration is made again by a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.core.finding import Finding, Place, Severity, errors_in, finding
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.model import EmissionFactor
from saltbridge.footprint.propagation import Movement, moved
from saltbridge.footprint.supplier_checks import check_figure
from saltbridge.footprint.supplier_figure import SupplierFigure
from saltbridge.formats.inventory_sources import parse_sources
from saltbridge.formats.pcf import parse_pcf, schema_findings
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.accounting import (
    FootprintRequest,
    supplied_metals,
    verified_supplier_factors,
    work_out,
)
from saltbridge.steps.models import kept_model, sources_of
from saltbridge.steps.records import every
from saltbridge.steps.supplier_documents import KIND, KeptDocument, kept_documents
from saltbridge.trust.did import from_iso, iso

FILE: Final = "supplier-file"


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """A file to take in. ``flow`` is the name the inventory uses for the product.

    ``supplier`` replaces the company the file names; ``illustrative`` marks invented values.
    """

    content: bytes
    name: str
    by: str
    flow: str = ""
    supplier: str = ""
    illustrative: bool = False


@dataclass(frozen=True)
class Judged:
    """A movement with the threshold of its rule set.

    ``beyond`` is None where the rule set states no number (it then asks for a new declaration
    when the bill of materials or the energy mix changes) or where the change stays ``unknown``.
    """

    movement: Movement
    redeclare_above: float | None
    unknown: bool = False

    @property
    def beyond(self) -> bool | None:
        """Whether the change is larger than the threshold."""
        return None if self.unknown else self.movement.beyond(self.redeclare_above)


@dataclass(frozen=True)
class Imported:
    """A file that was taken in, and the stored footprints it concerns."""

    id: str
    figure: SupplierFigure
    factors: tuple[EmissionFactor, ...]
    findings: tuple[Finding, ...]
    judged: tuple[Judged, ...]


@dataclass(frozen=True)
class Listed:
    """One document as a list shows it."""

    document: KeptDocument
    factors: tuple[EmissionFactor, ...]
    findings: tuple[Finding, ...]


def import_figure(world: World, request: ImportRequest) -> Imported:
    """Check a file, keep it with its log leaf, and tell which footprints its value moves.

    Raises:
        FaultyInput: it is in no format we read, breaks the official schema, or contradicts
            itself; nothing is stored.
    """
    now = world.clock.now()
    document = read_json(request.content, request.name)
    figure, unread = parse_pcf(document, request.name)
    checked = check_figure(figure, now.date())
    findings = (*unread, *_schema(document, figure, request.name, checked), *checked)
    supplier = request.supplier or figure.bpn or figure.text("supplier_name")
    if not supplier:
        findings = (*findings, finding("supplier.nobody-named", Place(request.name)))
    if errors_in(findings):
        raise FaultyInput(errors_in(findings))
    id = world.identifiers.urn_uuid()
    found = digest(request.content)
    content = {
        "kind": "pcf",
        "documents": [{"flow": request.flow, "content": document}],
        "delivery": {
            "id": id,
            "digest": found,
            "provider": {"bpn": supplier, "name": figure.text("supplier_name")},
        },
        "import": {
            "file": request.name,
            "at": iso(now),
            "by": request.by,
            "illustrative": request.illustrative,
        },
    }
    body = canonical_bytes(content)
    with world.store.unit_of_work() as work:
        if work.get(FILE, found) is None:
            work.put(FILE, found, request.content, expected_version=0)
        work.put(KIND, id, body, expected_version=0)
        work.append_leaf("supplier.imported", id, body)
    kept = KeptDocument(id, content, now)
    factors, _ = kept.factors()
    findings = (*findings, finding("supplier.not-signed", severity=Severity.WARNING))
    with world.store.reading() as view:
        judged = _judged(world, view, factors, id)
    return Imported(id, figure, factors, findings, judged)


def listed(world: World) -> tuple[Listed, ...]:
    """All supplier documents of the node, oldest first."""
    with world.store.reading() as view:
        return tuple(Listed(kept, *kept.factors()) for kept in kept_documents(view))


def shown(world: World, id: str) -> tuple[KeptDocument, tuple[Finding, ...]]:
    """One document, with what its figures are worth today.

    Raises:
        FaultyInput: there is no such document.
    """
    today = world.clock.now().date()
    with world.store.reading() as view:
        found = [d for d in kept_documents(view) if id and (d.id == id or d.id.endswith(id))]
    if len(found) != 1:
        raise FaultyInput.of("supplier.no-such-document", id=id[:80], count=len(found))
    checked = [f for figure, _ in found[0].figures() for f in check_figure(figure, today)]
    return found[0], tuple(checked)


def changed(
    world: World, provider: str, kg_co2e_per_unit: float
) -> tuple[EmissionFactor, tuple[Judged, ...]]:
    """What another value of one provider would move; nothing is stored.

    ``provider`` is the id of a factor, or a flow that one supplier only delivers.

    Raises:
        FaultyInput: no provider, or several, go by that name.
    """
    with world.store.reading() as view:
        factors, _ = verified_supplier_factors(view)
        found = [f for f in factors if provider in (f.id, f.flow)]
        if len(found) != 1:
            raise FaultyInput.of(
                "supplier.no-such-provider",
                provider=provider[:80],
                count=len(found),
                known=", ".join(sorted(f.id for f in (found or factors))[:8]) or "–",
            )
        factor = replace(found[0], kg_co2e_per_unit=kg_co2e_per_unit)
        return factor, _judged(world, view, (factor,), "")


def _schema(
    document: Any, figure: SupplierFigure, name: str, checked: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Faults under the schema; a negative stage has a finding of its own, and is no fault."""
    negative = any(f.code == "supplier.negative-stage" for f in checked)
    return tuple(
        fault
        for fault in schema_findings(document, figure.format, name)
        if not (negative and fault.place.pointer.endswith("/stageValue"))
    )


def _judged(
    world: World, view: UnitOfWork, factors: Sequence[EmissionFactor], document: str
) -> tuple[Judged, ...]:
    """Movements of the stored footprints, declarations first, each with its threshold."""
    stored: dict[str, Mapping[str, Any]] = {
        record.id: read_json(record.body) for record in every(view, "footprint")
    }
    records = [(id, s["kind"], s["record"]) for id, s in stored.items()]
    by_footprint: dict[str, Movement] = {}
    for factor in factors:
        for movement in moved(records, factor):
            before = by_footprint.get(movement.footprint)
            by_footprint[movement.footprint] = _together(before, movement)
    judged = []
    for id, movement in by_footprint.items():
        total = None
        if movement.open_lines and document:
            total = _total_again(world, view, id, stored[id], document)
        unknown = bool(movement.open_lines) and total is None
        if total is not None:
            delta = total - movement.before_kg_co2e
            movement = replace(movement, delta_kg_co2e=delta, open_lines=())
        judged.append(Judged(movement, redeclare_above(movement.methodology), unknown))
    return tuple(
        sorted(
            judged,
            key=lambda j: (
                j.movement.kind != "declaration",
                -abs(j.movement.share),
                j.movement.footprint,
            ),
        )
    )


def _together(before: Movement | None, movement: Movement) -> Movement:
    if before is None:
        return movement
    return replace(
        before,
        delta_kg_co2e=before.delta_kg_co2e + movement.delta_kg_co2e,
        amount=before.amount + movement.amount,
        lines=before.lines + movement.lines,
        open_lines=tuple(dict.fromkeys((*before.open_lines, *movement.open_lines))),
    )


def redeclare_above(methodology: str) -> float | None:
    """The share above which the rule set (ID@EDITION) asks for a new declaration, or None."""
    id, _, edition = methodology.partition("@")
    try:
        rules = methodologies()[id].rule_set(edition)
    except KeyError:
        return None
    return rules.redeclare_above


def _total_again(
    world: World, view: UnitOfWork, id: str, stored: Mapping[str, Any], document: str
) -> float | None:
    """The total with what the footprint knew then and this document besides; None where its
    model is gone or can no longer be worked out."""
    model = kept_model(view, id)
    if model is None:
        return None
    try:
        inventory, _ = parse_sources(sources_of(view, model))
        if inventory is None:
            return None
        method = stored["record"]["methodology"]
        request = FootprintRequest(
            inventory=inventory,
            inventory_digest=stored["inputs_digest"],
            methodology=f"{method['id']}@{method['edition']}",
            factor_sets=model.factor_sets,
            assumptions=model.assumptions,
        )
        then = frozenset((*model.deliveries, document))
        supplied, _ = verified_supplier_factors(view, then)
        metals = supplied_metals(view, then)
        made: datetime = from_iso(stored["made_at"])
        return work_out(
            world.factor_library, made.date(), request, supplied, metals
        ).footprint.total_kg_co2e
    except SaltbridgeError:
        return None

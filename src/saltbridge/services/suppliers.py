"""Suppliers' figures on this node: take a file in, list and show them, tell what they move.

A file is signed by nobody: it is kept with who imported it and is never called verified. What
its value changes in footprints that are stored here is told at once, declarations and estimates
apart; nothing is changed in them, for a declaration is made again by a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, Severity, errors_in, finding
from saltbridge.footprint.methodologies import known as known_rule_sets
from saltbridge.footprint.model import EmissionFactor
from saltbridge.footprint.supplier_checks import check_figure
from saltbridge.footprint.supplier_figure import SupplierFigure
from saltbridge.formats.pcf import parse_pcf, schema_findings
from saltbridge.ports import World
from saltbridge.steps.accounting import verified_supplier_factors
from saltbridge.steps.supplier_documents import KIND, KeptDocument, kept_documents
from saltbridge.steps.supplier_moves import Judged, judged_by
from saltbridge.trust.did import iso

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
        judged = judged_by(world, view, factors, document=kept)
    return Imported(id, figure, factors, findings, judged)


def offer_document(
    content: bytes,
    name: str,
    *,
    flow: str,
    methodology: str,
    on: date,
    illustrative: bool = False,
) -> dict[str, Any]:
    """The document that hands a data set on as it is: decided by the border, then signed.

    ``methodology`` is the rule set (ID@EDITION) it was worked out under, ``flow`` the name both
    companies use for the product.

    Raises:
        FaultyInput: the data set is not sound on that day, or no rule set goes by that name.
    """
    document = read_json(content, name)
    figure, unread = parse_pcf(document, name)
    checked = check_figure(figure, on)
    findings = [*unread, *_schema(document, figure, name, checked), *checked]
    if methodology not in known_rule_sets():
        known = ", ".join(known_rule_sets())
        findings.append(
            finding("supplier.unknown-rule-set", methodology=methodology[:80], known=known)
        )
    if errors_in(findings):
        raise FaultyInput(errors_in(findings))
    entry = {
        "flow": flow or figure.product, "methodology": methodology, "content": document,
    }  # fmt: skip
    marked = {"illustrative": True} if illustrative else {}
    return {"kind": KIND, **marked, "documents": [entry]}


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
        return factor, judged_by(world, view, (factor,))


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

"""Documents of suppliers on this node, and what the accounting can take from them.

A document is a verified delivery (signed by the supplier) or a file that a person imported
(signed by nobody). Either holds our own PCF records, data sets in the formats of Catena-X and
PACT, or both. All are kept as records of the kind ``pcf``, every version.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Severity, errors_in, finding
from saltbridge.footprint.model import EmissionFactor
from saltbridge.footprint.supplier_checks import check_figure
from saltbridge.footprint.supplier_figure import SupplierFigure
from saltbridge.footprint.supplier_providers import (
    Origin,
    SuppliedMetal,
    figure_factors,
    figure_metals,
)
from saltbridge.footprint.supplier_records import supplier_factors
from saltbridge.formats.pcf import parse_pcf
from saltbridge.ports import UnitOfWork
from saltbridge.steps.records import every

KIND: Final = "pcf"
_NOT_VALID: Final = frozenset({"supplier.expired", "supplier.not-yet-valid"})


@dataclass(frozen=True)
class KeptDocument:
    """One document as it is stored, with the moment it was kept."""

    id: str
    content: Mapping[str, Any]
    kept_at: datetime

    @property
    def signed(self) -> bool:
        """Whether it came as a delivery whose signature was verified."""
        return "import" not in self.content

    @property
    def supplier(self) -> str:
        """BPN of the company it comes from; of an import, whoever the file names."""
        return str((self._delivery.get("provider") or {}).get("bpn") or "")

    @property
    def digest(self) -> str:
        """Digest of the delivery or the file."""
        return str(self._delivery.get("digest") or self.id)

    @property
    def _delivery(self) -> Mapping[str, Any]:
        return self.content.get("delivery") or {}

    def figures(self) -> tuple[tuple[SupplierFigure, Origin], ...]:
        """The data sets in it, those in formats nobody here reads left out."""
        found = []
        for entry in self._entries():
            try:
                figure, _ = parse_pcf(entry["content"], self.id)
            except FaultyInput:
                continue
            found.append((figure, self._origin(entry)))
        return tuple(found)

    def factors(self) -> tuple[tuple[EmissionFactor, ...], tuple[Finding, ...]]:
        """Emission factors, and remarks about what cannot be used."""
        found, remarks = supplier_factors(
            self.content, supplier=self.supplier, digest=self.digest
        )
        factors, faults = list(found), list(remarks)
        for entry in self._entries():
            try:
                figure, unread = parse_pcf(entry["content"], self.id)
            except FaultyInput as fault:
                faults += [replace(f, severity=Severity.WARNING) for f in fault.findings]
                continue
            checked = (*unread, *check_figure(figure, self.kept_at.date()))
            wrong = errors_in(checked)
            if wrong:
                faults.append(
                    finding(
                        "supplier.figure-unusable",
                        severity=Severity.WARNING,
                        product=figure.product or "–",
                        supplier=self.supplier or "–",
                        codes=", ".join(dict.fromkeys(f.code for f in wrong)),
                    )
                )
                continue
            factors += figure_factors(figure, self._origin(entry))
        return tuple(factors), tuple(faults)

    def metals(self) -> tuple[SuppliedMetal, ...]:
        """Terms of the circular footprint formula that the sound data sets state."""
        found: list[SuppliedMetal] = []
        for figure, origin in self.figures():
            if not errors_in(check_figure(figure, self.kept_at.date())):
                found += figure_metals(figure, origin)
        return tuple(found)

    def _entries(self) -> Iterator[Mapping[str, Any]]:
        """Each data set with the flow it is used for: ``{"content", "flow"}``."""
        documents = self.content.get("documents")
        for entry in documents if isinstance(documents, list) else ():
            if isinstance(entry, Mapping) and isinstance(entry.get("content"), Mapping):
                yield entry

    def _origin(self, entry: Mapping[str, Any]) -> Origin:
        imported = self.content.get("import") or {}
        return Origin(
            supplier=self.supplier,
            digest=self.digest,
            signed=self.signed,
            flow=str(entry.get("flow") or ""),
            verified_by="this node" if self.signed else "",
            illustrative=bool(
                imported.get("illustrative") or self.content.get("illustrative") is True
            ),
        )


def kept_documents(
    view: UnitOfWork, only: Collection[str] | None = None
) -> tuple[KeptDocument, ...]:
    """The documents on this node, oldest first; ``only`` leaves out those it does not name."""
    records = sorted(every(view, KIND), key=lambda r: (r.written_at, r.id))
    return tuple(
        KeptDocument(r.id, read_json(r.body, r.id), r.written_at)
        for r in records
        if only is None or r.id in only
    )


def out_of_validity(
    view: UnitOfWork,
    records: Collection[str],
    priced: Collection[str],
    on: date,
    only: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """Warnings for figures that a footprint rests on and that were not valid on that day.

    A figure is checked when it is taken in; it may run out before a footprint rests on it.
    ``records`` are the digests of the documents that were used, ``priced`` the ids of the
    factors; metals of a used document count as used.
    """
    found = []
    for kept in kept_documents(view, only):
        if kept.digest not in records:
            continue
        for figure, origin in kept.figures():
            checked = check_figure(figure, on)
            if errors_in(checked) or not _used(figure, origin, priced):
                continue
            wrong = [f for f in checked if f.code in _NOT_VALID]
            found += [
                finding(
                    "supplier.used-out-of-validity",
                    severity=Severity.WARNING,
                    product=figure.product or "–",
                    supplier=kept.supplier or "–",
                    start=figure.text("valid_from")[:10] or "–",
                    end=str(one.arguments.get("end") or figure.valid_until or "–"),
                    on=on.isoformat(),
                )
                for one in wrong[:1]
            ]
    return tuple(found)


def _used(figure: SupplierFigure, origin: Origin, priced: Collection[str]) -> bool:
    ids = {factor.id for factor in figure_factors(figure, origin)}
    return bool(figure.metals) or not ids.isdisjoint(priced)

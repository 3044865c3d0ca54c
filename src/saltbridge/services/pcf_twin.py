"""A footprint as an aspect of the twin of a part: partners read it without asking (CX-0136).

The synchronous way of the standard: look the part up in the registry, agree on the dataset its
descriptor names, read ``$value``. One aspect for each model of the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.exchange.battery_twins import BatteryNames, battery_twin
from saltbridge.exchange.pcf_exchange import semantic_id_of
from saltbridge.exchange.served import TWIN_ASPECT
from saltbridge.exchange.twins import Aspect, AssetId, Twin, TwinEvent
from saltbridge.footprint.supplier_figure import SupplierFigure
from saltbridge.formats.aas_answers import created_text
from saltbridge.formats.aas_registry import dsp_aspect, with_aspect, without_aspect
from saltbridge.formats.pcf import convert, parse_pcf, schema_findings
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.border_key import border_key
from saltbridge.steps.connector_offering import way_to_aspect
from saltbridge.steps.pcf_models import FORMATS
from saltbridge.steps.recipients import partners_named
from saltbridge.steps.served_datasets import open_dataset, terms_of
from saltbridge.steps.twin_aspects import (
    AspectOf,
    Handing,
    keep_aspects,
    news_of,
    release_aspects,
    take_aspect_from,
)
from saltbridge.steps.twin_keeping import kept_twin, write_twin
from saltbridge.steps.twin_news import announce
from saltbridge.steps.twin_subjects import subject_of


@dataclass(frozen=True, kw_only=True)
class PcfTwinRequest:
    """A footprint, the part it is of, the partners (BPN, DID or name) who may read it.

    ``models``: in which models of the data; without any, in all that can hold it.
    """

    document: Any
    part: str
    recipients: Sequence[str]
    person: str
    customer_part: str = ""
    models: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class PcfTwin:
    """The twin, the models its footprint is offered in, and what a person should know."""

    id: str
    models: tuple[str, ...]
    findings: tuple[Finding, ...]


def publish_pcf_twin(world: World, request: PcfTwinRequest) -> PcfTwin:
    """Release a footprint for partners and have it found at the twin of its part.

    A twin that is there already, of a battery perhaps, keeps all that it has.

    Raises:
        FaultyInput: no part, no such partner or model, or no sound footprint.
        Refused: no model can hold it, or nothing may leave for anybody; decisions are kept.
    """
    partners, faults = partners_named(world, request.recipients)
    figure, unread = parse_pcf(request.document)
    faults += [*unread, *schema_findings(request.document, figure.format)]
    if not request.part:
        faults.append(finding("pcf.name-a-part"))
    unknown = [model for model in request.models if model not in FORMATS]
    if unknown:
        known = ", ".join(FORMATS)
        faults.append(finding("pcf.unknown-model", found=unknown[0][:40], known=known))
    if faults:
        raise FaultyInput(faults)
    documents, findings = _in_models(figure, request.models)
    with world.store.unit_of_work() as work:
        publication = _Publication(world, work, request, partners, world.clock.now())
        offered = [publication.offer(model, held) for model, held in documents.items()]
        models = tuple(m for m, there in zip(documents, offered, strict=True) if there)
        if models:
            publication.have_it_found()
    findings += publication.withheld
    if not models:
        raise Refused(findings)
    return PcfTwin(id=publication.twin_id, models=models, findings=tuple(findings))


def _in_models(
    figure: SupplierFigure, wanted: Sequence[str]
) -> tuple[dict[str, Any], list[Finding]]:
    """The footprint in each model that can hold it; what is lost, and which cannot."""
    documents: dict[str, Any] = {}
    findings: list[Finding] = []
    refused: list[Finding] = []
    for model in wanted or FORMATS:
        try:
            converted = convert(figure, FORMATS[model])
        except Refused as fault:
            refused += fault.findings
            reason = str(fault.findings[0].arguments.get("reason", fault.findings[0].code))
            findings.append(
                finding(
                    "pcf.model-left-out",
                    severity=Severity.WARNING,
                    model=model,
                    reason=reason,
                )
            )
            continue
        documents[model] = converted.document
        if converted.lost:
            lost = ", ".join(converted.lost)
            findings.append(
                finding("pcf.model-loses", severity=Severity.WARNING, model=model, lost=lost)
            )
    if not documents or (wanted and refused):
        raise Refused(refused)
    return documents, findings


class _Publication:
    """One footprint at one twin, within one unit of work."""

    def __init__(
        self,
        world: World,
        work: UnitOfWork,
        request: PcfTwinRequest,
        partners: Sequence[Partner],
        now: datetime,
    ) -> None:
        self._world, self._work, self._request = world, work, request
        self._partners, self._now = partners, now
        self._names = BatteryNames(
            manufacturer=world.node.bpn,
            part_number=request.part,
            customer_part=request.customer_part,
        )
        self._subject = subject_of(world, work, self._names, [_name(m) for m in FORMATS])
        self._aspects: list[Aspect] = []
        self._readers: set[str] = set()
        self._news: dict[str, list[TwinEvent]] = {}
        self.withheld: list[Finding] = []

    @property
    def twin_id(self) -> str:
        return str(self._subject["twin_id"])

    def offer(self, model: str, document: Any) -> bool:
        """Release the content in one model; whether it may leave for anybody."""
        work, semantic_id = self._work, semantic_id_of(model)
        id = str(self._subject["aspects"][_name(model)])
        aspect = AspectOf(
            id=id,
            twin_id=self.twin_id,
            global_asset_id=str(self._subject["global_asset_id"]),
            semantic_id=semantic_id,
            given={"kind": "pcf", "documents": [{"content": document}]},
        )
        dataset = open_dataset(
            self._world,
            work,
            TWIN_ASPECT,
            [p.bpn for p in self._partners],
            semantic_id=semantic_id,
            title=f"Product carbon footprint {model}",
            now=self._now,
        )
        released = {}
        for partner in self._partners:
            handing = Handing(
                partner=partner,
                terms=terms_of(dataset),
                render=lambda view: _content(view, FORMATS[model]),
                person=self._request.person,
                now=self._now,
                secrets=border_key(self._world, work),
            )
            each = release_aspects(self._world, work, {id: aspect}, handing)
            news = news_of(work, {id: aspect}, each, partner.bpn)
            self._news.setdefault(partner.bpn, []).extend(news)
            if each:
                released[partner.bpn] = each
            else:
                self._withhold(model, partner)
        if not released:
            return False
        keep_aspects(work, {id: aspect}, released)
        self._readers |= released.keys()
        endpoint, address = way_to_aspect(self._world, id)
        self._aspects.append(
            dsp_aspect(
                id=id,
                name=_name(model),
                semantic_id=semantic_id,
                also=(),
                address=address,
                dataset=str(dataset["id"]),
                endpoint=endpoint,
            )
        )
        return True

    def have_it_found(self) -> None:
        """Write the twin with what was released, and tell those who listen."""
        kept = kept_twin(self._work, self.twin_id)
        twin = self._widened(kept.twin) if kept else self._new()
        offered = {aspect.id for aspect in self._aspects}
        told = {partner.bpn for partner in self._partners}
        for model in FORMATS:
            id = str(self._subject["aspects"][_name(model)])
            if id in offered or all(a.id != id for a in twin.aspects):
                continue
            # It would tell these partners what was told before; others keep what they have.
            if not take_aspect_from(self._work, id, told):
                twin = without_aspect(twin, id)
        for aspect in self._aspects:
            twin = with_aspect(twin, aspect)
        write_twin(self._world, self._work, twin, self._request.person)
        for partner in self._partners:
            events = self._news.get(partner.bpn)
            if events:
                person = self._request.person
                announce(self._world, self._work, partner, events, person, self._now)

    def _new(self) -> Twin:
        return battery_twin(
            self._names,
            id=self.twin_id,
            global_asset_id=str(self._subject["global_asset_id"]),
            aspects=(),
            readers=sorted(self._readers),
            created_at=created_text(self._now),
            document={},
        )

    def _widened(self, twin: Twin) -> Twin:
        """A twin that was there: its identifiers for our readers too."""
        ids = [
            AssetId(a.name, a.value, _sorted(a.readers, self._readers), unknown=a.unknown)
            for a in twin.asset_ids
        ]
        customer = self._names.customer_part
        if customer and all(a.name != "customerPartId" for a in ids):
            ids.append(AssetId("customerPartId", customer, _sorted(self._readers)))
        return replace(twin, asset_ids=tuple(ids))

    def _withhold(self, model: str, partner: Partner) -> None:
        told = finding(
            "twins.withheld",
            severity=Severity.WARNING,
            aspect=_name(model),
            partner=partner.name,
            count=1,
        )
        self.withheld.append(told)


def _name(model: str) -> str:
    """What the aspect of a model is called: unlike its other, as the registry demands."""
    return f"Pcf{model.partition('.')[0]}"


def _sorted(*readers: Any) -> tuple[str, ...]:
    return tuple(sorted(set().union(*readers)))


def _content(view: Mapping[str, Any], format: str) -> bytes | None:
    """What may leave, if it still is a footprint of that format."""
    left = (view.get("documents") or [{}])[0].get("content")
    if left is None or schema_findings(left, format):
        return None
    return canonical_bytes(left)

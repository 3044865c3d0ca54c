"""Twins of a battery model and of its batteries, from a supplier record, for named partners."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.exchange.battery_twins import BatteryNames, battery_twin
from saltbridge.exchange.served import TWIN_ASPECT
from saltbridge.exchange.twins import Twin, TwinEvent
from saltbridge.formats.aas_answers import created_text
from saltbridge.formats.aas_registry import dsp_aspect, render_shell
from saltbridge.formats.passport_idta import SEMANTIC_IDS
from saltbridge.formats.passport_submodels import (
    ITEM_PARTS,
    NAMES,
    SUPPLEMENTAL,
    TYPE_PARTS,
    ids_in,
    submodel,
)
from saltbridge.passport.check_file import document_values
from saltbridge.passport.model import Values
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.border_key import border_key
from saltbridge.steps.connector_offering import way_to_aspect
from saltbridge.steps.recipients import partners_named
from saltbridge.steps.served_datasets import open_dataset, terms_of
from saltbridge.steps.twin_aspects import (
    ASPECT,
    AspectOf,
    Handing,
    keep_aspects,
    news_of,
    release_aspects,
)
from saltbridge.steps.twin_keeping import kept_twin, write_new_twins, write_twin
from saltbridge.steps.twin_news import announce
from saltbridge.steps.twin_subjects import subject_of

RECORD: Final = "battery-supplier-record"
AT_ONCE: Final = 128  # batteries in one unit of work
_PRODUCT: Final = ("id", "category", "mass_kg")


@dataclass(frozen=True, kw_only=True)
class TwinRequest:
    """A supplier record, the partners (BPN, DID or name) its twins are for, and who answers."""

    record: Mapping[str, Any]
    recipients: Sequence[str]
    person: str = ""
    customer_part: str = ""


@dataclass(frozen=True, kw_only=True)
class PublishedTwin:
    """One twin that can be found now: what it is of, and the names of its aspects."""

    id: str
    names: BatteryNames
    aspects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PublishedTwins:
    """The twins, that of the model first, and what a person should know about them."""

    twins: tuple[PublishedTwin, ...]
    findings: tuple[Finding, ...]


def publish_twins(world: World, request: TwinRequest) -> PublishedTwins:
    """Release the aspects of a model and of its batteries, and have their twins found.

    The model is one unit of work, the batteries are written in batches; publishing again goes
    on where it was, changes what has changed, and keeps every id.

    Raises:
        FaultyInput: no supplier record, unknown recipients, or none.
    """
    partners, faults = partners_named(world, request.recipients)
    record = request.record
    if record.get("kind") != RECORD:
        found = str(record.get("kind"))[:80]
        faults.append(finding("border.other-kind", found=found, due=RECORD))
    part_number = _part_number(record)
    if not part_number and not faults:
        faults.append(finding("twins.no-part-number"))
    if faults:
        raise FaultyInput(faults)
    work = _Work(world, request, partners, part_number)
    published, placeholders = work.write([{}])
    items = record.get("items") or []
    for first in range(0, len(items), AT_ONCE):
        more, also = work.write(items[first : first + AT_ONCE])
        published += more
        placeholders |= also
    remarks = (*work.withheld(), *_remarks(placeholders))
    return PublishedTwins(twins=tuple(published), findings=remarks)


class _Work:
    """One publication: what is the same for all of its twins."""

    def __init__(
        self,
        world: World,
        request: TwinRequest,
        partners: Sequence[Partner],
        part_number: str,
    ) -> None:
        self._world = world
        self._request = request
        self._partners = partners
        self._part_number = part_number
        self._withheld = Counter[tuple[str, str]]()

    def write(
        self, items: Sequence[Mapping[str, Any]]
    ) -> tuple[list[PublishedTwin], dict[str, int]]:
        """The twins of these batteries; an empty item is the model. And its placeholders."""
        now, placeholders = self._world.clock.now(), dict[str, int]()
        with self._world.store.unit_of_work() as work:
            named = [self._names(item) for item in items]
            parts = TYPE_PARTS if not named[0].serial else ITEM_PARTS
            subjects = [subject_of(self._world, work, names, parts) for names in named]
            news: dict[str, list[TwinEvent]] = {}  # by BPN
            made: dict[str, dict[str, str]] = {s["twin_id"]: {} for s in subjects}
            for part in parts:
                aspects = {}
                for item, subject in zip(items, subjects, strict=True):
                    given = _given(self._request.record, item, part)
                    told = submodel(_values(given), part)
                    if told is None:
                        continue
                    placeholders[part] = len(told.placeholders)
                    id = subject["aspects"][part]
                    aspects[id] = AspectOf(
                        id=id,
                        twin_id=subject["twin_id"],
                        global_asset_id=subject["global_asset_id"],
                        semantic_id=SEMANTIC_IDS[part],
                        given=given,
                    )
                for aspect_id, dataset in self._release(work, part, aspects, news, now).items():
                    made[aspects[aspect_id].twin_id][part] = dataset
            twins = [
                self._twin(work, names, subject, made[subject["twin_id"]])
                for names, subject in zip(named, subjects, strict=True)
            ]
            self._keep(work, twins)
            for partner in self._partners:
                if events := news.get(partner.bpn):
                    announce(self._world, work, partner, events, self._request.person, now)
        published = [
            PublishedTwin(
                id=twin.id,
                names=names,
                aspects=tuple(str(a.document["idShort"]) for a in twin.aspects),
            )
            for twin, names in zip(twins, named, strict=True)
        ]
        return published, placeholders

    def withheld(self) -> Iterator[Finding]:
        """What the border room kept from whom: the decisions say why."""
        for (part, partner), count in sorted(self._withheld.items()):
            yield finding(
                "twins.withheld",
                severity=Severity.WARNING,
                aspect=NAMES[part],
                partner=partner,
                count=count,
            )

    def _names(self, item: Mapping[str, Any]) -> BatteryNames:
        return BatteryNames(
            manufacturer=self._world.node.bpn,
            part_number=self._part_number,
            serial=str(item.get("serial", "")),
            customer_part=self._request.customer_part,
        )

    def _release(
        self,
        work: UnitOfWork,
        part: str,
        aspects: Mapping[str, AspectOf],
        news: dict[str, list[TwinEvent]],
        now: Any,
    ) -> dict[str, str]:
        """Release the content to every partner; for each aspect let go, its dataset."""
        if not aspects:
            return {}
        semantic_id = SEMANTIC_IDS[part]
        dataset = open_dataset(
            self._world,
            work,
            TWIN_ASPECT,
            [p.bpn for p in self._partners],
            semantic_id=semantic_id,
            title=NAMES[part],
            now=now,
        )
        released = {}
        for partner in self._partners:
            handing = Handing(
                partner=partner,
                terms=terms_of(dataset),
                render=lambda view: _content(view, part),
                person=self._request.person,
                now=now,
                secrets=border_key(self._world, work),
            )
            released[partner.bpn] = release_aspects(self._world, work, aspects, handing)
        for partner in self._partners:
            events = news_of(work, aspects, released[partner.bpn], partner.bpn)
            news.setdefault(partner.bpn, []).extend(events)
            withheld = len(aspects) - len(released[partner.bpn])
            if withheld:
                self._withheld[part, partner.name] += withheld
        there = {id for each in released.values() for id in each}
        keep_aspects(work, {id: a for id, a in aspects.items() if id in there}, released)
        there |= set(work.get_many(ASPECT, aspects))  # what another partner may have stays
        return {id: str(dataset["id"]) for id in aspects if id in there}

    def _twin(
        self,
        work: UnitOfWork,
        names: BatteryNames,
        subject: Mapping[str, Any],
        datasets: Mapping[str, str],
    ) -> Twin:
        ways = {part: way_to_aspect(self._world, subject["aspects"][part]) for part in datasets}
        aspects = [
            dsp_aspect(
                id=subject["aspects"][part],
                name=NAMES[part],
                semantic_id=SEMANTIC_IDS[part],
                also=SUPPLEMENTAL.get(part, ()),
                address=ways[part][1],
                dataset=dataset,
                endpoint=ways[part][0],
            )
            for part, dataset in datasets.items()
        ]
        kept = kept_twin(work, subject["twin_id"])
        before = {a for i in kept.twin.asset_ids for a in i.readers} if kept else set()
        ours = {
            subject["aspects"][part]
            for part in (*TYPE_PARTS, *ITEM_PARTS)
            if part in subject["aspects"]
        }
        aspects += [a for a in kept.twin.aspects if a.id not in ours] if kept else []
        return battery_twin(
            names,
            id=subject["twin_id"],
            global_asset_id=subject["global_asset_id"],
            aspects=aspects,
            readers=sorted({*before, *(p.bpn for p in self._partners)}),
            created_at=kept.twin.created_at if kept else created_text(self._world.clock.now()),
            document={},
        )

    def _keep(self, work: UnitOfWork, twins: Sequence[Twin]) -> None:
        known = [kept_twin(work, twin.id) for twin in twins]
        fresh = [t for t, k in zip(twins, known, strict=True) if k is None and t.aspects]
        if fresh:
            write_new_twins(self._world, work, fresh, self._request.person)
        for twin, kept in zip(twins, known, strict=True):
            if kept is not None and render_shell(kept.twin) != render_shell(twin):
                write_twin(self._world, work, twin, self._request.person)


def _given(record: Mapping[str, Any], item: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The part of a record that an aspect is made of: nothing beside it goes to the border."""
    wanted = ids_in(part)

    def own(attributes: Any) -> dict[str, Any]:
        return {id: v for id, v in (attributes or {}).items() if id in wanted}

    product = record.get("product") or {}
    given: dict[str, Any] = {
        "kind": RECORD,
        "product": {m: product[m] for m in _PRODUCT if m in product},
        "manufacturer": {
            m: v
            for m, v in (record.get("manufacturer") or {}).items()
            if m in ("name", "bpn", "country")
        },
        "plant": {
            m: v
            for m, v in (record.get("plant") or {}).items()
            if m in ("id", "name", "country", "province")
        },
        "attributes": own(record.get("attributes")),
    }
    if item:
        named = {m: item[m] for m in ("serial", "manufactured_on", "batch") if m in item}
        measured = own(item.get("attributes"))
        given["items"] = [{**named, **({"attributes": measured} if measured else {})}]
    return {m: v for m, v in given.items() if v}


def _values(view: Mapping[str, Any]) -> Values:
    return document_values({"attributes": {}, **view})[1]


def _content(view: Mapping[str, Any], part: str) -> bytes | None:
    told = submodel(_values(view), part)
    return None if told is None else told.content


def _part_number(record: Mapping[str, Any]) -> str:
    product = record.get("product") or {}
    return str(product.get("manufacturer_part_id") or product.get("id") or "")


def _remarks(placeholders: Mapping[str, int]) -> Iterator[Finding]:
    for part, count in sorted(placeholders.items()):
        if count:
            yield finding(
                "twins.placeholders",
                severity=Severity.WARNING,
                aspect=NAMES[part],
                count=count,
            )

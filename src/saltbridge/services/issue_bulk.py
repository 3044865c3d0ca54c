"""Issue for a fleet: rows of a list → passports, batch after batch, each whole or not at all.

A row that cannot be issued is reported and holds nobody up; what is wrong with the model or
with the operator's facts stops the run before anything is stored. A batch is one unit of work.
Nothing is kept between batches: who runs the same list again finds by the stored address that
a battery is done, and by the digest kept there that the very same was asked for.

Where the supplier's record names batteries, a row has to be among them, and its cells stand
beside what the record says, as the operator's. A record that names none is about the model:
then the rows alone say which batteries there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, errors_in, finding
from saltbridge.formats.item_list import FleetRow
from saltbridge.passport.assemble import (
    item_values,
    model_values,
    parse_values,
    replaced_by_operator,
)
from saltbridge.passport.attributes import applies_from, attribute_table
from saltbridge.passport.data_carrier import check_identifiers, is_serial, product_link
from saltbridge.passport.fixed import fixed_findings, supplied_findings
from saltbridge.passport.fleet import FleetParts, FleetReadiness
from saltbridge.passport.fleet_assembly import FleetAssembly, FleetValues
from saltbridge.passport.model import (
    AttributeValue,
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
    Origin,
    Values,
)
from saltbridge.passport.validate import Readiness, kept_back_findings
from saltbridge.ports import LogEvent, UnitOfWork, World
from saltbridge.services.issue_sources import IssueRequest, gather, put_model
from saltbridge.steps.passport_batch import (
    PreparedVersion,
    prepare_version,
    write_first_versions,
)
from saltbridge.steps.passport_issued import (
    ISSUED_LEAF,
    RecordsOfIssue,
    placed,
    records_of_issue,
)
from saltbridge.trust.did import iso

BATCH: Final = 512
_AT_ONCE: Final = nullcontext()


@dataclass(frozen=True, slots=True)
class FaultyRow:
    """A row that was not issued, and why."""

    number: int
    serial: str
    faults: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class BatchDone:
    """What became of the rows of one batch."""

    issued: int
    known: int  # issued before, by the same list and facts
    faulty: tuple[FaultyRow, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    row: FleetRow
    asked: str  # digest of everything that was asked for
    prepared: PreparedVersion


class FleetIssuer:
    """One run over a list: everything that is the same for all its batteries, kept ready."""

    def __init__(self, world: World, request: IssueRequest) -> None:
        """
        Raises:
            FaultyInput: unknown delivery or faulty facts: all findings at once.
            Refused: the delivery was not verified.
        """
        self._world, self._request = world, replace(request, serials=())
        with world.store.reading() as view:
            self.sources, notes = gather(world, view, self._request)
        if errors_in(notes):
            raise FaultyInput(notes)
        record, by = self.sources.record, self.sources.supplied_by
        stated, found = parse_values(record.get("attributes") or {}, by, "/attributes")
        self._model = model = ModelFacts({**model_values(record, by), **stated})
        replaced = replaced_by_operator(model.values, self.sources.operator)
        self.notes = (*notes, *found, *replaced)
        items = (i for i in record.get("items") or [] if isinstance(i, Mapping))
        self._items = {str(item.get("serial")): item for item in items}
        start = applies_from("passport", self.sources.category)
        on = request.placed_on_market
        self._on = max(on, start) if start else on  # the duty's first day at the earliest
        self._assembly = FleetAssembly(
            gtin=self.sources.gtin,
            category=self.sources.category,
            placed_on_market=on,
            issuer=Issuer(world.node.legal_name, world.node.did, world.node.bpn),
            model=model,
            operator=self.sources.operator,
            company_information=self.sources.stated_estimate(world),
            on=self._on,
        )
        self._states = FleetReadiness(self.sources.category, self._on, world.clock.now().date())
        self._parts = FleetParts()
        self._values = (FleetValues(), FleetValues())  # of the supplier, and of the rows
        self._asked = digest(
            canonical_bytes(
                {
                    "delivery": self.sources.delivery_id,
                    "facts": read_json(canonical_bytes(_plain(request.facts))),
                    "distribution": dict(request.distribution or {}),
                    "placed_on_market": request.placed_on_market.isoformat(),
                }
            )
        )

    def refuse_faulty_model(self, row: FleetRow) -> None:
        """Look at the first row of a list for what is wrong with every battery alike.

        Raises:
            FaultyInput: the model or the operator's facts are incomplete or faulty by law.
        """
        passport, status, _ = self._assembled(row, self._world.clock.now())
        told = [*status.findings, *kept_back_findings(passport, passport.kept_back)]
        of_model = [f for f in told if not _is_of_item(f)]
        if errors_in(of_model):
            raise FaultyInput(of_model)

    def issue(
        self, rows: Sequence[FleetRow], turn: AbstractContextManager[object] = _AT_ONCE
    ) -> BatchDone:
        """Issue one batch in one unit of work; rows that cannot be issued are told.

        ``turn`` is entered before the unit of work begins, where several processes issue.

        Raises:
            Refused: the border room withholds a public value; nothing of the batch is stored.
        """
        now = self._world.clock.now()
        with self._world.store.reading() as view:
            told = self._known(view, rows)
        drafts, faulty = self._drafts([r for r in rows if told.get(r.serial) is None], now)
        faulty += [_already(row) for row in rows if told.get(row.serial) is False]
        issued = 0
        if drafts:
            with turn, self._world.store.unit_of_work() as work:
                # Another process may have come first since the look before.
                late = self._known(work, [draft.row for draft in drafts])
                kept = [draft for draft in drafts if late.get(draft.row.serial) is None]
                self._commit(work, kept, now)
            faulty += [_already(d.row) for d in drafts if late.get(d.row.serial) is False]
            issued = len(kept)
        known = len(rows) - issued - len(faulty)
        return BatchDone(issued, known, tuple(sorted(faulty, key=lambda f: f.number)))

    def _known(self, view: UnitOfWork, rows: Sequence[FleetRow]) -> dict[str, bool]:
        """Serial → whether the passport it has is the one asked for; without it, none."""
        wanted = {f"{self.sources.gtin}/{row.serial}": row for row in rows if row.serial}
        found = view.get_many("passport-address", wanted)
        return {
            wanted[id].serial: read_json(record.body).get("row") == self._digest(wanted[id])
            for id, record in found.items()
        }

    def _digest(self, row: FleetRow) -> str:
        return digest(canonical_bytes([self._asked, dict(row.item)]))

    def _drafts(
        self, rows: Sequence[FleetRow], now: datetime
    ) -> tuple[list[_Draft], list[FaultyRow]]:
        drafts, faulty, seen = [], [], set[str]()
        for row in rows:
            faults = [*row.faults] or [*self._not_to_be_issued(row, seen)]
            seen.add(row.serial)
            if not faults:
                passport, status, found = self._assembled(row, now)
                kept_back = kept_back_findings(passport, row.item.get("attributes") or ())
                faults = list(errors_in([*found, *status.findings, *kept_back]))
            if faults:
                told = tuple(placed(f, row.serial) for f in faults)
                faulty.append(FaultyRow(row.number, row.serial, told))
                continue
            prepared = prepare_version(self._world, passport, status, self._parts)
            drafts.append(_Draft(row, self._digest(row), prepared))
        return drafts, faulty

    def _not_to_be_issued(self, row: FleetRow, seen: set[str]) -> Iterator[Finding]:
        place = Place("serials", row.number)
        if row.serial and not is_serial(row.serial):
            yield from check_identifiers(
                self.sources.gtin, [row.serial], self._world.node.base_url
            )
        if row.serial in seen:
            yield finding("passport.serial-twice", place, serial=row.serial[:40])
        if self._items and row.serial not in self._items:
            yield finding("passport.serial-not-in-record", place, serial=row.serial[:40])

    def _assembled(
        self, row: FleetRow, now: datetime
    ) -> tuple[ItemPassport, Readiness, list[Finding]]:
        values, found = self._item(row)
        passport = self._assembly.of(
            id=self._world.identifiers.urn_uuid(),
            product_id=product_link(
                self._world.node.base_url, self.sources.gtin, row.serial or "-"
            ),
            issued_at=iso(now),
            item=ItemFacts(row.serial, values),
        )
        return passport, self._states.of(passport.values), found

    def _item(self, row: FleetRow) -> tuple[Values, list[Finding]]:
        """What the supplier's record says of the battery, and above it what the row says."""
        pointer = f"/items/{row.serial}/attributes"
        item = self._items.get(row.serial, {})
        values, found = self._stated(0, item, self.sources.supplied_by, pointer)
        supplied = {**self._model.values, **values}
        found += supplied_findings(supplied, row.serial, self.sources.category, pointer)
        own, faults = self._stated(1, row.item, self.sources.own_by, pointer)
        found += [*faults, *fixed_findings(row.item.get("attributes") or (), pointer)]
        return {**values, **own}, found

    def _stated(
        self, place: int, item: Mapping[str, Any], by: Origin, pointer: str
    ) -> tuple[dict[str, AttributeValue], list[Finding]]:
        """What one of the two says of a battery; nothing where it says nothing."""
        if not item:
            return {}, []
        stated, found = self._values[place].of(item.get("attributes") or {}, by, pointer)
        return {**item_values(item, by), **stated}, list(found)

    def _commit(self, work: UnitOfWork, drafts: Sequence[_Draft], now: datetime) -> None:
        if not drafts:
            return
        origin = put_model(work, self.sources, self._request)
        written = write_first_versions(
            self._world,
            work,
            [draft.prepared for draft in drafts],
            now=now,
            person=self._request.person,
            sources=origin,
        )
        records: list[tuple[ItemPassport, RecordsOfIssue]] = [
            (
                draft.prepared.passport,
                records_of_issue(
                    self._world,
                    draft.prepared.passport,
                    version.digest,
                    version.public,
                    origin,
                    now,
                    draft.asked,
                ),
            )
            for draft, version in zip(drafts, written, strict=True)
        ]
        work.put_new("passport", {p.id: r.passport for p, r in records})
        work.put_new("passport-address", {r.address: r.at_address for _, r in records})
        work.append_leaves(LogEvent(ISSUED_LEAF, p.id, r.passport) for p, r in records)
        work.enqueue_all(r.registration for _, r in records)


def _already(row: FleetRow) -> FaultyRow:
    place = Place("serials", row.number)
    fault = finding("passport.already-issued", place, serial=row.serial[:40])
    return FaultyRow(row.number, row.serial, (fault,))


def _is_of_item(found: Finding) -> bool:
    """Whether a finding is about a value that each battery has of its own."""
    attribute = attribute_table().get(found.place.pointer.rpartition("/")[2])
    return attribute is not None and attribute.granularity in ("batch", "item")


def _plain(value: Any) -> Any:
    """TOML dates as text."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if hasattr(value, "isoformat") else value

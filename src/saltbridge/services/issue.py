"""Issue: a verified supplier record + the operator's facts → passports for serial numbers.

All or nothing for a list: every finding comes at once, and either all passports, their public
releases, log leaves and registry entries are written in one unit of work, or none.

Registration: the EU registry accepts no batteries yet (``passport/acts.csv``). The entry is
queued with that reason and is not due before the passport duty applies.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, errors_in, finding
from saltbridge.passport.assemble import (
    assemble,
    item_values,
    model_values,
    parse_values,
    replaced_by_operator,
)
from saltbridge.passport.attributes import applies_from
from saltbridge.passport.data_carrier import product_link
from saltbridge.passport.fixed import supplied_findings
from saltbridge.passport.model import (
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
)
from saltbridge.passport.validate import Readiness, kept_back_findings, readiness
from saltbridge.ports import UnitOfWork, World
from saltbridge.services.issue_sources import IssueRequest, IssueSources, gather, put_model
from saltbridge.steps.passport_issued import placed, put_passport
from saltbridge.steps.passport_versions import write_version
from saltbridge.trust.did import iso


@dataclass(frozen=True, slots=True)
class IssuedPassport:
    """One passport: where it is read, and what stands behind its public part."""

    id: str
    serial: str
    product_id: str
    digest: str
    decision_id: str


@dataclass(frozen=True)
class Issued:
    """The passports of one run. ``findings`` holds warnings and notes only."""

    passports: tuple[IssuedPassport, ...]
    findings: tuple[Finding, ...]
    readiness: Mapping[str, Any]
    company_information: Mapping[str, Any]


def issue(world: World, request: IssueRequest) -> Issued:
    """Issue passports for all serial numbers, or for none.

    Raises:
        FaultyInput: unknown delivery or serial, faulty facts, or incomplete by law for the
            category on the day: all findings at once, nothing stored.
        Refused: the delivery was not verified, or the border room withholds a public value.
    """
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        sources, notes = gather(world, work, request)
        if not request.serials:
            notes.append(finding("passport.no-serials"))
        drafts, found = _decide(world, work, request, sources, now)
        notes = _once([*notes, *found])
        if errors_in(notes):
            raise FaultyInput(notes)
        origin = put_model(work, sources, request)
        issued = tuple(
            _commit(world, work, passport, status, origin, request, now)
            for passport, status in drafts
        )
    return Issued(issued, tuple(notes), drafts[0][1].as_document(), sources.estimate)


def _decide(
    world: World, work: UnitOfWork, request: IssueRequest, sources: IssueSources, now: datetime
) -> tuple[list[tuple[ItemPassport, Readiness]], list[Finding]]:
    """One assembled passport per serial with its readiness, and everything found."""
    record = sources.record
    stated, notes = parse_values(
        record.get("attributes") or {}, sources.supplied_by, "/attributes"
    )
    model = ModelFacts({**model_values(record, sources.supplied_by), **stated})
    notes += replaced_by_operator(model.values, sources.operator)
    items = {
        str(item.get("serial")): item
        for item in record.get("items") or []
        if isinstance(item, Mapping)
    }
    start = applies_from("passport", sources.category)
    # A passport issued before the duty begins is held to the duty's first day.
    on = max(request.placed_on_market, start) if start else request.placed_on_market
    issuer = Issuer(world.node.legal_name, world.node.did, world.node.bpn)
    drafts: list[tuple[ItemPassport, Readiness]] = []
    for position, serial in enumerate(request.serials, start=1):
        place = Place("serials", position)
        if serial not in items:
            notes.append(finding("passport.serial-not-in-record", place, serial=serial))
            continue
        if work.get("passport-address", f"{sources.gtin}/{serial}") is not None:
            notes.append(finding("passport.already-issued", place, serial=serial))
            continue
        item = items[serial]
        own, found = parse_values(
            item.get("attributes") or {}, sources.supplied_by, f"/items/{serial}/attributes"
        )
        supplied = {**model.values, **item_values(item, sources.supplied_by), **own}
        found += supplied_findings(supplied, serial, sources.category)
        passport = assemble(
            id=world.identifiers.urn_uuid(),
            product_id=product_link(world.node.base_url, sources.gtin, serial),
            gtin=sources.gtin,
            category=sources.category,
            placed_on_market=request.placed_on_market,
            issued_at=iso(now),
            issuer=issuer,
            model=model,
            item=ItemFacts(serial, {**item_values(item, sources.supplied_by), **own}),
            operator=sources.operator,
            company_information=sources.stated_estimate(world),
            on=on,
        )
        status = readiness(passport.values, sources.category, on, today=now.date())
        drafts.append((passport, status))
        notes += [placed(f, serial) for f in (*found, *status.findings)]
        notes += kept_back_findings(passport, passport.kept_back)
    return drafts, notes


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in their order, each once: a model's fault is not told per battery."""
    told = {(f.code, f.place, tuple(sorted(f.arguments.items(), key=str))): f for f in findings}
    return list(told.values())


def _commit(
    world: World,
    work: UnitOfWork,
    passport: ItemPassport,
    status: Readiness,
    origin: Mapping[str, Any],
    request: IssueRequest,
    now: datetime,
) -> IssuedPassport:
    """Write everything of one passport: its first version, record, address and registration."""
    written = write_version(
        world, work, passport, status, now=now, person=request.person, sources=origin
    )
    claim = written.claim
    put_passport(world, work, passport, written, origin, now)
    return IssuedPassport(
        passport.id,
        passport.serial,
        passport.product_id,
        claim.digest,
        str(written.record["public"]["decision_id"]),
    )

"""A second life: a new passport by the new operator, linked to those the battery comes from.

Predecessors issued here are told so in the same unit of work. Of another operator's battery the
hand-over, signed by both, has to be here first; the new passport gets the id it names, and
the values of the old one, which is fetched from its node and checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Place, errors_in, finding
from saltbridge.core.identifiers import is_urn_uuid
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.passport.assemble import assemble
from saltbridge.passport.attributes import applies_from
from saltbridge.passport.data_carrier import check_identifiers, product_link
from saltbridge.passport.lifecycle import Link, advance
from saltbridge.passport.lifecycle_rules import RULES, SECOND_LIFE, EventKind
from saltbridge.passport.measurements import as_value, condition
from saltbridge.passport.model import (
    AttributeValue,
    Issuer,
    ItemFacts,
    ItemPassport,
    ModelFacts,
    Origin,
    OriginKind,
    Values,
)
from saltbridge.passport.validate import kept_back_findings, readiness
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_counted import not_overtaken, refuse_fallen_of_any
from saltbridge.steps.passport_event_effects import record_event
from saltbridge.steps.passport_event_words import EventRequest, event_words, signed_event
from saltbridge.steps.passport_events import check_event, keep_event, kept_events, life_of
from saltbridge.steps.passport_inherited import common, inherited, lasting
from saltbridge.steps.passport_issued import put_passport
from saltbridge.steps.passport_measured import measurements_of
from saltbridge.steps.passport_reading import facts_of, newest_number, stored_version
from saltbridge.steps.passport_stated import keep_unknown, stated_by_operator
from saltbridge.steps.passport_versions import write_version
from saltbridge.trust.did import iso


@dataclass(frozen=True, kw_only=True)
class SecondLifeRequest:
    """What was done to which batteries, and the facts of the new one (``attributes``)."""

    operation: str
    predecessors: Sequence[str]  # ids, or serial numbers of passports issued here
    serial: str
    gtin: str
    category: str
    facts: Mapping[str, Any]
    on: date
    person: str = ""


@dataclass(frozen=True)
class SecondLife:
    """The new passport."""

    id: str
    serial: str
    product_id: str
    digest: str
    predecessors: tuple[Link, ...]
    findings: tuple[Finding, ...]


def second_life(world: World, request: SecondLifeRequest) -> SecondLife:
    """Issue the passport of a second life, or nothing with every finding.

    Raises:
        FaultyInput: no such operation, passport or hand-over, faulty or incomplete facts.
        Refused: the rules of the life cycle stand against it, or the border room does.
    """
    now = world.clock.now()
    given = _given(world, request)
    foreign, notes = inherited(world, request.predecessors, request.operation)
    with world.store.unit_of_work() as work:
        if work.get("passport-address", f"{request.gtin}/{request.serial}") is not None:
            raise FaultyInput.of("passport.already-issued", serial=request.serial)
        here, links, id = _predecessors(world, work, request)
        id = id or world.identifiers.urn_uuid()
        links += [_pass_on(world, work, old, id, request, now) for old in here]
        told = [_base(world, work, old, request.operation) for old in here]
        told += [lasting(values, request.operation) for values in foreign.values()]
        refuse_fallen_of_any(given, told)
        base = common(told) if len(links) == len(told) else {}
        passport = _assembled(world, request, id, links, base, given, now)
        on, today = _duty_day(request), now.date()
        status = readiness(passport.values, passport.category, on, today=today)
        notes += kept_back_findings(passport, given)
        if errors_in([*notes, *status.findings]):
            raise FaultyInput([*notes, *status.findings])
        written = write_version(world, work, passport, status, now=now, person=request.person)
        put_passport(world, work, passport, written, {"supplier_record": ""}, now)
        keep_unknown(work, passport.id, 1, request.facts)
        _begin(world, work, passport.id, here, request, tuple(links), now)
    return SecondLife(
        passport.id,
        passport.serial,
        passport.product_id,
        written.claim.digest,
        tuple(links),
        (*notes, *status.findings),
    )


def _given(world: World, request: SecondLifeRequest) -> dict[str, AttributeValue]:
    """The operator's facts, with everything wrong in the request."""
    found: list[Finding] = []
    if request.operation not in SECOND_LIFE:
        known = ", ".join(sorted(SECOND_LIFE))
        found.append(
            finding("lifecycle.unknown-event", found=request.operation[:40], known=known)
        )
    if not request.predecessors:
        found.append(finding("lifecycle.no-predecessor", event=request.operation, citation="–"))
    found += check_identifiers(request.gtin, [request.serial], world.node.base_url)
    origin = Origin(OriginKind.OPERATOR, world.node.legal_name, world.node.did)
    given, faults = stated_by_operator(world, request.facts.get("attributes", {}))
    found += faults
    found += [
        finding("lifecycle.member", Place(pointer=f"/{str(m)[:40]}"), member=str(m)[:40])
        for m in request.facts.keys() - {"attributes"}
    ]
    if errors_in(found):
        raise FaultyInput(found)
    given.setdefault(
        "A026",
        AttributeValue(
            {
                "name": world.node.legal_name,
                "address": world.node.address or world.node.country,
            },
            "",
            origin,
        ),
    )
    return given


def _predecessors(
    world: World, work: UnitOfWork, request: SecondLifeRequest
) -> tuple[list[dict[str, Any]], list[Link], str]:
    """Records of the passports issued here, links of the hand-overs, and the id those name."""
    here: list[dict[str, Any]] = []
    links: list[Link] = []
    id = ""
    for name in dict.fromkeys(request.predecessors):
        handed = _handed_over(world, work, name, request.operation)
        if handed is None:
            here.append(passport_named(work, name))
            continue
        successor, link = handed
        if successor != (id or successor):
            raise Refused.of("lifecycle.other-successor", passport=name)
        links.append(link)
        id = successor
    return here, links, id


def _handed_over(
    world: World, work: UnitOfWork, name: str, operation: str
) -> tuple[str, Link] | None:
    """The successor and the link, if another operator handed the battery over for this."""
    if not is_urn_uuid(name) or work.get("passport", name) is not None:
        return None
    for kept in kept_events(work, name):
        content = kept["content"]
        if (content["event"], content["to"]) == (operation, world.node.did):
            link = Link(EventKind(operation), name, content["version"])
            return str(content["successor"]), link
    raise FaultyInput.of("lifecycle.not-handed-over", passport=name, event=operation)


def _pass_on(
    world: World,
    work: UnitOfWork,
    passport: dict[str, Any],
    successor: str,
    request: SecondLifeRequest,
    now: datetime,
) -> Link:
    """Record in a passport of this node that the battery lives on under another one."""
    told = EventRequest(
        passport=passport["id"], kind=request.operation, on=request.on, successor=successor
    )
    words = event_words(
        world,
        work,
        life_of(work, world, passport),
        told,
        version=str(passport["claim_digest"]),
        signed_by=frozenset({world.node.did}),
    )
    check_event(work, world, passport, words, now.date())
    file = parse_claim_file(signed_event(world, work, words, now))
    record_event(world, work, passport, words, [file], {}, now, request.person)
    return Link(EventKind(request.operation), passport["id"], str(passport["claim_digest"]))


def _base(
    world: World, work: UnitOfWork, passport: Mapping[str, Any], operation: str
) -> Values:
    """What holds for the battery itself: values of the old passport, and what was measured."""
    version = stored_version(work, passport["id"], newest_number(passport))
    values = {} if version is None else facts_of(work, version).values
    held = condition(measurements_of(work, passport["id"]))
    measured = {id: as_value(m, world.node.legal_name) for id, m in held.items()}
    return {**lasting(values, operation), **not_overtaken(measured, passport)}


def _assembled(
    world: World,
    request: SecondLifeRequest,
    id: str,
    links: Sequence[Link],
    base: Values,
    given: Mapping[str, AttributeValue],
    now: datetime,
) -> ItemPassport:
    own = Origin(OriginKind.OPERATOR, world.node.legal_name, world.node.did)
    status = RULES[EventKind(request.operation)].becomes
    # Public. The operation would tell the status of the battery, which is point 4: it stands
    # in the event.
    named = [{"passport_id": link.passport} for link in links]
    told = {
        "A012": AttributeValue(named, "", own),
        "A032": AttributeValue(request.category, "", own),
        "A035": AttributeValue(
            status.value if status else "", "", own, measured_on=request.on.isoformat()
        ),
    }
    return assemble(
        id=id,
        product_id=product_link(world.node.base_url, request.gtin, request.serial),
        gtin=request.gtin,
        category=request.category,
        placed_on_market=request.on,
        issued_at=iso(now),
        issuer=Issuer(world.node.legal_name, world.node.did, world.node.bpn),
        model=ModelFacts(base),
        item=ItemFacts(request.serial, {}),
        operator={**given, **told},
        on=_duty_day(request),
    )


def _duty_day(request: SecondLifeRequest) -> date:
    start = applies_from("passport", request.category)
    return max(request.on, start) if start else request.on


def _begin(
    world: World,
    work: UnitOfWork,
    id: str,
    here: Sequence[Mapping[str, Any]],
    request: SecondLifeRequest,
    links: tuple[Link, ...],
    now: datetime,
) -> None:
    """The first event of the new passport, which names where it comes from."""
    told = EventRequest(passport=id, kind=request.operation, on=request.on)
    words = event_words(
        world,
        work,
        None,
        told,
        version="",
        signed_by=frozenset({world.node.did}),
        predecessors=links,
    )
    lives = {str(old["id"]): life_of(work, world, old) for old in here}
    _, found = advance(lives, words.event, now.date())
    if found:
        raise Refused(found)
    file = parse_claim_file(signed_event(world, work, words, now))
    keep_event(work, words, [file], [world.node.did], now, version=1, person=request.person)

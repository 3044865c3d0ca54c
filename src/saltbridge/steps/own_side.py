"""What a check-up of an exchange looks at in this node itself."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import SaltbridgeError, Unavailable
from saltbridge.exchange.checkup import (
    PARTNER,
    US,
    Check,
    State,
    certificate_points,
    checked,
    fault,
    is_loopback,
)
from saltbridge.exchange.evaluation import judge_access, judge_usage
from saltbridge.exchange.explanation import Point, Verdict
from saltbridge.exchange.model import Role
from saltbridge.exchange.policy import may_see
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.records import document, every
from saltbridge.steps.standing import lost_by, standing_of

WELL_KNOWN: Final = "/.well-known/dspace-version"
_LIMIT_BYTES: Final = 200_000


def points_of(error: SaltbridgeError, who: Role) -> list[Point]:
    """The findings of an error as points that failed."""
    return [Point(Verdict.FAILED, f.code, f.arguments, who) for f in error.findings]


def calls_check(world: World, partner: Partner) -> Check:
    """The last call in the partner's name that we refused: why, for it cannot know."""
    with world.store.reading() as view:
        record = document(view, "sign-in-refused", partner.did)
    if record is None:
        return checked("calls", ())
    last = Point(Verdict.NOTED, "doctor.refused-here", {"at": record["at"]}, None)
    why = (Point(Verdict.NOTED, f["code"], f["arguments"], PARTNER) for f in record["findings"])
    return Check("calls", State.OK, (last, *why))


def callback_check(world: World, partner: Partner, *, served: bool) -> Check:
    """Whether the partner's answers can reach us, as far as that can be told from here."""
    own = world.node.base_url
    if not served:
        return checked("callback", [fault("doctor.not-served", US, address=own)])
    if is_loopback(own) and partner.dsp_url and not is_loopback(partner.dsp_url):
        return checked("callback", [fault("doctor.callback-loopback", US, address=own)])
    try:
        answer = world.http.send("GET", f"{own}{WELL_KNOWN}", limit_bytes=_LIMIT_BYTES)
    except Unavailable as error:
        if error.findings[0].code == "http.address-forbidden":
            untold = Point(Verdict.NOTED, "doctor.callback-untold", {"address": own})
            return Check("callback", State.UNKNOWN, (untold,))
        told = certificate_points(points_of(error, US), world.clock.now())
        return checked("callback", told)
    if answer.status != 200:
        wrong = fault("doctor.callback-answers", US, address=own, status=answer.status)
        return checked("callback", [wrong])
    return checked("callback", ())


def own_offer_checks(world: World, partner: Partner) -> list[Check]:
    """Whether the partner can have what we offer it: what it sees, and under which terms."""
    with world.store.reading() as view:
        records = [read_json(record.body) for record in every(view, "dataset")]
        named = [r for r in records if may_see(r.get("access", ()), partner.bpn)]
        return [
            checked(
                "own-offer",
                _own_offer_points(world, view, partner, record),
                str(record.get("title") or record["id"]),
            )
            for record in named
        ]


def _own_offer_points(
    world: World, view: UnitOfWork, partner: Partner, record: Mapping[str, Any]
) -> Iterable[Point]:
    theirs, now = standing_of(world, view, partner), world.clock.now()
    lost = lost_by(world, view, partner)
    if lost is not None:
        # Nothing is known against the partner, who shows it with its next call, here or to the
        # company's own connector.
        if world.connector is None:
            yield Point(Verdict.NOTED, lost.code, lost.arguments)
        theirs = replace(theirs, member=None, frameworks=None)
    if partner.bpn in record.get("awaiting", {}):
        yield Point(Verdict.NOTED, "doctor.awaits-approval", {"partner": partner.name})
    policies = [judge_usage(record["offer"], theirs, now)]
    if record.get("access_policy"):
        policies.append(judge_access(record["access_policy"], theirs, now))
    for judged in policies:
        for point in judged.failed:
            # Here we are the provider: the sides change places.
            who = None if point.who is None else point.who.peer
            yield Point(point.verdict, point.code, point.arguments, who, point.place)


def messages_check(world: World, partner: Partner) -> Check:
    """Whether messages to the partner wait because they cannot be sent."""
    with world.store.reading() as view:
        later = world.clock.now() + timedelta(days=1)
        given_up = [e for e in view.failed() if _is_to(view, e.ordering_key, partner)]
        waiting = [
            e for e in view.due(later) if e.last_error and _is_to(view, e.ordering_key, partner)
        ]
    points = []
    if given_up:
        last = given_up[-1].last_error[:300]
        points.append(fault("doctor.given-up", US, count=len(given_up), error=last))
    if waiting:
        last = waiting[-1].last_error[:300]
        points.append(fault("doctor.waiting", None, count=len(waiting), error=last))
    return checked("messages", points)


def _is_to(view: UnitOfWork, pid: str, partner: Partner) -> bool:
    process = document(view, "negotiation", pid) or document(view, "transfer", pid)
    return process is not None and process["counterparty"] == partner.bpn

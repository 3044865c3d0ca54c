"""A grant is given: within the policy of the node, on evidence, to one who can be recognised.

In the unit of work of whatever gives it: a person's decision, an answered request, a credential
that was checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from saltbridge.accounts.account import State
from saltbridge.accounts.session import token_digest
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, finding
from saltbridge.passport.grants import Grant, Grantee, GranteeKind
from saltbridge.passport.interest import Evidence, Interest, interests
from saltbridge.passport.part_types import hidden_in
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps import passport_grants as kept
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_requests import GRANTED, answer_request
from saltbridge.steps.people import account_named
from saltbridge.steps.records import document
from saltbridge.steps.verification import same_territory
from saltbridge.trust.did import iso


@dataclass(frozen=True, kw_only=True)
class GrantRequest:
    """To whom, as what, of which passports, until which day, on which evidence.

    Exactly one of ``person`` (account), ``partner`` (BPN or DID) and ``code_for`` (a name, for
    somebody who is neither) is named. ``passport`` is an id, a serial number or
    ``GTIN/serial``; neither it nor
    ``model`` (a GTIN): all passports, later ones too. ``until`` None: as long as may be.
    ``reads_from`` is the country (ISO 3166-1 alpha-2) they read in; empty: that of the node, of
    a partner always its own.
    """

    interest: str
    person: str = ""
    partner: str = ""
    code_for: str = ""
    model: str = ""
    passport: str = ""
    until: date | None = None
    evidence: Sequence[Mapping[str, str]] = ()
    request: str = ""
    reads_from: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """A new grant; ``code`` is there for whoever reads by a code, and never again."""

    grant: Grant
    code: str = ""


def evidence_of(written: str) -> dict[str, str]:
    """Evidence as it is written at a terminal: ``kind: what was seen``.

    >>> evidence_of("mandate: letter of 3 May")
    {'kind': 'mandate', 'seen': 'letter of 3 May'}
    """
    kind, _, seen = written.partition(":")
    return {"kind": kind.strip(), "seen": seen.strip()[:500]}


def give_grant(world: World, work: UnitOfWork, by: str, request: GrantRequest) -> Granted:
    """A new grant; ``by`` is the name of who decides.

    Raises:
        FaultyInput: unknown interest, model or passport, a day that is over or too late, or
            evidence that is missing: all at once.
        Refused: nobody of this kind is admitted, the account is not there, or they read abroad.
    """
    now = world.clock.now()
    policy = interests(world.settings)
    interest = policy.get(request.interest)
    if interest is None:
        raise FaultyInput.of(
            "access.no-interest", id=request.interest[:40], known=", ".join(policy)
        )
    if not interest.admitted:
        raise Refused.of("access.not-admitted", interest=interest.id)
    latest = now.date() + timedelta(days=interest.days)
    until = request.until or latest
    faults = _faults(interest, request, until, now.date(), latest)
    passport = _passport_id(work, request.passport) if request.passport else ""
    if request.model and not _is_model(work, request.model):
        faults.append(finding("access.no-model", model=request.model[:40]))
    if faults:
        raise FaultyInput(faults)
    grantee, code = _grantee(world, work, request)
    reads_from = _reads_from(world, request)
    made = Grant(
        id=world.identifiers.urn_uuid(),
        grantee=grantee,
        audience=interest.audience,
        interest=interest.id,
        purpose=interest.purpose.value,
        points=tuple(sorted(interest.points)),
        uses=tuple(sorted(use.value for use in interest.uses)),
        evidence=tuple(dict(e) for e in request.evidence),
        until=until.isoformat(),
        epoch=kept.epoch(work),
        model=request.model,
        passport=passport,
        request=request.request,
        reads_from=reads_from,
        granted_by=by,
        granted_at=iso(now),
    )
    kept.keep_grant(work, made, "passport.access-granted")
    if request.request:
        told = {"answered_by": by, "answered_at": iso(now), "grant": made.id}
        answer_request(work, request.request, GRANTED, told)
    return Granted(made, code)


def _faults(
    interest: Interest, request: GrantRequest, until: date, today: date, latest: date
) -> list[Finding]:
    found = []
    if until < today:
        found.append(finding("access.until-over", until=until.isoformat()))
    if until > latest:
        found.append(
            finding(
                "access.until-late",
                until=until.isoformat(),
                latest=latest.isoformat(),
                interest=interest.id,
            )
        )
    if request.model and request.passport:
        found.append(finding("access.model-or-passport"))
    shown = {e["kind"] for e in request.evidence if e.get("seen", "").strip()}
    unknown = sorted(shown - {e.value for e in Evidence})
    if unknown:
        known = ", ".join(Evidence)
        told = ", ".join(unknown)[:80]
        found.append(finding("access.no-evidence-kind", found=told, known=known))
    # Written by hand it is no check: only what was verified has a digest.
    claimed = [e for e in request.evidence if e.get("kind") == Evidence.DISMANTLER_CREDENTIAL]
    if any(not e.get("digest") for e in claimed):
        found.append(finding("access.credential-by-hand"))
    missing = [e.value for e in interest.evidence if e.value not in shown]
    # A checked credential says who somebody is, as the other evidence would.
    if missing and Evidence.DISMANTLER_CREDENTIAL.value not in shown:
        found.append(
            finding(
                "access.evidence-missing",
                missing=", ".join(missing),
                interest=interest.id,
            )
        )
    return found


def _passport_id(work: UnitOfWork, wanted: str) -> str:
    at = document(work, "passport-address", wanted)
    return str(passport_named(work, wanted)["id"] if at is None else at["passport_id"])


def _is_model(work: UnitOfWork, gtin: str) -> bool:
    found = work.find("passport-address", after=f"{gtin}/", limit=1)
    return bool(found) and found[0].id.startswith(f"{gtin}/")


def _reads_from(world: World, request: GrantRequest) -> str:
    """Where they read. Abroad it would be an export, and those the border room decides on."""
    home = world.node.jurisdiction
    partner = world.node.partner(request.partner) if request.partner else None
    stated = partner.jurisdiction if partner else request.reads_from.strip().upper() or home
    if not same_territory(home, stated):
        raise Refused.of("access.abroad", country=stated[:20], jurisdiction=home)
    return stated


def _grantee(world: World, work: UnitOfWork, request: GrantRequest) -> tuple[Grantee, str]:
    named = [n for n in (request.person, request.partner, request.code_for) if n.strip()]
    if len(named) != 1:
        raise FaultyInput.of("access.to-whom")
    if request.person:
        account = account_named(work, request.person)
        if account is None or account.state is State.REMOVED:
            raise Refused.of("people.unknown", name=request.person[:80])
        return Grantee(GranteeKind.PERSON, account.id, account.label), ""
    if request.partner:
        partner = world.node.partner(request.partner)
        if partner is None:
            raise FaultyInput.of("access.no-partner", partner=request.partner[:200])
        return Grantee(GranteeKind.PARTNER, partner.did, partner.name), ""
    code = world.identifiers.token()
    name = request.code_for.strip()[:120]
    if hidden := hidden_in(name):
        raise FaultyInput.of("access.hidden-character", found=hidden)
    return Grantee(GranteeKind.CODE, token_digest(code), name), code

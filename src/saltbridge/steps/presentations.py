"""Asks a caller's credential service what the caller holds, and checks what it answers.

DCP 1.0.1, "Presentation Flow" and "Presentation Validation", read 2026-11-28. If one step
fails the whole presentation is invalid.
"""

from typing import Final

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Finding
from saltbridge.formats import dcp
from saltbridge.ports import Partner, World
from saltbridge.steps.credential_check import UntrustedIssuer, checked_credential
from saltbridge.steps.identity import kept_for, sign_in_token
from saltbridge.trust.did import CREDENTIAL_SERVICE, DidDocument
from saltbridge.trust.held import HeldCredential, HeldCredentials
from saltbridge.trust.presentation import open_presentation
from saltbridge.trust.scope import scope_of
from saltbridge.trust.suites import NotVerified

_LIMIT_BYTES: Final = 1_000_000
_SECONDS: Final = 5.0


def presented_by(
    world: World, partner: Partner, document: DidDocument, access_token: str
) -> HeldCredentials:
    """What the partner is shown to hold now: all that the dataspace asks for, each checked.

    Credentials of issuers that nobody here believes are passed over; if then something is
    missing, they are named first.

    Raises:
        NotVerified: it presents too little, or something that does not hold.
        Unavailable: its credential service, or an issuer, cannot be reached now.
    """
    holder = document.id
    presentations = _ask(world, partner, document, access_token)
    held: list[HeldCredential] = []
    passed_over: list[Finding] = []
    until = world.clock.now() + kept_for(world)
    for text in presentations:
        shown = open_presentation(
            text, document=document, verifier=world.node.did, now=world.clock.now()
        )
        until = min(until, shown.expires or until)
        for jwt in shown.credentials:
            try:
                checked = checked_credential(world, jwt, holder)
            except UntrustedIssuer as fault:
                passed_over += fault.findings  # of another dataspace, perhaps: it counts not
                continue
            credential, until = checked.credential, min(until, checked.until)
            held.append(
                HeldCredential(
                    credential.type,
                    credential.issuer,
                    credential.subject,
                    credential.expires,
                    credential.id,
                    jwt,
                )
            )
    result = HeldCredentials(holder, tuple(held), world.clock.now(), until)
    try:
        check_suffices(world, partner, result)
    except NotVerified as fault:
        raise NotVerified([*passed_over, *fault.findings]) from fault
    return result


def check_suffices(world: World, partner: Partner, held: HeldCredentials) -> None:
    """Return if a partner holds what the dataspace asks for, under its own number.

    Raises:
        NotVerified: a credential is missing, or names another business partner number.
    """
    profile = world.credential_profile
    missing = [type for type in profile.required if held.of(type) is None]
    if missing:
        raise NotVerified.of(
            "identity.credentials-missing", partner=partner.name, types=", ".join(missing)
        )
    if not profile.bpn_from:
        return
    stated = {held.bpn} | {
        str(c.subject["holderIdentifier"])
        for c in held.credentials
        if "holderIdentifier" in c.subject
    }
    others = sorted(stated - {partner.bpn})
    if others:
        raise NotVerified.of(
            "identity.bpn-differs", partner=partner.name, found=others[0][:80], due=partner.bpn
        )


def _ask(
    world: World, partner: Partner, document: DidDocument, access_token: str
) -> tuple[str, ...]:
    address = document.service_url(CREDENTIAL_SERVICE)
    if address is None:
        raise NotVerified.of("identity.no-credential-service", partner=partner.name)
    profile = world.credential_profile
    scopes = [scope_of(profile.alias, type) for type in profile.required]
    url = f"{address.rstrip('/')}/presentations/query"
    token = sign_in_token(world, document.id, access_token)
    answer = world.http.send(
        "POST",
        url,
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        content=dcp.render(dcp.render_query(scopes)),
        limit_bytes=_LIMIT_BYTES,
        timeout_seconds=_SECONDS,
    )
    if answer.status >= 500:
        raise Unavailable.of(
            "identity.query-troubled", partner=partner.name, status=answer.status
        )
    if answer.status != 200:
        raise NotVerified.of(
            "identity.query-refused", partner=partner.name, status=answer.status
        )
    try:
        return dcp.parse_response(answer.content)
    except FaultyInput as fault:
        raise NotVerified.of("identity.response-faulty", partner=partner.name) from fault

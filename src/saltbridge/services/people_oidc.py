"""Signing in through the company's OpenID provider (OpenID Connect Core 1.0, code flow).

PKCE (RFC 7636), a nonce, and a state that is good once, for ten minutes, in the browser that
asked for it. Everything is fetched through the node's own guarded client.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from saltbridge.accounts.account import Account, State, Subject, account_findings, account_name
from saltbridge.accounts.model import Person, Role
from saltbridge.accounts.oidc import Provider
from saltbridge.accounts.session import same, token_digest
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.ports import HttpAnswer, UnitOfWork, World
from saltbridge.steps.attempts import address_door, knock, welcome
from saltbridge.steps.people import account_named, accounts, has_operator, keep_account
from saltbridge.steps.records import document
from saltbridge.steps.sessions import begin_session
from saltbridge.trust.did import iso

# What the provider signs with is its own choice among these: no HMAC, and never "none".
ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA"]
GOOD_FOR: Final = timedelta(minutes=10)
_KIND: Final = "oidc-request"
_LIMIT_BYTES: Final = 500_000
_LEEWAY_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """Where the browser goes, and what it keeps meanwhile to be known again."""

    address: str
    browser_secret: str = field(repr=False)


def send_to_provider(world: World, provider: Provider, redirect_uri: str, go_on: str) -> Sent:
    """The provider's address for signing in, with a new state, nonce and PKCE challenge.

    Raises:
        Unavailable: the provider cannot be reached.
        Refused: what it says of itself is not what the settings say.
    """
    found = _discovered(world, provider)
    state, nonce, verifier, secret = (world.identifiers.token() for _ in range(4))
    now = world.clock.now()
    kept = {
        "nonce": nonce,
        "verifier": verifier,
        "browser": token_digest(secret),
        "next": go_on,
        "expires": iso(now + GOOD_FOR),
        "used": False,
    }
    with world.store.unit_of_work() as work:
        work.forget(_KIND, now - 6 * GOOD_FOR)
        work.put(_KIND, token_digest(state), canonical_bytes(kept), expected_version=0)
    address = prepare_grant_uri(
        found["authorization_endpoint"],
        provider.client_id,
        "code",
        redirect_uri,
        scope="openid profile",
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return Sent(str(address), secret)


def back_from_provider(
    world: World,
    provider: Provider,
    redirect_uri: str,
    told: Mapping[str, str],
    browser_secret: str,
    *,
    address: str = "",
    browser: str = "",
) -> tuple[str, str]:
    """The token of a new session and where to go on; ``told`` is the query of the callback.

    Raises:
        Refused: the answer is not one to a question of this browser, the ID token is not
            good, or its person has no account here.
        Unavailable: the provider cannot be reached.
        TooManyAttempts: too many failed answers from this address before.
    """
    door = address_door("oidc", address)
    knock(world, door)
    asked = _asked(world, told.get("state", ""), browser_secret)
    if told.get("iss", provider.issuer) != provider.issuer or told.get("error"):
        raise Refused.of("people.provider-refused")
    found = _discovered(world, provider)
    id_token = _exchanged(world, provider, found, redirect_uri, told.get("code", ""), asked)
    claims = _checked(world, provider, found, id_token, asked["nonce"])
    with world.store.unit_of_work() as work:
        account = _account(world, work, provider, claims)
        welcome(work, door)
        return begin_session(world, work, account, "oidc", address, browser), asked["next"]


def _asked(world: World, state: str, browser_secret: str) -> Mapping[str, Any]:
    """The question this is the answer to; it is used up, whatever comes of it."""
    key = token_digest(state)
    with world.store.unit_of_work() as work:
        kept: dict[str, Any] | None = document(work, _KIND, key)
        good = (
            kept is not None
            and not kept["used"]
            and world.clock.now() < datetime.fromisoformat(kept["expires"])
            and same(kept["browser"], token_digest(browser_secret))
        )
        if good and kept is not None:
            work.put(_KIND, key, canonical_bytes({**kept, "used": True}))
            return kept
    raise Refused.of("people.provider-state")


def _discovered(world: World, provider: Provider) -> Mapping[str, str]:
    """The provider's own description: it has to call itself what the settings call it."""
    url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    found = _json(world.http.send("GET", url, limit_bytes=_LIMIT_BYTES))
    wanted = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    if not all(isinstance(found.get(name), str) for name in wanted):
        raise Refused.of("people.provider-odd", issuer=provider.issuer)
    if found["issuer"] != provider.issuer:
        raise Refused.of("people.provider-odd", issuer=provider.issuer)
    return found


def _exchanged(
    world: World,
    provider: Provider,
    found: Mapping[str, str],
    redirect_uri: str,
    code: str,
    asked: Mapping[str, Any],
) -> str:
    """The ID token that the provider gives for the code."""
    body = prepare_token_request(
        "authorization_code",
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=asked["verifier"],
        client_id=provider.client_id,
    )
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
    }
    if provider.client_secret:
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    answer = world.http.send(
        "POST",
        found["token_endpoint"],
        headers=headers,
        content=body.encode(),
        limit_bytes=_LIMIT_BYTES,
    )
    id_token = _json(answer).get("id_token")
    if not isinstance(id_token, str):
        raise Refused.of("people.provider-refused")
    return id_token


def _checked(
    world: World, provider: Provider, found: Mapping[str, str], id_token: str, nonce: str
) -> Mapping[str, Any]:
    """The claims of an ID token that was made for us, by the provider, for this question."""
    keys = _json(world.http.send("GET", found["jwks_uri"], limit_bytes=_LIMIT_BYTES))
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            {"client_id": provider.client_id, "nonce": nonce},
        )
        now = int(world.clock.now().timestamp())
        claims.validate(now=now, leeway=_LEEWAY_SECONDS)
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        # Its words may repeat the token; none of them is passed on.
        raise Refused.of("people.provider-token") from fault
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise Refused.of("people.provider-token")
    return dict(claims)


def _account(
    world: World, work: UnitOfWork, provider: Provider, claims: Mapping[str, Any]
) -> Account:
    """Whose account it is; made or given its roles anew where a claim says them."""
    subject = Subject(provider.issuer, claims["sub"])
    account = next((known for known in accounts(work) if known.subject == subject), None)
    by = Person(f"oidc:{provider.issuer}", provider.issuer, frozenset())
    if provider.roles_claim:
        roles = provider.roles_in(claims)
        if not roles:
            raise Refused.of("people.provider-no-role")
        if account is None:
            account = _new_account(world, work, subject, claims, roles)
            keep_account(world, work, account, "people.added", by)
        elif account.roles != roles and account.state is State.ACTIVE:
            leaves = Role.OPERATOR in account.roles and Role.OPERATOR not in roles
            if leaves and not has_operator(work, but=account.id):
                raise Refused.of("people.last-operator", name=account.name)
            account = replace(account, roles=roles)
            keep_account(world, work, account, "people.roles-changed", by)
    if account is None or account.state is not State.ACTIVE:
        raise Refused.of("people.provider-nobody")
    return account


def _new_account(
    world: World,
    work: UnitOfWork,
    subject: Subject,
    claims: Mapping[str, Any],
    roles: frozenset[Role],
) -> Account:
    wanted, display = (str(claims.get(k) or "") for k in ("preferred_username", "name"))
    display = display if not account_findings("someone", display, roles) else ""
    taken = account_findings(wanted, "", roles) or account_named(work, wanted) is not None
    unique = digest(f"{subject.issuer} {subject.name}".encode()).removeprefix("sha256:")[:16]
    return Account(
        id=world.identifiers.urn_uuid(),
        name=f"id-{unique}" if taken else account_name(wanted),
        display_name=display.strip(),
        roles=roles,
        subject=subject,
        created_at=iso(world.clock.now()),
        created_by=subject.issuer,
    )


def _json(answer: HttpAnswer) -> dict[str, Any]:
    try:
        found = read_json(answer.content) if answer.status == 200 else None
    except FaultyInput:
        found = None
    if isinstance(found, dict):
        return found
    if answer.status >= 500:
        raise Unavailable.of("people.provider-away")
    raise Refused.of("people.provider-refused")

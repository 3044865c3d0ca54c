"""OpenID Connect against a provider of our own making: it works, and every trick fails."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from saltbridge.accounts.account import Subject
from saltbridge.core.canonical import canonical_bytes
from saltbridge.ports import HttpAnswer, World
from saltbridge.services import people as service
from saltbridge.services.people import NewPerson
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import memory_world
from saltbridge.testing.people import SYSTEM, people_of
from saltbridge.trust.signature import base64url
from saltbridge.web.app import create_app
from saltbridge.web.sign_in_oidc import STARTS_PER_MINUTE

ISSUER = "https://id.example"
CLIENT = "saltbridge-node"


@dataclass
class MockProvider:
    """Discovery, keys and tokens at ``ISSUER``; ``claims`` and ``forge`` spoil what it says."""

    world: World | None = None
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    forge: Any = None
    issuer: str = ISSUER
    asked: list[tuple[str, str]] = field(default_factory=list)

    def sign_in(self, address: str, sub: str = "u1") -> str:
        """The person signs in there; the address the browser is sent back to."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
        code = f"code-{len(self.codes)}"
        self.codes[code] = {**asked, "sub": sub}
        return f"/oidc/callback?code={code}&state={asked['state']}&iss={ISSUER}"

    def send(self, method: str, url: str, **more: Any) -> HttpAnswer:
        self.asked.append((method, url))
        if url.endswith("/.well-known/openid-configuration"):
            return self._json(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/keys",
                }
            )
        if url == f"{ISSUER}/keys":
            return self._json({"keys": [self.key.as_dict(private=False)]})
        assert (method, url) == ("POST", f"{ISSUER}/token")
        return self._token(dict(parse_qsl(more["content"].decode())))

    def _token(self, given: Mapping[str, str]) -> HttpAnswer:
        asked = self.codes.pop(given["code"], None)
        if asked is None or asked["redirect_uri"] != given["redirect_uri"]:
            return self._json({"error": "invalid_grant"}, 400)
        if create_s256_code_challenge(given["code_verifier"]) != asked["code_challenge"]:
            return self._json({"error": "invalid_grant"}, 400)
        assert self.world is not None
        now = int(self.world.clock.now().timestamp())
        claims = {
            "iss": ISSUER, "aud": CLIENT, "sub": asked["sub"], "nonce": asked["nonce"],
            "iat": now, "exp": now + 300, "preferred_username": "Li.Wei", "name": "李伟",
            **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.forge is not None:
            return self._json({"id_token": self.forge(claims)})
        header = {"alg": "ES256", "kid": "1"}
        return self._json({"id_token": jwt.encode(header, claims, self.key)})

    def _json(self, document: Any, status: int = 200) -> HttpAnswer:
        return HttpAnswer(status, {}, canonical_bytes(document))


def a_node(provider: MockProvider, **oidc: Any) -> World:
    settings = {"oidc": {"issuer": ISSUER, "client_id": CLIENT, "label": "Works ID", **oidc}}
    world = replace(memory_world(settings=settings), http=provider)
    provider.world = world
    people_of(world)
    known = Subject(ISSUER, "u1")
    new = NewPerson(name="li", roles=["auditor"], subject=known)
    service.add_person(world, SYSTEM, new)
    return world


@pytest.fixture
def provider() -> MockProvider:
    return MockProvider()


@pytest.fixture
def world(provider: MockProvider) -> World:
    return a_node(provider)


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(create_app(world), world)


def start(browser: Browser, go_on: str = "/operator") -> str:
    answer = browser.get(f"/oidc/start?next={go_on}")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def is_in(browser: Browser) -> bool:
    return bool(browser.get("/account").status_code == 200)


def test_a_known_person_comes_in_and_goes_on(browser: Browser, provider: MockProvider) -> None:
    assert "Works ID" in browser.get("/sign-in?lang=en").text
    address = start(browser, "/account?x=1")
    assert address.startswith(f"{ISSUER}/authorize?") and "openid" in address
    answer = browser.get(provider.sign_in(address))
    assert answer.status_code == 200 and "url=/account?x=1" in answer.text
    assert "SameSite=strict" in answer.headers["set-cookie"]
    assert is_in(browser) and "li" in browser.get("/account").text
    assert browser.get("/operator/people").status_code == 403  # an auditor still


def test_whoever_has_no_account_is_told_so(browser: Browser, provider: MockProvider) -> None:
    answer = browser.get(provider.sign_in(start(browser), sub="somebody-else") + "&lang=en")
    assert answer.status_code == 403 and "no open account" in answer.text
    assert not is_in(browser)


@pytest.mark.parametrize("act", ["lock", "remove"])
def test_a_locked_person_stays_out(
    browser: Browser, provider: MockProvider, world: World, act: str
) -> None:
    getattr(service, act)(world, SYSTEM, "li")
    assert browser.get(provider.sign_in(start(browser))).status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"sub": 7},
        {"iat": 99_999_999_999},
        {"nbf": 99_999_999_999},
    ],
)
def test_a_token_made_for_something_else_is_refused(
    browser: Browser, provider: MockProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    assert browser.get(provider.sign_in(start(browser))).status_code == 403
    assert not is_in(browser)


def forged_none(claims: dict[str, Any]) -> str:
    head = base64url(b'{"alg":"none"}')
    return f"{head}.{base64url(canonical_bytes(claims))}."


def forged_hs256(claims: dict[str, Any]) -> str:
    return jwt.encode(
        {"alg": "HS256"}, claims, OctKey.import_key("a secret of thirty-two bytes....")
    )


def forged_by_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "ES256", "kid": "1"}, claims, ECKey.generate_key("P-256"))


@pytest.mark.parametrize(
    "forge",
    [forged_none, forged_hs256, forged_by_another_key, lambda claims: "x.y.z",
     lambda claims: ""],
)  # fmt: skip
def test_a_token_the_provider_did_not_sign_is_refused(
    browser: Browser, provider: MockProvider, forge: Any
) -> None:
    provider.forge = forge
    answer = browser.get(provider.sign_in(start(browser)))
    assert answer.status_code == 403 and not is_in(browser)
    assert "eyJ" not in answer.text


def test_a_hmac_with_the_public_key_as_secret_is_refused(
    browser: Browser, provider: MockProvider
) -> None:
    public = provider.key.as_pem(private=False)

    def forge(claims: dict[str, Any]) -> str:
        head = base64url(b'{"alg":"HS256","kid":"1"}')
        said = f"{head}.{base64url(canonical_bytes(claims))}"
        return f"{said}.{base64url(hmac.digest(public, said.encode(), 'sha256'))}"

    provider.forge = forge
    assert browser.get(provider.sign_in(start(browser))).status_code == 403


def test_a_state_is_good_once_in_its_own_browser_and_for_ten_minutes(
    browser: Browser, provider: MockProvider, world: World
) -> None:
    back = provider.sign_in(start(browser))
    stranger = Browser(browser.http.app, world)
    assert stranger.get(back).status_code == 403  # login CSRF: not the browser that asked
    start(stranger)
    assert stranger.get(back).status_code == 403
    assert browser.get(back).status_code == 200 and is_in(browser)
    before = len(provider.asked)
    assert Browser(browser.http.app, world).get(back).status_code == 403
    assert browser.get(back).status_code == 403 and len(provider.asked) == before
    late = provider.sign_in(start(stranger))
    world.clock.advance(minutes=10)
    assert stranger.get(late).status_code == 403 and not is_in(stranger)


def test_anothers_code_is_worth_nothing_here(
    browser: Browser, provider: MockProvider, world: World
) -> None:
    """Code injection: the code of another sign-in does not fit this one's PKCE verifier."""
    victim = Browser(browser.http.app, world)
    stolen = parse_qs(urlsplit(provider.sign_in(start(victim))).query)["code"][0]
    state = parse_qs(urlsplit(start(browser)).query)["state"][0]
    answer = browser.get(f"/oidc/callback?code={stolen}&state={state}")
    assert answer.status_code == 403 and not is_in(browser)


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?error=access_denied&state=x"])
def test_an_answer_nobody_asked_for_is_refused(
    browser: Browser, provider: MockProvider, query: str
) -> None:
    start(browser)
    before = len(provider.asked)
    assert browser.get(f"/oidc/callback{query}").status_code == 403
    assert len(provider.asked) == before


def test_an_answer_of_another_issuer_is_refused(
    browser: Browser, provider: MockProvider
) -> None:
    back = provider.sign_in(start(browser)).replace(ISSUER, "https://evil.example")
    assert browser.get(back).status_code == 403 and not is_in(browser)


def test_a_provider_that_calls_itself_otherwise_is_not_asked(
    browser: Browser, provider: MockProvider
) -> None:
    provider.issuer = "https://evil.example"
    assert browser.get("/oidc/start").status_code == 403


@pytest.mark.parametrize("go_on", ["https://evil.example/", "//evil.example", "/\\evil"])
def test_no_open_redirect(browser: Browser, provider: MockProvider, go_on: str) -> None:
    answer = browser.get(provider.sign_in(start(browser, go_on)))
    assert answer.status_code == 200 and "evil" not in answer.text


def test_guessing_at_the_way_back_is_slowed(browser: Browser) -> None:
    answers = [browser.get("/oidc/callback?state=x&code=y") for _ in range(31)]
    assert [a.status_code for a in answers] == [403] * 30 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_asking_for_the_provider_is_paced_and_writes_no_more(
    browser: Browser, world: World
) -> None:
    answers = [browser.get("/oidc/start") for _ in range(STARTS_PER_MINUTE + 2)]
    assert [a.status_code for a in answers] == [303] * STARTS_PER_MINUTE + [429] * 2
    with world.store.reading() as view:
        assert len(view.find("oidc-request")) == STARTS_PER_MINUTE


def test_roles_follow_a_claim_where_the_settings_say_so(provider: MockProvider) -> None:
    mapped = {"roles_claim": "groups", "roles": {"Trade": "approver", "Audit": "auditor"}}
    world = a_node(provider, **mapped)
    app = create_app(world)
    provider.claims = {"groups": ["Trade", "Canteen"]}
    Browser(app, world).get(
        provider.sign_in(start(Browser(app, world)))
    )  # another browser's: refused
    newcomer = Browser(app, world)
    assert newcomer.get(provider.sign_in(start(newcomer), sub="new")).status_code == 200
    made = next(a for a in service.people(world) if a.subject == Subject(ISSUER, "new"))
    assert made.name == "li.wei" and made.roles == {"approver"}
    provider.claims = {"groups": "Audit"}
    newcomer.get(provider.sign_in(start(newcomer), sub="new"))
    changed = next(a for a in service.people(world) if a.id == made.id)
    assert changed.roles == {"auditor"}
    provider.claims = {"groups": ["Canteen"]}
    nobody = Browser(app, world)
    assert nobody.get(provider.sign_in(start(nobody), sub="third")).status_code == 403


def test_without_a_provider_there_is_no_such_door() -> None:
    world = memory_world()
    people_of(world)
    browser = Browser(create_app(world), world)
    assert browser.get("/oidc/start").status_code == 404
    assert "/oidc" not in browser.get("/sign-in").text

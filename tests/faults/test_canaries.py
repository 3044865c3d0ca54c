"""Every byte that leaves a node, searched for what its reader may not have.

The routes come from the applications themselves: a new route without a line in ``ROUTES``
fails here, and so does one that answers somebody it should not.
"""

import base64
import hashlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.effort import is_full

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.ports import HttpAnswer
from saltbridge.testing.aviary import CARS, CELLS, STRANGER, SUPPLIER
from saltbridge.testing.builders import node_profile
from saltbridge.testing.people import PASSWORD
from saltbridge.web.app import create_app
from saltbridge.web.session import cookie_name

SESSIONS: list[str] = []  # tokens of the operators' sessions
EVERYBODY, NOBODY = "everybody", ""
PORTS = range(8301, 8305)
GTIN, SERIALS = "09521234567899", ("MJC24-7K2MQ9", "MJC24-H4TX0B")

# route → whom it may answer with 2xx: everybody; partners, signed in; who holds a token of
# its own for it; the node's own people, signed in
ROUTES = {
    "/health": EVERYBODY,
    "/health/ready": EVERYBODY,
    "/metrics": "token",
    "/.well-known/did.json": EVERYBODY,
    "/.well-known/dspace-version": EVERYBODY,
    "/01/{rest:path}": EVERYBODY,
    "/passports/status/{number:int}": EVERYBODY,
    "/.well-known/gs1resolver": EVERYBODY,
    "/passports/{id}": "token",  # leads on to the address of the battery
    "/passports/{id}/claim.json": EVERYBODY,
    "/passports/{id}/statement.json": EVERYBODY,
    "/passports/{id}/keeping.json": "token",  # everybody's, where a copy is served
    "/passport-copies/state": "partners",
    "/passport-copies/batches": "token",  # a signed batch, of an operator it is kept for
    "/passport-copies/of/{rest:path}": "token",  # its operator, or who a person named
    "/passport-dossiers/{id}": "token",  # a partner's own, and only where it took over
    "/passport-dossiers/{id}/receipt": "token",
    "/v1/openapi.json": EVERYBODY,
    "/v1/dpps": "token",  # nothing is made there
    "/v1/dpps/{rest:path}": EVERYBODY,
    "/v1/dppsByProductId/{rest:path}": EVERYBODY,
    "/v1/dppsByIdAndDate/{rest:path}": EVERYBODY,
    "/v1/dppsByProductIds": "token",  # a question with a body: asked in a test of its own
    "/2025-1/catalog/request": "partners",
    "/2025-1/catalog/datasets/{id:path}": "partners",
    "/2025-1/negotiations/request": "partners",
    "/2025-1/negotiations/offers": "partners",
    "/data-tokens/refresh": "partners",
    "/2025-1/negotiations/{pid}/offers": "partners",
    "/2025-1/negotiations/{pid}/agreement": "partners",
    "/2025-1/negotiations/{pid}": "partners",
    "/2025-1/negotiations/{pid}/request": "partners",
    "/2025-1/negotiations/{pid}/events": "partners",
    "/2025-1/negotiations/{pid}/agreement/verification": "partners",
    "/2025-1/negotiations/{pid}/termination": "partners",
    "/2025-1/callback/negotiations/{pid}": "partners",
    "/2025-1/callback/negotiations/{pid}/offers": "partners",
    "/2025-1/callback/negotiations/{pid}/agreement": "partners",
    "/2025-1/callback/negotiations/{pid}/events": "partners",
    "/2025-1/callback/negotiations/{pid}/termination": "partners",
    "/2025-1/transfers/request": "partners",
    "/2025-1/transfers/{pid}": "partners",
    "/2025-1/transfers/{pid}/start": "partners",
    "/2025-1/transfers/{pid}/completion": "partners",
    "/2025-1/transfers/{pid}/suspension": "partners",
    "/2025-1/transfers/{pid}/termination": "partners",
    "/2025-1/callback/transfers/{pid}": "partners",
    "/2025-1/callback/transfers/{pid}/start": "partners",
    "/2025-1/callback/transfers/{pid}/completion": "partners",
    "/2025-1/callback/transfers/{pid}/suspension": "partners",
    "/2025-1/callback/transfers/{pid}/termination": "partners",
    "/connector-data/{dataset}/{bpn}": "token",
    "/connector-data/{dataset}/{bpn}/statement": "token",
    "/connector-data/{dataset}/interface/{path:path}": "token",
    "/data/{pid}": "token",
    "/data/{pid}/statement": "token",
    "/data/{pid}/{path:path}": "token",
    "/pushed/{pid}": "token",  # the provider's, for one transfer
    "/twins/api/v3/{path:path}": "token",
    "/.well-known/openid-configuration": EVERYBODY,
    "/auth/token": "token",
    "/3/footprints": "token",
    "/3/footprints/{id}": "token",
    "/3/events": "token",
    "/dcp/presentations/query": "token",  # with an access token of our own inside
    "/dcp/credentials": "token",  # trusted issuers only
    "/dcp/offers": "token",
    "/log/checkpoint": EVERYBODY,
    "/log/proof/consistency": EVERYBODY,
    "/log/proof/inclusion": EVERYBODY,
    "/log/witness/add-checkpoint": "logs",
    "/log/witness/{origin_hash}/checkpoint": EVERYBODY,
    "/operator": "people",
    "/operator/manifests/{id:path}": "people",
    "/operator/people": "people",
    "/passport-access": EVERYBODY,
    "/passport-access/code": "token",
    "/passport-access/requests": "token",  # from our own page only
    "/passport-access/credentials": "token",
    "/operator/passport-access": "people",
    "/operator/approvals": "people",
    "/operator/pcf": "people",
    "/operator/pcf/{id:path}": "people",
    "/operator/approvals/{id:path}": "people",
    "/verifier": "people",
    "/verifier/footprints/{id}": "people",
    "/verifier/replays/{id}": "people",
    "/verifier/files/{id}": "people",
    "/verifier/findings": "people",
    "/verifier/drafts": "people",
    "/verifier/statements": "people",
    "/account": "people",
    "/sign-in": EVERYBODY,
    "/sign-out": "people",
    "/setup": "people",
    "/invitation": "token",
}
CATALOGUE_REQUEST = canonical_bytes(
    {
        "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        "@type": "CatalogRequestMessage",
    }
)
ODD = (
    "",
    ".",
    "..",
    "%2e%2e%2f%2e%2e%2fnode.toml",
    "%00",
    "%ff",
    "latest",
    "*",
    "%25",
    "A" * 3000,
)
ALL_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")
METHODS = ALL_METHODS if is_full() else ("GET",)  # HEAD is GET without a body
ACCEPT = (
    "",
    "*/*",
    "text/html",
    "application/json",
    "application/ld+json",
    "application/linkset+json",
    "application/jose",
    "application/sd-jwt",
    "image/png",
    ";q=NaN,,",
)


def paths_of(router: Any) -> Iterator[str]:
    """Every path of an application, through routers inside routers."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from paths_of(inner)
        else:
            yield route.path


def is_read(route: str) -> bool:
    """Whether a partner reads there; everywhere else of theirs it speaks."""
    return route.endswith(("/catalog/request", "/{id:path}", "s/{pid}"))


def addresses(route: str, ids: set[str]) -> Iterator[str]:
    """The route with everything anybody could write into its gaps."""
    if "{" not in route:
        yield from (route, f"{route}?token=x&lang=%0d%0aX-Injected:1", f"{route}/")
        for numbers in ("old=1&size=2", "index=0&size=2", "size=1", "size=-1", "old=9&size=1"):
            yield f"{route}?{numbers}"
        return
    before, after = re.split(r"\{[^}]*\}", route, maxsplit=1)
    after = re.sub(r"\{[^}]*\}", "shell-descriptors", after)
    if route.startswith("/01/"):
        base = [f"{GTIN}/21/{serial}" for serial in SERIALS]
        for place in (*base, f"{GTIN}/21/unknown", GTIN, f"{GTIN}/22/{SERIALS[0]}"):
            for more in (
                "",
                "/qr.svg",
                "/qr.png",
                "/claim",
                "?format=json",
                "?format=jsonld",
                "?format=signed",
                "?linkType=linkset",
                "?audience=authority",
                "/access",
                "/access?format=json&audience=authority",
                "/access?format=file&audience=legitimate_interest",
            ):
                yield f"{before}{place}{more}"
            yield from (
                f"{before}{place}?lang={language}" for language in ("de", "zh", "%0d%0a")
            )
    if route.startswith("/v1/dppsByProductId/"):
        bases = [node_profile(port=p).base_url for p in PORTS]
        products = [f"{base}/01/{GTIN}/21/{serial}" for base in bases for serial in SERIALS]
        ids = {*ids, *(quote(product, safe="") for product in products)}
    if route.startswith("/v1/dpps"):
        mores = ("?representation=full", "?date=2030-01-01", "?date=2027-01-01T00:00:00Z",
                 "?audience=authority&date=2099-01-01", "/elements/%24.chemistry",
                 "/elements/%24.chemistry?representation=full", "/elements/%24..*")  # fmt: skip
        ids = {*ids, *(f"{id}{more}" for id in ids if id.startswith("urn:") for more in mores)}
    if route.startswith("/log/witness/"):
        ids = {hashlib.sha256(node_profile(port=p).did.encode()).hexdigest() for p in PORTS}
    if route.startswith("/passports/status/"):
        ids = {*ids, "0", "1", "99999999999"}
    for id in (*sorted(ids), *ODD):
        yield f"{before}{id.replace('#', '%23')}{after}"


@pytest.fixture(scope="module")
def known_ids(companies: Any) -> set[str]:
    found: set[str] = companies.ids(
        *("dataset", "negotiation", "transfer", "agreement", "delivery", "decision"),
        *("footprint", "pcf", "passport", "passport-version", "passport-model", "did-document"),
        *("pending-release", "proposal-document", "held-requests"),
    )
    assert len(found) > 25
    SESSIONS.extend(companies.session(name) for name in (SUPPLIER, CELLS, CARS))
    return found


def told(companies: Any, hearer: str, answer: HttpAnswer) -> list[str]:
    heads = "\n".join(f"{k}: {v}" for k, v in answer.headers.items())
    assert "x-injected" not in answer.headers
    for secret in (PASSWORD, "$argon2", *SESSIONS):
        assert secret.encode() not in heads.encode() + answer.content
    found: list[str] = companies.aviary.heard_by(
        hearer, heads.encode() + b"\n" + answer.content
    )
    return found


# ── the net itself ──────────────────────────────────────────────────────────────────────


def test_the_net_sees_a_canary_signed_within_a_signed_statement(companies: Any) -> None:
    canary = next(iter(companies.aviary.of))
    inner = base64.urlsafe_b64encode(b'{"receipt":"%s"}' % canary.encode()).rstrip(b"=")
    outer = base64.urlsafe_b64encode(b'{"content":"h.%s.s"}' % inner).rstrip(b"=")
    assert companies.aviary.heard_by(EVERYBODY, b'{"jws":"h.' + outer + b'.s"}') == [canary]


def test_the_canaries_live_where_they_may(companies: Any) -> None:
    """The walk carried them: otherwise their absence elsewhere would show nothing."""
    heard = {name: companies.aviary.heard_by(EVERYBODY, companies.stored(name)) for name in
             (SUPPLIER, CELLS, CARS)}  # fmt: skip
    assert any("flow-cathode" in canary for canary in heard[CELLS])
    assert any("supplier-name" in canary for canary in heard[CELLS])
    assert any("evidence-content" in canary for canary in heard[CELLS])
    assert any("attribute-A065" in canary for canary in heard[CARS])
    assert any("dismantling" in canary for canary in heard[CARS])
    assert len(heard[CELLS]) > 80
    assert len(companies.passports) == len(SERIALS)
    (delivery,) = companies.all(CARS, "delivery")
    assert delivery["verified"] is True


# ── what is said, stored and logged ─────────────────────────────────────────────────────


def test_no_message_in_either_direction_tells_what_its_hearer_may_not_have(
    companies: Any,
) -> None:
    hearers = {hearer for hearer, _, _ in companies.heard}
    assert hearers == {SUPPLIER, CELLS, CARS, STRANGER}  # the last one as a witness
    assert len(companies.heard) > 30
    for hearer, what, content in companies.heard:
        assert (hearer, what, companies.aviary.heard_by(hearer, content)) == (hearer, what, [])


@pytest.mark.parametrize("name", [SUPPLIER, CELLS, CARS, STRANGER])
def test_no_store_holds_what_its_company_may_not_have(companies: Any, name: str) -> None:
    assert companies.aviary.heard_by(name, companies.stored(name)) == []


def test_tokens_are_neither_stored_nor_logged(
    companies: Any, examples: Path, caplog: pytest.LogCaptureFixture, walk_again: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        again = walk_again(examples)
        for name in (SUPPLIER, CELLS, CARS):
            for content in (b"{", b"[" * 999, b'{"@type":"\\ud800"}'):
                again.call(
                    name,
                    "POST",
                    "/2025-1/negotiations/request",
                    caller=next(n for n in (CELLS, CARS) if n != name),
                    content=content,
                )
    said = b"\n".join(content for _, _, content in again.heard)
    opened = set(re.findall(rb'"name":"authorization"[^}]*?"value":"([^"]+)"', said))
    opened |= set(re.findall(rb'"value":"([^"]+)"[^}]*?"name":"authorization"', said))
    signed_in = set(re.findall(rb"Bearer (eyJ[A-Za-z0-9_.-]+)", said))
    assert len(opened) == 2
    assert len(signed_in) > 15
    logged = caplog.text.encode()
    assert again.aviary.heard_by(NOBODY, logged) == []
    for name in (SUPPLIER, CELLS, CARS):
        stored = again.stored(name)
        assert [t for t in (*opened, *signed_in) if t in stored or t in logged] == []


def test_decisions_and_manifests_hold_names_of_fields_and_no_values(companies: Any) -> None:
    """Keys that the document itself chose stand in the path of what stayed, at home."""
    keys = ("-step-", "-unknown-member-", "-assumption-", "-release-officer-",
            "-export-officer-", "-issuing-person-", "zhang.min", "chen.yu")  # fmt: skip
    for name in (SUPPLIER, CELLS, CARS):
        for kind in ("decision", "manifest"):
            records = companies.all(name, kind)
            assert records
            written = b"\n".join(canonical_bytes(r) for r in records)
            found = companies.aviary.heard_by(NOBODY, written)
            assert [c for c in found if not any(key in c for key in keys)] == []


def test_what_waits_was_asked_for_and_nothing_of_it_left(companies: Any) -> None:
    """One proposal waits, one was refused: the partner hears the reason and nothing else."""
    waiting, refused = (
        next(p for p in companies.all(CELLS, "pending-release") if p["state"] == state)
        for state in ("pending", "refused")
    )
    said = b"\n".join(content for hearer, _, content in companies.heard if hearer == CARS)
    assert refused["refusal"]["reason"].encode() in said
    states = {n["offer"]["target"]: n for n in companies.all(CARS, "negotiation")}
    assert states[waiting["dataset_id"]]["state"] == "REQUESTED"
    ended = states[refused["dataset_id"]]
    assert ended["refusal"]["code"] == "exchange.refused-by-approver"
    for proposal in (waiting, refused):
        assert proposal["digest"].encode() not in said
        assert proposal["id"].encode() not in said
        claim = read_json(proposal["content"])["jws"]
        assert claim.encode() not in said


# ── every route, every caller ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [SUPPLIER, CELLS, CARS])
def test_every_route_has_its_line(companies: Any, name: str) -> None:
    application = create_app(companies.worlds[name])
    assert set(paths_of(application.router)) == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_hears_at_a_route_what_is_not_for_everybody(
    companies: Any, known_ids: set[str], route: str
) -> None:
    answered = set()
    spoken = ROUTES[route] in ("partners", "logs")
    ids = known_ids if not spoken or is_read(route) else set()
    for name in (SUPPLIER, CELLS, CARS):
        for address in addresses(route, ids):
            method = "GET" if not spoken or is_read(route) else "POST"
            for content in (None, b"{}") if method == "POST" else (None,):
                answer = companies.call(name, method, address, content=content)
                assert (address, told(companies, EVERYBODY, answer)) == (address, [])
                assert answer.status < 500, address
                if answer.status < 300:
                    answered.add(address)
    assert bool(answered) is (ROUTES[route] == EVERYBODY), answered


@pytest.mark.parametrize("route", [r for r, whom in ROUTES.items() if whom == EVERYBODY])
def test_no_variant_of_a_public_answer_tells_more(companies: Any, route: str) -> None:
    ids = set(companies.passports)
    for address in addresses(route, ids):
        for accept in ACCEPT:
            for method in METHODS:
                answer = companies.call(CARS, method, address, accept=accept)
                assert (address, accept, told(companies, EVERYBODY, answer)) == (
                    address,
                    accept,
                    [],
                )
                assert answer.status < 500


def test_looking_up_products_tells_ids_of_passports_and_nothing_else(companies: Any) -> None:
    base = companies.worlds[CARS].node.base_url
    asked = [f"{base}/01/{GTIN}/21/{serial}" for serial in (*SERIALS, "unknown")]
    content = canonical_bytes({"productIds": asked})
    answer = companies.call(CARS, "POST", "/v1/dppsByProductIds", content=content)
    assert told(companies, EVERYBODY, answer) == []
    assert set(read_json(answer.content)["dppIds"]) == set(companies.passports)


@pytest.mark.parametrize("route", [r for r, whom in ROUTES.items() if whom == "partners"])
def test_a_partner_hears_only_what_is_for_it(
    companies: Any, known_ids: set[str], route: str
) -> None:
    """Signed in, with every id that exists anywhere: other companies' processes included."""
    ids = known_ids if is_read(route) else companies.ids("negotiation", "transfer")
    asked, message = 0, CATALOGUE_REQUEST if route.endswith("catalog/request") else b"{}"
    for name in (SUPPLIER, CELLS, CARS):
        for caller in (SUPPLIER, CELLS, CARS, STRANGER):
            if caller == name:
                continue
            for address in addresses(route, ids):
                content = None if "{" in route and is_read(route) else message
                method = "GET" if content is None else "POST"
                answer = companies.call(name, method, address, caller=caller, content=content)
                assert (address, told(companies, caller, answer)) == (address, [])
                assert answer.status < 500, address
                asked += answer.status < 300
                if caller == STRANGER and answer.status < 300:
                    assert read_json(answer.content).get("dataset", []) == []
    assert bool(asked) is is_read(route), asked


def test_a_partners_own_processes_are_all_it_can_read(companies: Any) -> None:
    for kind in ("negotiation", "transfer"):
        for name, other in ((SUPPLIER, CELLS), (CELLS, CARS)):
            for process in companies.all(name, kind):
                if process["role"] != "provider":
                    continue
                path = f"/2025-1/{kind}s/{process['provider_pid']}"
                statuses = {
                    caller: companies.call(name, "GET", path, caller=caller).status
                    for caller in (SUPPLIER, CELLS, CARS, STRANGER)
                    if caller != name
                }
                assert statuses.pop(other) == 200
                assert set(statuses.values()) == {404}


def test_no_token_but_its_own_opens_the_data_plane_or_the_operators_pages(
    companies: Any,
) -> None:
    """EDR tokens of finished transfers, sign-in tokens, the digests that are stored."""
    said = b"\n".join(content for _, _, content in companies.heard)
    used = {t.decode() for t in re.findall(rb'"value":"([A-Za-z0-9_-]{43})"', said)}
    stored = {*companies.ids("token", "claim"), *sorted(companies.ids("sign-in"))[:5]}
    assert used and stored
    for name in (SUPPLIER, CELLS):
        for transfer in companies.all(name, "transfer"):
            path = f"/data/{transfer['provider_pid']}"
            shown = {*used, *stored, companies.token(CARS, name), companies.session(name)}
            for token in shown:
                answer = companies.call(name, "GET", path, authorization=f"Bearer {token}")
                assert answer.status == 403
        cookie = cookie_name(companies.worlds[name])
        digests = sorted(companies.ids("session"))
        other = companies.session(CARS)
        for token in (*sorted(stored)[:3], *digests, *used, other, "", "x"):
            for path in ("/operator", "/operator/people", "/operator/approvals", "/account"):
                answer = companies.call(name, "GET", path, cookie=f"{cookie}={token}")
                assert answer.status == 303
        good = f"{cookie}={companies.session(name)}"
        assert companies.call(name, "GET", "/operator", cookie=good).status == 200

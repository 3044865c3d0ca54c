"""The 40 cases of PACT 3, as their expected results have them (MIT, WBCSD; V3.0).

A node that serves footprints over https, and beside it a partner's host for the calls back.
Case 14 has two halves. Where the published page and its own title disagree about identifiers in
events (15 and 40), the title and the conformance service count: UUIDs are taken, a URN is not;
the query that the page shows for 40 is malformed too, and asked as well.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.formats.pcf import schema_findings
from saltbridge.ports import HttpAnswer, World
from saltbridge.services import pact, pact_callback
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of
from saltbridge.testing.peers import InProcessHttp
from saltbridge.web.app import create_app

VERSION = "V3.0"
CARS = node_profile("carmaker", jurisdiction="CN", port=8103)
OTHER = node_profile("stranger", jurisdiction="CN", port=8104)
HOOK = "https://webhook.example"
EVENT = "application/cloudevents+json; charset=UTF-8"
KIND = "org.wbcsd.pact.ProductFootprint."
COMPANY = "urn:bpn:BPNL00000000MATS"
CLASS = "urn:eclass:0173-1#01-AAA123#005"


@dataclass
class Host:
    """A node with footprints on offer, and the partner that reads them."""

    world: World
    http: InProcessHttp
    id: str
    secret: str
    footprints: list[dict[str, Any]]
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.world.node.base_url

    def send(self, method: str, url: str, content: bytes = b"", **headers: str) -> HttpAnswer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.send(method, url, headers=named, content=content)

    def sign_in(self, secret: str = "", url: str = "") -> HttpAnswer:
        basic = base64.b64encode(f"{self.id}:{secret or self.secret}".encode()).decode()
        return self.send(
            "POST",
            url or f"{self.base}/auth/token",
            b"grant_type=client_credentials",
            authorization=f"Basic {basic}",
            content_type="application/x-www-form-urlencoded",
        )

    @property
    def token(self) -> str:
        return str(body(self.sign_in())["access_token"])

    def get(self, path: str, token: str = "", base: str = "") -> HttpAnswer:
        bearer = f"Bearer {token or self.token}"
        return self.send("GET", f"{base or self.base}{path}", authorization=bearer)

    def listed(self, *query: tuple[str, str]) -> list[dict[str, Any]]:
        answer = self.get(f"/3/footprints?{urlencode(query)}")
        assert answer.status == 200, answer
        for footprint in body(answer)["data"]:
            assert schema_findings(footprint, "pact-3") == ()
        return list(body(answer)["data"])

    def event(self, kind: str, data: Any, token: str = "", base: str = "", **more: Any) -> int:
        told = {
            "type": f"{KIND}{kind}.3",
            "specversion": "1.0",
            "id": "test-run-id-12345",
            "source": HOOK,
            "time": "2026-05-19T10:30:00Z",
            "data": data,
            **more,
        }
        return self.send(
            "POST",
            f"{base or self.base}/3/events",
            canonical_bytes(told),
            authorization=f"Bearer {token or self.token}",
            content_type=EVENT,
        ).status

    def called_back(self) -> list[dict[str, Any]]:
        """The events that reached the partner's host, each signed in there."""
        worker = OutboxWorker(self.world, outbox_handlers())
        for _ in range(5):
            worker.run_once()
        events = [read_json(c) for url, h, c in self.heard if url.endswith("/3/events")]
        tokens = {h["authorization"] for url, h, _ in self.heard if url.endswith("/3/events")}
        assert tokens <= {"Bearer of-the-partner"}
        return events


def body(answer: HttpAnswer) -> Any:
    return json.loads(answer.content)


def a_host(examples: Path) -> Host:
    """Two footprints, different in everything that is filtered by."""
    clock, http = FixedClock(), InProcessHttp()
    node = node_profile("supplier", jurisdiction="CN", port=443)
    partners = (partner_of(CARS), partner_of(OTHER))
    node = replace(
        node, base_url="https://supplier.example", allow_loopback_http=False, partners=partners
    )
    world = replace(memory_world(node, clock=clock), http=http)
    application = create_app(world)
    for scheme in ("https", "http"):  # behind a proxy that forwards either
        http.applications[f"{scheme}://supplier.example"] = application
    path = examples / "partners/material-supplier/figures/aluminium-pact.json"
    one = read_json(path.read_bytes())
    one["productClassifications"] = [CLASS]
    one["validityPeriodStart"], one["validityPeriodEnd"] = (
        "2026-01-01T00:00:00Z",
        "2027-12-31T00:00:00Z",
    )
    two = json.loads(json.dumps(one))
    two |= {
        "id": "0b7f4a52-3c1d-4f6e-9d2a-6f1e2d3c4b5a",
        "status": "Deprecated",
        "companyIds": ["urn:bpn:BPNL00000000ANDR"],
        "productIds": ["urn:gtin:4712345060507"],
        "productClassifications": ["urn:eclass:0173-1#01-BBB456#005"],
        "validityPeriodStart": "2024-01-01T00:00:00Z",
        "validityPeriodEnd": "2025-06-30T00:00:00Z",
    }
    two["pcf"]["geographyCountry"] = "DE"
    cars = world.node.partners[0]
    id, secret = pact.new_client(world, cars, "contract-1")
    for document in (one, two):
        pact.offer(world, document, [CARS.bpn], "PCF desk")
    host = Host(world, http, id, secret, [one, two])
    pact_callback.enter_peer(world, cars, HOOK, "us", "our secret there")
    _listen(host)
    return host


def _listen(host: Host) -> None:
    """The partner's host: gives a token, and takes events."""
    real = host.http.send

    def send(method: str, url: str, **rest: Any) -> HttpAnswer:
        if not url.startswith(HOOK):
            return real(method, url, **rest)
        host.heard.append((url, dict(rest.get("headers") or {}), rest.get("content") or b""))
        if url.endswith("/auth/token"):
            return HttpAnswer(200, {}, b'{"access_token":"of-the-partner"}')
        return HttpAnswer(200 if url.endswith("/3/events") else 404, {}, b"")

    host.http.send = send  # type: ignore[method-assign]


def _one(host: Host) -> dict[str, Any]:
    return host.footprints[0]


def case_1(host: Host) -> None:
    answer = host.sign_in()
    assert answer.status == 200
    assert body(answer)["token_type"] == "Bearer"
    assert body(answer)["expires_in"] == 3600


def case_2(host: Host) -> None:
    answer = host.sign_in("wrong")
    assert answer.status in (400, 401)
    assert body(answer)["error"] == "invalid_client"


def case_3(host: Host) -> None:
    answer = host.get(f"/3/footprints/{_one(host)['id']}")
    assert answer.status == 200
    assert schema_findings(body(answer)["data"], "pact-3") == ()
    assert body(answer)["data"] == _one(host)


def case_4(host: Host) -> None:
    assert {f["id"] for f in host.listed()} == {f["id"] for f in host.footprints}


def case_5(host: Host) -> None:
    answer = host.get("/3/footprints?limit=1")
    assert len(body(answer)["data"]) == 1
    link = answer.headers["link"]
    assert link.endswith('; rel="next"')
    following = host.get(link[1 : link.index(">")].removeprefix(host.base))
    assert following.status == 200
    assert "link" not in following.headers
    seen = [f["id"] for a in (answer, following) for f in body(a)["data"]]
    assert sorted(seen) == sorted(f["id"] for f in host.footprints)


def _refused(answer: HttpAnswer) -> None:
    assert answer.status in (400, 401)
    assert body(answer)["code"] == "BadRequest"
    assert "data" not in body(answer)


def case_6(host: Host) -> None:
    _refused(host.get("/3/footprints", "invalid-access-token"))


def case_7(host: Host) -> None:
    _refused(host.get(f"/3/footprints/{_one(host)['id']}", "invalid-access-token"))


def case_8(host: Host) -> None:
    answer = host.get("/3/footprints/non-existent-id")
    assert answer.status in (400, 404)
    assert body(answer)["code"] == "NotFound"


def _in_the_clear(host: Host) -> str:
    return host.base.replace("https", "http")


def case_9(host: Host) -> None:
    answer = host.sign_in(url=f"{_in_the_clear(host)}/auth/token")
    assert answer.status >= 400
    assert b"access_token" not in answer.content


def case_10(host: Host) -> None:
    answer = host.get("/3/footprints", host.token, _in_the_clear(host))
    assert answer.status >= 400
    assert "data" not in body(answer)


def case_11(host: Host) -> None:
    path = f"/3/footprints/{_one(host)['id']}"
    answer = host.get(path, host.token, _in_the_clear(host))
    assert answer.status >= 400
    assert "data" not in body(answer)


def case_12(host: Host) -> None:
    data = {"productId": _one(host)["productIds"], "comment": "Please send PCF data."}
    assert host.event("RequestCreatedEvent", data) == 200


def case_13(host: Host) -> None:
    case_12(host)
    (event,) = host.called_back()
    assert event["type"] == f"{KIND}RequestFulfilledEvent.3"
    assert event["specversion"] == "1.0"
    assert event["source"] == host.base
    assert event["data"] == {"requestEventId": "test-run-id-12345", "pfs": [_one(host)]}


def case_14a(host: Host) -> None:
    assert host.event("RequestCreatedEvent", {"productId": ["urn:pact:null"]}) == 200


def case_14b(host: Host) -> None:
    case_14a(host)
    (event,) = host.called_back()
    assert event["type"] == f"{KIND}RequestRejectedEvent.3"
    assert event["data"]["requestEventId"] == "test-run-id-12345"
    assert event["data"]["error"]["code"] == "NotFound"


def case_15(host: Host) -> None:
    assert host.event("PublishedEvent", {"pfIds": [_one(host)["id"]]}) == 200


def case_16(host: Host) -> None:
    data = {"pfIds": [_one(host)["id"]]}
    assert host.event("PublishedEvent", data, "invalid-access-token") in (400, 401)


def case_17(host: Host) -> None:
    data = {"pfIds": [_one(host)["id"]]}
    assert host.event("PublishedEvent", data, host.token, _in_the_clear(host)) >= 400
    assert list(pact.events(host.world)) == []


def _named_by_discovery(host: Host) -> str:
    answer = host.send("GET", f"{host.base}/.well-known/openid-configuration")
    assert answer.status == 200
    return str(body(answer)["token_endpoint"])


def case_18(host: Host) -> None:
    answer = host.sign_in(url=_named_by_discovery(host))
    assert answer.status == 200
    assert body(answer)["access_token"]


def case_19(host: Host) -> None:
    assert host.sign_in("wrong", _named_by_discovery(host)).status in (400, 401)


def _only_the_first(host: Host, *query: tuple[str, str]) -> None:
    assert [f["id"] for f in host.listed(*query)] == [_one(host)["id"]]


def _nothing(host: Host, *query: tuple[str, str]) -> None:
    assert host.listed(*query) == []


def case_20(host: Host) -> None:
    _only_the_first(host, ("productId", _one(host)["productIds"][0].upper()))


def case_21(host: Host) -> None:
    _only_the_first(host, ("companyId", COMPANY))


def case_22(host: Host) -> None:
    _only_the_first(host, ("geography", "CN"))


def case_23(host: Host) -> None:
    _only_the_first(host, ("classification", CLASS))


def case_24(host: Host) -> None:
    _only_the_first(host, ("validOn", "2026-01-01T00:00:00Z"))


def case_25(host: Host) -> None:
    _only_the_first(host, ("validAfter", "2025-12-31T00:00:00Z"))


def case_26(host: Host) -> None:
    found = host.listed(("validBefore", "2026-01-01T00:00:00Z"))
    assert [f["id"] for f in found] == [host.footprints[1]["id"]]


def case_27(host: Host) -> None:
    _only_the_first(host, ("status", "Active"))


def case_28(host: Host) -> None:
    product = _one(host)["productIds"][0]
    _only_the_first(host, ("status", "Active"), ("productId", product))
    _nothing(host, ("status", "Deprecated"), ("productId", product))


def case_29(host: Host) -> None:
    companies = (COMPANY, "urn:uuid:other-company", "urn:uuid:another-company")
    _only_the_first(host, *(("companyId", c) for c in companies))
    both = (COMPANY, "urn:bpn:BPNL00000000ANDR")
    assert len(host.listed(*(("companyId", c) for c in both))) == 2


def case_30(host: Host) -> None:
    _nothing(host, ("productId", "urn:bogus:product:nonexistent123"))


def case_31(host: Host) -> None:
    _nothing(host, ("companyId", "urn:bogus:company:nonexistent456"))


def case_32(host: Host) -> None:
    _nothing(host, ("geography", "XX"))


def case_33(host: Host) -> None:
    _nothing(host, ("classification", "urn:bogus:classification:nonexistent789"))


def case_34(host: Host) -> None:
    _nothing(host, ("validOn", "1900-01-01T00:00:00Z"))


def case_35(host: Host) -> None:
    _nothing(host, ("validAfter", "2099-12-31T23:59:59Z"))


def case_36(host: Host) -> None:
    _nothing(host, ("validBefore", "1900-01-01T00:00:00Z"))


def case_37(host: Host) -> None:
    _nothing(host, ("status", "BogusStatusValue"))


def case_38(host: Host) -> None:
    _nothing(
        host,
        ("companyId", "urn:bogus:company:5FIi8zS3"),
        ("productId", "urn:bogus:product:nonexistent123"),
    )


def case_39(host: Host) -> None:
    _nothing(host, *(("companyId", f"urn:bogus:company:nonexistent{n}") for n in (1, 2, 3)))


def case_40(host: Host) -> None:
    assert host.event("PublishedEvent", {"pfIds": ["urn:gtin:4712345060507"]}) == 400
    query = urlencode({"$filter": "created ge '2023-01-15T10:15:30Z'"})
    assert host.get(f"/3/footprints?{query}").status == 400


def cases() -> Iterator[tuple[str, Callable[[Host], None]]]:
    """Every case by its number."""
    for name, run in globals().items():
        if name.startswith("case_"):
            yield name.removeprefix("case_").upper(), run

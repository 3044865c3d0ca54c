"""Wrong messages at every door of both roles: refused in kind, and nothing moves."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Agreement, DataAddress, Offer
from saltbridge.formats.dsp import render_message
from saltbridge.ports import World
from saltbridge.testing.builders import memory_world, node_profile
from saltbridge.trust.self_issued import self_issued_token

P, C, NOBODY = "urn:uuid:provider", "urn:uuid:consumer", "urn:uuid:nobody"
_OFFER = Offer("urn:uuid:o", {"@id": "urn:uuid:o", "permission": [{"action": "use"}]}, "urn:d")
_AGREEMENT = Agreement("urn:uuid:a", "urn:d", "did:web:a", "did:web:b", _OFFER.policy)

# door → a message that may come there; {n} and {t} are the pids of whom it is said to
PROVIDER_DOORS = {
    "negotiations/request": m.ContractRequest(C, _OFFER, "", "http://127.0.0.1:1/x"),
    "negotiations/{n}/request": m.ContractRequest(C, _OFFER, P),
    "negotiations/{n}/events": m.NegotiationAccepted(P, C),
    "negotiations/{n}/agreement/verification": m.AgreementVerification(P, C),
    "negotiations/{n}/termination": m.NegotiationTermination(P, C),
    "transfers/request": m.TransferRequest(C, "urn:a", "HttpData-PULL", "http://127.0.0.1:1"),
    "transfers/{t}/start": m.TransferStart(P, C),
    "transfers/{t}/completion": m.TransferCompletion(P, C),
    "transfers/{t}/suspension": m.TransferSuspension(P, C),
    "transfers/{t}/termination": m.TransferTermination(P, C),
}
CONSUMER_DOORS = {
    "negotiations/offers": m.ContractOffer(P, _OFFER, "", "http://127.0.0.1:1/x"),
    "callback/negotiations/{n}/offers": m.ContractOffer(P, _OFFER, C),
    "callback/negotiations/{n}/agreement": m.AgreementMessage(P, C, _AGREEMENT),
    "callback/negotiations/{n}/events": m.NegotiationFinalized(P, C),
    "callback/negotiations/{n}/termination": m.NegotiationTermination(P, C),
    "callback/transfers/{t}/start": m.TransferStart(
        P, C, DataAddress("http://127.0.0.1:1", "T")
    ),
    "callback/transfers/{t}/completion": m.TransferCompletion(P, C),
    "callback/transfers/{t}/suspension": m.TransferSuspension(P, C),
    "callback/transfers/{t}/termination": m.TransferTermination(P, C),
}
EVERY_DOOR = [
    *(("provider", door) for door in PROVIDER_DOORS),
    *(("consumer", door) for door in CONSUMER_DOORS),
]
# What is no message at all; "deep" and "huge" are beyond the bounds of the reader and the door.
BODIES = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "no json": b"<message/>",
    "not a number": b'{"@type":NaN}',
    "a list": b"[]",
    "a word": b'"TransferStartMessage"',
    "null": b"null",
    "no type": b"{}",
    "a type that is none": b'{"@type":{"a":1}}',
    "named twice": b'{"@type":"ContractRequestMessage","@type":"Catalog"}',
    "half a pair of surrogates": b'{"@type":"\\ud800"}',
    "deep": b'{"@type":"x","a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "huge": b'{"a":"' + b"x" * 1_050_000 + b'"}',
}


@dataclass
class House:
    """A pair whose transfer has started, and one of its two nodes to speak to."""

    pair: Any
    role: str

    @property
    def callee(self) -> World:
        return getattr(self.pair, self.role)

    @property
    def caller(self) -> World:
        return self.pair.consumer if self.role == "provider" else self.pair.provider

    def pids(self) -> dict[str, str]:
        name = f"{self.role}_pid"
        return {
            "n": self.pair.the(self.callee, "negotiation")[name],
            "t": self.pair.the(self.callee, "transfer")[name],
        }

    def message(self, door: str, **changes: Any) -> dict[str, Any]:
        """What may come at the door, with both pids of the process."""
        known = {**PROVIDER_DOORS, **CONSUMER_DOORS}[door]
        kind = "transfer" if "{t}" in door else "negotiation"
        if "{" in door:
            process = self.pair.the(self.callee, kind)
            known = replace(
                known,
                provider_pid=process["provider_pid"],
                consumer_pid=process["consumer_pid"],
            )
        return {**render_message(known), **changes}

    def say(self, door: str, content: bytes, *, headers=None, pids=None, **token: Any):
        bearer = self_issued_token(
            **{
                "caller": self.caller.node.did,
                "called": self.callee.node.did,
                "jti": self.caller.identifiers.urn_uuid(),
                "now": self.pair.clock.now(),
                "signer": self.caller.keyring.signer(),
                **token,
            }
        )
        return self.pair.http.send(
            "POST",
            f"{self.callee.node.base_url}/2025-1/{door.format(**(pids or self.pids()))}",
            headers={"authorization": f"Bearer {bearer}", **(headers or {})},
            content=content,
        )

    def everything(self) -> dict[str, Any]:
        """What the node holds of exchanges, and how much waits and was logged."""
        with self.callee.store.reading() as view:
            kinds = ("negotiation", "transfer", "agreement", "delivery", "token", "explanation")
            held = {k: [(r.id, r.body) for r in view.find(k)] for k in kinds}
            return {
                **held,
                "log": view.log_size(),
                "waits": len(view.due(self.pair.clock.now())),
            }


_MAY_BE_LEFT_OUT = {f"without {m}" for m in ("dataAddress", "callbackAddress", "providerPid")}


def wrong_of(message: dict[str, Any]):
    """Every member left out, and every member of another kind."""
    for name in message:
        yield f"without {name}", {k: v for k, v in message.items() if k != name}
        for wrong in (7, None, [], {}, True):
            if type(message[name]) is not type(wrong):
                yield f"{name} {wrong}", {**message, name: wrong}


def refused_in_kind(door: str, answer: Any) -> str:
    """The code of an error body as the protocol wants it."""
    document = read_json(answer.content)
    family = "TransferError" if "transfers" in door else "ContractNegotiationError"
    assert document["@type"] == family
    assert b"Traceback" not in answer.content
    return document["code"]


@pytest.fixture(scope="module")
def houses():
    """One started pair for all tests: none of them may change anything."""
    from tests.web.conftest import a_pair_of_nodes

    pair = a_pair_of_nodes()
    pair.started()
    return {role: House(pair, role) for role in ("provider", "consumer")}


@pytest.fixture(params=EVERY_DOOR, ids=[f"{role} {door}" for role, door in EVERY_DOOR])
def at(request, houses):
    """A house, a door of it, and the promise that nothing has moved afterwards."""
    role, door = request.param
    house = houses[role]
    before = house.everything()
    yield house, door
    assert house.everything() == before


def test_what_is_no_message_is_refused(at):
    house, door = at
    for name, body in BODIES.items():
        answer = house.say(door, body)
        assert answer.status == (413 if name == "huge" else 400), name
        if name != "huge":
            assert refused_in_kind(door, answer).startswith(("json.", "dsp.")), name


def test_a_message_beside_its_schema_is_refused(at):
    house, door = at
    tried = 0
    for name, wrong in wrong_of(house.message(door)):
        if name in _MAY_BE_LEFT_OUT:
            continue
        answer = house.say(door, canonical_bytes(wrong))
        assert answer.status == 400, (name, answer.content[:200])
        assert refused_in_kind(door, answer).startswith("dsp."), name
        tried += 1
    assert tried > 5


def test_the_messages_of_other_doors_are_refused(at):
    house, door = at
    own = house.message(door)["@type"], house.message(door).get("eventType")
    for other in {**PROVIDER_DOORS, **CONSUMER_DOORS}:
        message = house.message(other) if "{" not in other else None
        message = message or render_message({**PROVIDER_DOORS, **CONSUMER_DOORS}[other])
        if (message["@type"], message.get("eventType")) == own:
            continue
        answer = house.say(door, canonical_bytes(message))
        # At the base both roles are heard; there another role's message is another process's.
        codes = ("dsp.unexpected-type", "exchange.other-process")
        assert answer.status == 400
        assert refused_in_kind(door, answer) in codes


def test_another_content_type_is_refused(at):
    house, door = at
    body = canonical_bytes(house.message(door))
    for typed in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "x",
    ):
        answer = house.say(door, body, headers={"content-type": typed})
        assert (answer.status, refused_in_kind(door, answer)) == (415, "dsp.not-json"), typed


def test_a_pid_that_is_not_the_processes_is_refused(at):
    house, door = at
    if "{" not in door:
        return
    for name in ("providerPid", "consumerPid"):
        answer = house.say(door, canonical_bytes(house.message(door, **{name: NOBODY})))
        assert answer.status == 400, name
        refused_in_kind(door, answer)


def test_a_process_that_is_not_there_is_not_found(at):
    house, door = at
    if "{" not in door:
        return
    other = {"n": house.pids()["t"], "t": house.pids()["n"]}  # of the other family
    for pids in ({"n": NOBODY, "t": NOBODY}, other, {"n": "..", "t": "%00"}):
        answer = house.say(door, canonical_bytes(house.message(door)), pids=pids)
        assert answer.status == 404, pids


def test_whoever_is_not_let_in_learns_nothing(at):
    house, door = at
    stranger = memory_world(node_profile("stranger", jurisdiction="CN", port=8209))
    body = canonical_bytes(house.message(door))
    now = house.pair.clock.now()
    for token in (
        {"caller": stranger.node.did, "signer": stranger.keyring.signer()},
        {"signer": stranger.keyring.signer()},
        {"called": house.caller.node.did},
        {"now": now.replace(year=now.year - 1)},
        {"now": now.replace(year=now.year + 1)},
    ):
        for content in (body, b"{}"):
            answer = house.say(door, content, **token)
            assert (answer.status, refused_in_kind(door, answer)) == (404, "dsp.not-found")


def test_a_token_is_used_once(at):
    house, door = at
    jti = house.caller.identifiers.urn_uuid()
    first, second = (house.say(door, b"{}", jti=jti) for _ in range(2))
    assert (first.status, second.status) == (400, 404)

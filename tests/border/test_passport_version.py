"""A signed version leaves with point 1 and nothing else, whatever is put into the file."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import PUBLIC, Context
from saltbridge.border.decide import decide, release
from saltbridge.border.rules import packaged_packs
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import Refused
from saltbridge.testing.builders import NOON
from saltbridge.trust import sd_jwt
from saltbridge.trust.did import DidDocument, build_did_document
from saltbridge.trust.spelling import base64url

DID = "did:web:cars.example"
SALT, DECOY = "A" * 43, "B" * 43
HEADER = {"serial": "A1", "gtin": "09521234567899", "version": "1"}
PART = {"attributes": {"A018": {"value": "SB-1"}}, "not_provided": ["A014"]}
PUBLIC_VIEW = {
    **HEADER,
    **PART,
    "kind": "passport-public-view",
    "audience": "public",
    "points": [1],
}
SECRET = sd_jwt.disclosure(SALT, "point_4", {"attributes": {"A035": {"value": "waste"}}})
SHOWN = sd_jwt.disclosure(SALT, "point_1", PART)
STATUS = {"status_list": {"idx": 3, "uri": "https://cars.example/passports/status/0"}}


def statement(**changes: Any) -> dict[str, Any]:
    shown = changes.pop("shown", SHOWN)
    content = {"kind": "passport-version", **sd_jwt.concealed(HEADER, [shown, SECRET], "cd")}
    return {
        "type": "passport-version",
        "id": "urn:uuid:00000000-0000-4000-8000-000000000002",
        "issuer": DID,
        "issued_at": "2026-11-23T10:00:00Z",
        "content": content | changes.pop("content", {}),
        "_sd_alg": "sha-256",
        "status": STATUS,
        **changes,
    }


def file(said: dict[str, Any] | None = None, *parts: str, **changes: Any) -> bytes:
    header = {"alg": "ES256", "kid": f"{DID}#key-1", "typ": "t"}
    signed = [canonical_bytes(header), canonical_bytes(said or statement()), b"s" * 64]
    jwt = ".".join(base64url(part) for part in signed)
    text = "~".join((jwt, *(parts or (SHOWN,)), ""))
    whole = {
        "saltbridge": "passport-version",
        "sd_jwt": text,
        "did_document": build_did_document(DidDocument(DID, (), ())),
    }
    return canonical_bytes({**whole, **changes})


def given() -> Context:
    return Context(
        decision_id="urn:uuid:00000000-0000-4000-8000-000000000009",
        origin="EU",
        destination="*",
        recipient=PUBLIC,
        purpose="passport",
        agreement=None,
        at=NOON,
        counters=None,
        person="",
    )


def released(content: bytes) -> bytes:
    decision = decide(
        PUBLIC_VIEW, given(), catalogue_for(PUBLIC_VIEW["kind"]), packaged_packs()
    )
    assert not decision.stays
    return release(decision, content, "application/json", decision.view_bytes).content


def test_the_presentation_with_point_1_is_released() -> None:
    assert released(file()) == file()


LONG = sd_jwt.disclosure("recipe: 8 parts of one, and more of it" + "A" * 22, "point_1", PART)
SPACED = base64url(json.dumps([SALT, "point_1", PART]).encode())


@pytest.mark.parametrize(
    "make",
    [
        lambda: file(None, SHOWN, SECRET),
        lambda: file(None, SECRET),
        lambda: file(statement(shown=LONG), LONG),
        lambda: file(statement(shown=SPACED), SPACED),
        lambda: file(sd_jwt="a.b.c~"),
        lambda: file(sd_jwt=7),
        lambda: canonical_bytes({**json.loads(file()), "jws": "a.b.c"}),
        lambda: file().replace(b'~"', b'~a.b.c"'),
        lambda: file(more="recipe"),
        lambda: file(saltbridge="passport"),
        lambda: file(statement(type="passport")),
        lambda: file(statement(more="recipe")),
        lambda: file(statement(status={})),
        lambda: file(statement(status={**STATUS, "recipe": 1})),
        lambda: file(statement(status={"status_list": {"idx": -1, "uri": "x"}})),
        lambda: file(statement(status={"status_list": {"idx": 1, "uri": "recipe: 8 of 1"}})),
        lambda: file(statement(_sd_alg="md5")),
        lambda: file(statement(content={"recipe": "8 parts"})),
        lambda: file(statement(content={"kind": "passport-public-view"})),
        lambda: file(statement(content={"point_4": {"attributes": {}}})),
        lambda: file(statement(content={"_sd": [sd_jwt.digest_of(SHOWN)]})),
        lambda: file(statement(content={"_sd": [sd_jwt.digest_of(SHOWN), *"abc"]})),
        lambda: file(statement(content={"_sd": 7})),
    ],
)
def test_nothing_goes_with_it(make: Callable[[], bytes]) -> None:
    with pytest.raises(Refused) as refusal:
        released(make())
    assert refusal.value.findings[0].code == "border.carries-more"


# Status lists


LIST = {
    "kind": "passport-status-list",
    "address": "https://cars.example/passports/status/0",
    "bits": 2,
    "list": "eNo76fITAAPfAgc",
}
TOKEN = {
    "iss": DID,
    "sub": LIST["address"],
    "iat": 1,
    "exp": 2,
    "ttl": 3,
    "status_list": {"bits": 2, "lst": LIST["list"]},
}


def token(**changes: Any) -> bytes:
    header = {"alg": "ES256", "kid": f"{DID}#key-1", "typ": "statuslist+jwt"}
    signed = [canonical_bytes(header), canonical_bytes({**TOKEN, **changes}), b"s" * 64]
    return ".".join(base64url(part) for part in signed).encode()


def released_list(content: bytes) -> bytes:
    decision = decide(LIST, given(), catalogue_for(LIST["kind"]), packaged_packs())
    return release(decision, content, "application/statuslist+jwt", decision.view_bytes).content


def test_the_token_of_the_decided_list_is_released() -> None:
    assert released_list(token()) == token()


@pytest.mark.parametrize(
    "content",
    [
        token(more="recipe"),
        token(iss="recipe: 8 parts of one"),
        token(iat="recipe"),
        token(sub="https://other.example"),
        token(sub=7),
        token(status_list={"bits": 2, "lst": LIST["list"], "aggregation_uri": "recipe"}),
        token(status_list={"bits": 2, "lst": "another"}),
        token(status_list=7),
        token() + b" ",
        b"\xff",
        canonical_bytes({**LIST, "list": "another"}),
    ],
)
def test_nothing_goes_with_a_list(content: bytes) -> None:
    with pytest.raises(Refused):
        released_list(content)

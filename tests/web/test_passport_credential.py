"""The public view as a W3C Verifiable Credential: signed with its version and released."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.neighbours import GTIN, SERIALS, Neighbours, neighbours

from saltbridge.border.passport_credential import credential_in
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.ports import World
from saltbridge.services.log_audit import audit
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.verify import (
    Outcome,
    Verification,
    VerifyRequest,
    anchors_of,
    status_lists_of,
    verify,
)
from saltbridge.trust import signature
from saltbridge.trust.did import parse_did_document
from saltbridge.web.app import create_app

PATH = f"/01/{GTIN}/21/{SERIALS[0]}"
VC = "application/vc+jwt"
CHANGE = {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}}


@pytest.fixture(scope="module")
def town(examples: Path) -> Neighbours:
    return neighbours(examples)


@pytest.fixture(scope="module")
def world(town: Neighbours) -> World:
    cars = replace(town["carmaker"], settings={"passport_credential": True})
    new_version(cars, VersionRequest(passport=SERIALS[0], facts=CHANGE, reason="weighed"))
    return cars


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return TestClient(create_app(world), base_url=world.node.base_url)


def verified(world: World, token: str) -> dict[str, Any]:
    """The payload, by the issuer's own published key."""
    document = parse_did_document(world.keyring.did_document())
    key_id = signature.open_jws(token).header["kid"]
    (key,) = (k for k in document.keys if k.id == key_id)
    payload = signature.verify(token, jwk=key.jwk, key_id=key_id, typ="vc+jwt")
    told: dict[str, Any] = read_json(payload)
    return told


def test_it_says_what_the_released_view_says(world: World, client: TestClient) -> None:
    answer = client.get(PATH, headers={"Accept": VC})
    assert (answer.status_code, answer.headers["content-type"]) == (200, VC)
    told = verified(world, answer.text)
    view = client.get(PATH, headers={"Accept": "application/json"})
    subject = told["credentialSubject"]
    assert canonical_bytes(subject["batteryPassport"]) == view.content
    assert subject["id"] == view.json()["product_id"]
    assert told["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert told["type"][0] == "VerifiableCredential"
    assert (told["issuer"], told["validFrom"]) == (world.node.did, view.json()["issued_at"])
    assert set(told["status"]["status_list"]) == {"idx", "uri"}
    assert client.get(f"{PATH}?format=vc").content == answer.content
    assert VC in client.get(f"{PATH}?format=linkset").text
    found = [f.code for f in audit(world).findings if f.arguments.get("kind") != "delivery"]
    assert found == []


def test_where_none_was_made_none_is_offered(client: TestClient) -> None:
    other = f"/01/{GTIN}/21/{SERIALS[1]}"  # its version is from before the setting
    assert client.get(other, headers={"Accept": VC}).status_code == 406
    page = client.get(f"{other}?format=vc", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(note="more"),
        lambda told: told["credentialSubject"].update(note="more"),
        lambda told: told["credentialSubject"].update(id="https://elsewhere.example"),
        lambda told: told.update(issuer="did:web:elsewhere.example"),
        lambda told: told["status"].update(note="more"),
        lambda told: told["@context"].append("https://elsewhere.example/context"),
        lambda told: told["credentialSubject"].pop("batteryPassport"),
    ],
)
def test_the_border_room_lets_nothing_more_through(client: TestClient, change: Any) -> None:
    token = client.get(PATH, headers={"Accept": VC}).content
    view = client.get(PATH, headers={"Accept": "application/json"}).content
    assert credential_in(token) == view
    head, _, sealed = token.decode().split(".")
    told = read_json(signature.open_jws(token.decode()).payload)
    change(told)
    altered = signature.base64url(canonical_bytes(told))
    assert credential_in(f"{head}.{altered}.{sealed}".encode()) is None
    spaced = signature.base64url(signature.open_jws(token.decode()).payload + b" ")
    assert credential_in(f"{head}.{spaced}.{sealed}".encode()) is None


def checked(world: World, content: bytes, **more: Any) -> Verification:
    """The checks of a credential somebody saved, with this node's keys and lists."""
    asked = {"anchors": anchors_of(world), "status_lists": status_lists_of(world), **more}
    result = verify(VerifyRequest(content, "saved.jwt", world.clock.now(), **asked))
    for check in result.checks:
        for language in LANGUAGES:
            assert has_text(f"verify.check.{check.name}", language)
            assert has_text(check.code, language), check.code
    return result


@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_saved_credential_is_checked_offline(
    world: World, client: TestClient, encoding: str
) -> None:
    token = client.get(PATH, headers={"Accept": VC}).text
    result = checked(world, f"{token}\n".encode(encoding))
    outcomes = {c.name: c.outcome for c in result.checks}
    assert Outcome.FAILED not in outcomes.values(), result.checks
    assert outcomes["signature"] is outcomes["status"] is outcomes["address"] is Outcome.PASSED
    assert (result.claim_type, result.issuer) == ("passport-credential", world.node.did)
    assert {c.code for c in result.checks if c.outcome is Outcome.OPEN} == {
        "verify.log-credential"  # what it cannot show it does not claim
    }


def test_a_saved_credential_that_was_changed_or_of_a_later_day_fails(
    world: World, client: TestClient
) -> None:
    token = client.get(PATH, headers={"Accept": VC}).text
    head, payload, sealed = token.split(".")
    told = read_json(signature.open_jws(token).payload)
    told["credentialSubject"]["batteryPassport"]["serial"] = "OTHER"
    other = f"{head}.{signature.base64url(canonical_bytes(told))}.{sealed}"
    wrong_seal = f"{head}.{payload}.{'A' * len(sealed)}"
    for saved, failing in ((other, "signature"), (wrong_seal, "signature")):
        failed = [c.name for c in checked(world, saved.encode()).checks if _fails(c)]
        assert failed == [failing]
    del told["status"]
    without = f"{head}.{signature.base64url(canonical_bytes(told))}.{sealed}"
    assert [c.code for c in checked(world, without.encode()).checks if _fails(c)] == [
        "verify.credential-other"
    ]
    scanned = checked(world, token.encode(), scanned="https://elsewhere.example/01/1/21/2")
    assert [c.name for c in scanned.checks if _fails(c)] == ["address"]
    with pytest.raises(FaultyInput) as fault:
        checked(world, token.encode(), anchors={})
    assert [f.code for f in fault.value.findings] == ["verify.no-keys"]


def _fails(check: Any) -> bool:
    return bool(check.outcome is Outcome.FAILED)

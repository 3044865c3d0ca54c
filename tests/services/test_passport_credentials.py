"""A dismantler's credential decides access: a trusted issuer, its own, in time, not revoked."""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import SaltbridgeError
from saltbridge.passport.grants import Grant
from saltbridge.ports import HttpAnswer, Partner, World
from saltbridge.services.passport_credentials import (
    distrust_issuer,
    present,
    trust_issuer,
    trusted_issuers,
)
from saltbridge.services.passport_grants import (
    GrantRequest,
    end_everything,
    grant,
    listed_grants,
    revoke,
)
from saltbridge.testing.builders import (
    NOON,
    BuiltKeyring,
    memory_world,
    node_profile,
    partner_of,
)
from saltbridge.testing.peers import InProcessHttp
from saltbridge.testing.people import SYSTEM
from saltbridge.trust import signature
from saltbridge.trust.self_issued import self_issued_token
from saltbridge.trust.spelling import base64url
from saltbridge.web.app import create_app

LIST = "https://issuer.example/status/1"
OTHER = BuiltKeyring("did:web:other.example")


def signed(keyring: BuiltKeyring, members: Any, typ: str = "JWT") -> str:
    """A JWT of these members, as an issuer signs one."""
    signer = keyring.signer()
    unsigned = signature.prepare(
        canonical_bytes(members), key_id=signer.key_id, suite=signer.suite, typ=typ
    )
    return signature.assemble(unsigned, signer.sign(unsigned.signing_input))


@dataclass
class Office:
    """A test issuer with its status list, and a node that trusts it."""

    world: World
    holder: Partner
    keyring: BuiltKeyring
    revoked: set[int] = field(default_factory=set)
    lists: Callable[[], HttpAnswer] | None = None

    def subject(self, **changes: Any) -> dict[str, Any]:
        return {
            "id": self.holder.did,
            "holderIdentifier": self.holder.bpn,
            "activityType": "vehicleDismantle",
            "allowedVehicleBrands": ["Isar", "Other"],
            **changes,
        }

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "id": "urn:uuid:credential-1",
            "type": ["VerifiableCredential", "DismantlerCredential"],
            "issuer": self.keyring.did,
            "issuanceDate": "2026-11-01T00:00:00Z",
            "expirationDate": "2027-02-01T12:00:00Z",
            "credentialStatus": {
                "id": f"{LIST}#7",
                "type": "StatusList2021Entry",
                "statusPurpose": "revocation",
                "statusListIndex": "7",
                "statusListCredential": LIST,
            },
            "credentialSubject": self.subject(),
            **changes,
        }

    def jwt(self, **changes: Any) -> str:
        body = self.body(**changes)
        members = {
            "iss": self.keyring.did,
            "sub": body["credentialSubject"]["id"],
            "vc": body,
            "exp": int(datetime(2027, 2, 1, 12, tzinfo=UTC).timestamp()),
        }
        return signed(self.keyring, members)

    def status_list(self) -> HttpAnswer:
        bits = bytearray(16_384)
        for index in self.revoked:
            bits[index // 8] |= 0x80 >> index % 8
        body = self.body(
            type=["VerifiableCredential", "StatusList2021Credential"],
            credentialSubject={
                "id": f"{LIST}#list",
                "type": "StatusList2021",
                "statusPurpose": "revocation",
                "encodedList": base64url(gzip.compress(bytes(bits))),
            },
        )
        return HttpAnswer(200, {}, signed(self.keyring, body, "vc+jwt").encode())

    def code_of(self, jwt: str) -> str:
        with pytest.raises(SaltbridgeError) as told:
            present(self.world, self.holder, jwt)
        return told.value.findings[0].code


@pytest.fixture
def office() -> Office:
    holder = node_profile("dismantler", jurisdiction="EU", port=8105)
    node = node_profile("carmaker", jurisdiction="EU", port=8103)
    node = replace(node, partners=(partner_of(holder),))
    issuer = BuiltKeyring("did:web:issuer.example")
    documents = {
        holder.did: BuiltKeyring(holder.did).did_document(),
        issuer.did: issuer.did_document(),
    }
    http = InProcessHttp()
    world = replace(
        memory_world(node, did_documents=documents),
        http=http,
        settings={"passport_access": {"vehicle_brands": ["isar"]}},
    )
    made = Office(world, partner_of(holder), issuer)

    def answer(method: str, url: str) -> HttpAnswer | None:
        if url != LIST:
            return None
        return made.lists() if made.lists else made.status_list()

    http.before = answer
    trust_issuer(world, SYSTEM, issuer.did)
    return made


def test_it_opens_what_the_policy_opens_for_a_recycler_until_it_ends(office: Office) -> None:
    made = present(office.world, office.holder, office.jwt()).grant
    assert (made.interest, made.points, made.purpose) == ("recycler", (2,), "dismantling")
    assert made.until == "2027-01-31"  # the last whole day on which it holds
    assert made.grantee.id == office.holder.did and made.granted_by == office.keyring.did
    (evidence,) = made.evidence
    assert evidence["kind"] == "dismantler-credential"
    assert evidence["digest"].startswith("sha256:")


def test_presented_again_it_gives_the_same_grant(office: Office) -> None:
    jwt = office.jwt()
    first = present(office.world, office.holder, jwt).grant
    assert present(office.world, office.holder, jwt).grant == first
    revoke(office.world, SYSTEM, first.id, "misused")
    assert office.code_of(jwt) == "access.credential-revoked"


def test_the_body_alone_as_a_payload_is_read_too(office: Office) -> None:
    jwt = signed(office.keyring, office.body(), "vc+jwt")
    assert present(office.world, office.holder, jwt).grant.interest == "recycler"


def test_it_has_the_members_of_the_published_schema(office: Office, shared: Path) -> None:
    folder = shared / "standards" / "cx-credentials"
    schema = json.loads((folder / "dismantler-credential.schema.json").read_text("utf-8"))
    body = office.body()
    assert set(schema["required"]) == set(body)
    subject = schema["properties"]["credentialSubject"]
    assert set(subject["required"]) == set(subject["properties"]) == set(office.subject())
    status = schema["properties"]["credentialStatus"]["properties"]
    assert set(status) == set(body["credentialStatus"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": ["VerifiableCredential", "MembershipCredential"]}, "access.credential-type"),
        ({"type": "DismantlerCredential"}, "trust.malformed"),
        ({"expirationDate": "2026-11-23T11:59:59Z"}, "trust.token-expired"),
        ({"expirationDate": "2027-02-01"}, "trust.malformed"),
        ({"issuanceDate": "2026-11-24T00:00:00Z"}, "access.credential-time"),
        ({"issuer": "did:web:other.example"}, "trust.token-issuer"),
        ({"credentialStatus": {}}, "access.credential-status"),
        ({"credentialStatus": "none"}, "trust.malformed"),
    ],
)
def test_a_credential_that_is_not_as_it_must_be_opens_nothing(
    office: Office, changes: dict[str, Any], code: str
) -> None:
    assert office.code_of(office.jwt(**changes)) == code
    assert listed_grants(office.world, SYSTEM) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": "did:web:somebody.example"}, "access.credential-holder"),
        ({"holderIdentifier": "BPNL00000000ELSE"}, "access.credential-holder"),
        ({"activityType": "vehicleScrap"}, "access.credential-activity"),
        ({"allowedVehicleBrands": ["Nobody"]}, "access.credential-brands"),
        ({"allowedVehicleBrands": "isar"}, "access.credential-brands"),
        ({"allowedVehicleBrands": []}, "access.credential-brands"),
    ],
)
def test_a_credential_of_somebody_else_or_for_something_else_opens_nothing(
    office: Office, changes: dict[str, Any], code: str
) -> None:
    assert office.code_of(office.jwt(credentialSubject=office.subject(**changes))) == code


def test_without_brands_in_the_settings_no_credential_decides(office: Office) -> None:
    office.world = replace(office.world, settings={})
    assert office.code_of(office.jwt()) == "access.credential-brands"


def test_of_another_issuer_or_with_another_key_it_counts_for_nothing(office: Office) -> None:
    foreign = replace(office, keyring=OTHER)
    assert office.code_of(foreign.jwt()) == "access.issuer-unknown"
    claims = {"iss": office.keyring.did, "vc": office.body(), "exp": 1_900_000_000}
    forged = signed(OTHER, claims)
    assert office.code_of(forged) == "trust.key-unknown"
    head, _, tail = office.jwt().rpartition(".")
    assert office.code_of(f"{head}.{'A' * len(tail)}") == "trust.signature-wrong"
    assert office.code_of("not a jwt") == "trust.malformed"
    assert office.code_of("a.b." + "c" * 200_000) == "trust.malformed"


def test_revoked_or_untold_it_opens_nothing(office: Office) -> None:
    office.revoked = {7}
    assert office.code_of(office.jwt()) == "access.credential-revoked"
    office.revoked = {6, 8}  # its neighbours in the list
    assert present(office.world, office.holder, office.jwt()).grant.holds(NOON.date(), 1)


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(404, {}, b""),
        HttpAnswer(200, {}, b"no list"),
        HttpAnswer(200, {}, b"\xff\xfe"),
    ],
)
def test_where_the_list_cannot_be_read_it_opens_nothing(
    office: Office, answer: HttpAnswer
) -> None:
    office.lists = lambda: answer
    assert office.code_of(office.jwt()) in ("access.credential-status", "trust.malformed")


def test_a_list_of_another_issuer_a_bomb_or_another_purpose_counts_for_nothing(
    office: Office,
) -> None:
    def answered(keyring: BuiltKeyring, **subject: Any) -> HttpAnswer:
        told = {"id": "x", "statusPurpose": "revocation", **subject}
        body = office.body(credentialSubject=told, issuer=keyring.did)
        return HttpAnswer(200, {}, signed(keyring, body, "vc+jwt").encode())

    empty = base64url(gzip.compress(bytes(64)))
    bomb = base64url(gzip.compress(bytes(5_000_000)))
    for answer, code in (
        (answered(OTHER, encodedList=empty), "trust.key-unknown"),
        (answered(office.keyring, encodedList=bomb), "access.credential-status"),
        (answered(office.keyring, encodedList="?"), "access.credential-status"),
        (
            answered(office.keyring, encodedList=empty, statusPurpose="message"),
            "access.credential-status",
        ),
        (
            answered(office.keyring, encodedList=base64url(gzip.compress(b""))),
            "trust.status-place",
        ),
    ):
        office.lists = lambda told=answer: told  # type: ignore[misc]
        assert office.code_of(office.jwt()) == code


def holding(world: World) -> list[Grant]:
    return [g for g, holds in listed_grants(world, SYSTEM) if holds]


def test_an_issuer_no_longer_trusted_takes_its_grants_with_it(office: Office) -> None:
    present(office.world, office.holder, office.jwt())
    assert len(holding(office.world)) == 1
    assert distrust_issuer(office.world, SYSTEM, office.keyring.did) == 1
    assert holding(office.world) == []
    assert office.code_of(office.jwt()) == "access.issuer-unknown"
    assert [i.holds for i in trusted_issuers(office.world, SYSTEM)] == [False]


def test_after_an_emergency_the_issuer_has_to_be_trusted_anew(office: Office) -> None:
    present(office.world, office.holder, office.jwt())
    end_everything(office.world, SYSTEM, "the issuer's key was stolen")
    assert holding(office.world) == []
    assert office.code_of(office.jwt()) == "access.issuer-unknown"
    trust_issuer(office.world, SYSTEM, office.keyring.did)
    assert present(office.world, office.holder, office.jwt()).grant in holding(office.world)


def test_written_by_hand_it_is_no_evidence(office: Office) -> None:
    with pytest.raises(SaltbridgeError) as told:
        grant(
            office.world,
            SYSTEM,
            GrantRequest(
                interest="recycler",
                code_for="x",
                evidence=[{"kind": "dismantler-credential", "seen": "they said so"}],
            ),
        )
    assert "access.credential-by-hand" in [f.code for f in told.value.findings]


def test_a_partner_presents_it_over_http(office: Office) -> None:
    from starlette.testclient import TestClient

    def token(jti: str) -> dict[str, str]:
        bearer = self_issued_token(
            caller=office.holder.did,
            called=office.world.node.did,
            jti=jti,
            now=NOON,
            signer=BuiltKeyring(office.holder.did).signer(),
            life=timedelta(minutes=1),
        )
        return {"Authorization": f"Bearer {bearer}"}

    with TestClient(create_app(office.world), base_url=office.world.node.base_url) as client:
        path = "/passport-access/credentials"
        given = client.post(path, headers=token("1"), content=office.jwt())
        assert given.status_code == 201 and given.json()["until"] == "2027-01-31"
        office.revoked = {7}
        refused = client.post(path, headers=token("2"), content=office.jwt())
        assert (refused.status_code, refused.json()["code"]) == (
            403,
            "access.credential-revoked",
        )
        assert client.post(path, content=office.jwt()).status_code == 401
        assert client.post(path, headers=token("2"), content="x").status_code == 401  # used up
        large = client.post(path, headers=token("3"), content="x" * 200_000)
        assert large.status_code == 413

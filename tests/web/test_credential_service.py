"""The credential service: who may ask, who may deliver, and that nobody else learns a thing."""

from pathlib import Path
from typing import Any

import pytest
from tests.dataspace import Dataspace, become_member, dataspace

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats import dcp
from saltbridge.ports import HttpAnswer, World
from saltbridge.services.own_credentials import (
    import_credential,
    missing_by_record,
    request_credentials,
    request_status,
    state,
)
from saltbridge.steps.identity import access_for, sign_in_token
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.testing.issuer_state import revoke
from saltbridge.trust.access_token import access_token
from saltbridge.trust.did import parse_did_document
from saltbridge.trust.presentation import open_presentation
from saltbridge.trust.self_issued import self_issued_token
from saltbridge.trust.suites import NotVerified

TYPE = "org.eclipse.dspace.dcp.vc.type"
MEMBERSHIP = "MembershipCredential"


@pytest.fixture
def space(tmp_path: Path) -> Dataspace:
    return dataspace(tmp_path / "issuer")


def asked(
    space: Dataspace, message: Any, *, access: str | None = None, bearer: str = ""
) -> HttpAnswer:
    """The provider queries the consumer's credential service."""
    consumer, provider = space.consumer, space.provider
    opened = access_for(consumer, provider.node.did) if access is None else access
    token = bearer or f"Bearer {sign_in_token(provider, consumer.node.did, opened)}"
    return space.http.send(
        "POST",
        f"{consumer.node.base_url}/dcp/presentations/query",
        headers={"authorization": token},
        content=message if isinstance(message, bytes) else canonical_bytes(message),
    )


def types_in(space: Dataspace, answer: HttpAnswer) -> set[str]:
    assert answer.status == 200, answer.content
    found = set()
    document = parse_did_document(space.consumer.keyring.did_document())
    for text in read_json(answer.content)["presentation"]:
        shown = open_presentation(
            text, document=document, verifier=space.provider.node.did, now=space.clock.now()
        )
        from saltbridge.trust.jwt import open_jwt

        found |= {open_jwt(jwt)[1]["vc"]["type"][1] for jwt in shown.credentials}
    return found


def query(*scopes: str) -> dict[str, Any]:
    return dcp.render_query(scopes)


# ── presentation ─────────────────────────────────────────────────────────────────────────


def test_what_is_asked_for_is_presented(space: Dataspace) -> None:
    one = asked(space, query(f"{TYPE}:{MEMBERSHIP}:read"))
    assert types_in(space, one) == {MEMBERSHIP}
    three = asked(
        space, query(*(f"{TYPE}:{t}" for t in (MEMBERSHIP, "BpnCredential", "Other")))
    )
    assert types_in(space, three) == {MEMBERSHIP, "BpnCredential"}


def test_a_credential_is_had_by_its_id(space: Dataspace) -> None:
    wanted = next(
        h.credential for h in state(space.consumer).held if h.credential.type == MEMBERSHIP
    )
    answer = asked(space, query(f"org.eclipse.dspace.dcp.vc.id:{wanted.id}"))
    assert types_in(space, answer) == {MEMBERSHIP}


def test_an_access_token_opens_what_it_names_and_no_more(space: Dataspace) -> None:
    consumer = space.consumer
    narrow = access_token(
        owner=consumer.node.did, bearer=space.provider.node.did,
        scopes=[f"{TYPE}:{MEMBERSHIP}:read"], jti="j", now=space.clock.now(),
        signer=consumer.keyring.signer(),
    )  # fmt: skip
    both = query(f"{TYPE}:{MEMBERSHIP}:read", f"{TYPE}:BpnCredential:read")
    assert types_in(space, asked(space, both, access=narrow)) == {MEMBERSHIP}
    other = asked(space, query(f"{TYPE}:BpnCredential:read"), access=narrow)
    assert types_in(space, other) == set()


def test_what_has_ended_is_not_presented(space: Dataspace) -> None:
    space.clock.advance(days=91)
    assert types_in(space, asked(space, query(f"{TYPE}:{MEMBERSHIP}:read"))) == set()


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"", 400), (b"[" * 10_000, 400), ({}, 400), (query(), 400),
        ({**query("x"), "scope": []}, 400),
        ({**query("x"), "presentationDefinition": {"id": "x"}}, 400),
        (query("other:Type:read"), 400), (query(f"{TYPE}:{MEMBERSHIP}:write"), 400),
        ({"@context": [], "type": "PresentationQueryMessage",
          "presentationDefinition": {}}, 400),
        ({"@context": [], "type": "PresentationQueryMessage",
          "presentationDefinition": {"id": "x"}}, 501),
        (b"x" * 1_000_001, 413),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_answered(space: Dataspace, message: Any, status: int) -> None:
    answer = asked(space, message)
    assert answer.status == status
    assert read_json(answer.content) == {"code": f"http.{status}"}


def test_nobody_asks_without_our_access_token(space: Dataspace) -> None:
    consumer, provider = space.consumer, space.provider
    asking = query(f"{TYPE}:{MEMBERSHIP}:read")
    for access in ("", "faketoken", access_for(consumer, space.issuer.did),
                   access_for(provider, provider.node.did)):  # fmt: skip
        answer = asked(space, asking, access=access)
        assert (answer.status, answer.content) == (401, b'{"code":"http.401"}')
    good = sign_in_token(provider, consumer.node.did, access_for(consumer, provider.node.did))
    assert asked(space, asking, bearer=good).status == 401  # without the word Bearer
    assert asked(space, asking, bearer=f"Bearer {good}").status == 200
    assert asked(space, asking, bearer=f"Bearer {good}").status == 401  # used up
    space.clock.advance(minutes=6)
    late = access_for(consumer, provider.node.did)
    space.clock.advance(minutes=5)
    assert asked(space, asking, access=late).status == 401


def test_no_did_is_resolved_for_a_stranger(space: Dataspace) -> None:
    resolved: list[str] = []
    known = space.consumer.did_resolver
    original = known.resolve
    known.resolve = lambda did: resolved.append(did) or original(did)  # type: ignore
    stranger = BuiltKeyring("did:web:10.0.0.1")
    for access in ("x", access_for(space.consumer, space.provider.node.did)):
        token = self_issued_token(
            caller=stranger.did, called=space.consumer.node.did, jti=access[:5],
            now=space.clock.now(), signer=stranger.signer(), access_token=access,
        )  # fmt: skip
        assert asked(space, query(f"{TYPE}:X"), bearer=f"Bearer {token}").status == 401
    assert resolved == []


# ── issuance ─────────────────────────────────────────────────────────────────────────────


def delivered(
    space: Dataspace, world: World, message: Any, path: str = "/credentials", **token: Any
) -> int:
    issuer = space.issuer
    how: dict[str, Any] = {
        "caller": issuer.did,
        "called": world.node.did,
        "jti": issuer.identifiers.urn_uuid(),
        "now": space.clock.now(),
        "signer": issuer.signer,
    }
    bearer = self_issued_token(**(how | token))
    return space.http.send(
        "POST",
        f"{world.node.base_url}/dcp{path}",
        headers={"authorization": f"Bearer {bearer}"},
        content=canonical_bytes(message),
    ).status


def delivery(space: Dataspace, pid: str, *types: str, **changes: Any) -> dict[str, Any]:
    made = tuple(
        dcp.CredentialContainer(
            type, space.issuer.credential(space.consumer.node.did, type), dcp.PROFILES[0]
        )
        for type in types
    )
    told = dcp.render_credentials(dcp.CredentialMessage("i-1", pid, dcp.ISSUED, made))
    return told | changes


def test_credentials_come_by_request_and_are_renewed_under_it(tmp_path: Path) -> None:
    space = dataspace(tmp_path / "issuer", members=False)
    consumer = space.consumer
    pid = request_credentials(consumer, space.issuer.did, [MEMBERSHIP])
    assert request_status(consumer, pid) == "REQUESTED"
    assert space.issuer.deliver(space.delivered.pop()) == 200
    assert request_status(consumer, pid) == "ISSUED"
    (first,) = state(consumer).held
    assert first.credential.type == MEMBERSHIP and first.fault is None
    space.clock.advance(days=1)
    assert delivered(space, consumer, delivery(space, pid, MEMBERSHIP)) == 200
    (second,) = state(consumer).held
    assert second.credential.expires > first.credential.expires
    assert state(consumer).missing == ("BpnCredential", "DataExchangeGovernanceCredential")


def test_what_was_not_asked_for_is_not_kept(space: Dataspace) -> None:
    for pid in ("urn:uuid:other", "x"):
        assert delivered(space, space.consumer, delivery(space, pid, MEMBERSHIP)) == 400
    assert delivered(space, space.consumer, delivery(space, "", MEMBERSHIP)) == 400


def test_a_delivery_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    space = dataspace(tmp_path / "issuer", members=False)
    pid = request_credentials(space.consumer, space.issuer.did)
    message = delivery(space, pid, MEMBERSHIP, "BpnCredential")
    message["credentials"][1]["payload"] = space.issuer.credential(
        space.provider.node.did, "BpnCredential"
    )  # another's
    assert delivered(space, space.consumer, message) == 401
    message["credentials"][1]["payload"] = "no.jwt.x"
    assert delivered(space, space.consumer, message) == 401
    mislabelled = delivery(space, pid, MEMBERSHIP)
    mislabelled["credentials"][0]["credentialType"] = "BpnCredential"
    assert delivered(space, space.consumer, mislabelled) == 400
    assert state(space.consumer).held == ()
    assert request_status(space.consumer, pid) == "REQUESTED"


@pytest.mark.parametrize("path", ["/credentials", "/offers"])
def test_only_a_trusted_issuer_with_its_own_token_delivers(space: Dataspace, path: str) -> None:
    stranger = BuiltKeyring("did:web:10.0.0.1").signer()
    consumer = space.consumer
    message = dcp.render_offer(space.issuer.did, [dcp.CredentialObject("x")])
    if path == "/credentials":
        message = delivery(space, "p", MEMBERSHIP)
    for token in (
        {"caller": "did:web:10.0.0.1", "signer": stranger},
        {"called": space.provider.node.did},
        {"signer": stranger},
    ):
        assert delivered(space, consumer, message, path, **token) == 401
    once = {"jti": "one"}
    first = delivered(space, consumer, message, path, **once)
    assert first in (200, 400)
    assert delivered(space, consumer, message, path, **once) == 401


def test_an_issuer_rejects_and_a_person_sees_it(tmp_path: Path) -> None:
    space = dataspace(tmp_path / "issuer", members=False)
    pid = request_credentials(space.consumer, space.issuer.did)
    refusal = dcp.CredentialMessage("i", pid, dcp.REJECTED, (), "not admitted yet")
    assert delivered(space, space.consumer, dcp.render_credentials(refusal)) == 200
    (request,) = state(space.consumer).requests
    assert (request["status"], request["reason"]) == ("REJECTED", "not admitted yet")


def test_an_offer_is_kept_for_a_person(space: Dataspace) -> None:
    assert space.issuer.offer(space.consumer.node.did) == 200
    (offer,) = state(space.consumer).offers
    assert offer["issuer"] == space.issuer.did
    assert {c["type"] for c in offer["credentials"]} >= {MEMBERSHIP}
    foreign = dcp.render_offer("did:web:other", [dcp.CredentialObject("x")])
    assert delivered(space, space.consumer, foreign, "/offers") == 400


def test_a_request_goes_to_a_trusted_issuer_only_and_for_what_it_offers(
    space: Dataspace,
) -> None:
    with pytest.raises(FaultyInput) as fault:
        request_credentials(space.consumer, "did:web:other.example")
    assert fault.value.findings[0].code == "identity.issuer-untrusted"
    with pytest.raises(FaultyInput) as fault:
        request_credentials(space.consumer, space.issuer.did, ["Unknown"])
    assert fault.value.findings[0].code == "identity.issuer-offers-not"


def test_an_issuer_gives_nothing_to_a_stranger(tmp_path: Path) -> None:
    space = dataspace(tmp_path / "issuer", members=False)
    from saltbridge.testing.issuer_state import read_state, write_state

    kept = read_state(space.issuer.folder)
    kept.members.clear()
    write_state(space.issuer.folder, kept)
    with pytest.raises(Refused) as fault:
        request_credentials(space.consumer, space.issuer.did)
    assert fault.value.findings[0].code == "identity.request-refused"
    (request,) = state(space.consumer).requests
    assert request["status"] == "REJECTED"


# ── by hand ──────────────────────────────────────────────────────────────────────────────


def test_a_credential_is_taken_in_from_a_file_if_it_is_our_own(tmp_path: Path) -> None:
    space = dataspace(tmp_path / "issuer", members=False)
    mine = space.issuer.credential(space.consumer.node.did, MEMBERSHIP)
    assert import_credential(space.consumer, mine + "\n", "m.jwt").type == MEMBERSHIP
    theirs = space.issuer.credential(space.provider.node.did, MEMBERSHIP)
    for jwt, code in (
        (theirs, "identity.credential-holder"),
        (mine[:-4] + "AAAA", "trust.signature-wrong"),
        ("hello", "trust.malformed"),
    ):
        with pytest.raises(NotVerified) as fault:
            import_credential(space.consumer, jwt, "m.jwt")
        assert fault.value.findings[0].code == code


def test_the_state_names_what_no_longer_holds(space: Dataspace) -> None:
    assert state(space.consumer).missing == ()
    revoke(space.issuer.folder, space.consumer.node.did, MEMBERSHIP)
    space.clock.advance(minutes=3)
    found = state(space.consumer)
    assert found.missing == (MEMBERSHIP,)
    (revoked,) = [h for h in found.held if h.fault is not None]
    assert revoked.fault is not None
    assert revoked.fault.code == "identity.credential-revoked"


def test_what_ends_soon_is_told_before_it_ends(space: Dataspace) -> None:
    assert not any(h.ends_soon for h in state(space.consumer).held)
    space.clock.advance(days=77)
    assert all(h.ends_soon and h.fault is None for h in state(space.consumer).held)
    assert missing_by_record(space.consumer) == ()
    space.clock.advance(days=14)
    assert len(missing_by_record(space.consumer)) == 3


def test_a_request_is_renewed_by_asking_again(space: Dataspace) -> None:
    space.clock.advance(days=91)
    assert len(state(space.consumer).missing) == 3
    become_member(space, space.consumer)
    assert state(space.consumer).missing == ()

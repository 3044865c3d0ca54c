"""Callers known by credentials: what they show, what is remembered, what refuses them."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.dataspace import ISSUER_URL, Dataspace, become_member, dataspace

from saltbridge.adapters.stores.memory import MemoryStore
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.formats import dcp
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.ports import HttpAnswer
from saltbridge.services.sign_in import known_caller
from saltbridge.steps.credential_check import genuine_credential
from saltbridge.steps.identity import sign_in_token, token_for
from saltbridge.steps.own_credentials import KIND
from saltbridge.steps.standing import lost_by
from saltbridge.testing import issuer
from saltbridge.testing.builders import BuiltKeyring, FixedClock
from saltbridge.testing.issuer import PLACES, TestIssuer
from saltbridge.testing.issuer_state import read_state, revoke, write_state
from saltbridge.trust import signature
from saltbridge.trust.jwt import MAX_CHARACTERS
from saltbridge.trust.presentation import sign_presentation
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verifiable_credential import PROFILE_1_1, PROFILE_2_0

MEMBERSHIP, BPN = "MembershipCredential", "BpnCredential"
GOVERNANCE = "DataExchangeGovernanceCredential"
QUERY = "/presentations/query"


@pytest.fixture
def space(tmp_path: Path) -> Dataspace:
    return dataspace(tmp_path / "issuer")


def presents(space: Dataspace, *jwts: str, **changes: Any) -> None:
    """From now on the consumer's credential service answers with these credentials."""
    consumer = space.consumer
    how: dict[str, Any] = {
        "profile": PROFILE_1_1,
        "holder": consumer.node.did,
        "verifier": space.provider.node.did,
        "jti": "p-1",
        "now": space.clock.now(),
        "signer": consumer.keyring.signer(),
    }
    text = sign_presentation(jwts, **(how | changes))
    body = canonical_bytes(dcp.render_response([text]))
    answers(space, lambda: HttpAnswer(200, {}, body))


def answers(space: Dataspace, answer: Any, where: str = QUERY) -> None:
    space.http.before = lambda method, url: answer() if url.endswith(where) else None


def issued(space: Dataspace, kind: str, **changes: Any) -> str:
    """A credential of the issuer for the consumer, its body changed before it is signed."""

    class Forger(TestIssuer):
        __test__ = False

        def _signed(self, body: dict[str, Any], *rest: Any, **how: Any) -> str:
            subject = {**body["credentialSubject"], **changes.pop("subject", {})}
            told = {**body, "credentialSubject": subject, **changes}
            body = {name: value for name, value in told.items() if value is not None}
            how = {**how, "subject": body["credentialSubject"]["id"]}
            return super()._signed(body, *rest, **how)

    i = space.issuer
    forger = Forger(i.folder, i.clock, i.identifiers, i.http, i.resolver)
    return forger.credential(space.consumer.node.did, kind)


def all_three(space: Dataspace, **changes: Mapping[str, Any]) -> list[str]:
    return [issued(space, t, **changes.get(t, {})) for t in (MEMBERSHIP, BPN, GOVERNANCE)]


def refused(space: Dataspace, token: str = "", status: int = 404) -> str:
    answer = space.catalogue(token)
    assert answer.status == status
    code = space.refusal()
    # The caller learns nothing of it, and a reader is told in every language what to do.
    assert code.encode() not in answer.content and b"identity" not in answer.content
    for language in LANGUAGES:
        assert has_text(code, language) and has_text(f"{code}.remedy", language)
    return code


# ── let in ───────────────────────────────────────────────────────────────────────────────


def test_a_member_is_let_in_and_what_it_holds_is_known(space: Dataspace) -> None:
    assert space.catalogue().status == 200
    caller = known_caller(space.provider, token_for(space.consumer, space.to_provider))
    assert caller.held is not None and caller.held.is_member
    assert caller.held.bpn == space.consumer.node.bpn
    assert caller.held.frameworks == {"DataExchangeGovernance:1.0"}


def test_it_is_asked_once_while_that_stands(space: Dataspace) -> None:
    for _ in range(3):
        assert space.catalogue().status == 200
    assert space.said(QUERY) == 1
    space.clock.advance(seconds=121)
    assert space.catalogue().status == 200
    assert space.said(QUERY) == 2


def test_credentials_of_both_profiles_are_presented_apart(space: Dataspace) -> None:
    modern = space.issuer.credential(space.consumer.node.did, MEMBERSHIP, PROFILE_2_0)
    from saltbridge.services.own_credentials import import_credential

    import_credential(space.consumer, modern, "membership.jwt")
    assert space.catalogue().status == 200
    (response,) = [
        document for _, document in space.http.said
        if document.get("type") == "PresentationResponseMessage"
    ]  # fmt: skip
    assert len(response["presentation"]) == 2
    caller = known_caller(space.provider, token_for(space.consumer, space.to_provider))
    assert caller.held is not None and caller.held.is_member


def test_more_than_was_asked_for_does_no_harm(space: Dataspace) -> None:
    presents(space, *all_three(space), issued(space, MEMBERSHIP))
    assert space.catalogue().status == 200


def test_the_version_document_says_how_callers_sign_in(space: Dataspace) -> None:
    url = f"{space.provider.node.base_url}/.well-known/dspace-version"
    told = read_json(space.http.send("GET", url).content)["protocolVersions"][0]["auth"]
    assert told == {"protocol": "DCP", "version": "1.0", "profile": ["vc11-sl2021/jwt"]}


# ── the token ────────────────────────────────────────────────────────────────────────────


def test_a_token_without_an_access_token_is_refused(space: Dataspace) -> None:
    assert space.catalogue().status == 200  # even while the last presentation stands
    token = sign_in_token(space.consumer, space.provider.node.did)
    assert refused(space, token) == "identity.no-access-token"


def test_a_token_is_good_once_also_after_a_restart(space: Dataspace) -> None:
    token = token_for(space.consumer, space.to_provider)
    assert space.catalogue(token).status == 200
    restarted = replace(space.provider, kept=type(space.provider.kept)())
    with pytest.raises(Exception) as fault:
        known_caller(restarted, token)
    assert fault.value.findings[0].code == "trust.token-replayed"  # type: ignore[attr-defined]
    assert refused(space, token) == "trust.token-replayed"


def test_a_token_for_another_or_too_old_is_refused(space: Dataspace) -> None:
    foreign = sign_in_token(space.consumer, space.issuer.did, "x")
    assert refused(space, foreign) == "trust.token-audience"
    old = token_for(space.consumer, space.to_provider)
    space.clock.advance(minutes=10)
    assert refused(space, old) == "trust.token-expired"


def test_an_access_token_of_somebody_else_opens_nothing(space: Dataspace) -> None:
    for access in ("faketoken", token_for(space.provider, space.to_consumer)):
        space.clock.advance(minutes=2)
        token = sign_in_token(space.consumer, space.provider.node.did, access)
        assert refused(space, token) == "identity.query-refused"


def test_a_stranger_is_refused_before_anything_is_fetched(space: Dataspace) -> None:
    stranger = BuiltKeyring("did:web:evil.example%3A22:admin")
    from saltbridge.trust.self_issued import self_issued_token

    token = self_issued_token(
        caller=stranger.did, called=space.provider.node.did, jti="j",
        now=space.clock.now(), signer=stranger.signer(), access_token="x",
    )  # fmt: skip
    space.http.said.clear()
    assert space.catalogue(token).status == 404
    assert space.all(space.provider, "sign-in-refused") == []
    assert [d for d, _ in space.http.said if "catalog" not in d and d != "answer"] == []


# ── the presentation ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_every_credential_of_the_dataspace_has_to_be_there(
    space: Dataspace, missing: int
) -> None:
    shown = all_three(space)
    presents(space, *(jwt for place, jwt in enumerate(shown) if place != missing))
    assert refused(space) == "identity.credentials-missing"


def test_nothing_presented_is_too_little(space: Dataspace) -> None:
    presents(space)
    assert refused(space) == "identity.credentials-missing"
    space.clock.advance(minutes=2)
    empty = canonical_bytes({**dcp.render_response(["x"]), "presentation": []})
    answers(space, lambda: HttpAnswer(200, {}, empty))
    assert refused(space) == "identity.credentials-missing"
    space.clock.advance(minutes=2)
    answers(space, lambda: HttpAnswer(200, {}, b'{"presentation":{}}'))
    assert refused(space) == "identity.response-faulty"


def test_a_presentation_for_another_or_by_another_is_refused(space: Dataspace) -> None:
    shown = all_three(space)
    presents(space, *shown, verifier=space.issuer.did)
    assert refused(space) == "trust.token-audience"
    thief = BuiltKeyring("did:web:thief.example").signer()
    space.clock.advance(minutes=2)
    presents(space, *shown, signer=thief)
    assert refused(space) == "trust.key-unknown"
    thief.key_id = space.consumer.keyring.signer().key_id
    space.clock.advance(minutes=2)
    presents(space, *shown, signer=thief)
    assert refused(space) == "trust.signature-wrong"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expirationDate": "2026-11-01T00:00:00Z"}, "identity.credential-expired"),
        ({"issuanceDate": "2026-12-01T00:00:00Z"}, "identity.credential-time"),
        ({"subject": {"id": "did:web:other.example"}}, "identity.credential-holder"),
        ({"subject": {"memberOf": None}}, "identity.schema-violated"),
        ({"subject": {"memberOf": 7}}, "identity.schema-violated"),
        ({"credentialStatus": None}, "identity.schema-violated"),
        ({"expirationDate": "soon"}, "trust.malformed"),
        ({"type": [MEMBERSHIP]}, "trust.malformed"),
        ({"issuer": "did:web:other.example"}, "trust.token-issuer"),
        ({"credentialStatus": {"type": "Unknown"}}, "identity.status-unknown"),
        ({"credentialSchema": {"id": "https://s.example/x"}}, "trust.malformed"),
    ],
)
def test_a_membership_that_does_not_hold_is_none(
    space: Dataspace, changes: dict[str, Any], code: str
) -> None:
    presents(space, *all_three(space, **{MEMBERSHIP: changes}))
    assert refused(space) == code


def test_the_number_of_another_company_is_refused(space: Dataspace) -> None:
    other = {"subject": {"bpn": "BPNL000000000XXX"}}
    presents(space, *all_three(space, **{BPN: other}))
    assert refused(space) == "identity.bpn-differs"
    space.clock.advance(minutes=2)
    lent = {"subject": {"holderIdentifier": "BPNL000000000XXX"}}
    presents(space, *all_three(space, **{GOVERNANCE: lent}))
    assert refused(space) == "identity.bpn-differs"


def test_an_issuer_that_is_not_believed_counts_for_nothing(tmp_path: Path) -> None:
    space = dataspace(tmp_path / "issuer")
    space.catalogue()
    trusted = {"trusted_issuers": {space.issuer.did: [MEMBERSHIP, BPN]}}
    settings = {**space.provider.settings, "credentials": trusted}
    provider = replace(space.provider, settings=settings, kept=type(space.provider.kept)())
    with pytest.raises(Exception) as fault:  # though its last presentation is still kept
        known_caller(provider, token_for(space.consumer, space.to_provider))
    assert fault.value.findings[0].code == "identity.issuer-untrusted"  # type: ignore[attr-defined]


def test_a_self_made_credential_counts_for_nothing(space: Dataspace) -> None:
    members = {
        "iss": space.consumer.node.did,
        "vc": {"type": ["VerifiableCredential", MEMBERSHIP]},
    }
    signer = space.consumer.keyring.signer()
    unsigned = signature.prepare(
        canonical_bytes(members), key_id=signer.key_id, suite="ES256", typ="JWT"
    )
    own = signature.assemble(unsigned, signer.sign(unsigned.signing_input))
    presents(space, own)
    assert refused(space) == "identity.issuer-untrusted"


def test_a_credential_of_another_dataspace_does_no_harm(space: Dataspace) -> None:
    other = BuiltKeyring("did:web:issuer-of-another-dataspace.example")
    body = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential", MEMBERSHIP],
        "credentialSubject": {"id": space.consumer.node.did, "memberOf": "Elsewhere"},
    }
    members = {"iss": other.did, "vc": body, "exp": 1 << 33}
    unsigned = signature.prepare(
        canonical_bytes(members), key_id=other.signer().key_id, suite="ES256", typ="JWT"
    )
    foreign = signature.assemble(unsigned, other.signer().sign(unsigned.signing_input))
    presents(space, foreign, *all_three(space))
    assert space.catalogue().status == 200
    (held,) = space.all(space.provider, "held-credentials")
    assert {c["issuer"] for c in held["credentials"]} == {space.issuer.did}
    space.clock.advance(minutes=3)
    presents(space, foreign, *all_three(space)[1:])
    assert refused(space) == "identity.issuer-untrusted"
    (record,) = space.all(space.provider, "sign-in-refused")
    assert record["findings"][-1]["code"] == "identity.credentials-missing"


def test_a_rotated_key_of_the_issuer_leaves_its_credentials_good(space: Dataspace) -> None:
    documents = space.provider.did_resolver.documents  # type: ignore[attr-defined]
    whole = space.issuer.did_document()
    space.clock.advance(days=1)

    def marked(member: str, moment: str) -> None:
        method = {**whole["verificationMethod"][0], member: moment}
        documents[space.issuer.did] = {**whole, "verificationMethod": [method]}

    marked("expires", "2026-11-24T00:00:00Z")  # a day after it signed them
    credential = space.all(space.consumer, KIND)[0]["jwt"]
    assert genuine_credential(space.provider, credential, space.consumer.node.did)
    for member in ("expires", "revoked"):
        marked(member, "2026-11-22T00:00:00Z")
        with pytest.raises(NotVerified) as fault:
            genuine_credential(space.provider, credential, space.consumer.node.did)
        assert fault.value.findings[0].code == f"trust.key-{member.replace('ires', 'ired')}"


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_an_hour_off_is_said(space: Dataspace, off: timedelta) -> None:
    """The consumer's clock is wrong: refused, and the reason names the time."""
    theirs = replace(space.consumer, clock=FixedClock(space.clock.now() + off))
    token = token_for(theirs, space.to_provider)
    assert refused(space, token) in ("trust.token-early", "trust.token-expired")


# ── status lists ─────────────────────────────────────────────────────────────────────────


def test_what_was_revoked_lets_nobody_in_once_the_list_is_asked_again(space: Dataspace) -> None:
    assert space.catalogue().status == 200
    assert revoke(space.issuer.folder, space.consumer.node.did, MEMBERSHIP) == 1
    space.clock.advance(seconds=119)
    assert space.catalogue().status == 200
    space.clock.advance(seconds=2)
    assert refused(space) == "identity.credential-revoked"


@pytest.mark.parametrize("age", [90, 99, 105, 119])
def test_a_call_that_waits_for_its_turn_is_answered_by_what_was_shown_for_it(
    space: Dataspace, age: int
) -> None:
    """Under load a call came as a presentation ran out, and was told of no such offer."""
    assert space.catalogue().status == 200
    space.clock.advance(seconds=age)
    known_caller(space.provider, token_for(space.consumer, space.to_provider))
    space.clock.advance(seconds=20)
    with space.provider.store.reading() as view:
        assert lost_by(space.provider, view, space.to_consumer) is None


def test_a_presentation_never_outlives_what_is_in_it(tmp_path: Path) -> None:
    space = dataspace(
        tmp_path / "issuer",
        settings={
            "credentials": {
                "trusted_issuers": {"did:web:127.0.0.1%3A8290": ["*"]},
                "kept_seconds": 3600,
            }
        },
    )
    ends = {"expirationDate": "2026-11-23T12:04:00Z"}  # its presentation holds five
    presents(space, *all_three(space, **{GOVERNANCE: ends}))
    assert space.catalogue().status == 200
    space.clock.advance(seconds=239)
    assert space.catalogue().status == 200
    assert len(space.all(space.provider, "held-credentials")) == 1
    space.clock.advance(seconds=1)
    assert refused(space) == "identity.credential-expired"


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(404, {}, b""),
        HttpAnswer(302, {"location": "http://127.0.0.1/"}, b""),
        HttpAnswer(200, {}, b"{}"),
        HttpAnswer(200, {}, b"\xff" * 100),
        HttpAnswer(200, {}, b'{"credentialSubject":{"encodedList":"H4sIAAAA"}}'),
    ],
)
def test_a_status_that_cannot_be_told_is_none(space: Dataspace, answer: HttpAnswer) -> None:
    answers(space, lambda: answer, "/status/statuslist2021")
    assert refused(space) == "identity.status-unknown"


def test_a_long_list_is_read_whole(space: Dataspace) -> None:
    """A million places, every other one taken at random, do not compress."""
    state = read_state(space.issuer.folder)
    places = random.Random(7).sample(range(100, PLACES), PLACES // 2)
    state.revoked = places
    write_state(space.issuer.folder, state)
    assert len(space.issuer.status_list("statuslist2021")) > 25_000
    assert space.catalogue().status == 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(issuer, "PLACES", 8 * PLACES)
        state.revoked = random.Random(7).sample(range(100, 8 * PLACES), 4 * PLACES)
        write_state(space.issuer.folder, state)
        assert len(space.issuer.status_list("statuslist2021")) > MAX_CHARACTERS
        space.clock.advance(minutes=3)
        assert space.catalogue().status == 200


def test_a_list_of_another_issuer_is_none(space: Dataspace, tmp_path: Path) -> None:
    other = dataspace(tmp_path / "other", members=False).issuer
    forged = other.status_list("statuslist2021").encode()
    answers(space, lambda: HttpAnswer(200, {}, forged), "/status/statuslist2021")
    assert refused(space) == "identity.status-unknown"


# ── hostile and slow peers ───────────────────────────────────────────────────────────────


def test_a_credential_service_that_does_not_answer_is_asked_again(space: Dataspace) -> None:
    def silent() -> HttpAnswer:
        raise Unavailable.of("http.too-slow", url="http://127.0.0.1:8202/dcp", seconds=5)

    answers(space, silent)
    assert refused(space, status=503) == "http.too-slow"
    space.http.before = None
    assert space.catalogue().status == 200


def test_a_troubled_credential_service_is_the_partners_trouble(space: Dataspace) -> None:
    answers(space, lambda: HttpAnswer(500, {}, b"boom"))
    assert refused(space, status=503) == "identity.query-troubled"


def test_a_partner_without_a_credential_service_is_told_apart(space: Dataspace) -> None:
    document = dict(space.consumer.keyring.did_document())
    document["service"] = [s for s in document["service"] if s["type"] != "CredentialService"]
    space.provider.did_resolver.documents[space.consumer.node.did] = document  # type: ignore[attr-defined]
    assert refused(space) == "identity.no-credential-service"


def test_a_key_that_may_not_sign_in_signs_nobody_in(space: Dataspace) -> None:
    document = dict(space.consumer.keyring.did_document())
    document["capabilityInvocation"] = []
    space.provider.did_resolver.documents[space.consumer.node.did] = document  # type: ignore[attr-defined]
    assert refused(space) == "trust.key-use"


def test_reasons_are_kept_seldom_enough_to_stay_few(space: Dataspace) -> None:
    store = space.provider.store
    assert isinstance(store, MemoryStore)
    for _ in range(20):
        space.catalogue("x.y.z")  # no partner's
        token = sign_in_token(space.consumer, space.issuer.did, "x")
        assert space.catalogue(token).status == 404
    with store.reading() as view:
        (kept,) = view.find("sign-in-refused")
    assert kept.version == 1
    space.clock.advance(hours=1)
    space.catalogue(sign_in_token(space.consumer, space.issuer.did, "x"))
    with store.reading() as view:
        (kept,) = view.find("sign-in-refused")
    assert kept.written_at == space.clock.now() - timedelta(0)


def test_a_node_without_credentials_is_refused_until_it_has_them(tmp_path: Path) -> None:
    space = dataspace(tmp_path / "issuer", members=False)
    assert refused(space) == "identity.credentials-missing"
    assert space.all(space.consumer, KIND) == []
    become_member(space, space.consumer)
    assert space.catalogue().status == 200


def test_a_schema_that_the_credential_names_is_kept_to(space: Dataspace) -> None:
    schema = {"type": "object", "required": ["id", "level"]}
    named = {
        "credentialSchema": {"id": f"{ISSUER_URL}/schema", "type": "JsonSchemaValidator2018"}
    }
    presents(space, *all_three(space, **{MEMBERSHIP: named}))
    before = space.http.before
    assert before is not None
    body = canonical_bytes(schema)
    space.http.before = lambda method, url: (
        HttpAnswer(200, {}, body) if url.endswith("/schema") else before(method, url)
    )
    assert refused(space) == "identity.schema-violated"
    body = canonical_bytes({"$ref": "http://127.0.0.1:1/secret"})
    space.clock.advance(minutes=3)
    presents(space, *all_three(space, **{MEMBERSHIP: named}))
    again = space.http.before
    space.http.before = lambda method, url: (
        HttpAnswer(200, {}, body) if url.endswith("/schema") else again(method, url)
    )
    assert refused(space) == "identity.schema-unusable"

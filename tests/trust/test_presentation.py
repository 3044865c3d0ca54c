"""Presentations, access tokens and scopes: made for one, good for minutes, nothing borrowed."""

from datetime import timedelta
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.testing.builders import NOON, BuiltKeyring
from saltbridge.trust import signature
from saltbridge.trust.access_token import access_token, check_access
from saltbridge.trust.did import parse_did_document
from saltbridge.trust.held import HeldCredential, HeldCredentials, held_of, held_record
from saltbridge.trust.presentation import open_presentation, sign_presentation
from saltbridge.trust.scope import parse_scope
from saltbridge.trust.self_issued import self_issued_token
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verifiable_credential import PROFILE_1_1, PROFILE_2_0

HOLDER, VERIFIER = "did:web:cells.example", "did:web:cars.example"
KEYRING = BuiltKeyring(HOLDER)
DOCUMENT = parse_did_document(KEYRING.did_document())


def presented(profile: str = PROFILE_1_1, **changes: Any) -> str:
    how: dict[str, Any] = {
        "profile": profile,
        "holder": HOLDER,
        "verifier": VERIFIER,
        "jti": "j-1",
        "now": NOON,
        "signer": KEYRING.signer(),
    }
    return sign_presentation(["a.b.c", "d.e.f"], **(how | changes))


def refused(text: str, **changes: Any) -> str:
    how: dict[str, Any] = {"document": DOCUMENT, "verifier": VERIFIER, "now": NOON}
    with pytest.raises(NotVerified) as fault:
        open_presentation(text, **(how | changes))
    return fault.value.findings[0].code


@pytest.mark.parametrize("profile", [PROFILE_1_1, PROFILE_2_0])
def test_what_is_presented_is_read_in_both_profiles(profile: str) -> None:
    shown = open_presentation(
        presented(profile), document=DOCUMENT, verifier=VERIFIER, now=NOON
    )
    assert (shown.holder, shown.credentials) == (HOLDER, ("a.b.c", "d.e.f"))


@pytest.mark.parametrize("profile", [PROFILE_1_1, PROFILE_2_0])
def test_it_is_for_one_verifier_and_some_minutes(profile: str) -> None:
    text = presented(profile)
    assert refused(text, verifier="did:web:other.example") == "trust.token-audience"
    assert refused(text, now=NOON + timedelta(minutes=7)) == "trust.token-expired"
    assert refused(text, now=NOON - timedelta(minutes=2)) == "trust.token-early"


@pytest.mark.parametrize("profile", [PROFILE_1_1, PROFILE_2_0])
def test_nobody_presents_for_another(profile: str) -> None:
    assert refused(presented(profile, holder=VERIFIER)) == "identity.presentation-holder"


def test_a_sign_in_token_is_no_presentation_and_an_access_token_neither() -> None:
    told = {"jti": "j", "now": NOON, "signer": KEYRING.signer()}
    signed_in = self_issued_token(caller=HOLDER, called=VERIFIER, **told)
    access = access_token(owner=HOLDER, bearer=VERIFIER, scopes=["a"], **told)
    assert refused(signed_in) == "trust.malformed"
    assert refused(access) == "trust.unexpected-type"


def access(**changes: Any) -> str:
    how: dict[str, Any] = {
        "owner": HOLDER,
        "bearer": VERIFIER,
        "scopes": ["a:B:read", "a:C:read"],
        "jti": "j-1",
        "now": NOON,
        "signer": KEYRING.signer(),
    }
    return access_token(**(how | changes))


def access_refused(token: str, **changes: Any) -> str:
    how: dict[str, Any] = {
        "own_document": KEYRING.did_document(),
        "bearer": VERIFIER,
        "now": NOON,
    }
    with pytest.raises(NotVerified) as fault:
        check_access(token, **(how | changes))
    return fault.value.findings[0].code


def test_an_access_token_opens_what_it_says_to_its_bearer() -> None:
    grant = check_access(
        access(), own_document=KEYRING.did_document(), bearer=VERIFIER, now=NOON
    )
    assert grant.scopes == ("a:B:read", "a:C:read")
    assert access_refused(access(), bearer="did:web:x") == "identity.access-token-bearer"
    later = NOON + timedelta(minutes=5)
    assert access_refused(access(), now=later) == "identity.access-token-expired"


def test_only_our_own_access_tokens_count() -> None:
    foreign = BuiltKeyring("did:web:evil.example").signer()
    foreign.key_id = f"{HOLDER}#key-1"
    signed_in = self_issued_token(
        caller=HOLDER, called=HOLDER, jti="j", now=NOON, signer=KEYRING.signer()
    )
    members = {"iss": HOLDER, "aud": HOLDER, "sub": VERIFIER, "scope": "a", "exp": 1 << 33}
    unsigned = signature.prepare(
        canonical_bytes(members), key_id=f"{HOLDER}#key-1", suite="ES256", typ="JWT"
    )
    untyped = signature.assemble(unsigned, KEYRING.signer().sign(unsigned.signing_input))
    for token in ("", "faketoken", access(signer=foreign), signed_in, untyped):
        assert access_refused(token) == "identity.access-token-foreign"
    assert access_refused(access(owner=VERIFIER)) == "identity.access-token-foreign"


@pytest.mark.parametrize(
    ("text", "by_id", "name"),
    [
        (
            "org.eclipse.dspace.dcp.vc.type:MembershipCredential:read",
            False,
            "MembershipCredential",
        ),
        ("org.eclipse.dspace.dcp.vc.type:Member", False, "Member"),
        ("org.eclipse.tractusx.vc.type:BpnCredential:read", False, "BpnCredential"),
        ("org.eclipse.dspace.dcp.vc.id:urn:uuid:8247b87d", True, "urn:uuid:8247b87d"),
    ],
)
def test_scopes_are_read(text: str, by_id: bool, name: str) -> None:
    scope = parse_scope(text)
    assert (scope.by_id, scope.name) == (by_id, name)


@pytest.mark.parametrize(
    "text",
    ["", "x", "other.alias:Type:read", "org.eclipse.dspace.dcp.vc.type:Type:write",
     "org.eclipse.dspace.dcp.vc.type:", "org.eclipse.dspace.dcp.vc.type::read"],
)  # fmt: skip
def test_other_scopes_are_refused(text: str) -> None:
    with pytest.raises(NotVerified) as fault:
        parse_scope(text)
    assert fault.value.findings[0].code == "identity.scope-unknown"


def test_what_a_caller_holds_answers_policies() -> None:
    def one(type: str, **subject: str) -> HeldCredential:
        return HeldCredential(type, "did:web:i", subject, NOON + timedelta(days=1))

    held = HeldCredentials(
        HOLDER,
        (
            one("MembershipCredential", memberOf="Catena-X"),
            one("BpnCredential", bpn="BPNL00000000OEM1"),
            one("DataExchangeGovernanceCredential", contractVersion="1.0"),
        ),
        NOON,
        NOON + timedelta(minutes=2),
    )
    assert held.is_member and held.bpn == "BPNL00000000OEM1"
    assert held.frameworks == {"DataExchangeGovernance:1.0"}
    assert held_of(held_record(held)) == held
    nobody = HeldCredentials(HOLDER, (), NOON, NOON)
    assert (nobody.is_member, nobody.bpn, nobody.frameworks) == (False, "", frozenset())

"""The sign-in token: for one caller, one node, a few minutes, once."""

from datetime import timedelta
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.testing.builders import NOON, BuiltKeyring
from saltbridge.trust import claims, signature
from saltbridge.trust.claims import Receipt
from saltbridge.trust.self_issued import check, self_issued_token, stated_caller
from saltbridge.trust.suites import NotVerified

CALLER, CALLED = "did:web:cells.example", "did:web:cars.example"
KEYRING = BuiltKeyring(CALLER)


def token(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "caller": CALLER,
        "called": CALLED,
        "jti": "j-1",
        "now": NOON,
        "signer": KEYRING.signer(),
    }
    return self_issued_token(**(arguments | changes))


def made(typ: str = "JWT", **changes: Any) -> str:
    issued = int(NOON.timestamp())
    members = {
        "iss": CALLER,
        "sub": CALLER,
        "aud": CALLED,
        "jti": "j-1",
        "iat": issued,
        "exp": issued + 60,
    } | changes
    unsigned = signature.prepare(
        canonical_bytes({k: v for k, v in members.items() if v is not None}),
        key_id=f"{CALLER}#key-1",
        suite="ES256",
        typ=typ,
    )
    return signature.assemble(unsigned, KEYRING.signer().sign(unsigned.signing_input))


def refusal(token: str, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "called": CALLED,
        "did_document": KEYRING.did_document(),
        "now": NOON,
    }
    with pytest.raises(NotVerified) as refused:
        check(token, **(arguments | changes))
    return refused.value.findings[0].code


def test_a_good_token_says_who_calls() -> None:
    signed_in = check(
        token(),
        called=CALLED,
        did_document=KEYRING.did_document(),
        now=NOON + timedelta(seconds=100),
    )
    assert (signed_in.did, signed_in.jti) == (CALLER, "j-1")
    assert signed_in.expires > NOON + timedelta(minutes=2)  # remember it past the skew
    assert stated_caller(token()) == CALLER
    assert check(made(), called=CALLED, did_document=KEYRING.did_document(), now=NOON)


def test_it_is_good_for_one_node() -> None:
    assert refusal(token(), called="did:web:other.example") == "trust.token-audience"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(-61, "trust.token-early"), (180, "trust.token-expired"), (3600, "trust.token-expired")],
)
def test_it_is_good_for_minutes_and_a_minute_of_skew(seconds: int, code: str) -> None:
    assert refusal(token(), now=NOON + timedelta(seconds=seconds)) == code


@pytest.mark.parametrize("seconds", [-60, 0, 179])
def test_a_minute_of_skew_is_tolerated(seconds: int) -> None:
    assert check(
        token(),
        called=CALLED,
        did_document=KEYRING.did_document(),
        now=NOON + timedelta(seconds=seconds),
    )


def test_nobody_makes_a_long_lived_one() -> None:
    for life in (timedelta(minutes=6), timedelta(0)):
        with pytest.raises(ValueError):
            token(life=life)
    issued = int(NOON.timestamp())
    assert refusal(made(exp=issued + 901)) == "trust.token-life"
    assert refusal(made(exp=issued - 1)) == "trust.token-life"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": CALLED}, "trust.token-issuer"),
        ({"sub": "did:web:boss.example"}, "trust.token-issuer"),
        ({"jti": None}, "trust.malformed"),
        ({"jti": ""}, "trust.malformed"),
        ({"jti": "x" * 201}, "trust.malformed"),
        ({"exp": None}, "trust.malformed"),
        ({"exp": "tomorrow"}, "trust.malformed"),
        ({"exp": True}, "trust.malformed"),
        ({"exp": 10**15}, "trust.malformed"),
        ({"aud": [CALLED, "did:web:other.example"]}, "trust.malformed"),
        ({"aud": []}, "trust.malformed"),
        ({"token": 7}, "trust.malformed"),
        ({"nbf": int(NOON.timestamp()) + 1_000_000}, "trust.token-early"),
        ({"nbf": "now"}, "trust.malformed"),
        ({"typ": "at+jwt"}, "trust.unexpected-type"),
    ],
)
def test_a_well_signed_but_faulty_token_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refusal(made(**changes)) == code


def test_a_signed_claim_is_no_token_and_a_token_no_claim() -> None:
    claim = claims.sign(
        Receipt,
        {},
        id="urn:uuid:00000000-0000-4000-8000-000000000001",
        issued_at=NOON,
        issuer=CALLER,
        signer=KEYRING.signer(),
    )
    assert refusal(claim.jws) == "trust.unexpected-type"
    with pytest.raises(NotVerified):
        claims.verify(Receipt(token()), KEYRING.did_document())


def test_another_key_does_not_sign_in_for_the_caller() -> None:
    imposter = BuiltKeyring("did:web:evil.example").signer()
    imposter.key_id = f"{CALLER}#key-1"
    assert refusal(token(signer=imposter)) == "trust.signature-wrong"

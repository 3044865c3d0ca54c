"""Token Status List: the examples of the draft, and tokens nobody should believe."""

import zlib
from datetime import timedelta
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.testing.builders import NOON, BuiltKeyring, BuiltSigner
from saltbridge.trust import signature, status_list
from saltbridge.trust.spelling import base64url
from saltbridge.trust.status_list import Status, StatusList, decoded, encoded, signed_list
from saltbridge.trust.suites import NotVerified

DID = "did:web:cars.example"
KEYRING = BuiltKeyring(DID)
ADDRESS = "https://cars.example/passports/status/0"


def token(content: str = "", **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "address": ADDRESS,
        "issuer": DID,
        "issued_at": NOON,
        "expires": NOON + timedelta(days=7),
        "ttl_seconds": 43_200,
        "signer": KEYRING.signer(),
    }
    return signed_list(content or encoded({3: 1, 5: 2}, 64), **(arguments | changes))


def checked(text: str, **changes: Any) -> StatusList:
    arguments: dict[str, Any] = {"address": ADDRESS, "now": NOON + timedelta(days=1)}
    return status_list.verify(text, KEYRING.did_document(), **(arguments | changes))


def code(text: str, **changes: Any) -> str:
    with pytest.raises(NotVerified) as fault:
        checked(text, **changes)
    return fault.value.findings[0].code


def test_the_example_of_the_draft() -> None:
    """Published: draft-ietf-oauth-status-list, section on the byte array, two bits."""
    content = decoded("eNo76fITAAPfAgc")
    assert content == bytes((0xC9, 0x44, 0xF9))
    read = StatusList(ADDRESS, NOON, NOON, content, 2)
    assert [read.at(i) for i in range(12)] == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    # one bit, the first example: b9 a3
    one = StatusList(ADDRESS, NOON, NOON, decoded("eNrbuRgAAhcBXQ"), 1)
    assert [one.at(i) for i in range(16)] == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]


def test_a_list_says_what_was_put_into_it() -> None:
    read = checked(token())
    assert [read.at(i) for i in range(7)] == [0, 0, 0, 1, 0, 2, 0]
    assert (read.issued_at, read.expires) == (NOON, NOON + timedelta(days=7))
    assert status_list.address_of(token()) == ADDRESS
    for index in (-1, 64, 10**9):
        with pytest.raises(NotVerified):
            read.at(index)


def test_an_expired_list_is_still_read() -> None:
    """Who asks decides: what it says of a revocation still holds."""
    assert checked(token(), now=NOON + timedelta(days=700)).at(3) == Status.INVALID


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({"address": "https://cars.example/passports/status/1"}, "trust.status-other-list"),
        ({"issuer": "did:web:other.example"}, "trust.issuer-differs"),
        ({"issued_at": NOON + timedelta(days=3)}, "trust.status-future"),
        ({"content": "AAAA"}, "trust.malformed"),
    ],
)
def test_a_token_that_is_not_this_list_is_refused(changes: dict[str, Any], due: str) -> None:
    assert code(token(**changes)) == due


def hand_made(payload: Any, **header: str) -> str:
    signer: BuiltSigner = KEYRING.signer()
    head = {"alg": "ES256", "kid": signer.key_id, "typ": "statuslist+jwt"} | header
    signing_input = f"{base64url(canonical_bytes(head))}.{base64url(canonical_bytes(payload))}"
    return f"{signing_input}.{signature.base64url(signer.sign(signing_input.encode()))}"


GOOD: dict[str, Any] = {
    "iss": DID,
    "sub": ADDRESS,
    "iat": int(NOON.timestamp()),
    "exp": int(NOON.timestamp()) + 9,
    "status_list": {"bits": 2, "lst": encoded({}, 8)},
}


def test_a_hand_made_token_without_ttl_is_a_good_one() -> None:
    assert checked(hand_made(GOOD)).at(0) == Status.VALID


@pytest.mark.parametrize(
    ("text", "due"),
    [
        (hand_made(GOOD, typ="JWT"), "trust.unexpected-type"),
        (hand_made(GOOD, alg="none"), "trust.algorithm"),
        (hand_made(GOOD, kid=f"{DID}#key-9"), "trust.key-unknown"),
        (hand_made({**GOOD, "iat": "now"}), "trust.malformed"),
        (hand_made({**GOOD, "exp": -1}), "trust.malformed"),
        (hand_made({**GOOD, "iss": 7}), "trust.malformed"),
        (hand_made({**GOOD, "status_list": {"bits": 3, "lst": "x"}}), "trust.malformed"),
        (hand_made({**GOOD, "status_list": 7}), "trust.malformed"),
        (hand_made([]), "trust.malformed"),
        (hand_made(GOOD)[:-8] + "AAAAAAAA", "trust.signature-wrong"),
        ("x", "trust.malformed"),
    ],
)
def test_hostile_tokens_are_refused(text: str, due: str) -> None:
    assert code(text) == due


def test_a_bomb_and_a_cut_list_are_refused() -> None:
    bomb = base64url(zlib.compress(bytes(status_list.MAX_LIST_BYTES + 1), 9))
    assert code(token(content=bomb)) == "trust.malformed"
    cut = base64url(zlib.compress(bytes(5000))[:-4])
    assert code(token(content=cut)) == "trust.malformed"


def test_a_list_of_a_million_places_is_small() -> None:
    assert len(encoded({7: 1}, 1_000_000)) < 1000
    with pytest.raises(ValueError, match="no place"):
        encoded({8: 1}, 8)
    with pytest.raises(ValueError, match="no place"):
        encoded({0: 4}, 8)

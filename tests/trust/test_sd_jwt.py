"""SD-JWT: the examples of RFC 9901, and everything that must be refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbridge.core.canonical import read_json
from saltbridge.testing.builders import NOON, BuiltKeyring
from saltbridge.trust import claims, sd_jwt
from saltbridge.trust.claims import Passport, PassportVersion, SupplierRecord
from saltbridge.trust.signature import from_base64url
from saltbridge.trust.spelling import base64url
from saltbridge.trust.suites import NotVerified, signature_fits

# Published: RFC 9901, appendix A.1 (the presentation) and A.5 (the issuer's key), taken over as
# facts from the test files of another implementation and the examples' settings; secondary.
ISSUER_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
    "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
}
A1 = (
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogImV4YW1wbGUrc2Qtand0In0.eyJfc2QiOiBb"
    "IkM5aW5wNllvUmFFWFI0Mjd6WUpQN1FyazFXSF84YmR3T0FfWVVyVW5HUVUiLCAiS3Vl"
    "dDF5QWEwSElRdlluT1ZkNTloY1ZpTzlVZzZKMmtTZnFZUkJlb3d2RSIsICJNTWxkT0ZG"
    "ekIyZDB1bWxtcFRJYUdlcmhXZFVfUHBZZkx2S2hoX2ZfOWFZIiwgIlg2WkFZT0lJMnZQ"
    "TjQwVjd4RXhad1Z3ejd5Um1MTmNWd3Q1REw4Ukx2NGciLCAiWTM0em1JbzBRTExPdGRN"
    "cFhHd2pCZ0x2cjE3eUVoaFlUMEZHb2ZSLWFJRSIsICJmeUdwMFdUd3dQdjJKRFFsbjFs"
    "U2lhZW9iWnNNV0ExMGJRNTk4OS05RFRzIiwgIm9tbUZBaWNWVDhMR0hDQjB1eXd4N2ZZ"
    "dW8zTUhZS08xNWN6LVJaRVlNNVEiLCAiczBCS1lzTFd4UVFlVTh0VmxsdE03TUtzSVJU"
    "ckVJYTFQa0ptcXhCQmY1VSJdLCAiaXNzIjogImh0dHBzOi8vaXNzdWVyLmV4YW1wbGUu"
    "Y29tIiwgImlhdCI6IDE2ODMwMDAwMDAsICJleHAiOiAxODgzMDAwMDAwLCAiYWRkcmVz"
    "cyI6IHsiX3NkIjogWyI2YVVoelloWjdTSjFrVm1hZ1FBTzN1MkVUTjJDQzFhSGhlWnBL"
    "bmFGMF9FIiwgIkF6TGxGb2JrSjJ4aWF1cFJFUHlvSnotOS1OU2xkQjZDZ2pyN2ZVeW9I"
    "emciLCAiUHp6Y1Z1MHFiTXVCR1NqdWxmZXd6a2VzRDl6dXRPRXhuNUVXTndrclEtayIs"
    "ICJiMkRrdzBqY0lGOXJHZzhfUEY4WmN2bmNXN3p3Wmo1cnlCV3ZYZnJwemVrIiwgImNQ"
    "WUpISVo4VnUtZjlDQ3lWdWIyVWZnRWs4anZ2WGV6d0sxcF9KbmVlWFEiLCAiZ2xUM2hy"
    "U1U3ZlNXZ3dGNVVEWm1Xd0JUdzMyZ25VbGRJaGk4aEdWQ2FWNCIsICJydkpkNmlxNlQ1"
    "ZWptc0JNb0d3dU5YaDlxQUFGQVRBY2k0MG9pZEVlVnNBIiwgInVOSG9XWWhYc1poVkpD"
    "TkUyRHF5LXpxdDd0NjlnSkt5NVFhRnY3R3JNWDQiXX0sICJfc2RfYWxnIjogInNoYS0y"
    "NTYifQ.JwMde4aGprmyUSPPl4SB5Woe7cBBzxEYyIUiMApNTMZuYjdKjoJ09F1V5KQ0Q"
    "0d6AzvMCuZBEQSxuhJwQVZRMg"
    "~WyJHMDJOU3JRZmpGWFE3SW8wOXN5YWpBIiwgInJlZ2lvbiIsICJcdTZlMmZcdTUzM2EiXQ"
    "~WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgImNvdW50cnkiLCAiSlAiXQ~"
)
# Published: RFC 9901, sections 4.2.2 and 4.2.3: an element of an array and its digest.
ELEMENT = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIlVTIl0"
ELEMENT_DIGEST = "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo"

DID = "did:web:cars.example"
KEYRING = BuiltKeyring(DID)
SALT = "A" * 43
STATUS = {"status_list": {"idx": 3, "uri": "https://cars.example/passports/status/0"}}


def hidden(name: str, value: Any, salt: str = SALT) -> str:
    return sd_jwt.disclosure(salt, name, value)


def raw(*parts: Any) -> str:
    """A disclosure with anything in it."""
    return base64url(json.dumps(list(parts)).encode())


def code(payload: dict[str, Any], *disclosures: str) -> str:
    with pytest.raises(NotVerified) as fault:
        sd_jwt.revealed(payload, disclosures)
    return fault.value.findings[0].code


def test_the_example_of_the_rfc_holds_and_reads_as_printed() -> None:
    shown = sd_jwt.parse(A1)
    signing_input, _, signature = shown.jwt.rpartition(".")
    assert signature_fits(ISSUER_KEY, signing_input.encode(), from_base64url(signature))
    payload = read_json(from_base64url(shown.jwt.split(".")[1]))
    assert sd_jwt.revealed(payload, shown.disclosures) == {
        "iss": "https://issuer.example.com",
        "iat": 1683000000,
        "exp": 1883000000,
        "address": {"region": "港区", "country": "JP"},
    }
    assert str(shown) == A1
    assert [sd_jwt.name_of(d) for d in shown.disclosures] == ["region", "country"]


def test_digest_and_element_are_those_of_the_rfc() -> None:
    assert sd_jwt.digest_of(ELEMENT) == ELEMENT_DIGEST
    payload = {"nationalities": [{"...": ELEMENT_DIGEST}, {"...": "A" * 43}, "FR"]}
    assert sd_jwt.revealed(payload, [ELEMENT]) == {"nationalities": ["US", "FR"]}
    assert sd_jwt.revealed(payload, []) == {"nationalities": ["FR"]}
    assert sd_jwt.name_of(ELEMENT) == ""


def test_parts_within_parts_are_opened() -> None:
    inner = hidden("street", "Hauptstraße 1")
    outer = hidden("address", sd_jwt.concealed({"country": "DE"}, [inner]))
    payload = sd_jwt.concealed({"iss": "x"}, [outer])
    both = sd_jwt.revealed(payload, [inner, outer])
    assert both == {"iss": "x", "address": {"country": "DE", "street": "Hauptstraße 1"}}
    assert sd_jwt.revealed(payload, [outer])["address"] == {"country": "DE"}
    assert code(payload, inner) == "trust.sd-foreign"  # its digest stands in what is not shown


@settings(max_examples=40, deadline=None)
@given(
    members=st.dictionaries(
        st.text(min_size=1).filter(lambda n: n not in ("_sd", "...", "_sd_alg")),
        st.none() | st.integers(0, 9) | st.text(max_size=5) | st.lists(st.booleans()),
        max_size=5,
    ),
    data=st.data(),
)
def test_what_is_shown_is_exactly_what_was_chosen(members: dict[str, Any], data: Any) -> None:
    texts = {name: hidden(name, value) for name, value in members.items()}
    payload = sd_jwt.concealed({}, texts.values(), ["decoy"])
    chosen = data.draw(st.sets(st.sampled_from(sorted(texts)))) if texts else set()
    whole = sd_jwt.SdJwt("a.b.c", tuple(texts.values()))
    shown = sd_jwt.presentation(whole, chosen)
    assert sd_jwt.parse(str(shown)) == shown
    told = sd_jwt.revealed(payload, shown.disclosures)
    assert told == {name: members[name] for name in chosen}
    assert len(payload["_sd"]) == len(members) + 1


@pytest.mark.parametrize(
    "inner",
    [
        '{"_sd":["x"]}', '{"a":{"_sd_alg":"sha-256"}}', '[{"...":"x"}]', '{"a":[{"...":1}]}',
        '{"\\u005fsd":["x"]}', '[{"\\u002e..":"x"}]', '{"\\u005fsd_alg":"sha-256"}',
    ],
)  # fmt: skip
def test_what_hides_more_is_found_however_it_is_spelt(inner: str) -> None:
    """A disclosure without such members is taken as it is; one with them never is."""
    text = base64url(f'["{SALT}","part",{inner}]'.encode())
    with pytest.raises(NotVerified):
        sd_jwt.revealed({"_sd": [sd_jwt.digest_of(text)]}, (text,))


def test_a_part_too_deep_for_its_place_is_refused() -> None:
    def document(deep: int) -> dict[str, Any]:
        value: Any = 1
        for _ in range(deep):
            value = [value]
        text = hidden("part", value)
        return sd_jwt.revealed({"a": {"_sd": [sd_jwt.digest_of(text)]}}, (text,))

    assert document(61)["a"]["part"]
    with pytest.raises(NotVerified):
        document(63)


def test_digests_stand_in_an_order_that_tells_nothing() -> None:
    texts = [hidden(name, 1) for name in "abcdef"]
    assert sd_jwt.concealed({}, texts)["_sd"] == sorted(sd_jwt.digest_of(t) for t in texts)


def test_a_forged_part_a_part_of_another_and_a_part_twice() -> None:
    true, other = hidden("mass", 165.02), hidden("mass", 164.02)
    payload = sd_jwt.concealed({"serial": "A1"}, [true])
    assert code(payload, other) == "trust.sd-foreign"
    assert code(payload, true, other) == "trust.sd-foreign"
    assert code(payload, true, true) == "trust.sd-twice"
    assert sd_jwt.revealed(payload, []) == {"serial": "A1"}  # left out: no fault


@pytest.mark.parametrize(
    ("payload", "disclosures", "due"),
    [
        ({"_sd_alg": "md5"}, (), "trust.sd-hash"),
        ({"_sd_alg": None}, (), "trust.sd-hash"),
        ({"_sd_alg": ["sha-256"]}, (), "trust.sd-hash"),
        ({"_sd": "x"}, (), "trust.malformed"),
        ({"_sd": [7]}, (), "trust.malformed"),
        ({"_sd": ["short"]}, (), "trust.malformed"),
        ({"a": [{"...": 7}]}, (), "trust.malformed"),
        ({"...": "A" * 43}, (), "trust.sd-member"),
        ({"a": {"_sd_alg": "sha-256"}}, (), "trust.sd-member"),
        ({"a": [{"...": "A" * 43, "more": 1}]}, (), "trust.sd-member"),
        ({"_sd": ["A" * 43, "A" * 43]}, (), "trust.sd-twice"),
        ({"_sd": ["A" * 43], "a": [{"...": "A" * 43}]}, (), "trust.sd-twice"),
        ({}, ("not base64!",), "trust.malformed"),
        ({}, (base64url(b"{}"),), "trust.malformed"),
        ({}, (base64url(b"[1"),), "trust.malformed"),
        ({}, (raw(1, "a", 2),), "trust.malformed"),
        ({}, (raw("salt"),), "trust.malformed"),
        ({}, (raw("salt", "a", 1, 2),), "trust.malformed"),
        ({}, (base64url(b'["s","a",1]') + "=",), "trust.malformed"),
        ({}, (base64url(b'["s","a",{"b":1,"b":2}]'),), "trust.malformed"),
    ],
)
def test_hostile_documents_are_refused(
    payload: dict[str, Any], disclosures: tuple[str, ...], due: str
) -> None:
    assert code(payload, *disclosures) == due


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg", "serial", 7, None, ["a"]])
def test_a_part_cannot_take_a_name_that_is_kept_or_taken(name: Any) -> None:
    part = raw(SALT, name, "x")
    payload = {"serial": "A1", "_sd": [sd_jwt.digest_of(part)], "_sd_alg": "sha-256"}
    assert code(payload, part) == "trust.sd-member"


def test_two_parts_cannot_share_a_name() -> None:
    one, two = hidden("a", 1), hidden("a", 2)
    assert code({"_sd": [sd_jwt.digest_of(one), sd_jwt.digest_of(two)]}, one, two) == (
        "trust.sd-member"
    )


def test_an_element_is_no_member_and_a_member_no_element() -> None:
    member, element = hidden("a", 1), raw(SALT, 1)
    assert code({"_sd": [sd_jwt.digest_of(element)]}, element) == "trust.malformed"
    assert code({"a": [{"...": sd_jwt.digest_of(member)}]}, member) == "trust.malformed"


def test_parts_nested_without_end_are_refused() -> None:
    part, parts = hidden("x", 1), []
    for _ in range(100):
        parts.append(part)
        part = hidden("x", {"_sd": [sd_jwt.digest_of(part)]})
    parts.append(part)
    assert code({"_sd": [sd_jwt.digest_of(part)]}, *parts) == "trust.malformed"


@pytest.mark.parametrize("text", ["", "a.b.c", "a~~", "~a~", "a" + "~b" * 1002 + "~"])
def test_what_is_not_the_compact_form_is_refused(text: str) -> None:
    with pytest.raises(NotVerified):
        sd_jwt.parse(text)


def test_a_short_salt_and_a_kept_name_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="salt"):
        sd_jwt.disclosure("short", "a", 1)
    for name in ("_sd", "...", "_sd_alg"):
        with pytest.raises(ValueError, match="named"):
            sd_jwt.disclosure(SALT, name, 1)
        with pytest.raises(ValueError, match="kept"):
            sd_jwt.concealed({name: 1}, [])


# Signed


def version(**changes: Any) -> PassportVersion:
    arguments: dict[str, Any] = {
        "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "issued_at": NOON,
        "issuer": DID,
        "signer": KEYRING.signer(),
        "beside": {"_sd_alg": "sha-256", "status": STATUS},
    }
    return claims.sign(PassportVersion, {"serial": "A1"}, **(arguments | changes))


def test_a_version_is_signed_as_what_it_is() -> None:
    claim = version()
    verified = claims.verify(claim, KEYRING.did_document())
    assert verified.header["typ"] == "saltbridge-passport-version+sd-jwt"
    assert read_json(verified.payload)["status"] == STATUS
    for other in (Passport, SupplierRecord):  # none passes for another, either way
        with pytest.raises(NotVerified) as fault:
            claims.verify(other(claim.jws), KEYRING.did_document())
        assert fault.value.findings[0].code == "trust.unexpected-type"
    record = claims.sign(
        SupplierRecord,
        {"serial": "A1"},
        id="urn:uuid:00000000-0000-4000-8000-000000000001",
        issued_at=NOON,
        issuer=DID,
        signer=KEYRING.signer(),
    )
    with pytest.raises(NotVerified):
        claims.verify(PassportVersion(record.jws), KEYRING.did_document())


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "Ed25519"}])
def test_another_algorithm_than_the_keys_is_refused(header: dict[str, str]) -> None:
    head, payload, signature = version().jws.split(".")
    whole = {**read_json(from_base64url(head)), **header}
    forged = f"{base64url(json.dumps(whole, sort_keys=True).encode())}.{payload}.{signature}"
    with pytest.raises(NotVerified):
        claims.verify(PassportVersion(forged), KEYRING.did_document())


@pytest.mark.parametrize(
    "beside",
    [None, {}, {"_sd_alg": "sha-256"}, {"_sd_alg": "sha-256", "status": STATUS, "more": 1}],
)
def test_a_version_says_its_hash_and_its_status_and_nothing_more(beside: Any) -> None:
    with pytest.raises(ValueError, match="beside"):
        version(beside=beside)

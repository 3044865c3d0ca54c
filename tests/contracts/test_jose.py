"""Our signatures are plain JOSE: a library that knows nothing of us reads and makes them."""

from joserfc import jws
from joserfc.jwk import ECKey

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.testing.builders import NOON, BuiltKeyring
from saltbridge.trust import claims, signature
from saltbridge.trust.claims import Receipt

DID = "did:web:cells.example"
KEYRING = BuiltKeyring(DID)


def test_joserfc_alone_verifies_what_we_sign() -> None:
    claim = claims.sign(
        Receipt,
        {"a": 1},
        id="urn:uuid:00000000-0000-4000-8000-000000000001",
        issued_at=NOON,
        issuer=DID,
        signer=KEYRING.signer(),
    )
    key = ECKey.import_key(KEYRING.did_document()["verificationMethod"][0]["publicKeyJwk"])
    opened = jws.deserialize_compact(claim.jws, key, algorithms=["ES256"])
    assert read_json(opened.payload)["content"] == {"a": 1}
    assert opened.protected["typ"] == "saltbridge-receipt+jws"


def test_we_verify_what_joserfc_alone_signs() -> None:
    key = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "kid": "k", "typ": "JWT"}
    payload = canonical_bytes({"a": 1})
    made = jws.serialize_compact(header, payload, key, algorithms=["ES256"])
    public = key.as_dict(private=False)
    assert signature.verify(made, jwk=public, key_id="k", typ="JWT") == payload


def test_the_example_of_rfc_7515_appendix_a_3() -> None:
    """published: RFC 7515, appendix A.3 (ES256); key and signature recalled.

    Its header names alg alone, which our reader refuses before it looks at the signature;
    so the key and the signature are checked through the library, as ours are.
    """
    public = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    compact = (
        "eyJhbGciOiJFUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
        "pmWQxfKTUJqPP3-Kg6NU1Q"
    )
    opened = jws.deserialize_compact(compact, ECKey.import_key(public), algorithms=["ES256"])
    assert opened.payload.startswith(b'{"iss":"joe"')
    for part in compact.split("."):
        assert signature.base64url(signature.from_base64url(part)) == part

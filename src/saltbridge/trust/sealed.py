"""Documents sealed for the holders of certain keys: JWE (RFC 7516) for one or more of them.

Everybody can keep such a document and hand it on, and only a holder of one of the keys reads
it. ECDH-ES with key wrapping over P-256 (RFC 7518, section 4.6), AES-256 in GCM; the library
(joserfc) draws the keys that are used once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Refused

ALGORITHM: Final = "ECDH-ES+A256KW"
ENCRYPTION: Final = "A256GCM"
_USED: Final = (ALGORITHM, ENCRYPTION)
_MOST_BYTES: Final = 60_000_000
_PUBLIC: Final = ("kty", "crv", "x", "y", "kid")


class _Registry(jwe.JWERegistry):
    """Our two algorithms and no other, for documents as large as a passport's history."""

    max_ciphertext_length = _MOST_BYTES


def new_key(kid: str) -> dict[str, str]:
    """A new private key as a JWK; whoever holds it opens what is sealed for its public half."""
    made = ECKey.generate_key("P-256", private=True).as_dict(private=True)
    return {m: str(made[m]) for m in ("kty", "crv", "x", "y", "d")} | {"kid": kid}


def public_half(key: Mapping[str, Any]) -> dict[str, str]:
    """The public members of a key, with its name.

    Raises:
        FaultyInput: not a P-256 key with a name.
    """
    public = {member: str(key[member]) for member in _PUBLIC if key.get(member)}
    if public.keys() != set(_PUBLIC) or public["crv"] != "P-256":
        raise FaultyInput.of("copy.no-key")
    _imported(public)
    return public


def sealed(content: bytes, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The content as a JWE in general JSON serialization, for the holder of any of the keys.

    Raises:
        FaultyInput: one of them is no public key for this.
    """
    if not keys:
        raise FaultyInput.of("copy.no-key")
    made = jwe.GeneralJSONEncryption({"enc": ENCRYPTION}, content)
    for key in keys:
        public = public_half(key)
        header = {"alg": ALGORITHM, "kid": public["kid"]}
        made.add_recipient(header, _imported(public))
    return dict(jwe.encrypt_json(made, None, registry=_Registry(algorithms=_USED)))


def recipients(document: Mapping[str, Any]) -> list[str]:
    """The names of the keys that open a sealed document.

    Raises:
        FaultyInput: it is not sealed as it must be.
    """
    try:
        found = [str(r["header"]["kid"]) for r in document["recipients"]]
        texts = [document[member] for member in ("protected", "iv", "ciphertext", "tag")]
    except (KeyError, TypeError) as fault:
        raise FaultyInput.of("copy.not-sealed") from fault
    if not found or not all(isinstance(text, str) for text in texts):
        raise FaultyInput.of("copy.not-sealed")
    return found


def opened(document: Mapping[str, Any], key: Mapping[str, Any]) -> bytes:
    """What was sealed for the holder of this private key.

    Raises:
        FaultyInput: not a sealed document, or not a private key.
        Refused: it was not sealed for this key, or was changed since.
    """
    if str(key.get("kid", "")) not in recipients(document):
        raise Refused.of("copy.other-key", kid=str(key.get("kid", "?"))[:80])
    ours = [r for r in document["recipients"] if r["header"]["kid"] == key["kid"]]
    try:
        private = _imported(key)
        told: Any = {**document, "recipients": ours[:1]}
        found = jwe.decrypt_json(told, private, registry=_Registry(algorithms=_USED))
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise Refused.of("copy.other-key", kid=str(key["kid"])[:80]) from fault
    if found.plaintext is None:
        raise Refused.of("copy.other-key", kid=str(key["kid"])[:80])
    return found.plaintext


def sealed_bytes(document: Mapping[str, Any]) -> bytes:
    """The sealed document as it is kept (RFC 8785)."""
    return canonical_bytes(dict(document))


def _imported(key: Mapping[str, Any]) -> ECKey:
    members: dict[str, str | list[str]] = {
        m: str(key[m]) for m in ("kty", "crv", "x", "y", "d") if m in key
    }
    try:
        return ECKey.import_key(members)
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise FaultyInput.of("copy.no-key") from fault

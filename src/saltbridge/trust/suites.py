"""Signature suites. The algorithm is fixed by the key, never by a header.

``ES256`` is what everybody must speak (EU wallets and EBSI require it). ``ES256K`` (RFC 8812)
is checked and never made: wallets of the dataspace sign with it. ``Ed25519`` (its name by RFC
9864) signs logs and is accepted from others. ``ML-DSA-44`` and ``ML-DSA-65`` (FIPS 204;
as JSON Web Keys of type AKP by RFC 9964, May 2026, read 2026-11-27) seal archives. ``SM2`` is
SM2 with SM3 (GB/T 32918.2, GB/T 32905) and stands beside an ES256 signature, never alone.

No JOSE name of SM2 is registered: ``kty`` EC with ``crv`` and ``alg`` SM2 is our own form, next
to the expired individual draft draft-dang-webauthn-sm2-00. The signer's identity is the default
of GM/T 0009-2012, the sixteen characters 1234567812345678 (secondary: OpenSSL, EVP_PKEY-SM2,
read 2026-11-27); up to OpenSSL 3 that tool has to be told it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from saltbridge.core.errors import Refused, Unavailable
from saltbridge.trust.spelling import MalformedText, base64url, from_base64url

if TYPE_CHECKING:  # loaded where a signature is checked: most commands check none
    from joserfc.jwk import ECKey, OKPKey

MANDATORY: Final = "ES256"
SM2: Final = "SM2"
ARCHIVE: Final = "ML-DSA-65"
SM2_IDENTITY: Final = b"1234567812345678"


class NotVerified(Refused):
    """A signature, a claim or a token is not what it says it is; the finding says why."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One way to sign: its JOSE name, the keys it takes, the length of its signatures.

    ``stands_alone`` says whether a claim or a token may carry this signature and no other.
    """

    name: str
    key_type: str
    curve: str  # empty for AKP keys, which name their algorithm instead
    signature_bytes: int
    public_bytes: int  # of each coordinate, or of the whole public half
    stands_alone: bool = True

    @property
    def members(self) -> tuple[str, ...]:
        """The members that make a public key of this suite (RFC 7638)."""
        return {
            "EC": ("kty", "crv", "x", "y"),
            "OKP": ("kty", "crv", "x"),
            "AKP": ("kty", "alg", "pub"),
        }[self.key_type]


SUITES: Mapping[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite("ES256", "EC", "P-256", 64, 32),
        Suite("ES256K", "EC", "secp256k1", 64, 32),
        Suite("Ed25519", "OKP", "Ed25519", 64, 32),
        Suite("ML-DSA-44", "AKP", "", 2420, 1312),
        Suite("ML-DSA-65", "AKP", "", 3309, 1952),
        Suite("SM2", "EC", "SM2", 64, 32, stands_alone=False),
    )
}

PRIVATE_MEMBERS: Final = frozenset(
    {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv", "seed"}
)


def suite_of(jwk: Mapping[str, Any]) -> Suite:
    """The one suite a public key may be used with.

    Raises:
        NotVerified: the key is of no suite we know, names another algorithm, or is private.
    """
    if PRIVATE_MEMBERS & jwk.keys():
        raise NotVerified.of("trust.key-private")
    kind = (jwk.get("kty"), jwk.get("crv"))
    if kind[0] == "AKP":  # RFC 9964: the algorithm is a member that must be there
        named = SUITES.get(str(jwk.get("alg")))
        suite = named if named and named.key_type == "AKP" and kind[1] is None else None
        kind = (kind[0], jwk.get("alg"))
    else:
        suite = next((s for s in SUITES.values() if (s.key_type, s.curve) == kind), None)
    if suite is None:
        raise NotVerified.of("trust.key-unsupported", kind=f"{kind[0]}/{kind[1]}"[:80])
    if jwk.get("alg", suite.name) != suite.name or jwk.get("use", "sig") != "sig":
        kind = (jwk.get("alg"), jwk.get("use"))
        raise NotVerified.of("trust.key-unsupported", kind=f"{kind[0]}/{kind[1]}"[:80])
    return suite


def public_key(jwk: Mapping[str, Any]) -> "ECKey | OKPKey":
    """The public key for joserfc; only the members that make the key are taken over.

    Raises:
        NotVerified: not a public key of a suite that joserfc knows (ES256, ES256K, Ed25519).
    """
    from joserfc.errors import JoseError

    suite = suite_of(jwk)
    if suite.name not in ("ES256", "ES256K", "Ed25519"):
        raise NotVerified.of("trust.key-unsupported", kind=suite.name)
    members = tuple((name, jwk[name]) for name in suite.members if name in jwk)
    try:
        return _known_key(suite.key_type, members)
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise NotVerified.of("trust.key-unsupported", kind=str(fault)[:80]) from fault


@lru_cache(maxsize=256)
def _known_key(key_type: str, members: tuple[tuple[str, str], ...]) -> "ECKey | OKPKey":
    """The key; a company's is met again and again, and costs as much as half a check."""
    from joserfc.jwk import ECKey, OKPKey

    made = ECKey if key_type == "EC" else OKPKey
    key = made.import_key(dict(members))
    _ = key.public_key  # forces the point onto its curve
    return key


def public_jwk(suite_name: str, public: bytes) -> dict[str, str]:
    """The JSON Web Key of a public half: x‖y, or the raw public key.

    Raises:
        ValueError: we know no such suite, or the half has another length.
    """
    suite = SUITES.get(suite_name)
    if suite is None:
        raise ValueError(f"unknown suite {suite_name!r}; known: {', '.join(SUITES)}")
    halves = 2 if suite.key_type == "EC" else 1
    if len(public) != halves * suite.public_bytes:
        raise ValueError(f"public key of {len(public)} bytes is none of {suite.name}")
    if suite.key_type == "AKP":
        return {"kty": "AKP", "alg": suite.name, "pub": base64url(public)}
    jwk = {"kty": suite.key_type, "crv": suite.curve, "x": base64url(public[:32])}
    return {**jwk, "y": base64url(public[32:])} if halves == 2 else jwk


def signature_fits(jwk: Mapping[str, Any], content: bytes, signature: bytes) -> bool:
    """Whether the key signed exactly these bytes, by the one algorithm the key is for.

    Raises:
        NotVerified: not a public key of a suite we know.
        Unavailable: the key is for SM2, and its library is not installed.
    """
    suite = suite_of(jwk)
    if len(signature) != suite.signature_bytes:
        return False
    return _VERIFIERS[suite.name](suite, jwk, content, signature)


def sm2_library() -> Any:
    """The module ``gmssl_pyx``; it is optional and loaded when SM2 is asked for.

    Raises:
        Unavailable: it is not installed.
    """
    try:
        return import_module("gmssl_pyx")
    except ImportError as fault:
        raise Unavailable.of("trust.sm2-not-installed") from fault


def _fits_jose(suite: Suite, jwk: Mapping[str, Any], content: bytes, signature: bytes) -> bool:
    from joserfc.jws import JWSRegistry

    algorithm: Any = JWSRegistry.algorithms[suite.name]
    key = public_key(jwk)
    algorithm.check_key(key)
    return bool(algorithm.verify(content, signature, key))


def _fits_mldsa(suite: Suite, jwk: Mapping[str, Any], content: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.mldsa import (
        MLDSA44PublicKey,
        MLDSA65PublicKey,
    )

    made = MLDSA44PublicKey if suite.name == "ML-DSA-44" else MLDSA65PublicKey
    try:
        key = made.from_public_bytes(_half(suite, jwk, "pub"))
    except ValueError as fault:
        raise NotVerified.of("trust.key-unsupported", kind=suite.name) from fault
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _fits_sm2(suite: Suite, jwk: Mapping[str, Any], content: bytes, signature: bytes) -> bool:
    gmssl = sm2_library()
    point = _half(suite, jwk, "x") + _half(suite, jwk, "y")
    try:
        gmssl.normalize_sm2_public_key(point)  # the point lies on the curve
    except gmssl.InvalidValueError as fault:
        raise NotVerified.of("trust.key-unsupported", kind=suite.name) from fault
    try:
        return bool(gmssl.sm2_verify(point, content, _der(signature), signer_id=SM2_IDENTITY))
    except (gmssl.GmsslInnerError, gmssl.InvalidValueError):
        return False


_VERIFIERS: Mapping[str, Callable[[Suite, Mapping[str, Any], bytes, bytes], bool]] = {
    "ES256": _fits_jose,
    "ES256K": _fits_jose,
    "Ed25519": _fits_jose,
    "ML-DSA-44": _fits_mldsa,
    "ML-DSA-65": _fits_mldsa,
    "SM2": _fits_sm2,
}


def _half(suite: Suite, jwk: Mapping[str, Any], member: str) -> bytes:
    text = jwk.get(member)
    try:
        content = from_base64url(text) if isinstance(text, str) else b""
    except MalformedText as fault:
        raise NotVerified.of("trust.key-unsupported", kind=suite.name) from fault
    if len(content) != suite.public_bytes:
        raise NotVerified.of("trust.key-unsupported", kind=suite.name)
    return content


def _der(signature: bytes) -> bytes:
    """r‖s as the library reads it (SEQUENCE of two INTEGER)."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    r, s = (int.from_bytes(signature[i : i + 32], "big") for i in (0, 32))
    return encode_dss_signature(r, s)

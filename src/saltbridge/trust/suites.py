"""Signature suites. The algorithm is fixed by the key, never by a header.

ES256 is what everybody must speak; Ed25519 (RFC 9864 name) is accepted from others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from saltbridge.core.errors import Refused

MANDATORY = "ES256"


class NotVerified(Refused):
    """A signature, a claim or a token is not what it says it is; the finding says why."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One way to sign: its JOSE name, the keys it takes, the length of its signatures."""

    name: str
    key_type: str
    curve: str
    signature_bytes: int


SUITES: Mapping[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite("ES256", "EC", "P-256", 64),
        Suite("Ed25519", "OKP", "Ed25519", 64),
    )
}

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def suite_of(jwk: Mapping[str, Any]) -> Suite:
    """The one suite a public key may be used with.

    Raises:
        NotVerified: the key is of no suite we know, names another algorithm, or is private.
    """
    if _PRIVATE_MEMBERS & jwk.keys():
        raise NotVerified.of("trust.key-private")
    kind = (jwk.get("kty"), jwk.get("crv"))
    suite = next((s for s in SUITES.values() if (s.key_type, s.curve) == kind), None)
    if suite is None:
        raise NotVerified.of("trust.key-unsupported", kind=f"{kind[0]}/{kind[1]}")
    if jwk.get("alg", suite.name) != suite.name or jwk.get("use", "sig") != "sig":
        raise NotVerified.of("trust.key-unsupported", kind=f"{jwk.get('alg')}/{jwk.get('use')}")
    return suite


def public_key(jwk: Mapping[str, Any]) -> ECKey | OKPKey:
    """The public key for joserfc; only the members that make the key are taken over.

    Raises:
        NotVerified: not a public key of a suite we know.
    """
    suite = suite_of(jwk)
    members = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
    try:
        key = (
            ECKey.import_key(members) if suite.key_type == "EC" else OKPKey.import_key(members)
        )
        _ = key.public_key  # forces the point onto its curve
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise NotVerified.of("trust.key-unsupported", kind=str(fault)[:80]) from fault
    return key

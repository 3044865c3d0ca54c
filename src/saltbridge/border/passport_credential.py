"""The public view of a passport as a W3C Verifiable Credential in JOSE form.

[1] W3C, Verifiable Credentials Data Model v2.0, Recommendation of 15 May 2025. Recalled; that
    terms of one's own need a context, and the namespace for undefined terms: read 2026-11-28.
[2] W3C, Securing Verifiable Credentials using JOSE and COSE, Recommendation of 15 May 2025:
    ``typ`` and media type ``vc+jwt``, the credential itself is the payload. Recalled.

The view stands in the credential as one JSON literal: its own members ``id`` and ``type`` are
no names of things for a reader of linked data.
"""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.border.passport_version import is_status
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.trust.signature import open_jws
from saltbridge.trust.suites import NotVerified

MEDIA_TYPE: Final = "application/vc+jwt"
TYPE: Final = "vc+jwt"
_TERM: Final = "https://www.w3.org/ns/credentials/undefined-term#"
CONTEXT: Final = [
    "https://www.w3.org/ns/credentials/v2",
    {
        "BatteryPassportCredential": f"{_TERM}BatteryPassportCredential",
        "batteryPassport": {"@id": f"{_TERM}batteryPassport", "@type": "@json"},
    },
]
TYPES: Final = ["VerifiableCredential", "BatteryPassportCredential"]


def credential_of(view: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """The credential that says what the public view says; ``status``: its place on a list."""
    return {
        "@context": CONTEXT,
        "type": TYPES,
        "issuer": view["issuer"]["did"],
        "validFrom": view["issued_at"],
        "credentialSubject": {"id": view["product_id"], "batteryPassport": dict(view)},
        "status": {"status_list": dict(status)},
    }


def credential_in(content: bytes) -> bytes | None:
    """Canonical bytes of the public view in a signed credential; None if it holds anything
    more, or is none."""
    try:
        opened = open_jws(content.decode("ascii"))
        told = read_json(opened.payload)
        exact = canonical_bytes(told) == opened.payload
    except (FaultyInput, NotVerified, UnicodeDecodeError):
        return None
    if not exact or not isinstance(told, dict) or opened.header.get("typ") != TYPE:
        return None
    if opened.header.keys() != {"alg", "kid", "typ"}:
        return None
    subject = told.get("credentialSubject")
    view = subject.get("batteryPassport") if isinstance(subject, dict) else None
    status = told.get("status")
    if not isinstance(view, dict) or not isinstance(status, dict) or not is_status(status):
        return None
    try:
        due = credential_of(view, status["status_list"])
    except (KeyError, TypeError):
        return None
    return canonical_bytes(view) if told == due else None

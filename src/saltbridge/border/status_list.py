"""Whether the signed token of a status list carries the decided list and nothing beside it."""

from typing import Final

from saltbridge.border.minimise import open_jws_payload
from saltbridge.core.canonical import canonical_bytes

KIND: Final = "passport-status-list"
_MEMBERS: Final = frozenset({"iss", "sub", "iat", "exp", "ttl", "status_list"})


def list_in(content: bytes) -> bytes | None:
    """Canonical bytes of the list in a token; None if it is none or holds anything more."""
    try:
        told = open_jws_payload(content.decode("ascii"))
    except UnicodeDecodeError:
        return None
    if not isinstance(told, dict) or told.keys() != _MEMBERS:
        return None
    if not all(type(told[member]) is int for member in ("iat", "exp", "ttl")):
        return None
    issuer, statuses = told["iss"], told["status_list"]
    if not isinstance(statuses, dict) or statuses.keys() != {"bits", "lst"}:
        return None
    if not isinstance(issuer, str) or not str(told["sub"]).startswith("http"):
        return None
    if len(issuer) > 300 or not issuer.startswith("did:web:"):
        return None
    shown = {"kind": KIND, "address": told["sub"], "bits": statuses["bits"]}
    return canonical_bytes({**shown, "list": statuses["lst"]})

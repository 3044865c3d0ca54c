"""``Content-Digest`` of RFC 9530 with sha-256, the one algorithm written and read here."""

import base64
import binascii
import re
from typing import Final

_SHA256: Final = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]*):")
_BYTES: Final = 32


def render_content_digest(digest: str) -> str:
    """The header for a digest of ours.

    >>> render_content_digest("sha256:" + "00" * 32)
    'sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:'
    """
    raw = bytes.fromhex(digest.removeprefix("sha256:"))
    return f"sha-256=:{base64.b64encode(raw).decode()}:"


def parse_content_digest(header: str) -> str:
    """The digest as we write it; empty where the header names no sha-256.

    A value that is no digest comes back as what no content has.

    >>> parse_content_digest("md5=:AAAA:, sha-256=:" + "A" * 43 + "=:") == "sha256:" + "00" * 32
    True
    >>> parse_content_digest("md5=:AAAA:"), parse_content_digest("sha-256=:AAAA:")
    ('', 'sha256:')
    """
    found = _SHA256.search(header)
    if found is None:
        return ""
    try:
        raw = base64.b64decode(found[1], validate=True)
    except binascii.Error:
        raw = b""
    return f"sha256:{raw.hex() if len(raw) == _BYTES else ''}"

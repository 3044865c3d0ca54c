"""Base64url without padding (RFC 7515, section 2), with one right spelling per text."""

import binascii

import pybase64


class MalformedText(ValueError):
    """Not the one right base64url spelling of anything."""


def base64url(content: bytes) -> str:
    """Base64url without padding.

    >>> base64url(b"\\xfb\\xff")
    '-_8'
    """
    return pybase64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of an unpadded base64url text that is spelt in the one right way.

    Raises:
        MalformedText: foreign characters, padding, or stray bits at the end.
    """
    try:
        raw = text.encode("ascii")
        if b"+" in raw or b"/" in raw:
            raise MalformedText("base64url")
        content = pybase64.b64decode(raw + b"=" * (-len(raw) % 4), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as fault:
        raise MalformedText("base64url") from fault
    if base64url(content) != text:  # other spellings decode to the same bytes: one only
        raise MalformedText("base64url")
    return content

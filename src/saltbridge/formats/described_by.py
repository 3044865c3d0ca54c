"""The ``Link`` header (RFC 8288) that says where the statement about some bytes lies."""

import re
from typing import Final

_DESCRIBED: Final = re.compile(r"<([^<>]*)>\s*;[^,]*rel=\"?describedby\"?")


def render_described_by(url: str) -> str:
    """The header.

    >>> render_described_by("https://a.example/s")
    '<https://a.example/s>; rel="describedby"'
    """
    return f'<{url}>; rel="describedby"'


def parse_described_by(header: str) -> str:
    """The address, as it was written; empty where the header names none.

    >>> parse_described_by('<https://a/n>; rel="next", <https://a/s>; rel=describedby')
    'https://a/s'
    """
    found = _DESCRIBED.search(header)
    return found[1] if found else ""

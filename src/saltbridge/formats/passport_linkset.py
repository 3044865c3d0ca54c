"""What is linked to a battery's address: a link set (RFC 9264), and the resolver's own file.

Link types are those of the GS1 Web Vocabulary; the name space is the one that link sets of
resolvers tested for conformance use (secondary, read 2026-11). Some write ``ref.gs1.org``:
both are read.
"""

from collections.abc import Mapping
from typing import Any, Final

MEDIA_TYPE: Final = "application/linkset+json"
GS1: Final = "https://gs1.org/voc/"
_PREFIXES: Final = ("gs1:", GS1, "https://ref.gs1.org/voc/")
# What the link types lead to that are offered: the one address, in all its forms.
OFFERED: Final = ("defaultLink", "dpp")
LINKSET: Final = ("linkset", "all")  # ``all`` is the older word
HTML: Final = "text/html"


def link_type(written: str) -> str:
    """The name of a link type, without its prefix; ``linkset`` for the whole set.

    >>> link_type("gs1:dpp"), link_type("https://ref.gs1.org/voc/dpp"), link_type("all")
    ('dpp', 'dpp', 'linkset')
    """
    if written in LINKSET:
        return LINKSET[0]
    prefix = next((p for p in _PREFIXES if written.startswith(p)), "")
    return written.removeprefix(prefix)


def link_set(
    address: str, title: str, forms: Mapping[str, str], languages: tuple[str, ...]
) -> dict[str, Any]:
    """The link set of a battery; ``forms``: media type → address of that form."""
    page = {"href": address, "title": title, "type": HTML, "hreflang": list(languages)}
    others = [
        {"href": href, "title": title, "type": media_type}
        for media_type, href in forms.items()
        if media_type != HTML
    ]
    return {
        "linkset": [
            {
                "anchor": address,
                f"{GS1}defaultLink": [page],
                f"{GS1}dpp": [page, *others],
            }
        ]
    }


def resolver_file(name: str, root: str) -> dict[str, Any]:
    """``/.well-known/gs1resolver``: which keys and link types are resolved here."""
    return {
        "name": name,
        "resolverRoot": root,
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": GS1, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
    }

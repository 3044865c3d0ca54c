"""Official lists as a compliance officer would write them down, with invented items."""

from datetime import date

import tomli_w

HEAD = {
    "pack": "cn-automotive-2026",
    "edition": "2026",
    "citation": "An invented list for tests",
    "read_on": date(2026, 11, 20),
}
FREES_COORDINATES = {
    "number": "7-1",
    "category": "production",
    "text": "places of civil plants",
    "class": "general",
    "groups": ["coordinates"],
    "becomes": "internal",
}
LISTS_CHEMISTRY = {
    "number": "7-2",
    "category": "production",
    "text": "chemistry of cells",
    "class": "important_candidate",
    "paths": ["/product/chemistry", "/footprint/product/chemistry"],
    "kinds": ["battery-supplier-record"],
}
MEANS_NOTHING = {
    "number": "9-9",
    "category": "road",
    "text": "images from the road",
    "class": "core",
    "nothing": "a battery record holds no images",
}


def annex_toml(*items: dict[str, object], **head: object) -> bytes:
    """The bytes of a list; ``head`` replaces members of the usual head, None drops one."""
    members: dict[str, object] = {**HEAD, "items": len(items), **head}
    table = {k: v for k, v in members.items() if v is not None}
    return tomli_w.dumps({**table, "item": list(items)}).encode()

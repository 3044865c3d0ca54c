"""Whether a signed version of a passport carries the decided public view and nothing more.

The version is an SD-JWT: its restricted parts are there as digests of salted disclosures, which
tell nothing. The one disclosure that may be released is that of point 1 of Annex XIII.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.trust import sd_jwt
from saltbridge.trust.suites import NotVerified

TYPE: Final = "passport-version"
PUBLIC_PART: Final = "point_1"
DIGESTS_DUE: Final = 4  # one for each point of Annex XIII, or a decoy in its place
# What the public view is called; the signed version is called the same for every audience.
LABELS: Final = {"kind": "passport-public-view", "audience": "public", "points": [1]}
_BESIDE: Final = frozenset({"_sd_alg", "status"})
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_ADDRESS: Final = re.compile(
    r"https?://[A-Za-z0-9.:\[\]/_-]{1,250}/passports/status/[0-9]{1,9}"
)


def public_view_in(statement: Mapping[str, Any], disclosures: tuple[str, ...]) -> bytes | None:
    """Canonical bytes of the public view in a presentation; None if it holds anything more."""
    content = statement["content"]
    digests = content.get("_sd") if isinstance(content, Mapping) else None
    if not isinstance(digests, list) or len(digests) != DIGESTS_DUE:
        return None
    plain = all(isinstance(d, str) and _DIGEST.fullmatch(d) for d in digests)
    if not plain or digests != sorted(set(digests)) or not is_status(statement["status"]):
        return None
    try:
        shown = sd_jwt.revealed(statement, disclosures)["content"]
        exact = all(_is_canonical(d) for d in disclosures)
    except NotVerified:
        return None
    part = shown.pop(PUBLIC_PART, None)
    if not exact or len(disclosures) != 1 or not isinstance(part, dict):
        return None
    if shown.pop("kind", None) != TYPE or (LABELS.keys() | part.keys()) & shown.keys():
        return None
    return canonical_bytes({**shown, "attributes": {}, **part, **LABELS})


def beside_fits(statement: Mapping[str, Any], members: frozenset[str]) -> bool:
    """Whether the statement has the members of a version, and no others."""
    return statement.keys() == members | _BESIDE and statement["_sd_alg"] == sd_jwt.ALGORITHM


def _is_canonical(disclosure: str) -> bool:
    """Blanks and escapes would be room for a message, and so would a long salt."""
    parts = sd_jwt.opened(disclosure)
    salt = parts[0]
    return (
        sd_jwt.disclosure(salt, *parts[1:]) == disclosure
        if len(parts) == 3 and _DIGEST.fullmatch(salt)
        else False
    )


def is_status(status: Any) -> bool:
    if not isinstance(status, Mapping) or status.keys() != {"status_list"}:
        return False
    place = status["status_list"]
    return (
        isinstance(place, Mapping)
        and place.keys() == {"idx", "uri"}
        and type(place["idx"]) is int
        and place["idx"] >= 0
        and isinstance(place["uri"], str)
        and bool(_ADDRESS.fullmatch(place["uri"]))
    )

"""What the AAS registry answers beside descriptors: pages, faults, profiles, ids in paths.

The words of the faults are those of the Tractus-X registry 0.12 (its recorded cases, read in
source 2026-11), for clients look at them.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.exchange.twins import AssetLink
from saltbridge.formats.aas_check import Fault, FaultyDescriptor
from saltbridge.formats.aas_registry import parse_links

_API: Final = "https://admin-shell.io/aas/API/3"
_REGISTRY: Final = "AssetAdministrationShellRegistryServiceSpecification"
READER_PROFILES: Final = (
    f"{_API}/0/{_REGISTRY}/SSP-002",
    f"{_API}/1/{_REGISTRY}/SSP-005",
    f"{_API}/1/DiscoveryServiceSpecification/SSP-002",
    f"{_API}/1/SubmodelServiceSpecification/SSP-003",
)
OWNER_PROFILES: Final = (
    f"{_API}/0/{_REGISTRY}/SSP-001",
    f"{_API}/0/DiscoveryServiceSpecification/SSP-001",
    f"{_API}/1/{_REGISTRY}/SSP-001",
    f"{_API}/1/DiscoveryServiceSpecification/SSP-001",
    *READER_PROFILES,
)
# First segments of the paths of the AAS API 3.1 that we do not implement.
ELSEWHERE: Final = frozenset(
    {
        "bulk",
        "concept-descriptions",
        "packages",
        "query",
        "serialization",
        "shells",
        "submodel-descriptors",
        "submodels",
        "upload",
    }
)
_ENCODED: Final = re.compile("[A-Za-z0-9_-]*={0,2}")


def render_fault(status: int, faults: Sequence[Fault], at: datetime) -> dict[str, Any]:
    """The ``Result`` of a request that was not done."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return {
        "messages": [
            {
                "messageType": "Error",
                "code": fault.member or str(status),
                "text": fault.says,
                "timestamp": moment,
            }
            for fault in faults
        ]
    }


def shell_unknown(id: str) -> Fault:
    """There is none of that id, or it is not for the caller to know."""
    return Fault("", f"Shell for identifier {id} not found")


def submodel_unknown(id: str) -> Fault:
    """There is none of that id in the shell."""
    return Fault("", f"Submodel for identifier {id} not found.")


def render_page(members: Iterable[bytes], cursor: str) -> bytes:
    """A page of documents that are bytes already; without ``cursor`` it is the last."""
    paging = canonical_bytes({"cursor": cursor} if cursor else {})
    return b'{"paging_metadata":' + paging + b',"result":[' + b",".join(members) + b"]}"


def render_description(*, owner: bool) -> dict[str, Any]:
    """The profiles this registry implements, for whom asks."""
    return {"profiles": list(OWNER_PROFILES if owner else READER_PROFILES)}


def encode_id(id: str) -> str:
    """An identifier as it stands in a path (base64url, without padding)."""
    return base64.urlsafe_b64encode(id.encode()).decode("ascii").rstrip("=")


def decode_id(encoded: str) -> str:
    """The identifier of a path; empty where it is none."""
    return _decoded(encoded) or ""


def parse_lookup(encoded: Iterable[str]) -> tuple[AssetLink, ...]:
    """The links of a lookup by GET: base64url of ``{"name", "value"}``, several with commas.

    Raises:
        FaultyDescriptor: they are not.
    """
    links = []
    for entry in (part for text in encoded for part in text.split(",") if part):
        try:
            stated = read_json(_decoded(entry) or "")
        except FaultyJson as fault:
            says = "Incorrect Base64 encoded value provided as parameter"
            raise FaultyDescriptor([Fault("", says)]) from fault
        links.append(stated)
    return parse_links(links)


def render_cursor(key: str) -> str:
    """Where a listing goes on."""
    return encode_id(key)


def parse_cursor(cursor: str) -> str:
    """The key after which a listing goes on.

    Raises:
        FaultyDescriptor: it is none of ours.
    """
    key = _decoded(cursor)
    if cursor and not key:
        raise FaultyDescriptor([Fault("cursor", "must be one that this registry gave out")])
    return key or ""


def parse_moment(text: str) -> str:
    """A moment (RFC 3339) as creation times are written here, so that both can be compared.

    Raises:
        FaultyDescriptor: it is none.
    """
    if not text:
        return ""
    try:
        # A plus in a query is a blank once it is read.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as fault:
        raise FaultyDescriptor([Fault("createdAfter", "must be a date-time")]) from fault
    return created_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def created_text(moment: datetime) -> str:
    """When a shell was created, in texts of one length that sort as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_limit(text: str, *, usual: int, most: int) -> int:
    """How many a page may hold.

    Raises:
        FaultyDescriptor: no number of one or more.
    """
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise FaultyDescriptor([Fault("limit", "must be a whole number of 1 or more")])
    return min(int(text[:9]), most)


def _decoded(encoded: str) -> str | None:
    if not _ENCODED.fullmatch(encoded):
        return None
    bare = encoded.rstrip("=")
    try:
        content = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
        return content.decode("utf-8")
    except (binascii.Error, ValueError):
        return None

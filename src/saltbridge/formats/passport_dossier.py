"""A passport as one company hands it to another: every version, event and measurement.

JSON of our own. Versions are signed with all their parts, so the dossier is as restricted as
its most restricted part. What was kept beside a version and never signed goes with it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding
from saltbridge.core.identifiers import is_gtin14, is_urn_uuid
from saltbridge.passport.part_types import is_day

KIND: Final = "passport-dossier"
MOST_BYTES: Final = 20_000_000
_TEXTS: Final = frozenset(
    {
        *("passport_id", "product_id", "gtin", "serial", "category", "placed_on_market"),
        *("issued_at", "first_operator", "status", "ceased_on"),
    }
)
_VERSION: Final = frozenset({"record", "file", "status"})
_EVENT: Final = frozenset(
    {
        *("passport_id", "number", "event", "occurred_on", "recorded_at", "version"),
        *("signed_by", "digests", "content", "claims"),
    }
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A whole passport on its way.

    ``versions`` hold the record of a version, its public claim file and its status; ``lists``
    are the tokens of the status lists they stand on. ``succession`` names who stepped in for an
    operator that was gone: ``operator``, after so many events (``after_events``), and why.
    """

    passport_id: str
    product_id: str
    gtin: str
    serial: str
    category: str
    placed_on_market: str
    issued_at: str
    first_operator: str  # DID of who answered for it when it began
    status: str  # active or ceased
    ceased_on: str
    versions: tuple[Mapping[str, Any], ...]
    events: tuple[Mapping[str, Any], ...]
    measurements: tuple[Mapping[str, Any], ...]
    lists: tuple[str, ...]
    succession: Mapping[str, Any] = field(default_factory=dict)  # who stepped in, and when


def render_dossier(dossier: Dossier) -> bytes:
    """The dossier's bytes (RFC 8785)."""
    told = asdict(dossier)
    several = ("versions", "events", "measurements", "lists")
    return canonical_bytes(
        {"kind": KIND, **told, **{member: list(told[member]) for member in several}}
    )


def parse_dossier(content: bytes, name: str = "") -> Dossier:
    """The dossier in these bytes; nothing in it is verified.

    Raises:
        FaultyInput: not JSON, or a member is missing, unknown or not what it must be.
    """
    told = read_json(content, name)
    members = {one.name for one in fields(Dossier)} | {"kind"}
    wrong = ["/"] if not isinstance(told, dict) else sorted(told.keys() ^ members)
    wrong = wrong or [member for member, good in _checks(told).items() if not good]
    if wrong:
        raise FaultyInput(
            finding("handover.member", Place(name, pointer=f"/{m[:40]}"), member=m[:40])
            for m in wrong
        )
    several = {m: tuple(told[m]) for m in ("versions", "events", "measurements", "lists")}
    return Dossier(**{**{m: told[m] for m in _TEXTS}, **several}, succession=told["succession"])


def _checks(told: Mapping[str, Any]) -> dict[str, bool]:
    texts = {m: isinstance(told[m], str) and len(told[m]) <= 2000 for m in sorted(_TEXTS)}
    if not all(texts.values()):
        return texts
    return {
        "kind": told["kind"] == KIND,
        "passport_id": is_urn_uuid(told["passport_id"]),
        "gtin": is_gtin14(told["gtin"]),
        "placed_on_market": is_day(told["placed_on_market"]),
        "first_operator": told["first_operator"].startswith("did:"),
        "status": told["status"] in ("active", "ceased"),
        "ceased_on": (told["status"] == "ceased") == is_day(told["ceased_on"]),
        "versions": bool(told["versions"]) and _all(told["versions"], _VERSION),
        "events": _all(told["events"], _EVENT),
        "measurements": _all(told["measurements"], None),
        "succession": _is_succession(told["succession"]),
        "lists": isinstance(told["lists"], list)
        and all(isinstance(token, str) for token in told["lists"]),
    }


def _all(stated: Any, members: frozenset[str] | None) -> bool:
    return isinstance(stated, list) and all(
        isinstance(one, dict) and (members is None or one.keys() == members) for one in stated
    )


def _is_succession(stated: Any) -> bool:
    return stated == {} or (
        isinstance(stated, dict)
        and isinstance(stated.get("operator"), str)
        and type(stated.get("after_events")) is int
    )

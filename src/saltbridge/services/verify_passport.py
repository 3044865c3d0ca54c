"""What is checked of a version of a passport beyond what is checked of every claim."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.core.identifiers import did_web
from saltbridge.core.unicode_form import as_utf8
from saltbridge.formats.claim_file import ClaimFile
from saltbridge.passport.data_carrier import product_link
from saltbridge.passport.views import presented_view
from saltbridge.services.verify_content import Remark
from saltbridge.trust import claims, status_list
from saltbridge.trust.did import iso
from saltbridge.trust.sd_jwt import revealed
from saltbridge.trust.status_list import Status
from saltbridge.trust.suites import NotVerified

OPEN_CODES = frozenset(
    {
        *("verify.status-unchecked", "verify.status-list-expired", "verify.status-kept"),
        "verify.address-elsewhere",
    }
)


def disclosed(
    file: ClaimFile, verified: claims.VerifiedClaim[claims.SignedClaim]
) -> tuple[Remark, Mapping[str, Any]]:
    """Whether every disclosure in the file was signed, and the view they give.

    A disclosure that was left out is no fault: whoever handed the file on may show less.
    """
    try:
        payload = read_json(verified.payload)
        view = presented_view(revealed(payload, file.disclosures)["content"])
    except NotVerified as fault:
        found = fault.findings[0]
        return Remark("disclosures", False, found.code, dict(found.arguments)), {}
    points = ", ".join(str(point) for point in view["points"])
    if not points:
        return Remark("disclosures", True, "verify.discloses-nothing"), view
    told = {"points": points, "version": str(view.get("version", "–"))[:20]}
    return Remark("disclosures", True, "verify.disclosures-signed", told), view


def address(view: Mapping[str, Any], issuer: str, scanned: str) -> Remark:
    """Whether the address in the QR code is this battery's, and lies with the issuer.

    ``scanned`` is the address somebody came by; empty where nobody says.
    """
    said = str(view.get("product_id", ""))
    base, _, path = said.partition("/01/")
    try:
        own = path and product_link(base, str(view["gtin"]), str(view["serial"])) == said
    except (KeyError, ValueError):
        own = False
    if not own:
        return Remark("address", False, "verify.address-other-battery", {"address": said[:200]})
    if scanned and scanned.split("?")[0].rstrip("/") != said:
        told = {"scanned": scanned[:200], "address": said[:200]}
        return Remark("address", False, "verify.address-differs", told)
    at_issuer = did_web(base) == issuer
    code = "verify.address-issuer" if at_issuer else "verify.address-elsewhere"
    return Remark("address", at_issuer, code, {"address": said[:200], "issuer": issuer[:200]})


def status(
    statement: Mapping[str, Any],
    did_document: Mapping[str, Any],
    lists: Sequence[bytes],
    now: datetime,
) -> Remark:
    """Whether the version still holds, by the newest list somebody brought.

    What any list says of a revocation, or of a later version, holds for good; that something
    holds, only a list that has not expired says. ``statement`` is what was signed.
    """
    try:
        place = statement["status"]
        uri, index = str(place["status_list"]["uri"]), int(place["status_list"]["idx"])
        tokens = [token for token in map(_token, lists) if status_list.address_of(token) == uri]
        if not tokens:
            return Remark("status", False, "verify.status-unchecked", {"address": uri[:200]})
        checked = [
            status_list.verify(token, did_document, address=uri, now=now) for token in tokens
        ]
        newest = max(checked, key=lambda found: found.issued_at)
        said = _said([found.at(index) for found in checked], newest.at(index))
    except NotVerified as fault:
        found = fault.findings[0]
        return Remark("status", False, found.code, dict(found.arguments))
    except (KeyError, TypeError, ValueError):
        return Remark("status", False, "trust.malformed", {"reason": "status"})
    told = {"at": iso(newest.issued_at), "expires": iso(newest.expires)}
    if said == Status.VALID and newest.expires <= now:
        return Remark("status", False, "verify.status-list-expired", told)
    codes = {
        Status.VALID: "verify.status-valid",
        Status.INVALID: "verify.status-revoked",
        Status.SUSPENDED: "verify.status-suspended",
        Status.SUPERSEDED: "verify.status-superseded",
    }
    code = codes[Status(said)] if said in tuple(Status) else "verify.status-unknown"
    return Remark("status", said == Status.VALID, code, told)


def _said(ever: Sequence[int], now: int) -> int:
    """What the lists say together: what is for good holds, whatever a later list says."""
    if Status.INVALID in ever:
        return Status.INVALID
    return Status.SUPERSEDED if now == Status.VALID and Status.SUPERSEDED in ever else now


def _token(content: bytes) -> str:
    """The token in a file; blanks around it do no harm."""
    try:
        return as_utf8(content).decode("ascii").strip()
    except UnicodeDecodeError as fault:
        raise NotVerified.of("trust.malformed", reason="status list") from fault

"""What is checked of a version of a passport beyond what is checked of every claim."""

from collections.abc import Mapping
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.core.identifiers import did_web
from saltbridge.formats.claim_file import ClaimFile
from saltbridge.passport.data_carrier import product_link
from saltbridge.passport.views import presented_view
from saltbridge.services.verify_content import Remark
from saltbridge.trust import claims
from saltbridge.trust.sd_jwt import revealed
from saltbridge.trust.suites import NotVerified


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

"""A saved credential (``application/vc+jwt``): the public view of a passport, checked offline.

What a node answers at a battery's address. It brings no keys and no proof of the log: the
issuer's DID document comes from elsewhere, and the claim file of the version has the proof.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from saltbridge.border.passport_credential import TYPE, credential_in
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument, Place, finding
from saltbridge.services.verify_content import content_remarks, edition_remarks
from saltbridge.services.verify_keeper import (
    Kept,
    keeper_remark,
    keys_known,
    of_its_day,
    with_kept,
)
from saltbridge.services.verify_outcome import (
    CLOCK_SKEW,
    Check,
    Outcome,
    Verification,
    VerifyRequest,
)
from saltbridge.services.verify_passport import OPEN_CODES, address, status
from saltbridge.trust import signature
from saltbridge.trust.claims import ClaimType
from saltbridge.trust.did import LOG_SERVICE, KeyUse, from_iso, iso, parse_did_document
from saltbridge.trust.suites import NotVerified, suite_of

KIND: Final = "passport-credential"
_Note = Callable[..., None]


def credential_text(content: bytes) -> str:
    """The compact text of a credential in JOSE form; empty if the file holds something else."""
    try:
        text = content.decode("ascii").strip()
        return text if signature.open_jws(text).header.get("typ") == TYPE else ""
    except (NotVerified, UnicodeDecodeError):
        return ""


def check_credential(text: str, request: VerifyRequest, kept: Kept | None) -> Verification:
    """The numbered checks of a credential as this software makes them.

    Raises:
        FaultyInput: nobody brought the keys of the issuer it names.
    """
    checks: list[Check] = []

    def note(name: str, outcome: Outcome, code: str, **arguments: Argument) -> None:
        checks.append(Check(len(checks) + 1, name, outcome, code, arguments))

    note("file", Outcome.PASSED, "verify.file-read", bytes=len(request.content))
    # 2. It is a passport's, in the form we know, and holds the public view and nothing more.
    view = credential_in(text.encode("ascii"))
    if view is None:
        note("type", Outcome.FAILED, "verify.credential-other")
        return Verification(KIND, "", "", "", tuple(checks))
    note("type", Outcome.PASSED, "verify.type.passport-credential")
    told = read_json(view)
    issuer, issued = str(told["issuer"]["did"])[:300], str(told["issued_at"])[:40]
    known = issuer in request.anchors
    request = with_kept(request, kept, issuer)
    request = replace(request, anchors=keys_known(request, kept))
    _check_signed(text, told, issuer, request, note)
    if checks[-1].outcome is not Outcome.FAILED:
        by_keeper = None if known else kept
        _check_issuer(issuer, by_keeper, note)
        _check_said(text, told, issuer, request, kept, note)
    notes = ("verify.version-note",)
    id = str(told.get("passport_id", ""))[:80]
    return Verification(KIND, id, issuer, issued, tuple(checks), notes)


def _check_signed(
    text: str, view: Mapping[str, Any], issuer: str, request: VerifyRequest, note: _Note
) -> None:
    """3. The signature, by a key of the trusted document that was good when it was issued."""
    anchor = request.anchors.get(issuer)
    if anchor is None:
        place = Place(file=request.name)
        raise FaultyInput([finding("verify.no-keys", place, issuer=issuer[:200])])
    key_id = signature.open_jws(text).header["kid"]
    try:
        document = parse_did_document(anchor, did=issuer)
        key = document.key(key_id, KeyUse.ASSERTION, at=_moment(view))
        if not (suite := suite_of(key.jwk)).stands_alone:
            raise NotVerified.of("trust.never-alone", suite=suite.name, key=key.id)
        signature.verify(text, jwk=key.jwk, key_id=key.id, typ=TYPE)
    except (NotVerified, FaultyInput) as fault:
        found = fault.findings[0]
        note("signature", Outcome.FAILED, found.code, **found.arguments)
        return
    note("signature", Outcome.PASSED, "verify.signed-by-anchor", key=key_id)


def _check_issuer(issuer: str, by_keeper: Kept | None, note: _Note) -> None:
    """4. The key is known to be the issuer's: by its own document, or by a keeper's word."""
    if by_keeper is None:
        note("issuer", Outcome.PASSED, "verify.issuer-anchored", issuer=issuer)
    elif by_keeper.trusted:
        note("issuer", Outcome.PASSED, "verify.issuer-kept", issuer=issuer, **by_keeper.told)
    else:
        note("issuer", Outcome.OPEN, "verify.issuer-open", issuer=issuer)


def _check_said(
    text: str,
    view: Mapping[str, Any],
    issuer: str,
    request: VerifyRequest,
    kept: Kept | None,
    note: _Note,
) -> None:
    """5. and on: dates, its numbers, the address, whether it still holds, keeper, log."""
    moment = _moment(view)
    early = moment > request.now + CLOCK_SKEW
    code = "verify.issued-in-future" if early else "verify.dates-possible"
    dated = Outcome.FAILED if early else Outcome.PASSED
    note("dates", dated, code, issued_at=iso(moment))
    anchor = request.anchors[issuer]
    statement = read_json(signature.open_jws(text).payload)
    kind = ClaimType.PASSPORT_VERSION
    for remark in (
        *content_remarks(kind, view),
        *edition_remarks(kind, view, moment.date()),
        address(view, issuer, request.scanned),
        of_its_day(status(statement, anchor, request.status_lists, request.now), kept),
    ):
        outcome = Outcome.PASSED if remark.good else Outcome.FAILED
        outcome = Outcome.OPEN if remark.code in OPEN_CODES else outcome
        note(remark.name, outcome, remark.code, **remark.arguments)
    if kept is not None:
        outcome, code, told = keeper_remark(kept)
        note("keeper", outcome, code, **told)
    has_log = parse_did_document(anchor).service_url(LOG_SERVICE) is not None
    if has_log:
        note("log", Outcome.OPEN, "verify.log-credential")
    else:
        note("log", Outcome.PASSED, "verify.log-none-announced")


def _moment(view: Mapping[str, Any]) -> datetime:
    """When the version was issued.

    Raises:
        NotVerified: it names no time.
    """
    try:
        return from_iso(str(view["issued_at"]))
    except ValueError as fault:
        raise NotVerified.of("trust.malformed", reason="issued_at") from fault

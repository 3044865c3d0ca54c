"""Checks a saved claim offline, in numbered steps.

A signature shows who signed which bytes and that they did not change. Whose key it is, only
an anchor from elsewhere shows: a DID document the reader trusts, or one this node fetched from
a partner. Without an anchor the check of the issuer stays open, and open is not passed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from saltbridge.border.export_statement import check_statement
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Argument
from saltbridge.core.unicode_form import as_utf8
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file, parse_sd_jwt_text
from saltbridge.ports import World
from saltbridge.services.verify_content import (
    Remark,
    content_remarks,
    edition_remarks,
    receipt_remark,
)
from saltbridge.services.verify_credential import check_credential, credential_text
from saltbridge.services.verify_keeper import (
    keeper_remark,
    kept_by,
    keys_known,
    of_its_day,
    with_kept,
)
from saltbridge.services.verify_log import logged, witnessed_at
from saltbridge.services.verify_outcome import (
    CLOCK_SKEW,
    Check,
    Outcome,
    Verification,
    VerifyRequest,
)
from saltbridge.services.verify_passport import OPEN_CODES, address, disclosed, status
from saltbridge.steps.passport_status import released_lists
from saltbridge.steps.records import document
from saltbridge.steps.verification import trusted_verifiers, withdrawals
from saltbridge.trust import claims
from saltbridge.trust.did import iso, parse_did_document
from saltbridge.trust.parallel import verify_beside
from saltbridge.trust.receipt import parse_receipt
from saltbridge.trust.signature import open_jws
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verification import WITHDRAWAL
from saltbridge.trust.verification_check import (
    Enclosed,
    Point,
    Standing,
    points_alone,
    points_in,
    withdrawal_points,
)

__all__ = ["Check", "Outcome", "Verification", "VerifyRequest"]  # offered here too

_OUTCOMES = {
    Standing.HELD: Outcome.PASSED,
    Standing.BROKEN: Outcome.FAILED,
    Standing.OPEN: Outcome.OPEN,
}


def anchors_of(world: World) -> dict[str, Mapping[str, Any]]:
    """DID documents this node trusts: its own, and those it fetched from its partners."""
    anchors: dict[str, Mapping[str, Any]] = {}
    with world.store.reading() as view:
        for partner in world.node.partners:
            kept = document(view, "did-document", partner.did)
            if kept is not None:
                parse_did_document(kept, did=partner.did, name=partner.did)
                anchors[partner.did] = kept
    anchors[world.node.did] = world.keyring.did_document()
    return anchors


def verifiers_of(world: World) -> dict[str, Mapping[str, Any]]:
    """DID documents of the verifiers this node trusts; good for their statements alone."""
    with world.store.reading() as view:
        return trusted_verifiers(view)


def withdrawals_of(world: World) -> dict[str, list[str]]:
    """The withdrawals of verification statements that this node was brought."""
    with world.store.reading() as view:
        return withdrawals(view)


def status_lists_of(world: World) -> list[bytes]:
    """The status lists this node gave out for its own passports."""
    with world.store.reading() as view:
        return released_lists(view)


def read_anchor(content: bytes, name: str) -> dict[str, Mapping[str, Any]]:
    """The anchor in a DID document file.

    Raises:
        FaultyInput: not a DID document.
    """
    anchor = read_json(as_utf8(content), name)
    return {parse_did_document(anchor, name=name).id: anchor}


def verify(request: VerifyRequest) -> Verification:
    """The numbered checks of one claim file, or of the bare text of an SD-JWT or a credential.

    Saved with a byte order mark or as UTF-16, it is the same text: what is signed is inside.

    Raises:
        FaultyInput: the file is not a claim file; nothing could be checked.
    """
    saved, kept = as_utf8(request.content), kept_by(request)
    if credential := credential_text(saved):
        return check_credential(credential, request, kept)
    file = parse_sd_jwt_text(saved, keys_known(request, kept), request.name)
    file = file or parse_claim_file(saved, request.name)
    checks: list[Check] = []

    def note(name: str, outcome: Outcome, code: str, **arguments: Argument) -> None:
        checks.append(Check(len(checks) + 1, name, outcome, code, arguments))

    kind = file.claim.type.value
    # 1. The file can be read (else we would not be here).
    note("file", Outcome.PASSED, "verify.file-read", bytes=len(request.content))
    # 2. It was signed as what it is presented as.
    try:
        issuer = claims.stated_issuer(file.claim)
        typ = open_jws(file.claim.jws).header["typ"]
    except NotVerified as fault:
        note("type", Outcome.FAILED, fault.findings[0].code, **fault.findings[0].arguments)
        return Verification(kind, "", "", "", tuple(checks))
    if typ != file.claim.type.jws_type:
        note("type", Outcome.FAILED, "verify.type-differs", presented=kind, signed=typ[:80])
        return Verification(kind, "", issuer, "", tuple(checks))
    note("type", Outcome.PASSED, f"verify.type.{kind}")
    # 3. The signature fits: under the anchor where there is one, else under the enclosed key.
    if kind == claims.ClaimType.VERIFICATION_STATEMENT:  # a verifier's own: its anchor counts
        request = replace(request, anchors={**request.verifiers, **request.anchors})
    known = request.anchors.get(issuer) is not None
    request = with_kept(request, kept, issuer)
    anchor = request.anchors.get(issuer)
    try:
        verified = claims.verify(
            file.claim,
            file.did_document if anchor is None else anchor,
            witnessed_at=witnessed_at(file, issuer, request),
        )
    except NotVerified as fault:
        found = fault.findings[0]
        note("signature", Outcome.FAILED, found.code, **found.arguments)
        return Verification(kind, "", issuer, "", tuple(checks))
    code = "verify.signed-by-enclosed" if anchor is None else "verify.signed-by-anchor"
    note("signature", Outcome.PASSED, code, key=verified.header["kid"])
    content = verified.content
    if file.claim.type is claims.ClaimType.PASSPORT_VERSION:
        remark, content = disclosed(file, verified)
        outcome = Outcome.PASSED if remark.good else Outcome.FAILED
        note(remark.name, outcome, remark.code, **remark.arguments)
        if not remark.good:  # what it says cannot be told apart from what was made up
            return Verification(
                kind, verified.id, issuer, iso(verified.issued_at), tuple(checks)
            )
    if file.also_signed:  # beside it, where there is one: its absence says nothing
        outcome, code, arguments = _beside(file, verified, anchor)
        note("parallel", outcome, code, **arguments)
    # 4. The key is known to be the issuer's.
    if anchor is not None and not known and kept is not None:
        note("issuer", Outcome.PASSED, "verify.issuer-kept", issuer=issuer, **kept.told)
    elif anchor is not None:
        note("issuer", Outcome.PASSED, "verify.issuer-anchored", issuer=issuer)
    elif request.anchors_complete:
        trusted = ", ".join(request.anchors)
        note("issuer", Outcome.FAILED, "verify.issuer-other", issuer=issuer, trusted=trusted)
    else:
        note("issuer", Outcome.OPEN, "verify.issuer-open", issuer=issuer)
    # 5. Its dates are possible.
    fault_code, arguments = _date_fault(verified, content, request.now)
    note(
        "dates",
        Outcome.FAILED if fault_code else Outcome.PASSED,
        fault_code or "verify.dates-possible",
        **(arguments or {"issued_at": iso(verified.issued_at)}),
    )
    # 6. and on: its numbers agree with one another, and with the receipt it carries.
    issued = verified.issued_at.date()
    for remark in _remarks(file, content, anchor, request.payload, issued):
        outcome = Outcome.PASSED if remark.good else Outcome.FAILED
        note(remark.name, outcome, remark.code, **remark.arguments)
    if file.claim.type is claims.ClaimType.PASSPORT_VERSION:
        keys = file.did_document if anchor is None else anchor
        for remark in (
            address(content, verified.issuer, request.scanned),
            of_its_day(
                status(read_json(verified.payload), keys, request.status_lists, request.now),
                kept,
            ),
        ):
            outcome = Outcome.PASSED if remark.good else Outcome.FAILED
            outcome = Outcome.OPEN if remark.code in OPEN_CODES else outcome
            note(remark.name, outcome, remark.code, **remark.arguments)
    if kept is not None:
        outcome, code, told = keeper_remark(kept)
        note("keeper", outcome, code, **told)
    # Last: its signing stands in the issuer's log, and who saw that.
    outcome, code, told = logged(file, verified, request)
    note("log", outcome, code, **told)
    # … and the statements of verifiers that it carries, or is, point by point.
    points = _statement_points(request, file, verified, anchor)
    for point in points:
        note(point.name, _OUTCOMES[point.standing], point.code, **point.arguments)
    notes: tuple[str, ...] = ("verify.statement-note",) if points else ()
    if file.claim.type is claims.ClaimType.PASSPORT_VERSION:
        notes += ("verify.version-note",)
    return Verification(
        kind, verified.id, verified.issuer, iso(verified.issued_at), tuple(checks), notes
    )


def _statement_points(
    request: VerifyRequest,
    file: ClaimFile,
    verified: claims.VerifiedClaim[claims.SignedClaim],
    anchor: Mapping[str, Any] | None,
) -> tuple[Point, ...]:
    known = {**request.anchors, **request.verifiers}
    content = verified.content
    if file.claim.type is claims.ClaimType.SUPPLIER_RECORD:
        return points_in(
            content,
            maker=verified.issuer,
            maker_document=file.did_document if anchor is None else anchor,
            verifiers=known,
            withdrawals=request.withdrawals,
            now=request.now,
        )
    if file.claim.type is not claims.ClaimType.VERIFICATION_STATEMENT:
        return ()
    if content.get("kind") == WITHDRAWAL:
        return withdrawal_points(content)
    return points_alone(
        Enclosed(file.claim.jws, file.did_document),
        verifiers=known,
        withdrawals=request.withdrawals,
        now=request.now,
    )


def _beside(
    file: ClaimFile,
    verified: claims.VerifiedClaim[claims.SignedClaim],
    anchor: Mapping[str, Any] | None,
) -> tuple[Outcome, str, dict[str, Argument]]:
    """What the parallel signatures give; open where the library for SM2 is not installed."""
    trusted = file.did_document if anchor is None else anchor
    try:
        keys = verify_beside(verified, file.also_signed, trusted)
    except NotVerified as fault:
        return Outcome.FAILED, fault.findings[0].code, dict(fault.findings[0].arguments)
    except Unavailable as fault:
        return Outcome.OPEN, fault.findings[0].code, dict(fault.findings[0].arguments)
    return Outcome.PASSED, "verify.signed-beside", {"keys": ", ".join(keys)}


def _remarks(
    file: ClaimFile,
    content: Mapping[str, Any],
    anchor: Mapping[str, Any] | None,
    payload: bytes | None,
    issued: date,
) -> Iterator[Remark]:
    if file.claim.type is claims.ClaimType.EXPORT_STATEMENT:
        for check in check_statement(content, payload=payload):
            yield Remark(f"statement-{check.name}", check.ok, check.code, check.arguments)
        return
    yield from content_remarks(file.claim.type, content)
    yield from edition_remarks(file.claim.type, content, issued)
    enclosed = content.get("receipt")
    if file.claim.type is claims.ClaimType.SUPPLIER_RECORD and isinstance(enclosed, str):
        trusted = file.did_document if anchor is None else anchor
        try:
            receipt = claims.verify(claims.Receipt(enclosed), trusted)
            told = parse_receipt(receipt.content)
        except (NotVerified, FaultyInput) as fault:
            found = fault.findings[0]
            yield Remark("receipt", False, found.code, dict(found.arguments))
            return
        yield receipt_remark(told, content.get("footprint"))


def _date_fault(
    verified: claims.VerifiedClaim[claims.SignedClaim],
    content: Mapping[str, Any],
    now: datetime,
) -> tuple[str, dict[str, Argument]]:
    """The code of the first impossible date and its arguments; an empty code if none is."""
    if verified.issued_at > now + CLOCK_SKEW:
        return "verify.issued-in-future", {"issued_at": iso(verified.issued_at)}
    for holder in (content, content.get("footprint")):
        period = holder.get("period") if isinstance(holder, Mapping) else None
        if not isinstance(period, Mapping):
            continue
        start, end = str(period.get("start", "")), str(period.get("end", ""))
        try:
            in_order = date.fromisoformat(start) <= date.fromisoformat(end)
        except ValueError:
            in_order = False
        if not in_order:
            return "verify.period-impossible", {"start": start[:40], "end": end[:40]}
    return "", {}

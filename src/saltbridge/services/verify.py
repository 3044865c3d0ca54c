"""Checks a saved claim offline, in numbered steps.

A signature shows who signed which bytes and that they did not change. Whose key it is, only
an anchor from elsewhere shows: a DID document the reader trusts, or one this node fetched from
a partner. Without an anchor the check of the issuer stays open, and open is not passed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from saltbridge.border.export_statement import check_statement
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Argument
from saltbridge.formats.claim_file import ClaimFile, parse_claim_file, parse_sd_jwt_text
from saltbridge.ports import World
from saltbridge.services.verify_content import (
    Remark,
    content_remarks,
    edition_remarks,
    receipt_remark,
)
from saltbridge.services.verify_passport import OPEN_CODES, address, disclosed, status
from saltbridge.steps.passport_status import released_lists
from saltbridge.steps.records import document
from saltbridge.steps.verification import trusted_verifiers, withdrawals
from saltbridge.trust import claims
from saltbridge.trust.checkpoint import Cosigned, known_witnesses, log_keys
from saltbridge.trust.did import LOG_SERVICE, iso, parse_did_document
from saltbridge.trust.log_proof import LogProof, check_log_proof
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

CLOCK_SKEW = timedelta(minutes=5)


class Outcome(StrEnum):
    """What one check gave."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"  # nothing speaks against it, and nothing here can show it


_OUTCOMES = {
    Standing.HELD: Outcome.PASSED,
    Standing.BROKEN: Outcome.FAILED,
    Standing.OPEN: Outcome.OPEN,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One numbered check. ``code`` is a message id, as is ``verify.check.<name>``."""

    number: int
    name: str
    outcome: Outcome
    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verification:
    """What the checks of one file gave."""

    claim_type: str
    id: str
    issuer: str
    issued_at: str
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()  # message ids: what the checks do not show

    @property
    def verdict(self) -> Outcome:
        """Failed if one check failed, else open if one is open, else passed."""
        outcomes = {c.outcome for c in self.checks}
        for worse in (Outcome.FAILED, Outcome.OPEN):
            if worse in outcomes:
                return worse
        return Outcome.PASSED


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """A file, the time, and the DID documents the reader trusts.

    ``anchors_complete`` says that nobody but the anchors may be the issuer: an issuer that is
    not among them then fails instead of staying open. ``stamps`` holds checkpoints (their
    signed texts) with the time at which a trusted authority saw them. ``verifiers`` are
    anchors for statements of verifiers alone; ``withdrawals`` are the claims by which some
    were taken back, by the statement's id.
    """

    content: bytes
    name: str
    now: datetime
    anchors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    anchors_complete: bool = False
    payload: bytes | None = None  # the bytes an export statement is about
    scanned: str = ""  # the address by which somebody came to a passport
    status_lists: Sequence[bytes] = ()  # tokens that say whether passports still hold
    stamps: Mapping[str, datetime] = field(default_factory=dict)
    verifiers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    withdrawals: Mapping[str, Sequence[str]] = field(default_factory=dict)


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
    anchor = read_json(content, name)
    return {parse_did_document(anchor, name=name).id: anchor}


def verify(request: VerifyRequest) -> Verification:
    """The numbered checks of one claim file, or of the bare text of an SD-JWT.

    Raises:
        FaultyInput: the file is not a claim file; nothing could be checked.
    """
    file = parse_sd_jwt_text(request.content, request.anchors, request.name)
    file = file or parse_claim_file(request.content, request.name)
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
    anchor = request.anchors.get(issuer)
    try:
        verified = claims.verify(
            file.claim,
            file.did_document if anchor is None else anchor,
            witnessed_at=_witnessed_at(file, issuer, request),
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
    if anchor is not None:
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
            status(verified, keys, request.status_lists, request.now),
        ):
            outcome = Outcome.PASSED if remark.good else Outcome.FAILED
            outcome = Outcome.OPEN if remark.code in OPEN_CODES else outcome
            note(remark.name, outcome, remark.code, **remark.arguments)
    # Last: its signing stands in the issuer's log, and who saw that.
    outcome, code, told = _logged(file, verified, request)
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


def _witnesses(
    proof: LogProof, issuer: str, request: VerifyRequest
) -> tuple[tuple[Cosigned, ...], datetime | None]:
    """Who among the anchors cosigned the checkpoint, and the first time anybody saw it.

    Raises:
        NotVerified: a cosignature of one of them does not fit.
    """
    known = {did: parse_did_document(a, did=did) for did, a in request.anchors.items()}
    seen = known_witnesses(proof.note, known, but=issuer)
    times = [s.at for s in seen]
    stamped = request.stamps.get(proof.note.text)
    return seen, min((*times, stamped) if stamped else times, default=None)


def _witnessed_at(file: ClaimFile, issuer: str, request: VerifyRequest) -> datetime | None:
    """When somebody else is known to have seen the claim in its issuer's log, or None."""
    anchor = request.anchors.get(issuer)
    if anchor is None or file.log is None:
        return None
    try:
        _, seen_at = _witnesses(file.log, issuer, request)
        if seen_at is None:
            return None
        document = parse_did_document(anchor)
        check_log_proof(
            file.log,
            claim_id=file.log.subject,
            claim_digest=file.claim.digest,
            origin=issuer,
            keys=log_keys(document, at=seen_at, witnessed_at=seen_at),
        )
    except (NotVerified, FaultyInput):
        return None  # the check of the log will say why
    return seen_at


def _logged(
    file: ClaimFile,
    verified: claims.VerifiedClaim[claims.SignedClaim],
    request: VerifyRequest,
) -> tuple[Outcome, str, Mapping[str, Argument]]:
    """The check of the log: outcome, code and arguments."""
    anchor = request.anchors.get(verified.issuer)
    trusted = parse_did_document(file.did_document if anchor is None else anchor)
    if file.log is None:
        if file.claim.type is claims.ClaimType.RECEIPT:
            return Outcome.PASSED, "verify.log-receipt", {}
        if anchor is not None and trusted.service_url(LOG_SERVICE) is None:
            return Outcome.PASSED, "verify.log-none-announced", {}
        return Outcome.OPEN, "verify.log-absent", {}
    try:
        seen, seen_at = _witnesses(file.log, verified.issuer, request)
        checkpoint, _ = check_log_proof(
            file.log,
            claim_id=verified.id,
            claim_digest=file.claim.digest,
            origin=verified.issuer,
            keys=log_keys(trusted, at=verified.issued_at, witnessed_at=seen_at),
        )
    except NotVerified as fault:
        found = fault.findings[0]
        return Outcome.FAILED, found.code, found.arguments
    told: dict[str, Argument] = {"index": file.log.index, "size": checkpoint.size}
    if anchor is None:
        return Outcome.OPEN, "verify.log-enclosed", told
    if not seen:
        return Outcome.PASSED, "verify.log-included", told
    witnesses = ", ".join(f"{s.witness} ({iso(s.at)})" for s in seen)
    return Outcome.PASSED, "verify.log-witnessed", {**told, "witnesses": witnesses}


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

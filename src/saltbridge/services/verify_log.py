"""Whether the signing of a saved claim stands in its issuer's log, and who saw that."""

from collections.abc import Mapping
from datetime import datetime

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument
from saltbridge.formats.claim_file import ClaimFile
from saltbridge.services.verify_outcome import Outcome, VerifyRequest
from saltbridge.trust import claims
from saltbridge.trust.checkpoint import Cosigned, known_witnesses, log_keys
from saltbridge.trust.did import LOG_SERVICE, iso, parse_did_document
from saltbridge.trust.log_proof import LogProof, check_log_proof
from saltbridge.trust.suites import NotVerified


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


def witnessed_at(file: ClaimFile, issuer: str, request: VerifyRequest) -> datetime | None:
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


def logged(
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

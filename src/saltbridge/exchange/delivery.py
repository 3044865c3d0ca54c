"""The numbered checks that turn received bytes into a ``VerifiedDelivery``.

All checks are made and kept, passed or failed, so that a person sees everything at once.
Only ``verify`` makes a ``VerifiedDelivery``, and only when every check holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from saltbridge.core.canonical import digest
from saltbridge.core.edition import Edition
from saltbridge.core.errors import SaltbridgeError, Unavailable
from saltbridge.core.finding import Argument, Finding
from saltbridge.exchange.edition_claim import edition_fault
from saltbridge.exchange.model import Agreement
from saltbridge.exchange.policy import in_force
from saltbridge.trust.checkpoint import Checkpoint, log_keys
from saltbridge.trust.claims import ClaimType, SignedClaim, VerifiedClaim, stated_issuer, verify
from saltbridge.trust.did import LOG_SERVICE, parse_did_document
from saltbridge.trust.log import continues
from saltbridge.trust.log_proof import LogProof, check_log_proof
from saltbridge.trust.parallel import verify_beside
from saltbridge.trust.verification_check import Point, false_point, points_in

NAMES: Final = (
    "signature", "issuer", "agreement", "digest", "type", "edition", "dates", "log",
    "verification",
)  # fmt: skip
# The check does not apply, and says so.
NO_LOG: Final = "delivery.log-none-announced"
NO_DIGEST: Final = "delivery.digest-not-announced"
_HOLDS: Final = frozenset({"", NO_LOG, NO_DIGEST})
LOG_FORKED: Final = "delivery.log-forked"
_CLOCKS_DIFFER: Final = timedelta(minutes=5)

# kind of dataset → type of claim and kind of document that are due
_ENTRIES: Final = ("records", "documents")
EXPECTED: Final[Mapping[str, tuple[ClaimType, str]]] = {
    "pcf": (ClaimType.SUPPLIER_RECORD, "pcf"),
    "supplier-record": (ClaimType.SUPPLIER_RECORD, "battery-supplier-record"),
    "estimate": (ClaimType.ESTIMATE, ""),
    "declaration": (ClaimType.DECLARATION, ""),
}
_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result. ``detail_code`` says why it failed; empty when it held.

    A check that held because it does not apply says so in ``detail_code`` too.
    """

    number: int
    name: str
    ok: bool
    detail_code: str = ""
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """What arrived, with everything it is checked against.

    ``claim`` is what ``formats`` read in ``content``, or None with the reason in ``fault``.
    ``did_document`` is the provider's own, resolved by us, never the one enclosed.
    ``announced_digest`` came with the transfer's start message, over the control plane.
    ``log`` is the proof in the file; ``witnessed`` is the newest state of the provider's log
    that we saw before, and ``consistency`` what the log says joins it to the state of ``log``.
    ``verifiers`` are DID documents of those whose statements we believe to be theirs;
    ``withdrawals`` the claims by which statements were taken back, by the statement's id.
    """

    content: bytes
    claim: SignedClaim | None
    fault: Finding | None
    did_document: Mapping[str, Any]
    provider_did: str
    consumer_did: str
    agreement: Agreement | None
    dataset_id: str
    dataset_kind: str
    announced_digest: str
    known_editions: Mapping[str, Edition]  # by ID@EDITION
    received_at: datetime
    also_signed: tuple[str, ...] = ()  # parallel signatures (SM2) beside the claim's own
    log: LogProof | None = None
    witnessed: Checkpoint | None = None
    consistency: Sequence[bytes] = ()
    verifiers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    withdrawals: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VerifiedDelivery:
    """Supplier data that may be used; made by ``verify`` alone."""

    checks: tuple[Check, ...]
    claim: VerifiedClaim[SignedClaim]
    digest: str
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("a VerifiedDelivery is made by delivery.verify and by nothing else")

    @property
    def document(self) -> Mapping[str, Any]:
        """The document the provider signed."""
        return self.claim.content


@dataclass(frozen=True, slots=True)
class RefusedDelivery:
    """Something arrived that must not be used; ``checks`` say why."""

    checks: tuple[Check, ...]
    digest: str


def verify_delivery(received: Received) -> VerifiedDelivery | RefusedDelivery:
    """The delivery, verified if all checks hold."""
    verified, signature = _signature(received)
    content = verified.content if verified else None
    found = (
        # 1. The bytes are a signed claim, and a key of the provider signed it.
        signature,
        # 2. The claim names the provider as its issuer.
        _issuer(received),
        # 3. An agreement with this provider covers the dataset and is in force.
        _agreement(received),
        # 4. The bytes are those announced over the control plane.
        _digest(received),
        # 5. It is the type of claim, and the kind of document, that the catalogue promised.
        _type(received, content),
        # 6. Its methodology and edition are known here, and in force on its day if it says so.
        _edition(received, content, verified),
        # 7. Its dates are possible.
        _dates(received, verified),
        # 8. Its signing stands in the provider's log, which continues what we saw of it.
        _log(received, verified),
        # 9. No statement of a verifier that it carries is false.
        _verification(received, content),
    )
    checks = tuple(
        Check(number, name, code in _HOLDS, code, arguments)
        for number, (name, (code, arguments)) in enumerate(
            zip(NAMES, found, strict=True), start=1
        )
    )
    if verified is not None and all(check.ok for check in checks):
        return VerifiedDelivery(checks, verified, digest(received.content), _SEAL)
    return RefusedDelivery(checks, digest(received.content))


def check_record(check: Check) -> dict[str, Any]:
    """The check as a JSON object."""
    return {
        "number": check.number,
        "name": check.name,
        "ok": check.ok,
        "detail_code": check.detail_code,
        "arguments": dict(check.arguments),
    }


_Result = tuple[str, Mapping[str, Argument]]
_HELD: Final[_Result] = ("", {})
_NOT_SIGNED: Final[_Result] = ("delivery.not-signed", {})


def _because(error: SaltbridgeError) -> _Result:
    first = error.findings[0]
    return first.code, first.arguments


def _signature(received: Received) -> tuple[VerifiedClaim[SignedClaim] | None, _Result]:
    if received.claim is None:
        fault = received.fault
        return None, ((fault.code, fault.arguments) if fault else ("delivery.no-claim", {}))
    try:
        verified = verify(received.claim, received.did_document)
        if received.also_signed:
            with suppress(Unavailable):  # without the library for SM2 the other one decides
                verify_beside(verified, received.also_signed, received.did_document)
    except SaltbridgeError as error:
        return None, _because(error)
    return verified, _HELD


def _issuer(received: Received) -> _Result:
    if received.claim is None:
        return "delivery.no-claim", {}
    try:
        issuer = stated_issuer(received.claim)
    except SaltbridgeError as error:
        return _because(error)
    if issuer != received.provider_did:
        return "delivery.issuer-differs", {"found": issuer[:200], "due": received.provider_did}
    return _HELD


def _agreement(received: Received) -> _Result:
    agreement = received.agreement
    if agreement is None:
        return "delivery.no-agreement", {}
    if agreement.dataset_id != received.dataset_id:
        return "delivery.agreement-other-dataset", {"dataset": received.dataset_id}
    parties = (received.provider_did, received.consumer_did)
    if (agreement.assigner, agreement.assignee) != parties:
        return "delivery.agreement-other-parties", {"agreement": agreement.id}
    if not in_force(agreement, received.received_at):
        return "delivery.agreement-not-in-force", {"agreement": agreement.id}
    return _HELD


def _digest(received: Received) -> _Result:
    """The digest binds the bytes to the control plane, where a data plane cannot reach.

    Connectors of others (EDC) announce none: then the signature alone vouches for the bytes.
    Who could take an announcement away could as well have changed it.
    """
    if not received.announced_digest:
        return NO_DIGEST, {}
    found = digest(received.content)
    if found != received.announced_digest:
        return "delivery.digest-differs", {"found": found, "due": received.announced_digest}
    return _HELD


def _type(received: Received, content: Mapping[str, Any] | None) -> _Result:
    if received.claim is None or content is None:
        return _NOT_SIGNED
    due = EXPECTED.get(received.dataset_kind)
    if due is None:
        return "delivery.kind-unknown", {"kind": received.dataset_kind[:80]}
    claim_type, kind = due
    if received.claim.type is not claim_type:
        return "delivery.type-differs", {"found": received.claim.type, "due": claim_type}
    if kind and content.get("kind") != kind:
        return "delivery.type-differs", {"found": str(content.get("kind"))[:80], "due": kind}
    return _HELD


def _edition(
    received: Received,
    content: Mapping[str, Any] | None,
    verified: VerifiedClaim[SignedClaim] | None,
) -> _Result:
    if content is None or verified is None:
        return _NOT_SIGNED
    named = [_name_of(methodology) for methodology in _methodologies(content)]
    if not named:
        return "delivery.no-methodology", {}
    unknown = next((name for name in named if name not in received.known_editions), None)
    if unknown is not None:
        return "delivery.edition-unknown", {"edition": unknown[:80]}
    footprint = content.get("footprint", content)
    if not isinstance(footprint, Mapping):
        return _HELD
    issued = verified.issued_at.date()
    return edition_fault(footprint, received.known_editions, issued) or _HELD


def _methodologies(content: Mapping[str, Any]) -> Iterable[Any]:
    if any(isinstance(content.get(name), list) for name in _ENTRIES):
        return [
            e.get("methodology") if isinstance(e, Mapping) else None for e in _entries(content)
        ]
    footprint = content.get("footprint", content)
    stated = footprint.get("methodology") if isinstance(footprint, Mapping) else None
    return [] if stated is None else [stated]


def _entries(content: Mapping[str, Any]) -> list[Any]:
    """Our own records of a PCF document, and its data sets in the formats of others."""
    lists = [content.get(name) for name in _ENTRIES]
    return [entry for entries in lists if isinstance(entries, list) for entry in entries]


def _name_of(methodology: Any) -> str:
    """``ID@EDITION``, from a text or from an object with both."""
    if isinstance(methodology, Mapping):
        return f"{methodology.get('id')}@{methodology.get('edition')}"
    return str(methodology)


def _dates(received: Received, verified: VerifiedClaim[SignedClaim] | None) -> _Result:
    if verified is None:
        return _NOT_SIGNED
    issued = verified.issued_at
    if issued > received.received_at + _CLOCKS_DIFFER:
        return "delivery.issued-in-the-future", {"issued": issued.isoformat()}
    for period in _periods(verified.content):
        try:
            start, end = (date.fromisoformat(str(period[name])) for name in ("start", "end"))
        except (ValueError, KeyError):
            return "delivery.period-unreadable", {}
        if start > end:
            return "delivery.period-turned", {"start": str(start), "end": str(end)}
        if start > issued.date():
            return "delivery.period-ahead", {"start": str(start), "issued": str(issued.date())}
    return _HELD


def _log(received: Received, verified: VerifiedClaim[SignedClaim] | None) -> _Result:
    if received.log is None:
        if verified is None:
            return _NOT_SIGNED
        return ("delivery.log-missing" if announces_log(received.did_document) else NO_LOG), {}
    if verified is None:
        return _NOT_SIGNED
    try:
        document = parse_did_document(received.did_document)
        here, _ = check_log_proof(
            received.log,
            claim_id=verified.id,
            claim_digest=verified.claim.digest,
            origin=received.provider_did,
            keys=log_keys(document, at=verified.issued_at),
        )
    except SaltbridgeError as error:
        return _because(error)
    seen = received.witnessed
    if seen is None or not seen.size:
        return _HELD
    old, new = (seen, here) if seen.size <= here.size else (here, seen)
    if not continues(old.size, old.root, new.size, new.root, received.consistency):
        return LOG_FORKED, {"seen": seen.size, "found": here.size}
    return _HELD


def announces_log(did_document: Mapping[str, Any]) -> bool:
    """Whether a company says in its DID document that it keeps a log (Saltbridge nodes do)."""
    try:
        return parse_did_document(did_document).service_url(LOG_SERVICE) is not None
    except SaltbridgeError:
        return False


def _verification(received: Received, content: Mapping[str, Any] | None) -> _Result:
    if content is None:
        return _NOT_SIGNED
    point = false_point(statement_points(received, content))
    return _HELD if point is None else (point.code, point.arguments)


def statement_points(received: Received, content: Mapping[str, Any]) -> tuple[Point, ...]:
    """Every point of the verifiers' statements in what was received."""
    return points_in(
        content,
        maker=received.provider_did,
        maker_document=received.did_document,
        verifiers=received.verifiers,
        withdrawals=received.withdrawals,
        now=received.received_at,
    )


def _periods(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    holders = [content, content.get("footprint"), *_entries(content)]
    stated = [h["period"] for h in holders if isinstance(h, Mapping) and "period" in h]
    return [p if isinstance(p, Mapping) else {} for p in stated]

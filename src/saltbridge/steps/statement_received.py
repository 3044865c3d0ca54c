"""The export statement beside a delivery: fetched with the same token, checked, kept."""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.border.export_statement import check_statement
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable
from saltbridge.exchange.model import DataAddress
from saltbridge.exchange.records import KeptAgreement
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.formats.edc import offer_behind
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.data_plane import send_with_token
from saltbridge.steps.edr import Edr
from saltbridge.steps.records import document
from saltbridge.trust.claims import ExportStatement, verify

LIMIT_BYTES: Final = 1_000_000
VERIFIED, FAULTY, ABSENT = "verified", "faulty", "absent"


def fetch_statement(world: World, address: DataAddress) -> bytes | None:
    """What the provider answers beside the data; None where it has no statement.

    A provider that knows no statements (another connector) is no fault: the delivery stands
    on its own checks, and says that there is none.
    """
    if "?" in address.endpoint or "#" in address.endpoint:
        return None
    url = f"{address.endpoint.rstrip('/')}/statement"
    return statement_at(world, url, address.token, address.auth_type)


def statement_at(world: World, url: str, token: str, auth_type: str = "bearer") -> bytes | None:
    """The statement that lies at an address; None where there is none."""
    try:
        key = Edr(url, token, auth_type)
        answer = send_with_token(world, "GET", url, key, limit_bytes=LIMIT_BYTES)
    except Unavailable:
        return None
    return answer.content if answer.status == 200 else None


def offer_of(view: UnitOfWork, kept: KeptAgreement | None) -> str:
    """The id of the offer an agreement came from; empty where nobody knows."""
    negotiation = document(view, "negotiation", kept.negotiation_id) if kept else None
    return "" if negotiation is None else str(negotiation["offer"]["id"])


def terms_of(
    view: UnitOfWork, kept: KeptAgreement | None, agreement_id: str
) -> tuple[str, ...]:
    """Under which terms a statement may name what left: the agreement, or the offer before it.

    An EDC gives an offer another id for each who asks; ours stands inside it.
    """
    offer = offer_of(view, kept)
    behind = offer_behind(offer).partition("~")[0]
    return tuple(id for id in (agreement_id, offer, behind) if id)


def statement_record(
    content: bytes | None,
    *,
    payload: bytes,
    partner: Partner,
    did_document: Mapping[str, Any],
    consumer_bpn: str,
    terms: tuple[str, ...],
) -> dict[str, Any]:
    """What is kept of the statement with a delivery: its state, its checks, the claim file.

    A data plane that answers the same whatever the path (EDC's) has no statement.
    """
    if content is None or content == payload:
        return {"state": ABSENT, "checks": [], "claim": None}
    try:
        claim = parse_claim_file(content).claim
        if not isinstance(claim, ExportStatement):
            raise FaultyInput.of("statement.other-claim", found=claim.type.value)
        stated = verify(claim, did_document)
    except SaltbridgeError as fault:
        found = fault.findings[0]
        signature = {
            "name": "signature",
            "ok": False,
            "code": found.code,
            "arguments": {k: str(v)[:200] for k, v in found.arguments.items()},
        }
        return {"state": FAULTY, "checks": [signature], "claim": None}
    checks = check_statement(
        stated.content, payload=payload, recipient=consumer_bpn, terms=terms
    )
    rows = [
        {"name": c.name, "ok": c.ok, "code": c.code, "arguments": dict(c.arguments)}
        for c in checks
    ]
    signature = {
        "name": "signature",
        "ok": True,
        "code": "statement.signature-fits",
        "arguments": {"issuer": partner.did},
    }
    good = all(c.ok for c in checks)
    return {
        "state": VERIFIED if good else FAULTY,
        "checks": [signature, *rows],
        "claim": read_json(content),
    }

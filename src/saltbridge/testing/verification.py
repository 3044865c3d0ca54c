"""A maker with a footprint and its model, a verifier with its own node, and their people."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import digest, read_json
from saltbridge.footprint.model import Evidence, FactorSet, Inventory
from saltbridge.formats.inventory_folder import render_folder
from saltbridge.formats.inventory_sources import EvidenceFile, InventorySources, parse_sources
from saltbridge.ports import NodeProfile, World
from saltbridge.steps.accounting import FootprintRequest
from saltbridge.testing.builders import (
    NOON,
    BuiltKeyring,
    FixedClock,
    memory_world,
    node_profile,
)
from saltbridge.testing.inventories import factor, inventory, process, row
from saltbridge.trust.claims import CanSign, Receipt, VerificationStatement, sign
from saltbridge.trust.receipt import parse_receipt, receipt_for, render_receipt
from saltbridge.trust.signature import open_jws
from saltbridge.trust.verification import (
    Assurance,
    Opinion,
    Statement,
    Verifier,
    Withdrawal,
    render_statement,
    render_withdrawal,
    subject_of,
)

OPERATOR = Person("person-1", "Wang Li", frozenset({Role.OPERATOR}))
VERIFIER = Person("person-2", "Chen Yu", frozenset({Role.VERIFIER}))
OTHER_VERIFIER = Person("person-3", "Zhao Min", frozenset({Role.VERIFIER}))
VIEWER = Person("person-4", "Sun Hua", frozenset({Role.VIEWER}))
FACTORS = FactorSet("set-1", "test", (factor("cell", 10.0), factor("truck", 0.1)), "sha256:5e7")
INVOICE = EvidenceFile("invoices/cells-2025.pdf", "application/pdf", b"%PDF-1.7 invoice")
UNTIL = date(2027, 3, 31)


def maker_world(clock: FixedClock | None = None, **more: Any) -> World:
    """The maker's node, in China; it knows how to find the verifier."""
    known = BuiltKeyring(verifier_profile().did).did_document()
    return memory_world(
        node_profile("maker", jurisdiction="CN", port=8121),
        clock=clock,
        did_documents={verifier_profile().did: known},
        factor_sets={"set-1": FACTORS},
        **more,
    )


def verifier_profile() -> NodeProfile:
    """Who the verifier is: in China too, since the model does not leave it."""
    return node_profile("prover", jurisdiction="CN", port=8122)


def verifier_world(clock: FixedClock | None = None) -> World:
    """The verifier's own node, with keys of its own."""
    return memory_world(verifier_profile(), clock=clock)


def battery(cells_kg: float = 300.0) -> Inventory:
    """An inventory of a pack with one invoice behind it."""
    return inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", cells_kg, evidence=("invoice",), primary=True),
        factor_sets=("set-1",),
        evidence=(
            Evidence(id="invoice", kind="invoice", title="Cells", document=INVOICE.name),
        ),
    )


def read_again(what: Inventory) -> InventorySources:
    """The inventory as files, as if somebody had read it from a folder."""
    return InventorySources("pack", render_folder(what))


def signed_receipt(maker: str, footprint: dict[str, Any], at: datetime = NOON) -> str:
    """The maker's receipt for a footprint record, as a JWS."""
    made = receipt_for(
        footprint,
        inputs_digest="sha256:" + "1" * 64,
        factor_sets={"set-1": "sha256:" + "2" * 64},
        supplier_records=[],
        made_at=at,
    )
    return sign(
        Receipt,
        render_receipt(made),
        id="urn:uuid:00000000-0000-4000-8000-00000000000a",
        issued_at=at,
        issuer=maker,
        signer=BuiltKeyring(maker).signer(),
    ).jws


def signed_statement(
    receipt: str,
    maker: str,
    verifier: str,
    /,
    *,
    signer: CanSign | None = None,
    at: datetime = NOON,
    **changes: Any,
) -> str:
    """A verifier's statement about the footprint of a receipt, as a JWS.

    ``changes`` replace members of its content.
    """
    subject = subject_of(
        parse_receipt(read_json(open_jws(receipt).payload)["content"]),
        receipt,
        footprint="urn:uuid:00000000-0000-4000-8000-00000000000b",
        maker=maker,
    )
    content = render_statement(
        Statement(
            subject=subject,
            verifier=Verifier(name="Prover Ltd.", did=verifier, notified_body="NB 0000"),
            person_role="lead verifier",
            level=Assurance.LIMITED,
            opinion=Opinion.UNMODIFIED,
            scope="cradle to gate, 2025",
            conditions=(),
            evidence=(),
            dated=at.date(),
            expires=at.date() + timedelta(days=365),
        )
    )
    return sign(
        VerificationStatement,
        content | changes,
        id="urn:uuid:00000000-0000-4000-8000-00000000000c",
        issued_at=at,
        issuer=verifier,
        signer=signer or BuiltKeyring(verifier).signer(),
    ).jws


def signed_withdrawal(statement: str, verifier: str, at: datetime = NOON) -> str:
    """The withdrawal of a statement, signed by this company, as a JWS."""
    content = render_withdrawal(
        Withdrawal(
            statement=read_json(open_jws(statement).payload)["id"],
            statement_digest=digest(statement.encode()),
            reason="meter was not calibrated",
            dated=at.date(),
        )
    )
    return sign(
        VerificationStatement,
        content,
        id="urn:uuid:00000000-0000-4000-8000-00000000000d",
        issued_at=at,
        issuer=verifier,
        signer=BuiltKeyring(verifier).signer(),
    ).jws


def footprint_request(
    what: Inventory | None = None,
    evidence: Sequence[EvidenceFile] = (INVOICE,),
    **more: Any,
) -> FootprintRequest:
    """What to account for, with the files it was read from and the evidence behind it."""
    sources = read_again(what or battery())
    made, _ = parse_sources(sources)
    request: dict[str, Any] = {
        "inventory": made,
        "inventory_digest": sources.digest,
        "sources": sources,
        "evidence": evidence,
        "methodology": "catena-x-pcf@v4",
    }
    return FootprintRequest(**(request | more))

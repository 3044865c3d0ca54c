"""A verifier's statement leaves whole with the record, or not at all."""

from datetime import UTC, datetime
from typing import Any

import pytest

from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import Context, Recipient, Terms
from saltbridge.border.decide import decide
from saltbridge.border.rules import packaged_packs
from saltbridge.testing import canaries
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.testing.verification import signed_receipt, signed_statement

MAKER, VERIFIER = "did:web:cells.example", "did:web:verifier.example"


def record(*entries: Any) -> dict[str, Any]:
    return canaries.battery_record() | {"verification": list(entries)}


def entry(statement: str | None = None, **document: Any) -> dict[str, Any]:
    receipt = signed_receipt(MAKER, canaries.footprint())
    return {
        "statement": statement or signed_statement(receipt, MAKER, VERIFIER),
        "did_document": {**BuiltKeyring(VERIFIER).did_document(), **document},
    }


AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
PURPOSE = "cx.circular.dpp:1"
CONTEXT = Context(
    decision_id="urn:uuid:00000000-0000-4000-8000-00000000000d",
    origin="CN",
    destination="EU",
    recipient=Recipient("BPNL00000000CARS", "Cars", "EU"),
    purpose=PURPOSE,
    agreement=Terms("urn:uuid:offer", "offer", ("BPNL00000000CARS",), (PURPOSE,), AT),
    at=AT,
    counters={"year": 2026, "persons": 0, "sensitive_persons": 0},
    person="Li Wei",
)


def left(document: dict[str, Any]) -> Any:
    """What leaves of the member ``verification``."""
    kind = "battery-supplier-record"
    decision = decide(document, CONTEXT, catalogue_for(kind), packaged_packs())
    return decision.view.get("verification")


def test_a_statement_leaves_whole_with_the_verifiers_public_document() -> None:
    given = entry()
    assert left(record(given)) == [given]


@pytest.mark.parametrize(
    "change",
    [
        {"note": canaries.canary("unknown-member")},
        {"verifier": {"name": "x", "did": VERIFIER, "person": canaries.canary("person")}},
        {"supplier_records": [{"name": canaries.canary("supplier")}]},
        {"factor_sets": {canaries.canary("set"): "sha256:" + "1" * 64}},
    ],
)
def test_a_statement_with_a_member_nobody_classified_stays(change: Any) -> None:
    receipt = signed_receipt(MAKER, canaries.footprint())
    made = signed_statement(receipt, MAKER, VERIFIER, **change)
    (kept,) = left(record(entry(made)))
    assert "statement" not in kept


def test_nothing_but_a_statement_leaves_in_its_place() -> None:
    for other in (canaries.receipt(), canaries.jws({"type": "estimate"}), "x", 7, None):
        given = entry() | {"statement": other}
        assert "statement" not in left(record(given))[0]
    receipt = signed_receipt(MAKER, canaries.footprint())
    swapped = canaries.battery_record() | {
        "receipt": signed_statement(receipt, MAKER, VERIFIER)
    }
    assert left(swapped) is None


def test_a_private_key_and_unknown_members_of_a_document_stay() -> None:
    key = BuiltKeyring(VERIFIER).did_document()["verificationMethod"][0]
    private = {**key, "publicKeyJwk": {**key["publicKeyJwk"], "d": canaries.canary("d")}}
    given = entry(verificationMethod=[private], note=canaries.canary("note"))
    given["remark"] = canaries.canary("remark")
    (kept,) = left(record(given))
    assert kept["did_document"]["verificationMethod"] == [key]
    assert "CANARY" not in str(kept)

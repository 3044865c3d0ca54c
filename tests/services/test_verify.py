"""Offline verification: numbered checks, and open is not passed."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.formats.claim_file import render_claim_file
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.services.verify import (
    Outcome,
    Verification,
    VerifyRequest,
    anchors_of,
    read_anchor,
    verify,
)
from saltbridge.testing.builders import (
    NOON,
    BuiltKeyring,
    memory_world,
    node_profile,
    partner_of,
)
from saltbridge.testing.verification import signed_statement, signed_withdrawal
from saltbridge.trust import claims
from saltbridge.trust.claims import (
    Declaration,
    Estimate,
    Passport,
    Receipt,
    SignedClaim,
    SupplierRecord,
    VerificationStatement,
)
from saltbridge.trust.did import DidDocument, VerificationKey, build_did_document
from saltbridge.trust.receipt import receipt_for, render_receipt

DID = "did:web:cells.example"
KEYRING = BuiltKeyring(DID)
FOOTPRINT: dict[str, Any] = {
    "type": "estimate",
    "methodology": {"id": "eu-cfb", "edition": "draft-2024-04"},
    "period": {"start": "2026-01-01", "end": "2026-12-31"},
    "unit": {"kind": "functional", "amount": 28800.0, "unit": "kWh"},
    "total_kg_co2e": 5021.438,
    "declared": {"value": 174.0, "unit": "g CO2e/kWh"},
    "stages": {"raw_material_acquisition": 4000.138, "main_production": 1021.3},
    "lines": [{"kg_co2e": 4000.138}, {"kg_co2e": 1000.3}, {"kg_co2e": 21.0}],
}
PCF: dict[str, Any] = {
    "kind": "pcf",
    "records": [{"id": "NiSO4", "kg_co2e_per_unit": 5.0, "low": 3.0, "high": 7.0}],
}
PASSPORT: dict[str, Any] = {
    "audience": "public",
    "attributes": {"A018": {"value": "SB-1"}},
    "company_information": {
        "total_kg_co2e": 10.0,
        "stages": [
            {"stages": ["main_production"], "kg_co2e": 4.0},
            {"stages": ["distribution"], "kg_co2e": 6.0},
        ],
        "unit": {"amount": 4.0, "unit": "kWh"},
        "declared_unit": {"value": 2.5, "unit": "kg CO2e/kWh"},
    },
}


def signed(claim_class: type[SignedClaim], content: Any, **changes: Any) -> SignedClaim:
    arguments: dict[str, Any] = {
        "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "issued_at": NOON,
        "issuer": DID,
        "signer": KEYRING.signer(),
    }
    return claims.sign(claim_class, content, **(arguments | changes))


def checked(
    claim_class: type[SignedClaim],
    content: Any,
    *,
    claim: SignedClaim | None = None,
    enclosed: Any = None,
    anchors: Any = None,
    complete: bool = False,
    **changes: Any,
) -> Verification:
    file = render_claim_file(
        claim or signed(claim_class, content, **changes),
        enclosed or KEYRING.did_document(),
    )
    known = {DID: KEYRING.did_document()} if anchors is None else anchors
    result = verify(VerifyRequest(file, "x.json", NOON, known, complete))
    assert [c.number for c in result.checks] == list(range(1, len(result.checks) + 1))
    for check in result.checks:  # every check has words in every language
        for language in LANGUAGES:
            assert has_text(check.code, language), check.code
            assert has_text(f"verify.check.{check.name}", language), check.name
    return result


def failed(result: Verification) -> list[tuple[str, str]]:
    return [(c.name, c.code) for c in result.checks if c.outcome is Outcome.FAILED]


def receipted(shown: dict[str, Any], whole: dict[str, Any] = FOOTPRINT) -> dict[str, Any]:
    made = receipt_for(
        whole, inputs_digest="sha256:1", factor_sets={}, supplier_records=[], made_at=NOON
    )
    return {
        "kind": "battery-supplier-record",
        "footprint": shown,
        "receipt": signed(Receipt, render_receipt(made)).jws,
    }


def minimised(**changes: Any) -> dict[str, Any]:
    """As a record leaves the maker: no lines, six digits, small stages put together."""
    cut = {k: v for k, v in FOOTPRINT.items() if k not in ("lines", "stages")}
    return (
        cut
        | {
            "total_kg_co2e": 5021.44,
            "stages": {"raw_material_acquisition": 4000.14},
            "stages_merged": {"stages": ["main_production", "distribution"], "kg_co2e": 1021.3},
        }
        | changes
    )


@pytest.mark.parametrize(
    ("claim_class", "content", "names"),
    [
        (Estimate, FOOTPRINT, ["sums", "declared"]),
        (Declaration, FOOTPRINT | {"lines": []}, ["sums", "declared"]),
        (SupplierRecord, receipted(FOOTPRINT), ["sums", "declared", "receipt"]),
        (SupplierRecord, receipted(minimised()), ["sums", "declared", "receipt"]),
        (SupplierRecord, PCF, ["ranges"]),
        (Passport, PASSPORT, ["audience", "sums", "declared"]),
        (
            Receipt,
            render_receipt(
                receipt_for(
                    FOOTPRINT,
                    inputs_digest="",
                    factor_sets={},
                    supplier_records=[],
                    made_at=NOON,
                )
            ),
            ["receipt"],
        ),
    ],
)
def test_a_good_file_passes_every_check(
    claim_class: type[SignedClaim], content: Any, names: list[str]
) -> None:
    result = checked(claim_class, content)
    assert failed(result) == []
    assert result.verdict is Outcome.PASSED
    first = ["file", "type", "signature", "issuer", "dates"]
    assert [c.name for c in result.checks] == [*first, *names, "log"]
    assert (result.issuer, result.issued_at) == (DID, "2026-11-23T12:00:00Z")


def test_without_an_anchor_the_issuer_stays_open() -> None:
    result = checked(Estimate, FOOTPRINT, anchors={})
    assert result.verdict is Outcome.OPEN
    assert [c.name for c in result.checks if c.outcome is Outcome.OPEN] == ["issuer", "log"]


def test_a_forger_with_a_did_document_of_his_own_is_found_by_the_anchor() -> None:
    forger = BuiltKeyring("did:web:evil.example").signer()
    forger.key_id = f"{DID}#key-1"
    key = VerificationKey(forger.key_id, forger.public_jwk())
    enclosed = build_did_document(DidDocument(DID, (key,)))
    claim = signed(Estimate, FOOTPRINT, signer=forger)
    found = checked(Estimate, FOOTPRINT, claim=claim, enclosed=enclosed)
    assert failed(found) == [("signature", "trust.signature-wrong")]
    alone = checked(Estimate, FOOTPRINT, claim=claim, enclosed=enclosed, anchors={})
    assert alone.verdict is Outcome.OPEN  # the file alone cannot tell, and says so


def test_an_issuer_other_than_the_trusted_one_fails() -> None:
    other = BuiltKeyring("did:web:other.example").did_document()
    anchors = read_anchor(canonical_bytes(dict(other)), "did.json")
    result = checked(Estimate, FOOTPRINT, anchors=anchors, complete=True)
    assert failed(result) == [("issuer", "verify.issuer-other")]


def test_a_file_of_one_type_under_the_name_of_another_fails() -> None:
    claim = Declaration(signed(Estimate, FOOTPRINT).jws)
    result = checked(Declaration, FOOTPRINT, claim=claim)
    assert failed(result) == [("type", "verify.type-differs")]
    assert result.verdict is Outcome.FAILED


def test_a_damaged_jws_fails_and_a_damaged_file_is_faulty() -> None:
    whole = signed(Estimate, FOOTPRINT).jws
    cut = checked(Estimate, FOOTPRINT, claim=Estimate(whole[:-5]))
    assert failed(cut) == [("type", "trust.malformed")]
    head, payload, made = whole.split(".")
    turned = f"{head}.{payload}.{'B' if made[0] == 'A' else 'A'}{made[1:]}"
    wrong = checked(Estimate, FOOTPRINT, claim=Estimate(turned))
    assert failed(wrong) == [("signature", "trust.signature-wrong")]
    with pytest.raises(FaultyInput):
        verify(VerifyRequest(b"{", "x.json", NOON))


def changed(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(base)
    *parents, last = path.split("/")
    holder: Any = made
    for step in parents:
        holder = holder[int(step) if step.isdigit() else step]
    holder[last] = value
    return made


@pytest.mark.parametrize(
    ("claim_class", "content", "expected"),
    [
        (
            Estimate,
            changed(FOOTPRINT, "stages/main_production", 1021.4),
            "verify.stages-differ",
        ),
        (Estimate, changed(FOOTPRINT, "lines/0/kg_co2e", 4000.2), "verify.lines-differ"),
        (Estimate, changed(FOOTPRINT, "lines/0/kg_co2e", "4000"), "verify.numbers-missing"),
        (Estimate, changed(FOOTPRINT, "stages", None), "verify.numbers-missing"),
        (Estimate, changed(FOOTPRINT, "declared/value", 173.0), "verify.declared-differs"),
        (Estimate, changed(FOOTPRINT, "declared/value", 0.174), "verify.declared-differs"),
        (Estimate, changed(FOOTPRINT, "declared/unit", "kWh/kg"), "verify.numbers-missing"),
        (Estimate, changed(FOOTPRINT, "unit/amount", 0), "verify.numbers-missing"),
        (Estimate, changed(FOOTPRINT, "period/end", "2025-12-31"), "verify.period-impossible"),
        (Estimate, changed(FOOTPRINT, "period/end", "soon"), "verify.period-impossible"),
        (SupplierRecord, changed(PCF, "records", []), "verify.numbers-missing"),
        (SupplierRecord, {"kind": "pcf", "documents": []}, "verify.numbers-missing"),
        (
            SupplierRecord,
            {"kind": "pcf", "documents": [{"content": {"x": 1}}]},
            "verify.figure-format",
        ),
        (
            SupplierRecord,
            {
                "kind": "pcf",
                "documents": [
                    {"content": {"specVersion": "3.0.0", "pcf": {"declaredUnitAmount": "0"}}}
                ],
            },
            "verify.figure-unsound",
        ),
        (
            SupplierRecord,
            {"kind": "pcf", "records": [{"id": "x", "kg_co2e_per_unit": 5, "low": 6}]},
            "verify.range-excludes",
        ),
        (
            SupplierRecord,
            receipted(minimised(stages={"raw_material_acquisition": 4000.3})),
            "verify.stages-differ",
        ),
        (
            SupplierRecord,
            receipted(minimised(declared={"value": 174.2, "unit": "g CO2e/kWh"})),
            "verify.receipt-differs",
        ),
        (
            SupplierRecord,
            receipted(minimised(methodology={"id": "cn-miit-551", "edition": "x"})),
            "verify.receipt-differs",
        ),
        (
            SupplierRecord,
            receipted(FOOTPRINT | {"plant": "another"}),
            "verify.receipt-differs",
        ),
        (SupplierRecord, receipted(FOOTPRINT) | {"receipt": "a.b.c"}, "trust.malformed"),
        (Passport, changed(PASSPORT, "audience", "friends"), "verify.audience-missing"),
        (
            Passport,
            changed(PASSPORT, "attributes/A999", {"value": "secret"}),
            "verify.audience-exceeded",
        ),
        (
            Passport,
            changed(PASSPORT, "company_information/total_kg_co2e", 11.0),
            "verify.stages-differ",
        ),
        (
            Receipt,
            {"declared": {"value": 1}, "declared_digest": "sha256:0"},
            "verify.receipt-digest-differs",
        ),
    ],
)
def test_a_number_that_does_not_agree_fails(
    claim_class: type[SignedClaim], content: Any, expected: str
) -> None:
    result = checked(claim_class, content)
    assert expected in [code for _, code in failed(result)]
    assert result.verdict is Outcome.FAILED


def test_a_claim_from_the_future_fails() -> None:
    late = NOON + timedelta(minutes=6)
    assert failed(checked(Estimate, FOOTPRINT, issued_at=late)) == [
        ("dates", "verify.issued-in-future")
    ]
    near = NOON + timedelta(minutes=4)
    assert failed(checked(Estimate, FOOTPRINT, issued_at=near)) == []


def test_a_node_trusts_itself_and_the_partners_it_fetched() -> None:
    cells = node_profile("cellmaker", port=8102)
    cars = node_profile("carmaker", jurisdiction="EU", port=8103, partners=(partner_of(cells),))
    world = memory_world(cars)
    assert set(anchors_of(world)) == {cars.did}
    document = BuiltKeyring(cells.did).did_document()
    stranger = "did:web:stranger.example"
    with world.store.unit_of_work() as work:
        work.put("did-document", cells.did, canonical_bytes(dict(document)))
        work.put(
            "did-document",
            stranger,
            canonical_bytes(dict(BuiltKeyring(stranger).did_document())),
        )
    anchors = anchors_of(world)
    assert set(anchors) == {cars.did, cells.did}
    assert anchors[cells.did] == document
    with world.store.unit_of_work() as work:
        work.put("did-document", cells.did, canonical_bytes({"id": stranger}))
    with pytest.raises(FaultyInput):
        anchors_of(world)


# ── statements of verifiers ─────────────────────────────────────────────────────────────

VERIFIER = "did:web:verifier.example"


def with_statement(shown: dict[str, Any] = FOOTPRINT, **changes: Any) -> dict[str, Any]:
    """A record whose footprint somebody vouched for."""
    record = receipted(shown)
    made = signed_statement(record["receipt"], DID, VERIFIER, **changes)
    document = BuiltKeyring(VERIFIER).did_document()
    return record | {"verification": [{"statement": made, "did_document": document}]}


BOTH = {did: BuiltKeyring(did).did_document() for did in (DID, VERIFIER)}


@pytest.mark.parametrize("shown", [FOOTPRINT, minimised()])
def test_a_statement_is_checked_point_by_point_also_beside_an_excerpt(shown: Any) -> None:
    result = checked(SupplierRecord, with_statement(shown), anchors=BOTH)
    assert result.verdict is Outcome.PASSED
    names = [c.name for c in result.checks]
    assert names[names.index("statement-signature") :] == [
        f"statement-{name}"
        for name in ("signature", "issuer", "subject", "edition", "level", "dates", "withdrawn")
    ]
    assert result.notes == ("verify.statement-note",)
    assert checked(SupplierRecord, receipted(shown)).notes == ()


def test_an_unknown_verifier_stays_open_and_is_never_passed() -> None:
    result = checked(SupplierRecord, with_statement())
    assert result.verdict is Outcome.OPEN
    assert [c.name for c in result.checks if c.outcome is Outcome.OPEN] == ["statement-issuer"]


def test_a_trusted_verifier_anchors_statements_and_nothing_else() -> None:
    document = BuiltKeyring(VERIFIER).did_document()
    file = render_claim_file(signed(SupplierRecord, with_statement()), KEYRING.did_document())
    verifiers = {VERIFIER: document}
    anchors = {DID: KEYRING.did_document()}
    good = VerifyRequest(file, "x", NOON, anchors, verifiers=verifiers)
    assert verify(good).verdict is Outcome.PASSED
    own = render_claim_file(
        signed(Estimate, FOOTPRINT, issuer=VERIFIER, signer=BuiltKeyring(VERIFIER).signer()),
        document,
    )
    assert verify(VerifyRequest(own, "x", NOON, verifiers=verifiers)).verdict is Outcome.OPEN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"inputs_digest": "sha256:0"}, "verify.statement-subject-differs"),
        ({"edition": "final"}, "verify.statement-edition-differs"),
        ({"opinion": "adverse"}, "verify.statement-limited-adverse"),
        ({"expires": "2026-11-22", "dated": "2026-11-01"}, "verify.statement-expired"),
        ({"scope": ""}, "verification.member"),
    ],
)
def test_a_statement_that_does_not_hold_fails(changes: Any, code: str) -> None:
    result = checked(SupplierRecord, with_statement(**changes), anchors=BOTH)
    assert code in [c for _, c in failed(result)]


def test_a_statement_that_was_taken_back_fails_where_the_withdrawal_is_known() -> None:
    record = with_statement()
    jws = record["verification"][0]["statement"]
    file = render_claim_file(signed(SupplierRecord, record), KEYRING.did_document())
    back = {"urn:uuid:00000000-0000-4000-8000-00000000000c": [signed_withdrawal(jws, VERIFIER)]}
    result = verify(VerifyRequest(file, "x", NOON, BOTH, withdrawals=back))
    assert failed(result) == [("statement-withdrawn", "verify.statement-withdrawn")]


def test_a_statement_alone_leaves_open_what_it_is_about() -> None:
    record = with_statement()
    jws = record["verification"][0]["statement"]
    document = BuiltKeyring(VERIFIER).did_document()
    for made, verdict in (
        (jws, Outcome.OPEN),
        (signed_withdrawal(jws, VERIFIER), Outcome.PASSED),
    ):
        file = render_claim_file(VerificationStatement(made), document)
        result = verify(VerifyRequest(file, "x", NOON, verifiers={VERIFIER: document}))
        assert (result.verdict, failed(result)) == (verdict, [])
        assert result.issuer == VERIFIER

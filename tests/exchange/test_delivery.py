"""Nine checks, all of them made; only what passes all of them may be used."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from saltbridge import locales
from saltbridge.core.canonical import digest
from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.exchange.delivery import (
    EXPECTED,
    NAMES,
    Received,
    RefusedDelivery,
    VerifiedDelivery,
    check_record,
    statement_points,
    verify_delivery,
)
from saltbridge.exchange.model import Agreement
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.testing.verification import signed_receipt, signed_statement
from saltbridge.trust.claims import Estimate, SupplierRecord, sign
from saltbridge.trust.verification_check import Standing, worst

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROVIDER, CONSUMER = "did:web:provider.example", "did:web:consumer.example"
EDITIONS = {
    "catena-x-pcf@v3": Edition(
        "v3", EditionStatus.WITHDRAWN, date(2024, 6, 1), applies_until=date(2025, 9, 30)
    ),
    "catena-x-pcf@v4": Edition("v4", EditionStatus.IN_FORCE, date(2025, 10, 1)),
    "eu-cfb@draft-2024-04": Edition("draft-2024-04", EditionStatus.DRAFT, None),
}
RECORD = {
    "id": "r",
    "methodology": "catena-x-pcf@v4",
    "period": {"start": "2025-01-01", "end": "2025-12-31"},
}
DOCUMENT = {"kind": "pcf", "records": [RECORD]}


def received(document=DOCUMENT, *, kind=SupplierRecord, issued_at=NOW, signer=None, **changes):
    claim = sign(
        kind,
        document,
        id="urn:uuid:00000000-0000-4000-8000-000000000001",
        issued_at=issued_at,
        issuer=PROVIDER,
        signer=signer or BuiltKeyring(PROVIDER).signer(),
    )
    content = claim.jws.encode()
    given = Received(
        content=content,
        claim=claim,
        fault=None,
        did_document=BuiltKeyring(PROVIDER).did_document(),
        provider_did=PROVIDER,
        consumer_did=CONSUMER,
        agreement=Agreement("a", "d", PROVIDER, CONSUMER, {}, "2026-11-23T11:00:00Z"),
        dataset_id="d",
        dataset_kind="pcf",
        announced_digest=digest(content),
        known_editions=EDITIONS,
        received_at=NOW,
    )
    return replace(given, **changes)


def failed(given: Received) -> dict[str, str]:
    result = verify_delivery(given)
    assert [c.number for c in result.checks] == list(range(1, 10))
    assert tuple(c.name for c in result.checks) == NAMES
    wrong = {c.name: c.detail_code for c in result.checks if not c.ok}
    assert isinstance(result, RefusedDelivery if wrong else VerifiedDelivery)
    for check in result.checks:
        for language in locales.LANGUAGES:
            assert locales.has_text(f"delivery.check.{check.name}", language)
            if check.detail_code:
                assert locales.text(check.detail_code, check.arguments, language)
    return wrong


def test_a_right_delivery_is_verified_and_holds_what_was_signed():
    given = received()
    result = verify_delivery(given)
    assert isinstance(result, VerifiedDelivery)
    assert result.document == DOCUMENT
    assert result.digest == digest(given.content)
    assert check_record(result.checks[0]) == {
        "number": 1,
        "name": "signature",
        "ok": True,
        "detail_code": "",
        "arguments": {},
    }


def test_nothing_else_makes_a_verified_delivery():
    result = verify_delivery(received())
    with pytest.raises(TypeError):
        VerifiedDelivery(result.checks, result.claim, result.digest)


def test_bytes_that_are_no_claim():
    wrong = failed(received(claim=None))
    assert wrong == {
        "signature": "delivery.no-claim",
        "issuer": "delivery.no-claim",
        "type": "delivery.not-signed",
        "edition": "delivery.not-signed",
        "dates": "delivery.not-signed",
        "log": "delivery.not-signed",
        "verification": "delivery.not-signed",
    }


def test_a_key_that_is_not_in_the_providers_document():
    given = received(did_document=BuiltKeyring("did:web:other.example").did_document())
    assert failed(given)["signature"] == "trust.issuer-differs"
    given = received()
    other = BuiltKeyring(f"{PROVIDER}:x").did_document()
    forged = {**other, "id": PROVIDER}
    assert "signature" in failed(replace(given, did_document=forged))


def test_a_changed_signature():
    given = received()
    head, payload, _ = given.claim.jws.split(".")
    other = received({**DOCUMENT, "more": 1}).claim.jws.split(".")[2]
    forged = SupplierRecord(f"{head}.{payload}.{other}")
    assert failed(replace(given, claim=forged))["signature"] == "trust.signature-wrong"


def test_a_claim_of_another_company():
    assert failed(received(provider_did="did:web:x.example"))["issuer"] == (
        "delivery.issuer-differs"
    )


@pytest.mark.parametrize(
    ("agreement", "code"),
    [
        (None, "delivery.no-agreement"),
        ({"dataset_id": "e"}, "delivery.agreement-other-dataset"),
        ({"assignee": "did:web:x"}, "delivery.agreement-other-parties"),
        ({"assigner": "did:web:x"}, "delivery.agreement-other-parties"),
        ({"timestamp": "2025-11-23T11:00:00Z"}, "delivery.agreement-not-in-force"),
        ({"timestamp": "2026-11-23T12:06:00Z"}, "delivery.agreement-not-in-force"),
        ({"timestamp": ""}, "delivery.agreement-not-in-force"),
        ({"timestamp": "2026-11-23T11:00:00"}, "delivery.agreement-not-in-force"),
    ],
)
def test_an_agreement_that_does_not_carry_it(agreement, code):
    given = received()
    changed = None if agreement is None else replace(given.agreement, **agreement)
    assert failed(replace(given, agreement=changed)) == {"agreement": code}


def test_the_agreement_holds_for_a_year():
    given = received()
    for days, holds in ((364, True), (365, False)):
        later = replace(given, received_at=NOW + timedelta(days=days))
        assert ("agreement" not in failed(later)) is holds


def test_bytes_that_were_not_announced():
    other = received(announced_digest="sha256:00")
    assert failed(other) == {"digest": "delivery.digest-differs"}


def test_a_connector_that_announces_no_digest_delivers_and_the_check_says_so():
    result = verify_delivery(received(announced_digest=""))
    assert isinstance(result, VerifiedDelivery)
    (digest_check,) = (check for check in result.checks if check.name == "digest")
    assert digest_check.ok
    assert digest_check.detail_code == "delivery.digest-not-announced"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (received(kind=Estimate), "delivery.type-differs"),
        (received({**DOCUMENT, "kind": "passport"}), "delivery.type-differs"),
        (received(dataset_kind="supplier-record"), "delivery.type-differs"),
        (received(dataset_kind="declaration"), "delivery.type-differs"),
        (received(dataset_kind=""), "delivery.kind-unknown"),
    ],
)
def test_something_else_than_the_catalogue_promised(given, code):
    assert failed(given) == {"type": code}


def _with(**record):
    return {"kind": "pcf", "records": [RECORD, {**RECORD, **record}]}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (_with(methodology="own-method@v1"), "delivery.edition-unknown"),
        (_with(methodology="catena-x-pcf@v9"), "delivery.edition-unknown"),
        (_with(methodology=None), "delivery.edition-unknown"),
        ({"kind": "pcf", "records": []}, "delivery.no-methodology"),
        ({"kind": "pcf", "records": ["x"]}, "delivery.edition-unknown"),
    ],
)
def test_a_methodology_that_is_not_known_here(document, code):
    assert failed(received(document)) == {"edition": code}


def test_a_battery_record_names_its_methodology_in_the_footprint():
    methodology = {"id": "eu-cfb", "edition": "draft-2024-04", "title": "", "status": "draft"}
    document = {
        "kind": "battery-supplier-record",
        "footprint": {"methodology": methodology, "period": RECORD["period"]},
    }
    assert failed(received(document, dataset_kind="supplier-record")) == {}
    older = {**document, "footprint": {"methodology": {**methodology, "edition": "x"}}}
    given = received(older, dataset_kind="supplier-record")
    assert failed(given) == {"edition": "delivery.edition-unknown"}


def _period(start, end):
    return _with(period={"start": start, "end": end})


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (_period("2025-12-31", "2025-01-01"), "delivery.period-turned"),
        (_period("2027-01-01", "2027-12-31"), "delivery.period-ahead"),
        (_period("last year", "2025-12-31"), "delivery.period-unreadable"),
        (_with(period={"start": "2025-01-01"}), "delivery.period-unreadable"),
        (_with(period="2025"), "delivery.period-unreadable"),
    ],
)
def test_impossible_periods(document, code):
    assert failed(received(document)) == {"dates": code}


def test_a_claim_from_the_future():
    soon = received(issued_at=NOW + timedelta(minutes=4))
    assert failed(soon) == {}
    late = received(issued_at=NOW + timedelta(minutes=6))
    assert failed(late) == {"dates": "delivery.issued-in-the-future"}


def test_all_faults_are_told_at_once():
    given = received(
        _with(methodology="x"), kind=Estimate, announced_digest="sha256:00", agreement=None
    )
    assert set(failed(given)) == {"agreement", "digest", "type", "edition"}


def test_data_sets_in_other_formats_name_their_edition_too():
    entry = {"flow": "glue", "methodology": "catena-x-pcf@v4", "content": {"id": "x"}}
    assert failed(received({"kind": "pcf", "documents": [entry]})) == {}
    for methodology, code in (("catena-x-pcf@v9", "delivery.edition-unknown"), (None, None)):
        wrong = {**entry, "methodology": methodology}
        found = failed(received({"kind": "pcf", "records": [RECORD], "documents": [wrong]}))
        assert set(found) == {"edition"} and found["edition"] == (code or found["edition"])
    assert failed(received({"kind": "pcf", "documents": []})) == {
        "edition": "delivery.no-methodology"
    }


@pytest.mark.parametrize("offered_as", ["pcf", "supplier-record", "declaration"])
def test_a_what_if_arrives_as_an_estimate_and_as_nothing_else(offered_as):
    scenario = {
        "kind": "what-if-estimate",
        "methodology": {"id": "catena-x-pcf", "edition": "v4"},
        "period": RECORD["period"],
        "scenario": {"kind": "what-if"},
    }
    assert failed(received(scenario, kind=Estimate, dataset_kind="estimate")) == {}
    passed_off = received(scenario, kind=Estimate, dataset_kind=offered_as)
    assert failed(passed_off)["type"] == "delivery.type-differs"


def test_every_kind_of_dataset_has_its_expectation():
    assert set(EXPECTED) == {"pcf", "supplier-record", "estimate", "declaration"}


# ── statements of verifiers that travel with a record ───────────────────────────────────

VERIFIER = "did:web:verifier.example"
FOOTPRINT = {
    "methodology": {"id": "eu-cfb", "edition": "draft-2024-04"},
    "period": {"start": "2025-01-01", "end": "2025-12-31"},
    "declared": {"value": 174.0, "unit": "g CO2e/kWh"},
}


def vouched(statement=None, *, receipt=None, document=None, known=True, **changes):
    """A supplier record with a statement in it, as it arrives."""
    due = receipt or signed_receipt(PROVIDER, FOOTPRINT)
    record = {
        "kind": "battery-supplier-record",
        "footprint": FOOTPRINT,
        "receipt": due,
        "verification": [
            {
                "statement": statement or signed_statement(due, PROVIDER, VERIFIER),
                "did_document": document or BuiltKeyring(VERIFIER).did_document(),
            }
        ],
    }
    verifiers = {VERIFIER: BuiltKeyring(VERIFIER).did_document()} if known else {}
    return received(record, dataset_kind="supplier-record", verifiers=verifiers, **changes)


def test_a_record_with_a_true_statement_is_verified() -> None:
    assert isinstance(verify_delivery(vouched()), VerifiedDelivery)


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (
            lambda r: {"statement": signed_statement(
                signed_receipt(PROVIDER, FOOTPRINT | {"lines": []}), PROVIDER, VERIFIER)},
            "verify.statement-subject-differs",
        ),
        (
            lambda r: {"statement": signed_statement(
                r, PROVIDER, VERIFIER, footprint_digest="sha256:" + "f" * 64)},
            "verify.statement-subject-differs",
        ),
        (
            lambda r: {"statement": signed_statement(r, PROVIDER, PROVIDER),
                       "document": BuiltKeyring(PROVIDER).did_document()},
            "verify.statement-by-maker",
        ),
        (
            lambda r: {"statement": signed_statement(
                r, PROVIDER, VERIFIER, signer=forger(VERIFIER))},
            "trust.signature-wrong",
        ),
        (lambda r: {"statement": "a.b.c"}, "trust.malformed"),
    ],
)  # fmt: skip
def test_a_record_with_a_false_statement_is_refused(made, code: str) -> None:
    receipt = signed_receipt(PROVIDER, FOOTPRINT)
    assert failed(vouched(receipt=receipt, **made(receipt))) == {"verification": code}


def forger(did: str):
    signer = BuiltKeyring("did:web:evil.example").signer()
    signer.key_id = f"{did}#key-1"
    return signer


def test_a_verifier_nobody_knows_counts_for_nothing_and_is_told_as_open() -> None:
    given = vouched(known=False)
    assert isinstance(verify_delivery(given), VerifiedDelivery)
    points = statement_points(given, open_document(given))
    assert worst(points) is Standing.OPEN
    assert worst(statement_points(vouched(), open_document(vouched()))) is Standing.HELD


def open_document(given: Received):
    result = verify_delivery(given)
    assert isinstance(result, VerifiedDelivery)
    return result.document


def test_an_old_or_adverse_statement_is_no_false_one() -> None:
    receipt = signed_receipt(PROVIDER, FOOTPRINT)
    for changes in ({"opinion": "adverse"}, {"expires": "2026-11-23", "dated": "2026-11-01"}):
        made = signed_statement(receipt, PROVIDER, VERIFIER, **changes)
        late = vouched(made, receipt=receipt, received_at=NOW + timedelta(days=2))
        assert failed(late) == {}
        assert worst(statement_points(late, open_document(late))) is Standing.BROKEN


def _battery(edition: str, status: str, **more):
    id, _, name = edition.partition("@")
    method = {"id": id, "edition": name, "status": status}
    return {
        "kind": "battery-supplier-record",
        "footprint": {"type": "estimate", "methodology": method, **more},
    }


@pytest.mark.parametrize(
    ("document", "code"),
    [
        # v3 governs a battery of January 2025, v4 one of November 2025; neither the other.
        (_battery("catena-x-pcf@v3", "in_force", placed_on_market="2025-01-15"), None),
        (_battery("catena-x-pcf@v4", "in_force", placed_on_market="2025-11-15"), None),
        (_battery("catena-x-pcf@v4", "in_force", placed_on_market="2025-01-15"), "not-then"),
        (_battery("catena-x-pcf@v3", "in_force", placed_on_market="2025-11-15"), "not-then"),
        # An estimate that calls its edition what it is claims nothing.
        (_battery("eu-cfb@draft-2024-04", "draft", placed_on_market="2027-03-01"), None),
        (_battery("catena-x-pcf@v3", "withdrawn", placed_on_market="2025-11-15"), None),
        # A draft is in force on no day, and a declaration cannot stand on it.
        (_battery("eu-cfb@draft-2024-04", "in_force"), "not-then"),
        (_battery("eu-cfb@draft-2024-04", "draft", type="declaration"), "not-then"),
        # Without a day: an edition that has ended since was in force when it was used.
        (_battery("catena-x-pcf@v3", "in_force"), None),
        (_battery("catena-x-pcf@v4", "in_force", placed_on_market="soon"), "unreadable"),
    ],
)  # fmt: skip
def test_the_edition_is_that_of_the_day_of_placing_on_the_market(document, code):
    given = received(document, dataset_kind="supplier-record")
    due = {} if code is None else {
        "not-then": {"edition": "delivery.edition-not-in-force"},
        "unreadable": {"edition": "delivery.market-day-unreadable"},
    }[code]  # fmt: skip
    assert failed(given) == due

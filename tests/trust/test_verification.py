"""A verifier's statement: read strictly, checked point by point, false ones told apart."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.locales import LANGUAGES, text
from saltbridge.testing.builders import NOON, BuiltKeyring
from saltbridge.testing.verification import (
    signed_receipt,
    signed_statement,
    signed_withdrawal,
)
from saltbridge.trust.did import DidDocument, VerificationKey, build_did_document
from saltbridge.trust.signature import open_jws
from saltbridge.trust.verification import (
    parse_statement,
    parse_withdrawal,
    render_statement,
    render_withdrawal,
)
from saltbridge.trust.verification_check import (
    MAX_STATEMENTS,
    Point,
    Standing,
    false_point,
    points_in,
    worst,
)

MAKER, VERIFIER, OTHER = "did:web:m.example", "did:web:v.example", "did:web:o.example"
FOOTPRINT: dict[str, Any] = {
    "type": "estimate",
    "methodology": {"id": "eu-cfb", "edition": "draft-2024-04"},
    "period": {"start": "2025-01-01", "end": "2025-12-31"},
    "declared": {"value": 174.0, "unit": "g CO2e/kWh"},
    "lines": [],
}
RECEIPT = signed_receipt(MAKER, FOOTPRINT)
STATEMENT = signed_statement(RECEIPT, MAKER, VERIFIER)


def content_of(jws: str) -> dict[str, Any]:
    content: dict[str, Any] = read_json(open_jws(jws).payload)["content"]
    return content


def points(
    statement: str = STATEMENT,
    *,
    receipt: Any = RECEIPT,
    known: tuple[str, ...] = (VERIFIER,),
    enclosed: Any = None,
    withdrawals: Any = None,
    now: datetime = NOON,
) -> tuple[Point, ...]:
    found = points_in(
        {
            "receipt": receipt,
            "verification": [
                {
                    "statement": statement,
                    "did_document": enclosed or BuiltKeyring(VERIFIER).did_document(),
                }
            ],
        },
        maker=MAKER,
        maker_document=BuiltKeyring(MAKER).did_document(),
        verifiers={did: BuiltKeyring(did).did_document() for did in known},
        withdrawals=withdrawals or {},
        now=now,
    )
    for point in found:  # every point has words in every language, with what it tells
        for language in LANGUAGES:
            text(point.code, point.arguments, language)
            text(f"verify.check.{point.name}", None, language)
    return found


def broken(found: tuple[Point, ...]) -> list[tuple[str, str]]:
    return [(p.name, p.code) for p in found if p.standing is Standing.BROKEN]


def test_a_good_statement_holds_in_every_point() -> None:
    found = points()
    assert worst(found) is Standing.HELD
    assert [p.name.removeprefix("statement-") for p in found] == [
        *("signature", "issuer", "subject", "edition", "level", "dates", "withdrawn"),
    ]


def test_what_is_rendered_is_read_the_same() -> None:
    content = content_of(STATEMENT)
    assert render_statement(parse_statement(content)) == content
    back = content_of(signed_withdrawal(STATEMENT, VERIFIER))
    assert render_withdrawal(parse_withdrawal(back)) == back


def test_a_record_without_statements_has_nothing_to_check() -> None:
    given: dict[str, Any] = {
        "maker": MAKER,
        "maker_document": BuiltKeyring(MAKER).did_document(),
        "verifiers": {},
        "withdrawals": {},
        "now": NOON,
    }
    assert points_in({"receipt": RECEIPT}, **given) == ()
    for odd in ({}, "x", [1], [{}], [{"statement": 1, "did_document": {}}], [{}] * 99):
        (only,) = points_in({"receipt": RECEIPT, "verification": odd}, **given)
        assert (only.standing, false_point([only])) == (Standing.BROKEN, only)
    one = {"statement": STATEMENT, "did_document": {}}
    assert len(points_in({"verification": [one] * MAX_STATEMENTS}, **given)) > 1
    assert len(points_in({"verification": [one] * (MAX_STATEMENTS + 1)}, **given)) == 1


# ── false statements ────────────────────────────────────────────────────────────────────


def test_a_statement_about_another_footprint_is_false() -> None:
    other = signed_receipt(MAKER, FOOTPRINT | {"lines": [1]})
    found = points(signed_statement(other, MAKER, VERIFIER))
    assert broken(found) == [("statement-subject", "verify.statement-subject-differs")]
    assert found[2].arguments["members"] == "footprint_digest, receipt_digest"
    assert false_point(found) == found[2]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("inputs_digest", "sha256:" + "f" * 64),
        ("footprint_digest", "sha256:" + "f" * 64),
        ("declared_digest", "sha256:" + "f" * 64),
        ("receipt_digest", "sha256:" + "f" * 64),
        ("factor_sets", {"set-1": "sha256:" + "f" * 64}),
        ("factor_sets", {}),
        ("supplier_records", ["sha256:" + "f" * 64]),
        ("declared", {"value": 173.0, "unit": "g CO2e/kWh"}),
        ("period", {"start": "2025-01-01", "end": "2026-12-31"}),
    ],
)
def test_one_altered_digest_is_enough(member: str, value: Any) -> None:
    found = points(signed_statement(RECEIPT, MAKER, VERIFIER, **{member: value}))
    assert broken(found) == [("statement-subject", "verify.statement-subject-differs")]
    assert found[2].arguments["members"] == member
    assert false_point(found) is not None


def test_another_edition_has_a_point_of_its_own() -> None:
    found = points(signed_statement(RECEIPT, MAKER, VERIFIER, edition="final"))
    assert ("statement-edition", "verify.statement-edition-differs") in broken(found)


def test_a_digest_altered_after_signing_breaks_the_signature() -> None:
    head, payload, made = STATEMENT.split(".")
    turned = f"{head}.{payload}.{'B' if made[0] == 'A' else 'A'}{made[1:]}"
    found = points(turned)
    assert broken(found) == [("statement-signature", "trust.signature-wrong")]
    assert len(found) == 1


def test_the_maker_cannot_vouch_for_itself() -> None:
    own = signed_statement(RECEIPT, MAKER, MAKER)
    found = points(own, enclosed=BuiltKeyring(MAKER).did_document(), known=(VERIFIER, MAKER))
    assert broken(found) == [("statement-issuer", "verify.statement-by-maker")]
    assert false_point(found) is not None


def test_the_makers_key_under_the_verifiers_name_is_found() -> None:
    forged = signed_statement(
        RECEIPT, MAKER, VERIFIER, signer=_under(VERIFIER, BuiltKeyring(MAKER))
    )
    assert broken(points(forged)) == [("statement-signature", "trust.signature-wrong")]


def _under(did: str, keyring: BuiltKeyring) -> Any:
    signer = keyring.signer()
    signer.key_id = f"{did}#key-1"
    return signer


def test_a_self_made_document_of_a_known_verifier_is_found_by_the_anchor() -> None:
    forger = _under(VERIFIER, BuiltKeyring("did:web:evil.example"))
    key = VerificationKey(forger.key_id, forger.public_jwk())
    enclosed = build_did_document(DidDocument(VERIFIER, (key,)))
    forged = signed_statement(RECEIPT, MAKER, VERIFIER, signer=forger)
    assert broken(points(forged, enclosed=enclosed)) == [
        ("statement-signature", "trust.signature-wrong")
    ]
    alone = points(forged, enclosed=enclosed, known=())
    assert worst(alone) is Standing.OPEN  # nobody knows it: not passed, and it says so
    assert [p.code for p in alone if p.standing is Standing.OPEN] == [
        "verify.statement-unanchored"
    ]


def test_a_verifier_cannot_speak_in_the_name_of_another() -> None:
    verifier = {"name": "x", "did": OTHER, "accreditation": "", "notified_body": ""}
    found = points(signed_statement(RECEIPT, MAKER, VERIFIER, verifier=verifier))
    assert broken(found) == [("statement-issuer", "verify.statement-other-verifier")]
    found = points(signed_statement(RECEIPT, OTHER, VERIFIER))
    assert broken(found) == [("statement-issuer", "verify.statement-other-maker")]


# ── true, and yet no comfort ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("opinion", "conditions", "standing"),
    [
        ("unmodified", [], Standing.HELD),
        ("qualified", ["but for the steam"], Standing.HELD),
        ("adverse", [], Standing.BROKEN),
        ("disclaimer", [], Standing.OPEN),
    ],
)
@pytest.mark.parametrize("level", ["reasonable", "limited"])
def test_an_opinion_counts_as_what_it_is(
    opinion: str, conditions: list[str], standing: Standing, level: str
) -> None:
    made = signed_statement(
        RECEIPT, MAKER, VERIFIER, opinion=opinion, conditions=conditions, level=level
    )
    found = points(made)
    assert worst(found) is standing
    assert false_point(found) is None


def test_a_statement_runs_out_and_cannot_come_from_the_future() -> None:
    assert worst(points(now=NOON + timedelta(days=365))) is Standing.HELD
    late = points(now=NOON + timedelta(days=366))
    assert broken(late) == [("statement-dates", "verify.statement-expired")]
    assert false_point(late) is None
    early = points(now=NOON - timedelta(days=3))
    assert broken(early) == [("statement-dates", "verify.statement-in-future")]


def test_only_the_verifier_itself_takes_a_statement_back() -> None:
    id = read_json(open_jws(STATEMENT).payload)["id"]
    by_other = {id: [signed_withdrawal(STATEMENT, OTHER)]}
    assert worst(points(withdrawals=by_other)) is Standing.HELD
    both = {id: [*by_other[id], signed_withdrawal(STATEMENT, VERIFIER)]}
    assert broken(points(withdrawals=both)) == [
        ("statement-withdrawn", "verify.statement-withdrawn")
    ]
    newer = signed_statement(RECEIPT, MAKER, VERIFIER, scope="another text")
    of_another = {id: [signed_withdrawal(newer, VERIFIER)]}
    assert worst(points(withdrawals=of_another)) is Standing.HELD


def test_without_a_receipt_what_it_is_about_stays_open() -> None:
    for receipt in (None, "a.b.c", signed_receipt(OTHER, FOOTPRINT)):
        assert "verify.statement-alone" in [p.code for p in points(receipt=receipt)]


# ── reading ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("kind", "withdrawal"),
        ("level", "absolute"),
        ("opinion", ["unmodified"]),
        ("scope", " "),
        ("scope", "x" * 4001),
        ("conditions", "none"),
        ("conditions", [""]),
        ("evidence", ["sha256:1"] * 201),
        ("declared", 174),
        ("period", []),
        ("verifier", {"name": "x"}),
        ("dated", "yesterday"),
        ("expires", "2020-01-01"),
        ("person_role", None),
        ("unknown-member", 1),
    ],
)
def test_a_member_that_is_not_what_it_must_be_is_named(member: str, value: Any) -> None:
    with pytest.raises(FaultyInput) as caught:
        parse_statement(content_of(STATEMENT) | {member: value}, "s.json")
    assert {f.code for f in caught.value.findings} == {"verification.member"}
    named = {str(f.arguments["member"]).split("/")[0] for f in caught.value.findings}
    assert named == {member}
    made = signed_statement(RECEIPT, MAKER, VERIFIER, **{member: value})
    assert broken(points(made))[0][0] == "statement-content"


def test_a_qualified_opinion_needs_its_conditions() -> None:
    with pytest.raises(FaultyInput) as caught:
        parse_statement(content_of(STATEMENT) | {"opinion": "qualified"})
    assert [f.code for f in caught.value.findings] == ["verification.no-conditions"]


def test_a_withdrawal_is_read_strictly() -> None:
    good = content_of(signed_withdrawal(STATEMENT, VERIFIER))
    assert parse_withdrawal(good).dated == date(2026, 11, 23)
    for member, value in (("statement", "x"), ("reason", ""), ("dated", 1), ("more", 1)):
        with pytest.raises(FaultyInput):
            parse_withdrawal(good | {member: value})

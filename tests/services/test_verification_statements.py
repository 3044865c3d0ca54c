"""A verifier's statement from draft to delivery: its own key, the digests held here alone."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.ports import World
from saltbridge.services.account import Accounted, account
from saltbridge.services.compose_record import ComposeRequest, compose_record
from saltbridge.services.verification_access import (
    GrantRequest,
    distrust_verifier,
    grant,
    trust_verifier,
)
from saltbridge.services.verification_model import open_file
from saltbridge.services.verification_questions import answer, ask, close, questions
from saltbridge.services.verification_statements import (
    DraftRequest,
    accept,
    draft,
    read_draft,
    sign_draft,
    statements,
    withdraw,
)
from saltbridge.testing.builders import BuiltKeyring, FixedClock
from saltbridge.testing.verification import (
    INVOICE,
    OPERATOR,
    OTHER_VERIFIER,
    UNTIL,
    VERIFIER,
    VIEWER,
    battery,
    footprint_request,
    maker_world,
    signed_statement,
    verifier_profile,
    verifier_world,
)
from saltbridge.trust.claims import VerificationStatement, verify
from saltbridge.trust.verification import Verifier, parse_statement

PROVER = Verifier(
    name="Prover Certification Ltd. (fictitious)",
    did=verifier_profile().did,
    accreditation="CNAS C000-V",
    notified_body="",
)


class Scene:
    """A maker and a verifier on one clock, with a footprint the verifier may see."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.maker, self.verifier = maker_world(self.clock), verifier_world(self.clock)
        self.made = self.account()
        request = GrantRequest(person=VERIFIER, footprints=None, until=UNTIL, reads_from="CN")
        grant(self.maker, OPERATOR, request)

    def account(self, *what: Any) -> Accounted:
        return account(self.maker, footprint_request(*what))

    def trust(self) -> None:
        trust_verifier(self.maker, OPERATOR, PROVER.did)

    def draft(self, person: Person = VERIFIER, **changes: Any) -> bytes:
        known: dict[str, Any] = {
            "footprint": self.made.id,
            "verifier": PROVER,
            "person_role": "lead verifier",
            "level": "reasonable",
            "opinion": "unmodified",
            "scope": "cradle to gate, one pack, 2024",
            "expires": date(2027, 11, 22),
        }
        return draft(self.maker, person, DraftRequest(**(known | changes)))

    def signed(self, **changes: Any) -> bytes:
        return sign_draft(self.verifier, self.draft(**changes), "draft.json")

    def record(self, **changes: Any) -> Any:
        return compose_record(
            self.maker, ComposeRequest(attributes={}, items=(), footprint=self.made.id)
        )


@pytest.fixture
def scene() -> Scene:
    return Scene()


def codes(caught: pytest.ExceptionInfo[SaltbridgeError]) -> list[str]:
    return [f.code for f in caught.value.findings]


def events(world: World) -> list[str]:
    """What was logged, signings aside: those are the log's own tests."""
    with world.store.reading() as view:
        leaves = [view.log_leaf(n) for n in range(view.log_size())]
    return [leaf.event for leaf in leaves if leaf and leaf.event != "claim.signed"]


# ── the good way ────────────────────────────────────────────────────────────────────────


def test_a_statement_is_drafted_signed_accepted_and_travels(scene: Scene) -> None:
    scene.trust()
    open_file(scene.maker, VERIFIER, scene.made.id, INVOICE.digest)
    file = scene.signed()
    assert "verification" not in scene.record()
    taken = accept(scene.maker, VERIFIER, file, "statement.json")
    assert (taken.kind, taken.issuer) == ("statement", PROVER.did)
    statement = parse_statement(taken.content)
    assert statement.evidence == (INVOICE.digest,)  # what the person had opened
    assert statement.subject.maker == scene.maker.node.did
    (kept,) = statements(scene.maker, VERIFIER, scene.made.id)
    assert (kept["accepted_by"]["name"], kept["withdrawal"]) == (VERIFIER.name, None)
    (carried,) = scene.record()["verification"]
    claim = VerificationStatement(carried["statement"])
    assert verify(claim, carried["did_document"]).id == taken.id
    assert events(scene.maker)[-3:] == [
        "model.evidence-opened",
        "model.drafted",
        "verification.accepted",
    ]
    assert events(scene.verifier) == ["verification.signed"]


def test_the_makers_key_never_signs(scene: Scene) -> None:
    scene.trust()
    file = parse_claim_file(scene.signed())
    verified = verify(file.claim, BuiltKeyring(PROVER.did).did_document())
    assert verified.header["kid"] == f"{PROVER.did}#key-1"
    with pytest.raises(Refused) as caught:
        sign_draft(scene.maker, scene.draft(), "draft.json")
    assert codes(caught) == ["verification.own-footprint"]


def test_the_verifier_may_choose_other_words_before_it_signs(scene: Scene) -> None:
    scene.trust()
    file = read_json(scene.draft())
    file["content"] |= {"opinion": "qualified", "conditions": ["but for the steam"]}
    signed = sign_draft(scene.verifier, canonical_bytes(file), "draft.json")
    assert accept(scene.maker, VERIFIER, signed, "s").content["opinion"] == "qualified"


def test_a_withdrawn_statement_travels_no_longer(scene: Scene) -> None:
    scene.trust()
    file = scene.signed()
    taken = accept(scene.maker, VERIFIER, file, "s")
    back = withdraw(scene.verifier, file, "s", "meter was not calibrated")
    assert accept(scene.maker, OPERATOR, back, "w").kind == "withdrawal"
    (kept,) = statements(scene.maker, VERIFIER, scene.made.id)
    assert kept["withdrawal"]["reason"] == "meter was not calibrated"
    assert "verification" not in scene.record()
    for again in (file, back):
        with pytest.raises(Refused) as caught:
            accept(scene.maker, VERIFIER, again, "s")
        assert codes(caught) == ["verification.twice"]
    assert taken.id == kept["id"]


def test_a_withdrawal_that_came_first_keeps_the_statement_out(scene: Scene) -> None:
    scene.trust()
    file = scene.signed()
    accept(scene.maker, VERIFIER, withdraw(scene.verifier, file, "s", "mistake"), "w")
    with pytest.raises(Refused) as caught:
        accept(scene.maker, VERIFIER, file, "s")
    assert codes(caught) == ["verification.withdrawn"]


def test_a_statement_that_has_run_out_travels_no_longer(scene: Scene) -> None:
    scene.trust()
    accept(scene.maker, VERIFIER, scene.signed(), "s")
    late = scene.signed(scope="another one")
    scene.clock.advance(days=364)
    assert len(scene.record()["verification"]) == 1
    scene.clock.advance(days=1)
    assert "verification" not in scene.record()
    grant(
        scene.maker,
        OPERATOR,
        GrantRequest(person=VERIFIER, footprints=None, until=date(2028, 1, 1), reads_from="CN"),
    )
    with pytest.raises(Refused) as caught:
        accept(scene.maker, VERIFIER, late, "s")
    assert codes(caught) == ["verification.expired"]


# ── who may ─────────────────────────────────────────────────────────────────────────────

BOTH = Person("person-2", "Chen Yu", frozenset({Role.VERIFIER, Role.OPERATOR}))


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (OPERATOR, "verification.may-not"),
        (VIEWER, "verification.may-not"),
        (BOTH, "verification.not-independent"),
        (OTHER_VERIFIER, "verification.no-footprint"),
    ],
)
def test_who_may_not_draft_may_not_hand_in_either(
    scene: Scene, person: Person, expected: str
) -> None:
    scene.trust()
    file = scene.signed()
    for attempt in (
        lambda: scene.draft(person),
        lambda: accept(scene.maker, person, file, "s"),
    ):
        with pytest.raises(SaltbridgeError) as caught:
            attempt()
        assert codes(caught) == [expected]
    assert statements(scene.maker, OPERATOR, scene.made.id) == []


def test_only_the_issuer_takes_back_and_not_everybody_hands_it_in(scene: Scene) -> None:
    scene.trust()
    file = scene.signed()
    accept(scene.maker, VERIFIER, file, "s")
    with pytest.raises(Refused) as caught:
        withdraw(scene.maker, file, "s", "inconvenient")
    assert codes(caught) == ["trust.issuer-differs"]
    with pytest.raises(FaultyInput):
        withdraw(scene.verifier, file, "s", " ")
    back = withdraw(scene.verifier, file, "s", "mistake")
    with pytest.raises(Refused):
        accept(scene.maker, VIEWER, back, "w")


# ── what is refused at the door ─────────────────────────────────────────────────────────


def test_a_verifier_nobody_trusts_is_refused(scene: Scene) -> None:
    file = scene.signed()
    with pytest.raises(Refused) as caught:
        accept(scene.maker, VERIFIER, file, "s")
    assert codes(caught) == ["verification.not-trusted"]
    scene.trust()
    distrust_verifier(scene.maker, OPERATOR, PROVER.did)
    with pytest.raises(Refused):
        accept(scene.maker, VERIFIER, file, "s")


def test_the_trusted_document_counts_and_not_the_enclosed_one(scene: Scene) -> None:
    scene.trust()
    forger = BuiltKeyring("did:web:evil.example").signer()
    forger.key_id = f"{PROVER.did}#key-1"
    jws = signed_statement(
        scene.made.receipt.jws,  # type: ignore[union-attr]
        scene.maker.node.did,
        PROVER.did,
        signer=forger,
        footprint=scene.made.id,
    )
    file = render_claim_file(
        VerificationStatement(jws), BuiltKeyring(PROVER.did).did_document()
    )
    with pytest.raises(Refused) as caught:
        accept(scene.maker, VERIFIER, file, "s")
    assert codes(caught) == ["trust.signature-wrong"]


def test_the_maker_cannot_hand_in_a_statement_of_its_own(scene: Scene) -> None:
    jws = signed_statement(
        scene.made.receipt.jws,  # type: ignore[union-attr]
        scene.maker.node.did,
        scene.maker.node.did,
        footprint=scene.made.id,
    )
    file = render_claim_file(VerificationStatement(jws), scene.maker.keyring.did_document())
    with pytest.raises(Refused) as caught:
        accept(scene.maker, VERIFIER, file, "s")
    assert codes(caught) == ["verification.own-did"]
    for attempt in (
        lambda: scene.draft(verifier=replace(PROVER, did=scene.maker.node.did)),
        lambda: trust_verifier(scene.maker, OPERATOR, scene.maker.node.did),
    ):
        with pytest.raises(Refused) as caught:
            attempt()
        assert codes(caught) == ["verification.own-did"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("inputs_digest", "sha256:" + "f" * 64),
        ("footprint_digest", "sha256:" + "f" * 64),
        ("edition", "v9"),
        ("declared", {"value": 1.0, "unit": "kg CO2e/kWh"}),
        ("maker", "did:web:other.example"),
        ("evidence", ["sha256:" + "f" * 64]),
    ],
)
def test_digests_other_than_those_held_here_are_refused(
    scene: Scene, member: str, value: Any
) -> None:
    scene.trust()
    file = read_json(scene.draft())
    file["content"][member] = value
    signed = sign_draft(scene.verifier, canonical_bytes(file), "draft.json")
    with pytest.raises(Refused) as caught:
        accept(scene.maker, VERIFIER, signed, "s")
    assert codes(caught) == ["verification.differs"]
    assert caught.value.findings[0].arguments["members"] == member


def test_a_statement_about_one_footprint_is_none_about_another(scene: Scene) -> None:
    scene.trust()
    other = scene.account(battery(200.0))
    file = read_json(scene.draft())
    file["content"]["footprint"] = other.id
    signed = sign_draft(scene.verifier, canonical_bytes(file), "draft.json")
    with pytest.raises(Refused) as caught:
        accept(scene.maker, VERIFIER, signed, "s")
    assert codes(caught) == ["verification.differs"]


def test_another_companys_draft_and_other_files_are_not_signed(scene: Scene) -> None:
    foreign = scene.draft(verifier=replace(PROVER, did="did:web:other.example"))
    with pytest.raises(Refused) as caught:
        sign_draft(scene.verifier, foreign, "d")
    assert codes(caught) == ["verification.other-verifier"]
    for content in (b"{}", b"[]", scene.signed(), b'{"saltbridge":"verification-draft"}'):
        with pytest.raises(FaultyInput):
            sign_draft(scene.verifier, content, "d")
    late = scene.draft(expires=scene.clock.now().date())
    scene.clock.advance(days=1)
    with pytest.raises(Refused) as caught:
        sign_draft(scene.verifier, late, "d")
    assert codes(caught) == ["verification.expired"]
    receipt = render_claim_file(
        scene.made.receipt,  # type: ignore[arg-type]
        scene.maker.keyring.did_document(),
    )
    with pytest.raises(FaultyInput) as faulty:
        accept(scene.maker, VERIFIER, receipt, "s")
    assert codes(faulty) == ["verification.no-statement"]


def test_a_draft_nobody_could_sign_is_not_made(scene: Scene) -> None:
    for changes, expected in (
        ({"level": "absolute"}, "verification.choice"),
        ({"opinion": "fine"}, "verification.choice"),
        ({"opinion": "qualified"}, "verification.no-conditions"),
        ({"scope": ""}, "verification.member"),
        ({"expires": date(2020, 1, 1)}, "verification.member"),
        ({"evidence": ["sha256:0"]}, "verification.no-file"),
    ):
        with pytest.raises(FaultyInput) as caught:
            scene.draft(**changes)
        assert codes(caught) == [expected]
    assert events(scene.maker) == ["footprint.estimate", "verification.granted"]
    assert read_draft(scene.draft(), "d").level == "reasonable"


# ── findings of the verifier ────────────────────────────────────────────────────────────


def test_a_finding_goes_from_question_to_answer_to_close(scene: Scene) -> None:
    id = scene.made.id
    asked = ask(scene.maker, VERIFIER, id, "evidence-request", "Meter protocol?", "line 1")
    answer(scene.maker, OPERATOR, asked["id"], "Added as invoice 7.")
    close(scene.maker, VERIFIER, asked["id"], "Seen.")
    (found,) = questions(scene.maker, VERIFIER, id)
    assert [(s["what"], s["person"]["name"], s["text"]) for s in found["steps"]] == [
        ("asked", VERIFIER.name, "Meter protocol?"),
        ("answered", OPERATOR.name, "Added as invoice 7."),
        ("closed", VERIFIER.name, "Seen."),
    ]
    with scene.maker.store.reading() as view:
        assert view.get("verifier-question", asked["id"]).version == 3  # type: ignore[union-attr]
    assert events(scene.maker)[-3:] == [
        f"verification.{state}" for state in ("asked", "answered", "closed")
    ]
    with pytest.raises(Refused) as caught:
        answer(scene.maker, OPERATOR, asked["id"], "one more")
    assert codes(caught) == ["verification.question-closed"]


def test_who_may_ask_answer_and_close(scene: Scene) -> None:
    id = scene.made.id
    asked = ask(scene.maker, VERIFIER, id, "question", "Why?")
    for attempt in (
        lambda: ask(scene.maker, OPERATOR, id, "question", "?"),
        lambda: ask(scene.maker, BOTH, id, "question", "?"),
        lambda: ask(scene.maker, OTHER_VERIFIER, id, "question", "?"),
        lambda: answer(scene.maker, VERIFIER, asked["id"], "!"),
        lambda: close(scene.maker, OPERATOR, asked["id"]),
        lambda: close(scene.maker, OTHER_VERIFIER, asked["id"]),
        lambda: questions(scene.maker, OTHER_VERIFIER, id),
        lambda: questions(scene.maker, VIEWER, id),
        lambda: ask(scene.maker, VERIFIER, id, "order", "?"),
        lambda: ask(scene.maker, VERIFIER, id, "question", " "),
        lambda: ask(scene.maker, VERIFIER, id, "question", "x" * 4001),
        lambda: answer(scene.maker, OPERATOR, "urn:uuid:1", "!"),
    ):
        with pytest.raises(SaltbridgeError):
            attempt()
    (found,) = questions(scene.maker, OPERATOR, id)
    assert len(found["steps"]) == 1

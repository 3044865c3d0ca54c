"""A decision about passports of one shape, and files made from the view and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.border.test_decide import decided

from saltbridge.border.carried import claimed
from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import PUBLIC, Context
from saltbridge.border.decide import (
    Alike,
    Decision,
    alike,
    decide,
    release_alike,
    release_credential_alike,
)
from saltbridge.border.passport_credential import credential_of
from saltbridge.border.rules import packaged_packs
from saltbridge.border.version_file import (
    PublicPart,
    PublicVersion,
    UnsignedVersion,
    VersionFiles,
    public_part,
    unsigned_version,
    version_content,
)
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.core.piece import Piece, piece
from saltbridge.ports import World
from saltbridge.steps.log import logged_claim_file, proof_for
from saltbridge.testing.builders import NOON, memory_world
from saltbridge.testing.canaries import battery_record
from saltbridge.trust import signature
from saltbridge.trust.claims import PassportVersion
from saltbridge.trust.log_proof import LogProof
from saltbridge.trust.suites import NotVerified

SALT, ID = "A" * 43, "urn:uuid:00000000-0000-4000-8000-000000000002"
TOLD = {"serial": "A1", "gtin": "09521234567899", "version": "1"}
PART = {"attributes": {"A018": {"value": "SB-1"}}, "not_provided": ["A014"]}
PLACE = {"idx": 3, "uri": "https://cars.example/passports/status/0"}
HIDDEN = ("B" * 43, "C" * 43, "D" * 43)


@pytest.fixture
def world() -> World:
    return memory_world()


def pieces(members: Mapping[str, Any]) -> dict[str, Piece]:
    return {name: piece(value) for name, value in members.items()}


def made_part(told: Mapping[str, Any] = TOLD, part: Mapping[str, Any] = PART) -> PublicPart:
    return public_part(pieces(told), pieces(part), SALT)


def unsigned(world: World, part: PublicPart, **changes: Any) -> UnsignedVersion:
    hidden = changes.pop("hidden", HIDDEN)
    signer = world.keyring.signer()
    given = {"id": ID, "issuer": world.node.did, "issued_at": NOON, "place": PLACE, **changes}
    content = version_content(part, hidden)
    return unsigned_version(content, key_id=signer.key_id, suite=signer.suite, **given)


def signed(world: World, version: UnsignedVersion) -> tuple[PassportVersion, LogProof]:
    """The claim, and the proof that its signing stands in the log."""
    claim = version.signed(world.keyring.signer().sign(version.signing_input))
    with world.store.unit_of_work() as work:
        logged_claim_file(
            world, work, claim, version.id, disclosures=[version.public.disclosure]
        )
        return claim, proof_for(world, work, work.log_size() - 1)


def files(world: World, proof: LogProof, **changes: Any) -> VersionFiles:
    given = {"did_document": world.keyring.did_document(), "issuer": world.node.did, **changes}
    return VersionFiles(note=proof.note, **given)


def decision(document: dict[str, Any]) -> Decision:
    context = Context(
        decision_id="urn:uuid:00000000-0000-4000-8000-000000000009",
        origin="EU",
        destination="*",
        recipient=PUBLIC,
        purpose="passport",
        agreement=None,
        at=NOON,
        counters=None,
        person="",
    )
    return decide(document, context, catalogue_for(document["kind"]), packaged_packs())


def finished(world: World, part: PublicPart) -> PublicVersion:
    version = unsigned(world, part)
    claim, proof = signed(world, version)
    return files(world, proof).finished(version, claim, proof)


def test_the_file_passes_the_strict_reading_and_leaves_under_the_decision(world):
    part = made_part()
    made = finished(world, part)
    assert claimed(made.file) == part.view.content
    by = decision(read_json(part.view.content))
    file, view = release_alike(alike(by, part.view), made)
    assert (file.content, view.content) == (made.file, part.view.content)
    assert {file.decision_id, view.decision_id} == {by.context.decision_id}


def test_a_credential_leaves_only_with_the_view_of_a_version_alike(world):
    part, signer = made_part(), world.keyring.signer()
    view = read_json(part.view.content)
    view |= {"issuer": {"did": world.node.did}, "issued_at": "2027-02-18T00:00:00Z"}
    view |= {"product_id": "https://cars.example/01/09521234567899/21/A1"}
    held = alike(decision(view), piece(view))

    def credential(of: Mapping[str, Any], **more: Any) -> bytes:
        content = canonical_bytes({**credential_of(of, PLACE), **more})
        unsigned = signature.prepare(
            content, key_id=signer.key_id, suite=signer.suite, typ="vc+jwt"
        )
        return signature.assemble(unsigned, signer.sign(unsigned.signing_input)).encode()

    released = release_credential_alike(held, piece(view), credential(view))
    assert released.media_type == "application/vc+jwt"
    other, wider = {**view, "serial": "A2"}, {**view, "note": "x"}
    assert release_credential_alike(held, piece(other), credential(other))
    for shown, token in (
        (view, credential(other)),
        (view, credential(view, note="x")),
        (wider, credential(wider)),
        (view, b"no token"),
    ):
        with pytest.raises(Refused, match="carries-more"):
            release_credential_alike(held, piece(shown), token)


def test_another_value_leaves_under_the_same_decision_and_another_field_does_not(world):
    first = made_part()
    held = alike(decision(read_json(first.view.content)), first.view)
    like = made_part({**TOLD, "serial": "A2"})
    assert release_alike(held, finished(world, like))[1].content == like.view.content
    others = [
        {**PART, "attributes": {"A019": {"value": "SB-1"}}},
        {**PART, "attributes": {"A018": {"value": "SB-1", "note": "x"}}},
        {**PART, "attributes": {"A018": {"value": None}}},
        {**PART, "not_provided": ["A014", "A015"]},
    ]
    for n, part in enumerate(others):
        other = memory_world()
        with pytest.raises(Refused, match="not-the-view"):
            release_alike(held, finished(other, made_part({**TOLD, "serial": f"B{n}"}, part)))


@pytest.mark.parametrize(
    "changes",
    [
        {"by_value": True},
        {"by_approval": True},
        {"proposal": True},
        {"personal_fields_left": 1},
        {"sensitive_fields_left": 1},
        {"view_bytes": b"{}"},
    ],
)
def test_what_hangs_on_a_value_holds_for_one_document_only(changes):
    part = made_part()
    by = decision(read_json(part.view.content))
    with pytest.raises(Refused, match="not-alike"):
        alike(replace(by, **changes), part.view)


def test_what_keeps_something_back_holds_for_one_document_only():
    part = made_part(part={"attributes": {"A035": {"value": "waste"}}})
    by = decision(read_json(part.view.content))
    assert by.stays
    with pytest.raises(Refused, match="not-alike"):
        alike(by, part.view)


def test_a_gate_that_looked_at_a_value_is_remembered():
    assert decided(battery_record()).by_value
    assert not decision(read_json(made_part().view.content)).by_value


@pytest.mark.parametrize(
    ("told", "part"), [({**TOLD, "attributes": {}}, PART), ({**TOLD, "kind": "x"}, PART)]
)
def test_a_header_and_a_part_do_not_overlap(told, part):
    with pytest.raises(Refused, match="carries-more"):
        made_part(told, part)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden": HIDDEN[:2]},
        {"hidden": (*HIDDEN, "E" * 43)},
        {"hidden": (*HIDDEN[:2], "a message in place of a digest")},
        {"hidden": (*HIDDEN[:2], HIDDEN[0])},
        {"place": {**PLACE, "note": "x"}},
        {"place": {**PLACE, "uri": "https://x.example/passports/status/0?note=x"}},
        {"place": {**PLACE, "idx": -1}},
    ],
)
def test_there_is_no_room_for_a_message(world, changes):
    with pytest.raises(Refused, match="carries-more"):
        unsigned(world, made_part(), **changes)
    with pytest.raises(Refused, match="carries-more"):
        public_part(pieces(TOLD), {}, "not a salt")


def test_a_proof_about_something_else_is_refused(world):
    version = unsigned(world, made_part())
    claim, proof = signed(world, version)
    made = files(world, proof)
    assert claimed(made.finished(version, claim, proof).file)
    wrong = [
        replace(proof, subject="urn:uuid:00000000-0000-4000-8000-000000000003"),
        replace(proof, event="passport.issued"),
        replace(proof, salt="z" * 32),
        replace(proof, salt="0" * 32),
        replace(proof, size=proof.size + 1),
        replace(proof, path=(*proof.path, bytes(32))),
        replace(proof, note=replace(proof.note)),
    ]
    for one in wrong:
        with pytest.raises(Refused, match="carries-more"):
            made.finished(version, claim, one)
    other = unsigned(world, made_part({**TOLD, "serial": "A2"}))
    with pytest.raises(Refused, match="carries-more"):
        made.finished(other, claim, proof)


def test_keys_and_checkpoint_are_the_issuer_s(world):
    _, proof = signed(world, unsigned(world, made_part()))
    document = dict(world.keyring.did_document())
    with pytest.raises(Refused, match="carries-more"):
        files(world, proof, did_document={**document, "note": "x"})
    with pytest.raises(Refused, match="carries-more"):
        files(world, proof, issuer="did:web:somebody.example")
    with pytest.raises(NotVerified):
        VersionFiles(document, world.node.did, replace(proof.note, signatures=()))


def test_none_of_them_is_made_by_hand():
    part = made_part()
    by = decision(read_json(part.view.content))
    for attempt in (
        lambda: Alike(by, part.view.shape),
        lambda: PublicVersion(b"{}", part.view),
        lambda: UnsignedVersion(ID, part, None),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError):
            attempt()

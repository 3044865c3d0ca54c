"""Checkpoints and cosignatures: the notes of the standard verify, and nothing else does."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.testing.builders import NOON, BuiltKeyring, BuiltLogSigner
from saltbridge.trust import log
from saltbridge.trust.checkpoint import (
    Checkpoint,
    assemble,
    assemble_cosignature,
    known_witnesses,
    log_keys,
    parse_add_checkpoint,
    parse_checkpoint,
    prepare,
    prepare_cosignature,
    render_add_checkpoint,
    verify_checkpoint,
    verify_cosignatures,
    with_signatures,
)
from saltbridge.trust.did import VerificationKey, parse_did_document
from saltbridge.trust.log_proof import (
    LogProof,
    check_log_proof,
    checkpoint_text,
    log_proof_bytes,
    log_proof_document,
    parse_log_proof,
)
from saltbridge.trust.note import (
    Note,
    NoteSignature,
    parse_note,
    render_note,
)
from saltbridge.trust.signature import base64url
from saltbridge.trust.suites import NotVerified

DID, WITNESS = "did:web:maker.example", "did:web:cars.example"
ROOT = sha256(b"root").digest()
STATE = Checkpoint(DID, 20852163, ROOT)


def document_of(did: str):
    return parse_did_document(BuiltKeyring(did).did_document())


def key_of(did: str) -> VerificationKey:
    (key,) = log_keys(document_of(did))
    return key


def signed(state: Checkpoint = STATE, did: str = DID) -> Note:
    unsigned = prepare(state, key_of(did))
    return assemble(unsigned, BuiltLogSigner(f"{did}#log-1").sign(unsigned.signing_input))


def cosignature(state: Checkpoint = STATE, did: str = WITNESS, at: datetime = NOON):
    unsigned = prepare_cosignature(state, did, key_of(did), at)
    signer = BuiltLogSigner(f"{did}#log-1")
    return assemble_cosignature(unsigned, signer.sign(unsigned.signing_input))


def reason(content: bytes) -> str:
    with pytest.raises(NotVerified) as refused:
        note = parse_note(content)
        verify_checkpoint(note, DID, [key_of(DID)])
    return refused.value.findings[0].code


def test_the_note_of_the_standard_verifies_under_its_key() -> None:
    """signed-note.md, example of the section on verifier keys (C2SP/C2SP at 5ba5ee83)."""
    public = base64.b64decode("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")[1:]
    note = parse_note(
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6"
        "TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    (line,) = note.signatures
    assert line.key_id.hex() == "530d903a"
    Ed25519PublicKey.from_public_bytes(public).verify(line.content, note.text.encode())


def test_the_checkpoint_of_the_standard_reads_and_is_written_the_same() -> None:
    """tlog-cosignature.md, the first example, with its cosignature of 72 bytes and a time."""
    text = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URY"
        "N7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl"
        "rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    note = parse_note(text)
    assert render_note(note).decode() == text
    assert parse_checkpoint(note.text).size == 20852163
    assert int.from_bytes(note.signatures[1].content[:8], "big") == 1679315147


def test_what_the_log_signed_is_verified_with_the_key_that_signed() -> None:
    checkpoint, key = verify_checkpoint(parse_note(render_note(signed())), DID, [key_of(DID)])
    assert (checkpoint, key.id) == (STATE, f"{DID}#log-1")


GOOD = render_note(signed())
LINE = signed().signatures[0].line.encode()


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (GOOD[:-1], "trust.log-malformed"),  # truncated by its last byte
        (GOOD[: len(GOOD) // 2], "trust.log-malformed"),
        (GOOD.split(b"\n\n")[0] + b"\n", "trust.log-malformed"),  # without its signatures
        (GOOD + LINE, "trust.log-malformed"),  # a line twice
        (GOOD + b"\n", "trust.log-malformed"),
        (GOOD.replace(b"\n", b"\r\n"), "trust.log-malformed"),
        (GOOD.replace(b"20852163", b"020852163"), "trust.log-malformed"),
        (GOOD.replace(b"20852163", b"-1"), "trust.log-malformed"),
        (GOOD.replace(b"20852163", b"1e3"), "trust.log-malformed"),
        (GOOD.replace(b"20852163", "２０".encode()), "trust.log-malformed"),
        (GOOD.replace(b"20852163", b"9" * 17), "trust.log-malformed"),
        (GOOD.replace(b"20852163", b"20852164"), "trust.signature-wrong"),
        (GOOD.replace(b"\n\n", b"\nextension\n\n"), "trust.log-malformed"),
        (b"\n".join([*GOOD.split(b"\n")[1:2], *GOOD.split(b"\n")[:1], *GOOD.split(b"\n")[2:]]),
         "trust.log-malformed"),  # lines in another order
        (GOOD.replace(DID.encode(), WITNESS.encode()), "trust.log-origin"),
        (render_note(signed(replace(STATE, origin=WITNESS), WITNESS)), "trust.log-origin"),
        (render_note(Note(STATE.text, signed(did=WITNESS).signatures)), "trust.log-not-signed"),
        (render_note(Note(STATE.text, (cosignature(did=DID),))), "trust.log-not-signed"),
        (render_note(Note(STATE.text, signed(replace(STATE, size=7)).signatures)),
         "trust.signature-wrong"),
        (GOOD.replace(b"=\n\n", b"\n\n"), "trust.log-malformed"),  # base64 spelt otherwise
        (GOOD.replace("—".encode(), b"-"), "trust.log-malformed"),
        (GOOD + "— x AAAA\n".encode() * 1, "trust.log-malformed"),  # a key id and nothing else
        (GOOD + b"".join(NoteSignature(f"w{i}", b"1234", b"s" * 64).line.encode()
                         for i in range(32)), "trust.log-malformed"),  # too many
        (b"\xff" + GOOD, "trust.log-malformed"),
        (b"x" * 20_000, "trust.log-malformed"),
        (b"", "trust.log-malformed"),
    ],
)  # fmt: skip
def test_attacks_on_a_note(attack: bytes, code: str) -> None:
    assert attack != GOOD
    assert reason(attack) == code


def test_every_single_bit_of_text_and_signature_counts() -> None:
    content = GOOD[: -len(b"\n")]
    for position in range(len(GOOD)):
        for bit in (0, 5):
            flipped = bytearray(GOOD)
            flipped[position] ^= 1 << bit
            with pytest.raises(NotVerified):
                verify_checkpoint(parse_note(bytes(flipped)), DID, [key_of(DID)])
    assert content


def test_lines_of_strangers_are_carried_and_mean_nothing() -> None:
    stranger = NoteSignature("elsewhere.example/log", b"abcd", b"s" * 99)
    note = with_signatures(signed(), [stranger])
    assert verify_checkpoint(note, DID, [key_of(DID)])[0] == STATE
    assert known_witnesses(note, {WITNESS: document_of(WITNESS)}, but=DID) == ()


# ── witnesses ───────────────────────────────────────────────────────────────────────────


def test_a_cosignature_says_who_saw_it_and_when() -> None:
    later = NOON.replace(hour=13)
    note = with_signatures(signed(), [cosignature(at=later)])
    seen = verify_cosignatures(parse_note(render_note(note)), WITNESS, [key_of(WITNESS)])
    assert seen is not None
    assert (seen.witness, seen.at) == (WITNESS, later.astimezone(UTC))
    found = known_witnesses(note, {WITNESS: document_of(WITNESS)}, but=DID)
    assert [c.witness for c in found] == [WITNESS]
    assert known_witnesses(note, {WITNESS: document_of(WITNESS)}, but=WITNESS) == ()


def test_a_newer_cosignature_takes_the_place_of_the_older() -> None:
    note = with_signatures(signed(), [cosignature()])
    assert len(with_signatures(note, [cosignature(at=NOON.replace(hour=14))]).signatures) == 2


@pytest.mark.parametrize(
    "forged",
    [
        replace(cosignature(), content=b"\0" * 7 + b"\1" + cosignature().content[8:]),
        replace(cosignature(), content=b"\xff" * 8 + cosignature().content[8:]),
        replace(cosignature(), content=cosignature().content[:-1]),
        replace(cosignature(replace(STATE, size=1))),
        replace(cosignature(), content=b"\0" * 72),
    ],
)
def test_a_cosignature_that_does_not_fit_spoils_the_note(forged: NoteSignature) -> None:
    with pytest.raises(NotVerified):
        verify_cosignatures(with_signatures(signed(), [forged]), WITNESS, [key_of(WITNESS)])


def test_a_logs_signature_is_no_cosignature_of_the_same_key() -> None:
    own = signed()
    as_witness = NoteSignature(
        DID, cosignature(did=DID).key_id, b"\0" * 8 + own.signatures[0].content
    )
    with pytest.raises(NotVerified):
        verify_cosignatures(with_signatures(own, [as_witness]), DID, [key_of(DID)])


def test_rotated_and_revoked_keys_of_a_log() -> None:
    raw = BuiltLogSigner(f"{DID}#log-1").public_jwk()
    old = VerificationKey(f"{DID}#log-1", raw, frozenset(), expires=NOON)
    lost = VerificationKey(f"{DID}#log-2", raw, frozenset(), revoked=NOON)
    document = replace(document_of(DID), keys=(old, lost))
    before, after = NOON.replace(hour=11), NOON.replace(hour=13)
    assert log_keys(document) == (old, lost)
    assert log_keys(document, at=before) == (old,)
    assert log_keys(document, at=after) == ()
    assert log_keys(document, at=before, witnessed_at=before) == (old, lost)
    assert log_keys(document, at=before, witnessed_at=after) == (old,)


# ── the request to a witness ────────────────────────────────────────────────────────────


def test_a_request_to_a_witness_reads_as_it_was_written() -> None:
    hashes = tuple(sha256(bytes([i])).digest() for i in range(3))
    body = render_add_checkpoint(20852014, hashes, signed())
    asked = parse_add_checkpoint(body)
    assert (asked.old_size, asked.proof, asked.note) == (20852014, hashes, signed())
    assert parse_add_checkpoint(render_add_checkpoint(0, (), signed())).proof == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1\n",
        b"old 01\n\n" + GOOD,
        b"old -1\n\n" + GOOD,
        b"new 1\n\n" + GOOD,
        b"old 1\nAAAA\n\n" + GOOD,
        b"old 1\n" + (base64.b64encode(ROOT) + b"\n") * 64 + b"\n" + GOOD,
        b"old 1\n\n\n" + GOOD[:20],
    ],
)
def test_what_is_no_request_to_a_witness(body: bytes) -> None:
    with pytest.raises(NotVerified):
        parse_add_checkpoint(body)


# ── proofs ──────────────────────────────────────────────────────────────────────────────

CLAIM, DIGEST = "urn:uuid:00000000-0000-4000-8000-000000000001", "sha256:" + "ab" * 32


def a_proof(size: int = 11, index: int = 4) -> LogProof:
    salt = "0" * 31 + "7"
    mine = log.leaf_hash(log.leaf_bytes("claim.signed", CLAIM, DIGEST, salt))
    leaves = [log.leaf_hash(bytes([i])) for i in range(size)]
    leaves[index] = mine
    state = Checkpoint(DID, size, log.tree_root(leaves))
    path = log.inclusion_proof(leaves, index)
    return LogProof("claim.signed", CLAIM, DIGEST, salt, index, size, path, signed(state))


def checked(proof: LogProof, **changes: str):
    given = {"claim_id": CLAIM, "claim_digest": DIGEST, "origin": DID, **changes}
    return check_log_proof(proof, **given, keys=[key_of(DID)])


def code_of(proof: LogProof, **changes: str) -> str:
    with pytest.raises(NotVerified) as refused:
        checked(proof, **changes)
    return refused.value.findings[0].code


def test_a_proof_is_for_one_claim_in_one_log() -> None:
    proof = a_proof()
    document = log_proof_document(proof)
    assert parse_log_proof(document) == proof
    assert log_proof_bytes(proof, checkpoint_text(proof.note)) == canonical_bytes(document)
    assert checked(proof)[0].size == 11
    assert code_of(proof, claim_id="urn:uuid:other") == "trust.log-other-leaf"
    assert code_of(proof, claim_digest="sha256:00") == "trust.log-other-leaf"
    assert code_of(proof, origin=WITNESS) == "trust.log-origin"


def test_swapped_reordered_truncated_and_replayed_paths() -> None:
    proof, other = a_proof(), a_proof(11, 5)
    for forged in (
        replace(proof, path=proof.path[::-1]),
        replace(proof, path=proof.path[:-1]),
        replace(proof, path=(*proof.path, ROOT)),
        replace(proof, path=other.path),
        replace(proof, index=5),
        replace(proof, salt="f" * 32),
        replace(proof, note=a_proof(12).note),
    ):
        assert code_of(forged) == "trust.log-not-included"


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"size": 12},
        {"size": True},
        {"path": "x"},
        {"path": ["AAAA"]},
        {"path": [base64.b64encode(ROOT).decode()] * 64},
        {"leaf": {"event": "claim.signed"}},
        {"leaf": {"event": "a note to you"}},
        {"leaf": {"salt": "free text"}},
        {"leaf": {"index": -1}},
        {"leaf": {"index": 11}},
        {"leaf": {"index": 1.5}},
        {"leaf": {"subject": "two words"}},
        {"checkpoint": 1},
        {"checkpoint": GOOD.decode()},
    ],
)
def test_a_proof_holds_nothing_but_a_proof(change: dict) -> None:
    document = log_proof_document(a_proof())
    if "leaf" in change and change["leaf"] != {"event": "claim.signed"}:
        change = {"leaf": {**document["leaf"], **change["leaf"]}}
    with pytest.raises(FaultyInput):
        parse_log_proof({**document, **change})


def test_a_proof_carries_no_text_under_anothers_name() -> None:
    for line in (
        NoteSignature("read-this-secret", b"abcd", b"s" * 64),
        NoteSignature(WITNESS, b"abcd", b"a long secret text that is no signature"),
    ):
        document = log_proof_document(a_proof())
        note = with_signatures(parse_note(document["checkpoint"]), [line])
        with pytest.raises(FaultyInput):
            parse_log_proof({**document, "checkpoint": render_note(note).decode()})


def test_a_key_that_is_no_ed25519_key_signs_no_checkpoint() -> None:
    with pytest.raises(NotVerified):
        prepare(
            STATE, VerificationKey("k", {"kty": "OKP", "crv": "Ed25519", "x": base64url(b"1")})
        )
    with pytest.raises(ValueError, match="64"):
        assemble(prepare(STATE, key_of(DID)), b"short")
    with pytest.raises(ValueError, match="no checkpoint"):
        prepare(Checkpoint("two words", 1, ROOT), key_of(DID))

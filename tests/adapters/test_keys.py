"""Keys: for their owner only, and never mixed up."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from saltbridge.adapters.keys import FileKeyring, create_first_keys
from saltbridge.adapters.keys_passphrase import VARIABLE, Passphrase
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.testing.builders import NOON
from saltbridge.trust import claims
from saltbridge.trust.claims import Receipt
from saltbridge.trust.suites import NotVerified, signature_fits

DID = "did:web:cells.example"
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"


SECRET = Passphrase(b"a passphrase for tests", "here")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, SECRET.secret.decode())
    create_first_keys(tmp_path / "keys", NOON, SECRET, cost=2)
    return tmp_path / "keys"


def keyring(folder: Path) -> FileKeyring:
    return FileKeyring(folder, DID, "https://cells.example/.well-known/dspace-version")


def receipt(folder: Path) -> Receipt:
    signer = keyring(folder).signer()
    return claims.sign(Receipt, {}, id=ID, issued_at=NOON, issuer=DID, signer=signer)


def test_what_the_key_signs_its_document_verifies(folder: Path) -> None:
    assert claims.verify(receipt(folder), keyring(folder).did_document()).issuer == DID


def test_files_and_folder_are_for_their_owner(folder: Path) -> None:
    for path in (folder, *folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_not_used(folder: Path, mode: int) -> None:
    (folder / "key-1.sealed").chmod(mode)
    with pytest.raises(Refused) as refused:
        keyring(folder).signer()
    assert refused.value.findings[0].code == "key.readable-by-others"


def test_a_key_of_another_pair_is_not_used(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    create_first_keys(other, NOON, SECRET, cost=2)
    (folder / "key-1.sealed").write_bytes((other / "key-1.sealed").read_bytes())
    with pytest.raises(Refused) as refused:  # another node's secret sealed it
        keyring(folder).signer()
    assert refused.value.findings[0].code == "key.seal-broken"
    (folder / "vault.toml").write_bytes((other / "vault.toml").read_bytes())
    with pytest.raises(FaultyInput) as fault:
        keyring(folder).signer()
    assert fault.value.findings[0].code == "key.not-its-pair"


def test_a_key_under_another_name_is_not_used(folder: Path) -> None:
    """The log's key cannot be slipped in for the key for claims."""
    (folder / "key-1.sealed").write_bytes((folder / "log-1.sealed").read_bytes())
    with pytest.raises(Refused) as refused:
        keyring(folder).signer()
    assert refused.value.findings[0].code == "key.seal-broken"


def test_a_faulty_key_file_is_said(folder: Path) -> None:
    (folder / "key-1.sealed").write_bytes(b"-----BEGIN NOTHING-----")
    with pytest.raises(Refused) as refused:
        keyring(folder).signer()
    assert refused.value.findings[0].code == "key.seal-broken"
    (folder / "key-1.pem").write_bytes(b"-----BEGIN NOTHING-----")
    (folder / "key-1.pem").chmod(0o600)
    (folder / "key-1.sealed").unlink()
    with pytest.raises(FaultyInput) as fault:
        keyring(folder).signer()
    assert fault.value.findings[0].code == "key.unreadable"
    (folder / "key-1.pem").unlink()
    with pytest.raises(FaultyInput) as fault:
        keyring(folder).signer()
    assert fault.value.findings[0].code == "key.unreadable"
    assert keyring(folder).did_document()["id"] == DID  # the public side needs no secret


@pytest.mark.parametrize("content", [b"", b"keys = 7", b"[[keys]]\nname = 'x'", b"\xff", b"["])
def test_a_faulty_history_is_said(folder: Path, content: bytes) -> None:
    (folder / "keys.toml").write_bytes(content)
    with pytest.raises(FaultyInput) as fault:
        keyring(folder)
    assert fault.value.findings[0].code == "key.history-unreadable"


def test_a_rotated_key_verifies_what_it_signed_and_signs_no_more(folder: Path) -> None:
    old = receipt(folder)
    history = folder / "keys.toml"
    text = history.read_text()
    first, log = text.split('[[keys]]\nname = "log-1"')

    def with_member(member: str) -> str:
        return f'{first.rstrip()}\n{member}\n\n[[keys]]\nname = "log-1"{log}'

    history.write_text(with_member(f"expires = {(NOON + timedelta(days=1)).isoformat()}"))
    (folder / "key-1.sealed").unlink()
    assert claims.verify(old, keyring(folder).did_document())
    with pytest.raises(FaultyInput) as fault:
        keyring(folder).signer()
    assert fault.value.findings[0].code == "key.none-left"
    history.write_text(with_member(f"revoked = {NOON.isoformat()}"))
    with pytest.raises(NotVerified):
        claims.verify(old, keyring(folder).did_document())


def test_the_key_for_archives_is_made_on_first_demand_and_kept(folder: Path) -> None:
    ring = keyring(folder)
    assert len(ring.did_document()["verificationMethod"]) == 2
    signer = ring.archive_signer()
    assert (signer.key_id, signer.suite) == (f"{DID}#archive-1", "ML-DSA-65")
    listed = keyring(folder).did_document()["verificationMethod"]
    jwk = next(m["publicKeyJwk"] for m in listed if m["id"] == signer.key_id)
    assert signature_fits(jwk, b"seal", keyring(folder).archive_signer().sign(b"seal"))
    assert keyring(folder).log_signer().key_id == f"{DID}#log-1"
    assert keyring(folder).signer().key_id == f"{DID}#key-1"

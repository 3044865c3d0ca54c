"""Keys at rest: a folder without its passphrase opens nothing, and old nodes get sealed."""

import logging
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from saltbridge.adapters import keys_files, keys_history
from saltbridge.adapters.keys import FileKeyring, create_first_keys
from saltbridge.adapters.keys_files import new_private_half, write_open_private_half
from saltbridge.adapters.keys_history import write_for_owner, write_history
from saltbridge.adapters.keys_passphrase import (
    CREDENTIAL,
    SHORTEST,
    VARIABLE,
    Passphrase,
    PassphraseSource,
)
from saltbridge.adapters.keys_vault import VAULT_FILE, new_vault, open_vault
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.testing.builders import NOON
from saltbridge.trust.known_keys import ROLE_OF_SUITE, KeyRole, KnownKey

SECRET = "korrekt-Pferd-Batterie-Heftklammer"
PASSPHRASE = Passphrase(SECRET.encode(), "here")
DID = "did:web:cells.example"


@pytest.fixture(autouse=True)
def nobody_gave_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture
def node(tmp_path: Path) -> Path:
    (tmp_path / "node").mkdir()
    create_first_keys(tmp_path / "node" / "keys", NOON, PASSPHRASE, cost=2)
    return tmp_path / "node"


def keyring(node: Path, **settings: str) -> FileKeyring:
    source = PassphraseSource(node, settings)
    return FileKeyring(node / "keys", DID, "https://x/", passphrase=source)


def beside(node: Path, text: str = SECRET, mode: int = 0o600) -> Path:
    path = node.with_name("node.passphrase")
    path.write_text(text + "\n")
    path.chmod(mode)
    return path


def code_of(fault: pytest.ExceptionInfo[SaltbridgeError]) -> str:
    return fault.value.findings[0].code


def old_node(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A node of an earlier release: two open PEM files, no vault, no passphrase."""
    keys = tmp_path / "node" / "keys"
    keys.mkdir(parents=True, mode=0o700)
    listed = []
    for name, suite in (("key-1", "ES256"), ("log-1", "Ed25519")):
        private, jwk = new_private_half(suite)
        write_open_private_half(keys, name, private)
        listed.append(KnownKey(name, ROLE_OF_SUITE[suite], suite, jwk, NOON))
    write_history(keys, listed)
    return tmp_path / "node", dict(listed[0].jwk)


def test_the_folder_alone_opens_nothing(node: Path) -> None:
    """No file of it holds a private half that a reader without the passphrase could load."""
    for path in (node / "keys").iterdir():
        content = path.read_bytes()
        assert b"PRIVATE KEY" not in content and SECRET.encode() not in content
        with pytest.raises((ValueError, TypeError)):
            serialization.load_der_private_key(content, None)
    with pytest.raises(Unavailable) as fault:
        keyring(node).signer()
    assert code_of(fault) == "key.passphrase-missing"
    assert keyring(node).did_document()["id"] == DID  # reading needs no secret


def test_it_is_found_in_the_four_places_in_their_order(
    node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "somebody else's passphrase"
    beside(node)
    assert keyring(node).signer().key_id == f"{DID}#key-1"
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    write_for_owner(credentials / CREDENTIAL, SECRET.encode())
    beside(node, wrong)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert keyring(node).signer()
    write_for_owner(tmp_path / "named", SECRET.encode())
    write_for_owner(credentials / CREDENTIAL, wrong.encode())
    named = {"passphrase_file": str(tmp_path / "named")}
    assert keyring(node, **named).signer()
    write_for_owner(tmp_path / "named", wrong.encode())
    monkeypatch.setenv(VARIABLE, SECRET)
    assert keyring(node, **named).signer()
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(Refused) as fault:
        keyring(node, **named).signer()
    assert code_of(fault) == "key.passphrase-wrong"


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_passphrase_that_others_can_read_is_not_used(node: Path, mode: int) -> None:
    beside(node, mode=mode)
    with pytest.raises(Refused) as fault:
        keyring(node).signer()
    assert code_of(fault) == "key.passphrase-open"


def test_a_named_file_must_be_there(node: Path) -> None:
    beside(node)
    with pytest.raises(FaultyInput) as fault:
        keyring(node, passphrase_file="/nowhere/at/all").signer()
    assert code_of(fault) == "key.passphrase-unreadable"


def test_no_passphrase_is_told_by_errors_reprs_or_logs(
    node: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(VARIABLE, "wrong-but-secret")
    ring = keyring(node)
    with pytest.raises(Refused) as fault:
        ring.signer()
    vault = new_vault()
    told = (fault.value, fault.value.__cause__, PASSPHRASE, PassphraseSource(node), vault, ring)
    for thing in told:
        for text in (repr(thing), str(thing), caplog.text):
            assert "wrong-but-secret" not in text and SECRET not in text
    assert repr(vault) == "Vault(…)"


@pytest.mark.parametrize("place", ["n = 2", 'salt = "', 'wrapped = "', "p = 1"])
def test_a_changed_vault_opens_nothing(node: Path, place: str) -> None:
    """Nobody makes guessing cheaper or dearer unseen: the parameters are bound."""
    beside(node)
    vault = node / "keys" / VAULT_FILE
    sound = vault.read_text()
    at = sound.index(place) + len(place)
    if place in ("n = 2", "p = 1"):
        vault.write_text(sound.replace(place, place[:-1] + "4"))
    else:
        vault.write_text(f"{sound[:at]}{'B' if sound[at] != 'B' else 'C'}{sound[at + 1 :]}")
    with pytest.raises(SaltbridgeError) as fault:
        keyring(node).signer()
    assert code_of(fault) in ("key.passphrase-wrong", "key.vault-unreadable")
    vault.write_text(sound)
    assert keyring(node).signer()


@pytest.mark.parametrize("n", [2**40, 3, 0, -1])
def test_a_vault_that_would_eat_the_machine_is_refused(node: Path, n: int) -> None:
    beside(node)
    vault = node / "keys" / VAULT_FILE
    vault.write_text(vault.read_text().replace("n = 2", f"n = {n}"))
    with pytest.raises(FaultyInput) as fault:
        keyring(node).signer()
    assert code_of(fault) == "key.vault-unreadable"


def test_every_bit_of_a_sealed_key_counts(node: Path) -> None:
    beside(node)
    path = node / "keys" / "log-1.sealed"
    sound = path.read_bytes()
    ring = keyring(node)
    for index in range(len(sound)):
        path.write_bytes(sound[:index] + bytes([sound[index] ^ 1]) + sound[index + 1 :])
        with pytest.raises(Refused) as fault:
            ring.log_signer()
        assert code_of(fault) == "key.seal-broken"
    path.write_bytes(sound)
    assert ring.log_signer().suite == "Ed25519"


def test_what_is_sealed_comes_back_for_its_purpose_only(node: Path) -> None:
    beside(node)
    ring = keyring(node)
    sealed = ring.seal(b"content", "border-key")
    assert ring.unseal(sealed, "border-key") == b"content" and b"content" not in sealed
    assert ring.seal(b"content", "border-key") != sealed
    for other in ("", "oidc", "private-key/key-1"):
        with pytest.raises(Refused):
            ring.unseal(sealed, other)
    with pytest.raises(Refused):
        ring.unseal((node / "keys" / "key-1.sealed").read_bytes(), "border-key")


def test_a_node_of_old_opens_with_a_warning_and_is_sealed_in_place(tmp_path: Path) -> None:
    node, jwk = old_node(tmp_path)
    ring = keyring(node)
    assert ring.signer().suite == "ES256" and not ring.protected
    assert [w.code for w in ring.warnings()] == ["key.lies-open"]
    with pytest.raises(Refused) as fault:
        ring.seal(b"x")
    assert code_of(fault) == "key.not-protected"
    names, made = ring.protect()
    assert (list(names), made) == (["key-1", "log-1"], str(node.with_name("node.passphrase")))
    assert Path(made).stat().st_mode & 0o777 == 0o600
    again = keyring(node)
    assert list(again.warnings()) == [] and not list((node / "keys").glob("*.pem"))
    assert again.signer() and again.log_signer()
    assert again.did_document()["verificationMethod"][0]["publicKeyJwk"] == jwk
    assert keyring(node).protect() == ([], "")


@pytest.mark.parametrize("killed_after", range(1, 6))
def test_sealing_killed_at_any_write_leaves_a_node_that_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    """Stopped after each step that changes the folder; the next call finishes the work."""
    node, _ = old_node(tmp_path)
    steps = 0

    class Killed(BaseException):
        pass

    def counted(step):
        def taken(*given, **named):
            nonlocal steps
            step(*given, **named)
            steps += 1
            if steps == killed_after:
                raise Killed

        return taken

    with monkeypatch.context() as dying:
        for room in (keys_files, keys_history):
            dying.setattr(room, "write_for_owner", counted(room.write_for_owner))
        dying.setattr("saltbridge.adapters.keys.write_for_owner", counted(write_for_owner))
        dying.setattr(keys_files, "_overwrite", counted(keys_files._overwrite))
        with pytest.raises(Killed):
            keyring(node).protect()
    assert keyring(node).signer() and keyring(node).log_signer()
    keyring(node).protect()
    assert keyring(node).signer() and keyring(node).log_signer()
    assert [p.name for p in (node / "keys").glob("*.pem")] == []
    assert list(keyring(node).warnings()) == []


def test_another_passphrase_rewraps_one_file(node: Path, tmp_path: Path) -> None:
    beside(node)
    sealed = (node / "keys" / "key-1.sealed").read_bytes()
    new = tmp_path / "new"
    write_for_owner(new, b"short")
    with pytest.raises(FaultyInput) as fault:
        keyring(node).change_passphrase(new)
    assert code_of(fault) == "key.passphrase-short" and len(b"short") < SHORTEST
    write_for_owner(new, b"quite another passphrase")
    keyring(node).change_passphrase(new)
    with pytest.raises(Refused):
        keyring(node).signer()
    assert keyring(node, passphrase_file=str(new)).signer()
    assert (node / "keys" / "key-1.sealed").read_bytes() == sealed


def test_a_passphrase_inside_the_folder_is_warned_of(node: Path) -> None:
    write_for_owner(node / "secret", SECRET.encode())
    ring = keyring(node, passphrase_file="secret")
    assert ring.signer()
    assert [w.code for w in ring.warnings()] == ["key.passphrase-inside"]


def test_what_was_made_is_cheap_and_what_was_chosen_is_dear(tmp_path: Path) -> None:
    """256 random bits need no stretching; a person's words do (OWASP: N = 2^17)."""
    for made, cost in ((True, "n = 4096"), (False, "n = 131072")):
        path = tmp_path / f"{made}.toml"
        path.write_bytes(new_vault().wrapped(Passphrase(b"x" * 43, "here", made)))
        assert cost in path.read_text()
    with pytest.raises(Refused):
        open_vault(tmp_path / "True.toml", Passphrase(b"y" * 43, "there"))


def test_every_role_has_a_suite() -> None:
    assert set(ROLE_OF_SUITE.values()) == set(KeyRole)

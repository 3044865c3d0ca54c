"""A key in a hardware module signs for the node, and its PIN is told to nobody."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from saltbridge.adapters import pkcs11_signer
from saltbridge.adapters.keys import FileKeyring, create_first_keys
from saltbridge.adapters.keys_history import write_for_owner
from saltbridge.adapters.keys_passphrase import VARIABLE, Passphrase
from saltbridge.adapters.pkcs11_signer import PIN_VARIABLE, TokenKeys
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.services import keys
from saltbridge.testing.builders import NOON, memory_world, node_profile
from saltbridge.trust import claims
from saltbridge.trust.claims import Receipt
from saltbridge.trust.known_keys import KeyRole

MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"),
)
PIN = "739201"
NODE = node_profile()
SECRET = Passphrase(b"a passphrase for tests", "here")
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A SoftHSM token with two P-256 keys, one of them under a name that is taken twice."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(config)  # read once, when the module is loaded
    subprocess.run(
        f"softhsm2-util --init-token --free --label node --pin {PIN} --so-pin 87654321".split(),
        check=True,
        capture_output=True,
    )
    module = str(next(path for path in MODULES if path.exists()))
    with (
        pkcs11.lib(module).get_token(token_label="node").open(user_pin=PIN, rw=True) as session
    ):
        for label in ("claims", "twin", "twin"):
            domain = session.create_domain_parameters(
                pkcs11.KeyType.EC,
                {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")},
                local=True,
            )
            domain.generate_keypair(label=label, store=True)
    yield {"module": module, "token": "node", "pin_file": "pin"}
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, SECRET.secret.decode())
    monkeypatch.delenv(PIN_VARIABLE, raising=False)
    create_first_keys(tmp_path / "keys", NOON, SECRET, cost=2)
    write_for_owner(tmp_path / "pin", PIN.encode())
    return tmp_path


def ring(folder: Path, settings: dict[str, str]) -> FileKeyring:
    return FileKeyring(
        folder / "keys", NODE.did, "https://x/", token_signer=TokenKeys(folder, settings)
    )


def code_of(fault: pytest.ExceptionInfo[SaltbridgeError]) -> str:
    return fault.value.findings[0].code


@pytest.mark.full("SoftHSM2")
def test_a_key_of_the_token_takes_over_and_signs(folder: Path, token: dict[str, str]) -> None:
    keyring = ring(folder, token)
    world = replace(memory_world(NODE), keyring=keyring)
    done = keys.rotate(world, keyring, KeyRole.CLAIMS, token_label="claims")
    assert (done.key.name, done.key.token_label) == ("key-2", "claims")
    signer = ring(folder, token).signer()
    assert (signer.key_id, signer.suite) == (f"{NODE.did}#key-2", "ES256")
    assert len(signer.sign(b"content")) == 64
    claim = claims.sign(Receipt, {}, id=ID, issued_at=NOON, issuer=NODE.did, signer=signer)
    assert claims.verify(claim, keyring.did_document()).header["kid"] == signer.key_id
    assert [entry.where for entry in keys.list_keys(keyring)] == ["gone", "sealed", "token"]


@pytest.mark.full("SoftHSM2")
def test_what_is_wrong_with_the_token_is_said(folder: Path, token: dict[str, str]) -> None:
    for settings, label, kind, code in (
        (token, "absent", FaultyInput, "key.token-no-key"),
        (token, "twin", FaultyInput, "key.token-no-key"),
        (token | {"token": "other"}, "claims", Unavailable, "key.token-absent"),
        (token | {"module": "/nowhere.so"}, "claims", Unavailable, "key.token-absent"),
    ):
        with pytest.raises(kind) as fault:
            TokenKeys(folder, settings)(f"{NODE.did}#key-2", label)
        assert code_of(fault) == code
    write_for_owner(folder / "pin", b"000000")
    with pytest.raises(Refused) as wrong:
        TokenKeys(folder, token)(f"{NODE.did}#key-2", "claims")
    assert code_of(wrong) == "key.token-pin"
    assert "000000" not in f"{wrong.value!r} {wrong.value} {wrong.value.__cause__!r}"


@pytest.mark.full("SoftHSM2")
def test_another_key_under_the_label_is_not_used(folder: Path, token: dict[str, str]) -> None:
    keyring = ring(folder, token)
    world = replace(memory_world(NODE), keyring=keyring)
    keys.rotate(world, keyring, KeyRole.CLAIMS, token_label="claims")
    history = folder / "keys" / "keys.toml"
    text = history.read_text()
    jwks = keyring.known_keys()
    history.write_text(text.replace(jwks[2].jwk["x"], jwks[0].jwk["x"]))
    with pytest.raises(FaultyInput) as fault:
        ring(folder, token).signer()
    assert code_of(fault) == "key.not-its-pair"


def test_settings_and_pin_are_checked_before_anything_is_loaded(folder: Path) -> None:
    for settings, kind, codes in (
        ({}, FaultyInput, ["node.missing-member"] * 2),
        (
            {"module": "/m.so", "token": "t", "pni": "1"},
            FaultyInput,
            ["node.unknown-member"],
        ),
        ({"module": "/m.so", "token": "t"}, Unavailable, ["key.token-no-pin"]),
        (
            {"module": "/m.so", "token": "t", "pin_file": "absent"},
            FaultyInput,
            ["key.passphrase-unreadable"],
        ),
    ):
        with pytest.raises(kind) as fault:
            TokenKeys(folder, settings)("did:web:x#key-1", "claims")
        assert [f.code for f in fault.value.findings] == codes
    (folder / "pin").chmod(0o644)
    with pytest.raises(Refused) as refused:
        TokenKeys(folder, {"module": "/m.so", "token": "t", "pin_file": "pin"})("d#k", "l")
    assert code_of(refused) == "key.passphrase-open"


def test_without_the_library_it_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> SimpleNamespace:
        raise ImportError(name)

    monkeypatch.setattr(pkcs11_signer, "import_module", absent)
    with pytest.raises(Unavailable) as fault:
        TokenKeys(folder, {"module": "/m.so", "token": "t", "pin_file": "pin"})("d#k", "l")
    assert code_of(fault) == "key.pkcs11-not-installed"


def test_a_key_in_a_token_needs_the_settings(folder: Path) -> None:
    keyring = FileKeyring(folder / "keys", NODE.did, "https://x/")
    with pytest.raises(FaultyInput) as fault:
        keyring.draft_rotation(KeyRole.CLAIMS, NOON, token_label="claims")
    assert code_of(fault) == "key.no-token-set"

"""The key-encryption secret of a node: 256 random bits that seal everything else.

It lies in ``keys/vault.toml``, wrapped by the passphrase: scrypt (RFC 7914) makes a key of it,
AES-256-GCM wraps the secret. The private keys and the secrets in the store are sealed under the
secret itself, so that the slow step is taken once a process, only when something is signed or
opened, and a new passphrase rewrites one small file.

Why not encrypted PKCS#8: what ``cryptography`` calls the best available encryption is PBKDF2
with 2,048 rounds (looked at on 2026-11-27), a hundredth of what OWASP asks for.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

import tomli_w
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from saltbridge.adapters.keys_passphrase import Passphrase
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Place, finding
from saltbridge.trust.spelling import MalformedText, base64url, from_base64url

VAULT_FILE: Final = "vault.toml"
# OWASP Password Storage Cheat Sheet: scrypt with N = 2^17, r = 8, p = 1 (128 MiB; recalled).
# What we made ourselves has 256 bits of chance: stretching it adds nothing.
COST_OF_A_CHOSEN_ONE: Final = 2**17
COST_OF_A_MADE_ONE: Final = 2**12
_DEAREST: Final = 2**20
_MARK: Final = b"sb1."
_NONCE_BYTES: Final = 12
_HEADING: Final = (
    "# The secret that seals this node's keys, wrapped by its passphrase. Both are needed.\n"
)


class Vault:
    """Seals and opens with the key-encryption secret of one node."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)
        self._secret = secret

    def __repr__(self) -> str:
        return "Vault(…)"

    def seal(self, content: bytes, purpose: str) -> bytes:
        """The content, sealed for a purpose (the associated data)."""
        nonce = os.urandom(_NONCE_BYTES)
        return _MARK + nonce + self._cipher.encrypt(nonce, content, purpose.encode("utf-8"))

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed for this purpose.

        Raises:
            Refused: changed, sealed for something else, or by another node.
        """
        nonce = sealed[len(_MARK) : len(_MARK) + _NONCE_BYTES]
        body = sealed[len(_MARK) + _NONCE_BYTES :]
        if not sealed.startswith(_MARK) or len(nonce) < _NONCE_BYTES:
            raise Refused.of("key.seal-broken", purpose=purpose)
        try:
            return self._cipher.decrypt(nonce, body, purpose.encode("utf-8"))
        except InvalidTag as fault:
            raise Refused.of("key.seal-broken", purpose=purpose) from fault

    def wrapped(self, passphrase: Passphrase, cost: int | None = None) -> bytes:
        """The content of ``vault.toml`` for a passphrase. ``cost`` is scrypt's N."""
        usual = COST_OF_A_MADE_ONE if passphrase.made else COST_OF_A_CHOSEN_ONE
        table: dict[str, Any] = {"kdf": "scrypt", "n": cost or usual, "r": 8, "p": 1}
        salt, nonce = os.urandom(16), os.urandom(_NONCE_BYTES)
        key = _stretched(passphrase.secret, salt, table)
        wrapped = nonce + AESGCM(key).encrypt(nonce, self._secret, _bound(table))
        table |= {"salt": base64url(salt), "wrapped": base64url(wrapped)}
        return (_HEADING + tomli_w.dumps(table)).encode("utf-8")


def new_vault() -> Vault:
    """A vault with a new secret; it is nowhere yet."""
    return Vault(AESGCM.generate_key(256))


def open_vault(path: Path, passphrase: Passphrase) -> Vault:
    """The vault in a file.

    Raises:
        FaultyInput: the file cannot be read.
        Refused: another passphrase wrapped it.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        numbers = [table[name] for name in ("n", "r", "p")]
        sound = (
            table["kdf"] == "scrypt"
            and all(type(number) is int for number in numbers)
            and 2 <= numbers[0] <= _DEAREST
            and numbers[0].bit_count() == 1
            and 1 <= numbers[1] <= 16
            and 1 <= numbers[2] <= 4
        )
        salt, wrapped = from_base64url(table["salt"]), from_base64url(table["wrapped"])
    except OSError as fault:
        raise _unreadable(path, str(fault.strerror)) from fault
    except (ValueError, MalformedText, KeyError, TypeError, AttributeError) as fault:
        raise _unreadable(path, "TOML") from fault
    if not sound or len(wrapped) != _NONCE_BYTES + 32 + 16:
        raise _unreadable(path, "scrypt")
    nonce = wrapped[:_NONCE_BYTES]
    key = _stretched(passphrase.secret, salt, table)
    try:
        secret = AESGCM(key).decrypt(nonce, wrapped[_NONCE_BYTES:], _bound(table))
    except InvalidTag as fault:
        place = Place(file=str(path))
        raise Refused(
            [finding("key.passphrase-wrong", place, found=passphrase.found)]
        ) from fault
    return Vault(secret)


def _stretched(secret: bytes, salt: bytes, table: dict[str, Any]) -> bytes:
    return Scrypt(salt=salt, length=32, n=table["n"], r=table["r"], p=table["p"]).derive(secret)


def _bound(table: dict[str, Any]) -> bytes:
    """The parameters as associated data, so that nobody makes guessing cheaper unseen."""
    return f"saltbridge vault 1 {table['n']} {table['r']} {table['p']}".encode("ascii")


def _unreadable(path: Path, reason: str) -> FaultyInput:
    return FaultyInput([finding("key.vault-unreadable", Place(file=str(path)), reason=reason)])

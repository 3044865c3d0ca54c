"""Private halves of keys: made, sealed into files, read, used and destroyed."""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, utils

from saltbridge.adapters.keys_history import sync_folder, write_for_owner
from saltbridge.adapters.keys_vault import Vault
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Place, finding
from saltbridge.trust.known_keys import KnownKey
from saltbridge.trust.suites import (
    SM2_IDENTITY,
    SUITES,
    public_jwk,
    signature_fits,
    sm2_library,
)

SEALED: Final = ".sealed"
OPEN: Final = ".pem"  # as nodes of earlier releases kept them
ARCHIVED: Final = "archived"
_OF_SUITE: Final[dict[str, Any]] = {
    "ES256": ec.EllipticCurvePrivateKey,
    "Ed25519": ed25519.Ed25519PrivateKey,
    "ML-DSA-65": mldsa.MLDSA65PrivateKey,
}


class FileSigner:
    """A private key in memory. The suite is the key's."""

    def __init__(self, key_id: str, suite: str, sign: Callable[[bytes], bytes]) -> None:
        self._key_id, self._suite, self._sign = key_id, suite, sign

    @property
    def key_id(self) -> str:
        """``did:web:…#key-1``"""
        return self._key_id

    @property
    def suite(self) -> str:
        """The name of its suite."""
        return self._suite

    def sign(self, signing_input: bytes) -> bytes:
        """The raw signature (r‖s for ES256 and SM2)."""
        return self._sign(signing_input)


def new_private_half(suite: str) -> tuple[bytes, dict[str, str]]:
    """A new key: its private half (PKCS#8 in DER; the bare number for SM2) and its JWK.

    Raises:
        Unavailable: SM2, and its library is not installed.
        ValueError: keys of this suite are not made here.
    """
    if suite == "SM2":
        public, private = sm2_library().sm2_key_generate()
        return private, public_jwk(suite, public)
    key: Any
    if suite == "ES256":
        key = ec.generate_private_key(ec.SECP256R1())
    elif suite == "Ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    elif suite == "ML-DSA-65":
        key = mldsa.MLDSA65PrivateKey.generate()
    else:
        raise ValueError(f"no keys of {suite} are made here")
    return _der(key), public_jwk(suite, _public_bytes(key))


def seal_private_half(folder: Path, name: str, private: bytes, vault: Vault) -> None:
    """Write a private half, sealed, for its owner only."""
    write_for_owner(folder / f"{name}{SEALED}", vault.seal(private, _purpose(name)))


def write_open_private_half(folder: Path, name: str, private: bytes) -> None:
    """Write a private half as nodes of earlier releases have theirs: a plain PEM file."""
    key: Any = serialization.load_der_private_key(private, None)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_for_owner(folder / f"{name}{OPEN}", pem)


def has_private_half(folder: Path, name: str) -> bool:
    """Whether the private half lies in the folder, sealed or open."""
    return any((folder / f"{name}{ending}").exists() for ending in (SEALED, OPEN))


def halves_in(folder: Path) -> set[str]:
    """The names of the private halves that lie in the folder."""
    return {p.stem for ending in (SEALED, OPEN) for p in folder.glob(f"*{ending}")}


def read_private_half(folder: Path, name: str, vault: Callable[[], Vault]) -> bytes:
    """The private half. The vault is asked for only where the half is sealed.

    Raises:
        FaultyInput: its file is missing or cannot be read.
        Refused: other users of this machine can read it, or the seal is broken.
    """
    sealed = folder / f"{name}{SEALED}"
    if sealed.exists():
        return vault().unseal(_read(sealed), _purpose(name))
    path = folder / f"{name}{OPEN}"
    if not path.exists():
        raise _unreadable(sealed, os.strerror(2))
    content = _read(path)
    try:
        return _der(serialization.load_pem_private_key(content, password=None))
    except (ValueError, TypeError) as fault:
        raise _unreadable(path, "PEM") from fault


def seal_open_half(folder: Path, name: str, vault: Vault) -> bool:
    """Put an open private half under seal and take the open one away; was there one?"""
    path = folder / f"{name}{OPEN}"
    if not path.exists():
        return False
    sealed = folder / f"{name}{SEALED}"
    if not sealed.exists():
        seal_private_half(folder, name, read_private_half(folder, name, lambda: vault), vault)
    vault.unseal(_read(sealed), _purpose(name))  # never take away what could not come back
    _overwrite(path)
    return True


def put_away(folder: Path, name: str, *, archive: bool) -> None:
    """Destroy the private half of a key, or move it to ``archived``; nothing if it is gone."""
    for ending in (SEALED, OPEN):
        path = folder / f"{name}{ending}"
        if not path.exists():
            continue
        if archive:
            (folder / ARCHIVED).mkdir(mode=0o700, exist_ok=True)
            os.replace(path, folder / ARCHIVED / path.name)
            sync_folder(folder / ARCHIVED)
            sync_folder(folder)
        else:
            _overwrite(path)


def destroy_archived(folder: Path, name: str) -> None:
    """Destroy the private half of a key that was archived, once the key is revoked."""
    if has_private_half(folder / ARCHIVED, name):
        put_away(folder / ARCHIVED, name, archive=False)


def signer_of(key: KnownKey, key_id: str, private: bytes, path: Path) -> FileSigner:
    """The signer of a private half, once it is known to be the half of this key.

    Raises:
        FaultyInput: it is of another kind, or of another pair.
        Unavailable: SM2, and its library is not installed.
    """
    sign = _signing(key, private, path)
    probe = b"saltbridge: does the private half belong to the public one?"
    try:
        fits = signature_fits(key.jwk, probe, sign(probe))
    except Refused as fault:
        raise _unreadable(path, key.suite) from fault
    if not fits:
        raise FaultyInput([finding("key.not-its-pair", Place(file=str(path)))])
    return FileSigner(key_id, key.suite, sign)


def _signing(key: KnownKey, private: bytes, path: Path) -> Callable[[bytes], bytes]:
    if key.suite == "SM2":
        return _signing_sm2(key, private)
    try:
        loaded: Any = serialization.load_der_private_key(private, None)
    except (ValueError, TypeError) as fault:
        raise _unreadable(path, "PKCS#8") from fault
    if not isinstance(loaded, _OF_SUITE[key.suite]) or (
        isinstance(loaded, ec.EllipticCurvePrivateKey) and loaded.curve.name != "secp256r1"
    ):
        raise _unreadable(path, key.suite)
    if key.suite != "ES256":
        return lambda content: bytes(loaded.sign(content))
    return lambda content: raw_of_der(loaded.sign(content, ec.ECDSA(hashes.SHA256())))


def _signing_sm2(key: KnownKey, private: bytes) -> Callable[[bytes], bytes]:
    from saltbridge.trust.spelling import from_base64url

    gmssl = sm2_library()
    public = from_base64url(key.jwk["x"]) + from_base64url(key.jwk["y"])
    return lambda content: raw_of_der(
        gmssl.sm2_sign(private, public, content, signer_id=SM2_IDENTITY)
    )


def raw_of_der(signature: bytes) -> bytes:
    """r‖s, 64 bytes (RFC 7518, section 3.4), of a DER signature over a 256-bit curve."""
    r, s = utils.decode_dss_signature(signature)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _public_bytes(key: Any) -> bytes:
    public = key.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return bytes(public.public_bytes_raw())
    point = public.public_numbers()
    size = SUITES["ES256"].public_bytes
    return point.x.to_bytes(size, "big") + point.y.to_bytes(size, "big")


def _der(key: Any) -> bytes:
    return bytes(
        key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _purpose(name: str) -> str:
    return f"private-key/{name}"


def _read(path: Path) -> bytes:
    place = Place(file=str(path))
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise Refused([finding("key.readable-by-others", place)])
            return file.read(1_000_000)
    except OSError as fault:
        raise _unreadable(path, str(fault.strerror)) from fault


def _overwrite(path: Path) -> None:
    """Remove a file after writing zeros over it: what little can be done on a file system."""
    with suppress(OSError), path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def _unreadable(path: Path, reason: str) -> FaultyInput:
    return FaultyInput([finding("key.unreadable", Place(file=str(path)), reason=reason)])

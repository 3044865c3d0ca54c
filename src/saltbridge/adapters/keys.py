"""The keys of a node: PEM files only their owner can read, and the history of all of them.

``keys/keys.toml`` lists every key the node ever used with its public half, so that what an
old key signed can still be checked after its private half is gone.
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, utils

from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Place, finding
from saltbridge.trust.did import (
    DATA_SERVICE,
    LOG_SERVICE,
    DidDocument,
    KeyUse,
    ServiceEndpoint,
    VerificationKey,
    build_did_document,
)
from saltbridge.trust.signature import base64url
from saltbridge.trust.suites import ARCHIVE, MANDATORY, public_jwk, suite_of

HISTORY_FILE = "keys.toml"


class FileSigner:
    """A P-256 key in a PEM file."""

    def __init__(self, key_id: str, private_key: ec.EllipticCurvePrivateKey) -> None:
        self._key_id = key_id
        self._private_key = private_key

    @property
    def key_id(self) -> str:
        """``did:web:…#key-1``"""
        return self._key_id

    @property
    def suite(self) -> str:
        """ES256, always."""
        return MANDATORY

    def sign(self, signing_input: bytes) -> bytes:
        """r‖s, 64 bytes (RFC 7518, section 3.4)."""
        r, s = utils.decode_dss_signature(
            self._private_key.sign(signing_input, ec.ECDSA(hashes.SHA256()))
        )
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class FileLogSigner:
    """An Ed25519 key in a PEM file, for checkpoints of the log and nothing else."""

    suite = "Ed25519"

    def __init__(self, key_id: str, private_key: ed25519.Ed25519PrivateKey) -> None:
        self.key_id = key_id
        self._private_key = private_key

    def sign(self, signing_input: bytes) -> bytes:
        """64 bytes (RFC 8032)."""
        return self._private_key.sign(signing_input)


class FileArchiveSigner:
    """An ML-DSA-65 key in a PEM file, for seals over the log's history and nothing else."""

    suite = ARCHIVE

    def __init__(self, key_id: str, private_key: mldsa.MLDSA65PrivateKey) -> None:
        self.key_id = key_id
        self._private_key = private_key

    def sign(self, signing_input: bytes) -> bytes:
        """3309 bytes (FIPS 204, without a context)."""
        return self._private_key.sign(signing_input)


class FileKeyring:
    """The keys in a node's ``keys`` folder. The private key is read once, on first use."""

    def __init__(self, folder: Path, did: str, dsp_version_url: str, log_url: str = "") -> None:
        self._folder = folder
        self._did = did
        self._dsp_version_url = dsp_version_url
        self._log_url = log_url
        self._signer: FileSigner | None = None
        self._keys = _history(folder, did)

    def signer(self) -> FileSigner:
        """The newest key that is neither rotated nor revoked.

        Raises:
            FaultyInput: its file is missing or is no P-256 key, or no key is left.
            Refused: other users of this machine can read it.
        """
        if self._signer is None:
            usable = [
                k for k in self._keys if k.uses and k.expires is None and k.revoked is None
            ]
            if not usable:
                raise _fault("key.none-left", self._folder / HISTORY_FILE)
            key = usable[-1]
            path = self._folder / f"{key.id.rpartition('#')[2]}.pem"
            private_key = _private_key(path)
            if _public_jwk(private_key.public_key()) != dict(key.jwk):
                raise _fault("key.not-its-pair", path)
            self._signer = FileSigner(key.id, private_key)
        return self._signer

    def log_signer(self) -> FileLogSigner:
        """The newest key of the log that is neither rotated nor revoked.

        Raises:
            As ``signer``.
        """
        usable = self._usable("Ed25519")
        if not usable:
            raise _fault("key.none-left", self._folder / HISTORY_FILE)
        path = self._folder / f"{usable[-1].id.rpartition('#')[2]}.pem"
        private_key = _load(path)
        if not isinstance(private_key, ed25519.Ed25519PrivateKey):
            raise _fault("key.unreadable", path, "Ed25519")
        if _public_log_jwk(private_key.public_key()) != dict(usable[-1].jwk):
            raise _fault("key.not-its-pair", path)
        return FileLogSigner(usable[-1].id, private_key)

    def archive_signer(self) -> FileArchiveSigner:
        """The newest key for archives that is in force, made if there is none.

        Raises:
            As ``signer``.
        """
        usable = self._usable(ARCHIVE)
        if not usable:
            _add_archive_key(self._folder, datetime.now(UTC))
            self._keys = _history(self._folder, self._did)
            usable = self._usable(ARCHIVE)
        path = self._folder / f"{usable[-1].id.rpartition('#')[2]}.pem"
        private_key = _load(path)
        if not isinstance(private_key, mldsa.MLDSA65PrivateKey):
            raise _fault("key.unreadable", path, ARCHIVE)
        public = private_key.public_key().public_bytes_raw()
        if public_jwk(ARCHIVE, public) != dict(usable[-1].jwk):
            raise _fault("key.not-its-pair", path)
        return FileArchiveSigner(usable[-1].id, private_key)

    def _usable(self, suite: str) -> list[VerificationKey]:
        """The keys of a suite without a use of claims, in force, the newest last."""
        return [
            k
            for k in self._keys
            if not k.uses
            and suite_of(k.jwk).name == suite
            and k.expires is None
            and k.revoked is None
        ]

    def did_document(self) -> Mapping[str, Any]:
        """This node's DID document, with every key it ever used."""
        services = [ServiceEndpoint(f"{self._did}#dsp", DATA_SERVICE, self._dsp_version_url)]
        if self._log_url:
            services.append(ServiceEndpoint(f"{self._did}#log", LOG_SERVICE, self._log_url))
        return build_did_document(DidDocument(self._did, self._keys, tuple(services)))


def create_first_key(folder: Path, now: datetime) -> None:
    """Generate ``key-1`` (claims, signing in) and ``log-1`` (log) in an empty keys folder."""
    folder.mkdir(mode=0o700)
    created = now.astimezone(UTC).replace(microsecond=0)
    private_key = ec.generate_private_key(ec.SECP256R1())
    log_key = ed25519.Ed25519PrivateKey.generate()
    for name, key in (("key-1", private_key), ("log-1", log_key)):
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write_for_owner(folder / f"{name}.pem", pem)
    entries = [
        {"name": "key-1", "created": created, **_public_jwk(private_key.public_key())},
        {
            "name": "log-1",
            "for": "log",
            "created": created,
            **_public_log_jwk(log_key.public_key()),
        },
    ]
    _write_for_owner(folder / HISTORY_FILE, tomli_w.dumps({"keys": entries}).encode("utf-8"))


def _write_for_owner(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _add_archive_key(folder: Path, now: datetime) -> None:
    """Generate the next key for archives and enter it into the history."""
    listed = tomllib.loads((folder / HISTORY_FILE).read_text(encoding="utf-8"))["keys"]
    number = 1 + sum(entry.get("for") == "archive" for entry in listed)
    key = mldsa.MLDSA65PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    name = f"archive-{number}"
    _write_for_owner(folder / f"{name}.pem", pem)
    entry = {
        "name": name,
        "for": "archive",
        "created": now.astimezone(UTC).replace(microsecond=0),
        **public_jwk(ARCHIVE, key.public_key().public_bytes_raw()),
    }
    draft = folder / f".{HISTORY_FILE}.{os.getpid()}"
    _write_for_owner(draft, tomli_w.dumps({"keys": [*listed, entry]}).encode("utf-8"))
    os.replace(draft, folder / HISTORY_FILE)


def _public_jwk(public_key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    point = public_key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": base64url(point.x.to_bytes(32, "big")),
        "y": base64url(point.y.to_bytes(32, "big")),
    }


def _public_log_jwk(public_key: ed25519.Ed25519PublicKey) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(public_key.public_bytes_raw())}


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = _load(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _fault("key.unreadable", path, "P-256")
    return key


def _load(path: Path) -> Any:
    place = Place(file=str(path))
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise Refused([finding("key.readable-by-others", place)])
            return serialization.load_pem_private_key(file.read(), password=None)
    except OSError as fault:
        raise _fault("key.unreadable", path, str(fault.strerror)) from fault
    except (ValueError, TypeError) as fault:
        raise _fault("key.unreadable", path, "PEM") from fault


def _history(folder: Path, did: str) -> tuple[VerificationKey, ...]:
    path = folder / HISTORY_FILE
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))["keys"]
        return tuple(
            VerificationKey(
                id=f"{did}#{entry['name']}",
                jwk={name: entry[name] for name in _members(entry)},
                uses=frozenset() if "for" in entry else frozenset(KeyUse),
                expires=_zoned(entry.get("expires")),
                revoked=_zoned(entry.get("revoked")),
            )
            for entry in listed
        )
    except OSError as fault:
        raise _fault("key.history-unreadable", path, str(fault.strerror)) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise _fault("key.history-unreadable", path, str(fault)) from fault
    except (KeyError, TypeError, AttributeError) as fault:
        raise _fault("key.history-unreadable", path, f"keys {fault}") from fault


def _members(entry: Mapping[str, Any]) -> tuple[str, ...]:
    if entry["kty"] == "AKP":
        return ("kty", "alg", "pub")
    return ("kty", "crv", "x", "y") if entry["kty"] == "EC" else ("kty", "crv", "x")


def _zoned(moment: datetime | None) -> datetime | None:
    if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is None):
        raise TypeError("expires and revoked are times with a zone")
    return moment


def _fault(code: str, path: Path, reason: str = "") -> FaultyInput:
    return FaultyInput([finding(code, Place(file=str(path)), reason=reason)])

"""What a test issuer keeps in its folder: its key, its members, what it gave and took back."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from saltbridge.trust.suites import public_jwk

STATE_FILE: Final = "test-issuer.json"


@dataclass
class IssuerState:
    """What is kept in the folder: the key, who may have credentials, what was given out."""

    url: str
    key: str  # PEM, open: this issuer is for trials
    members: dict[str, str] = field(default_factory=dict)  # DID → BPN
    issued: list[dict[str, str]] = field(default_factory=list)  # index is the place in the list
    revoked: list[int] = field(default_factory=list)


class IssuerKey:
    """The issuer's key as a signer."""

    suite = "ES256"

    def __init__(self, key_id: str, pem: str) -> None:
        self.key_id = key_id
        loaded = serialization.load_pem_private_key(pem.encode("ascii"), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError("the key of a test issuer is on P-256")
        self._key = loaded

    def sign(self, signing_input: bytes) -> bytes:
        der = self._key.sign(signing_input, ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def public_jwk(self) -> dict[str, str]:
        point = self._key.public_key().public_numbers()
        raw = point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
        return public_jwk(self.suite, raw)


def create(folder: Path, url: str) -> IssuerState:
    """A new issuer in a new or empty folder, with a new key."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    state = IssuerState(url.rstrip("/"), key.decode("ascii"))
    write_state(folder, state)
    return state


def read_state(folder: Path) -> IssuerState:
    """The state in a folder.

    Raises:
        FileNotFoundError: no test issuer is there.
    """
    return IssuerState(**json.loads((folder / STATE_FILE).read_text(encoding="utf-8")))


def write_state(folder: Path, state: IssuerState) -> None:
    """Write the state whole or not at all, for its owner only."""
    draft = folder / f".{STATE_FILE}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(vars(state), indent=1), encoding="utf-8")
    os.replace(draft, folder / STATE_FILE)


def admit(folder: Path, did: str, bpn: str) -> None:
    """Enter who may have credentials."""
    state = read_state(folder)
    state.members[did] = bpn
    write_state(folder, state)


def revoke(folder: Path, did: str, type: str = "") -> int:
    """Revoke what a member was given, of one type or all; returns how many."""
    state = read_state(folder)
    places = [
        index
        for index, given in enumerate(state.issued)
        if given["member"] == did and type in ("", given["type"])
    ]
    fresh = [index for index in places if index not in state.revoked]
    state.revoked += fresh
    write_state(folder, state)
    return len(fresh)

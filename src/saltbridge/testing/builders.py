"""Stand-ins for the world that behave the same on every run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.profiles import CHEAPEST
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from saltbridge.adapters.stores.memory import MemoryStore
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.core.finding import Finding
from saltbridge.footprint.background.sampled import BackgroundSpread
from saltbridge.footprint.model import FactorSet
from saltbridge.ports import HttpAnswer, NodeProfile, Partner, Store, World
from saltbridge.steps.identity import CREDENTIAL_SERVICE_PATH
from saltbridge.trust.did import (
    CREDENTIAL_SERVICE,
    DATA_SERVICE,
    LOG_SERVICE,
    DidDocument,
    ServiceEndpoint,
    VerificationKey,
    build_did_document,
)
from saltbridge.trust.signature import base64url
from saltbridge.trust.suites import public_jwk

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class FixedClock:
    """A clock that moves when told to."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    def advance(self, **timespan: float) -> datetime:
        """Move on by ``timedelta(**timespan)``; returns the new present."""
        self.moment += timedelta(**timespan)
        return self.moment


@dataclass
class CountingIdentifiers:
    """Identifiers in counting order; ``seed`` keeps those of two nodes apart."""

    seed: int = 0
    count: int = 0

    def urn_uuid(self) -> str:
        self.count += 1
        return f"urn:uuid:{self.seed:08x}-0000-4000-8000-{self.count:012x}"

    def token(self) -> str:
        self.count += 1
        return base64url(sha256(f"{self.seed}/{self.count}".encode()).digest())


class CheapPasswords:
    """Argon2id with the least it takes, so that tests stay quick. Never for real use."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(CHEAPEST)
        self.decoy = self._hasher.hash("nobody's")
        self.compared: list[str] = []  # against what, so that a test sees the same work done

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        self.compared.append(stored or self.decoy)
        try:
            return self._hasher.verify(stored or self.decoy, password) and bool(stored)
        except VerificationError:
            return False

    def is_outdated(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)


class BuiltSigner:
    """A P-256 key derived from its name, so that tests repeat. Never for real use."""

    suite = "ES256"

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        secret = int.from_bytes(sha256(key_id.encode()).digest(), "big") >> 1
        self._key = ec.derive_private_key(secret, ec.SECP256R1())

    def sign(self, signing_input: bytes) -> bytes:
        r, s = utils.decode_dss_signature(
            self._key.sign(signing_input, ec.ECDSA(hashes.SHA256()))
        )
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def public_jwk(self) -> dict[str, str]:
        """The public half."""
        point = self._key.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": base64url(point.x.to_bytes(32, "big")),
            "y": base64url(point.y.to_bytes(32, "big")),
        }


class BuiltLogSigner:
    """An Ed25519 key derived from its name, so that tests repeat. Never for real use."""

    suite = "Ed25519"

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        self._key = ed25519.Ed25519PrivateKey.from_private_bytes(
            sha256(key_id.encode()).digest()
        )

    def sign(self, signing_input: bytes) -> bytes:
        return self._key.sign(signing_input)

    def public_jwk(self) -> dict[str, str]:
        """The public half."""
        raw = self._key.public_key().public_bytes_raw()
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}


class BuiltArchiveSigner:
    """An ML-DSA-65 key derived from its name, so that tests repeat. Never for real use."""

    suite = "ML-DSA-65"

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        self._key = mldsa.MLDSA65PrivateKey.from_seed_bytes(sha256(key_id.encode()).digest())

    def sign(self, signing_input: bytes) -> bytes:
        return self._key.sign(signing_input)

    def public_jwk(self) -> dict[str, str]:
        """The public half."""
        return public_jwk(self.suite, self._key.public_key().public_bytes_raw())


@dataclass
class BuiltKeyring:
    """One key for claims and one for the log, of one DID; one for archives once asked for."""

    did: str
    dsp_url: str = ""
    log_url: str = ""
    credential_url: str = ""
    archives: bool = False

    def signer(self) -> BuiltSigner:
        return BuiltSigner(f"{self.did}#key-1")

    def log_signer(self) -> BuiltLogSigner:
        return BuiltLogSigner(f"{self.did}#log-1")

    def archive_signer(self) -> BuiltArchiveSigner:
        self.archives = True
        return BuiltArchiveSigner(f"{self.did}#archive-1")

    def parallel_signer(self) -> None:
        return None

    def warnings(self) -> tuple[Finding, ...]:
        return ()

    @property
    def protected(self) -> bool:
        return True

    def seal(self, content: bytes, purpose: str = "") -> bytes:
        nonce = sha256(content + purpose.encode()).digest()[:12]  # repeats, as tests have to
        return nonce + self._cipher().encrypt(nonce, content, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str = "") -> bytes:
        try:
            return self._cipher().decrypt(sealed[:12], sealed[12:], purpose.encode())
        except InvalidTag as fault:
            raise Refused.of("key.seal-broken", purpose=purpose) from fault

    def _cipher(self) -> AESGCM:
        return AESGCM(sha256(f"{self.did} seals".encode()).digest())

    def did_document(self) -> Mapping[str, Any]:
        signer, log = self.signer(), self.log_signer()
        services = tuple(
            ServiceEndpoint(f"{self.did}#{name}", type, url)
            for name, type, url in (
                ("dsp", DATA_SERVICE, self.dsp_url),
                ("credentials", CREDENTIAL_SERVICE, self.credential_url),
                ("log", LOG_SERVICE, self.log_url),
            )
            if url
        )
        keys = [
            VerificationKey(signer.key_id, signer.public_jwk()),
            VerificationKey(log.key_id, log.public_jwk(), frozenset()),
        ]
        if self.archives:
            archive = self.archive_signer()
            keys.append(VerificationKey(archive.key_id, archive.public_jwk(), frozenset()))
        return build_did_document(DidDocument(self.did, tuple(keys), services))


@dataclass
class SilentHttp:
    """Nobody answers, and what was asked is remembered."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        limit_bytes: int = 20_000_000,
        timeout_seconds: float = 10.0,
    ) -> HttpAnswer:
        self.asked.append((method, url))
        raise Unavailable.of("http.unreachable", url=url, reason="no network in this world")


@dataclass
class KnownDids:
    """Resolves the documents it was given."""

    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def resolve(self, did: str) -> Mapping[str, Any]:
        if did not in self.documents:
            raise Unavailable.of("trust.did-unresolved", did=did, reason="unknown")
        return self.documents[did]


@dataclass
class GivenFactors:
    """The factor sets it was given."""

    sets: dict[str, FactorSet] = field(default_factory=dict)

    def factor_set(self, id: str) -> FactorSet:
        if id not in self.sets:
            raise Unavailable.of("factors.unknown-set", set=id, known=", ".join(self.sets))
        return self.sets[id]

    def background_spread(self, id: str) -> BackgroundSpread | None:
        return None

    def available(self) -> Sequence[str]:
        return tuple(self.sets)


def node_profile(
    name: str = "cellmaker",
    *,
    jurisdiction: str = "CN",
    port: int = 8102,
    partners: tuple[Partner, ...] = (),
) -> NodeProfile:
    """A node on loopback whose BPN follows from its name."""
    return NodeProfile(
        name=name,
        legal_name=f"{name.title()} Ltd.",
        bpn=f"BPNL{name.upper():0>12.12}",
        did=f"did:web:127.0.0.1%3A{port}",
        jurisdiction=jurisdiction,
        base_url=f"http://127.0.0.1:{port}",
        country="CN" if jurisdiction == "CN" else "DE",
        partners=partners,
        allow_loopback_http=True,
    )


def partner_of(node: NodeProfile) -> Partner:
    """How others enter this node into their partner table."""
    return Partner(node.name, node.bpn, node.did, node.jurisdiction, f"{node.base_url}/2025-1")


def memory_world(
    node: NodeProfile | None = None,
    *,
    clock: FixedClock | None = None,
    store: Store | None = None,
    did_documents: Mapping[str, Mapping[str, Any]] | None = None,
    factor_sets: Mapping[str, FactorSet] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> World:
    """A world without disk, network, chance or passing time."""
    profile = node or node_profile()
    present = clock or FixedClock()
    keyring = BuiltKeyring(
        profile.did,
        f"{profile.base_url}/.well-known/dspace-version",
        f"{profile.base_url}/log",
        f"{profile.base_url}{CREDENTIAL_SERVICE_PATH}",
    )
    known = {profile.did: keyring.did_document(), **(did_documents or {})}
    return World(
        node=profile,
        clock=present,
        identifiers=CountingIdentifiers(seed=sum(profile.did.encode())),
        keyring=keyring,
        store=store or MemoryStore(present),
        http=SilentHttp(),
        did_resolver=KnownDids(known),
        factor_library=GivenFactors(dict(factor_sets or {})),
        passwords=CheapPasswords(),
        settings=dict(settings or {}),
    )

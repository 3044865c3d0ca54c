"""The keys of this node: what they sign and seal, never themselves."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from saltbridge.core.finding import Finding


class Signer(Protocol):
    """One signing key. The suite is fixed by the key, never by a header."""

    @property
    def key_id(self) -> str:
        """``did:web:…#key-1``"""

    @property
    def suite(self) -> str:
        """JOSE algorithm name: ES256."""

    def sign(self, signing_input: bytes) -> bytes:
        """The raw signature (r‖s for ES256)."""


class Keyring(Protocol):
    """This node's keys."""

    def signer(self) -> Signer:
        """The key this node signs claims and signs in with today."""

    def log_signer(self) -> Signer:
        """The key that signs checkpoints of the log today: Ed25519, for nothing else."""

    def archive_signer(self) -> Signer:
        """The key that seals history for archives: ML-DSA-65, made on first demand."""

    def parallel_signer(self) -> Signer | None:
        """The SM2 key that signs beside the key for claims, if the node has one."""

    def did_document(self) -> Mapping[str, Any]:
        """This node's DID document, with every key it ever used."""

    def warnings(self) -> Iterable[Finding]:
        """What a person should know about how the keys lie; nothing in it stops the work."""

    @property
    def protected(self) -> bool:
        """Whether this node has a secret to seal with; nodes of old may have none yet."""

    def seal(self, content: bytes, purpose: str = "") -> bytes:
        """A secret of this node, sealed for the store (AES-256-GCM, bound to its purpose).

        Raises:
            Refused: the node is not protected, or the passphrase is wrong.
            Unavailable: the passphrase is missing.
        """

    def unseal(self, sealed: bytes, purpose: str = "") -> bytes:
        """What was sealed for this purpose.

        Raises:
            Refused: changed, sealed for something else, by another node, or as ``seal``.
            Unavailable: the passphrase is missing.
        """

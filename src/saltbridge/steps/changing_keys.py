"""What changing the keys of a node asks of its keyring, beyond what signing asks."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from saltbridge.ports import Keyring
from saltbridge.trust.known_keys import KeyRole, KnownKey


class KeyChange(Protocol):
    """A change of the keys that waits: nothing of it can be seen before ``put_in_force``."""

    @property
    def key(self) -> KnownKey:
        """The key it is about: the new one, or the revoked one."""

    @property
    def successor(self) -> KnownKey | None:
        """The key that takes the place of a revoked one."""

    def did_document(self) -> Mapping[str, Any]:
        """The DID document as it will be."""

    def put_in_force(self) -> None:
        """Make it so, whole or not at all."""

    def clean_up(self) -> None:
        """Destroy or put away the private halves that sign no more. Safe to repeat."""


class ChangeableKeyring(Keyring, Protocol):
    """Keys that can be changed."""

    def known_keys(self) -> Sequence[KnownKey]:
        """All keys, the oldest first."""

    def where(self, key: KnownKey) -> str:
        """Where its private half lies: sealed, open, token, archived or gone."""

    def changing(self) -> AbstractContextManager[None]:
        """Held during a change: one process at a time."""

    def draft_rotation(
        self, role: KeyRole, now: datetime, *, archive: bool = False, token_label: str = ""
    ) -> KeyChange:
        """A new key for a role; the one in force expires.

        Raises:
            Refused: no key of the role is in force, so there is none to rotate.
        """

    def draft_addition(self, role: KeyRole, now: datetime) -> KeyChange:
        """The first key of a role, or one after the last was revoked.

        Raises:
            Refused: a key of the role is in force: rotate it instead.
        """

    def draft_revocation(
        self, name: str, since: datetime, reason: str, now: datetime
    ) -> KeyChange:
        """A key that may be in other hands since then; a successor where the node needs one.

        Raises:
            FaultyInput: there is no such key.
            Refused: it is revoked already.
        """

    def protect(self) -> tuple[Sequence[str], str]:
        """Put every private half that lies open under seal.

        Returns the names of their keys, and the file of a passphrase that had to be made (or
        an empty text). Safe to repeat, and to be killed at any point.
        """

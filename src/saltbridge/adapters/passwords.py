"""Password hashes: Argon2id with the second recommended parameters of RFC 9106 (64 MiB)."""

from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

# Each takes 64 MiB and four lanes; a hundred callers at once must not take the machine.
_AT_ONCE: Final = 3


class Argon2Passwords:
    """Hashes passwords and compares them; may be used from several threads."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._places = BoundedSemaphore(_AT_ONCE)
        self._decoy = ""

    def hash(self, password: str) -> str:
        """A salted hash in PHC form, ``$argon2id$…``."""
        with self._places:
            return self._hasher.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the one hashed; takes as long where ``stored`` is empty."""
        if not stored:
            self._decoy = self._decoy or self.hash("nobody's")
        with self._places:
            try:
                return self._hasher.verify(stored or self._decoy, password) and bool(stored)
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

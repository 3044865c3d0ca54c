"""New identifiers and secrets from the operating system's random source."""

import secrets
import uuid


class RandomIdentifiers:
    """Identifiers that nobody can guess and nobody else has."""

    def urn_uuid(self) -> str:
        """A new ``urn:uuid:…`` (version 4)."""
        return uuid.uuid4().urn

    def token(self) -> str:
        """256 random bits, URL-safe."""
        return secrets.token_urlsafe(32)

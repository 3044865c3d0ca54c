"""New identifiers and secrets from the operating system's random source."""

import secrets


class RandomIdentifiers:
    """Identifiers that nobody can guess and nobody else has."""

    def urn_uuid(self) -> str:
        """A new ``urn:uuid:…`` (version 4)."""
        text = secrets.token_hex(16)
        variant = "89ab"[int(text[16], 16) & 3]
        groups = (text[:8], text[8:12], f"4{text[13:16]}", f"{variant}{text[17:20]}", text[20:])
        return f"urn:uuid:{'-'.join(groups)}"

    def token(self) -> str:
        """256 random bits, URL-safe."""
        return secrets.token_urlsafe(32)

"""Systems of the company's own, inside its network: asked where the operator named them.

Partners' addresses never come this way (``adapters.http`` keeps them out of the network); a
partner chooses among paths and parameters the operator listed, and sends nothing else along.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpcore2

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.core.errors import Unavailable
from saltbridge.ports import HttpAnswer


class NamedUpstreams:
    """Asks the named origins, each with the secret that lies in its file."""

    def __init__(
        self, secrets: Mapping[str, Path | None], ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._secrets = dict(secrets)
        self._client = _InsideClient(frozenset(self._secrets), ssl_context)

    def knows(self, url: str) -> bool:
        """Whether the address lies at a named origin."""
        return _origin(url) in self._secrets

    def ask(self, url: str, *, limit_bytes: int, timeout_seconds: float) -> HttpAnswer:
        """One GET.

        Raises:
            Unavailable: not named, its secret cannot be read, or it cannot be reached.
        """
        headers = {"accept": "application/json"}
        named = self._secrets.get(_origin(url))
        if named is not None:
            try:
                secret = named.read_text(encoding="ascii").strip()
            except (OSError, UnicodeError) as fault:
                raise Unavailable.of("live.secret-unreadable", file=named.name) from fault
            headers["authorization"] = f"Bearer {secret}"
        return self._client.send(
            "GET",
            url,
            headers=headers,
            limit_bytes=limit_bytes,
            timeout_seconds=timeout_seconds,
        )


class _InsideClient(SafeHttpClient):
    """The guarded client with another judgement: named origins, wherever they lie."""

    def __init__(self, origins: frozenset[str], ssl_context: ssl.SSLContext | None) -> None:
        super().__init__(ssl_context=ssl_context)
        self._origins = origins
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl_context or ssl.create_default_context(),
            max_connections=16,
            max_keepalive_connections=0,
        )

    def _judge_url(self, url: str) -> None:
        plain = url.isascii() and not any(c <= " " for c in url)
        if not plain or _origin(url) not in self._origins:
            raise Unavailable.of("http.address-forbidden", url=url[:200])


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    if not host or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc}"

"""The HTTP client of a node: one request, no redirects, few bytes, little time.

Addresses come from partners (callback addresses, DIDs), so the client decides for itself
where it connects: the name is resolved, every address is judged, and the connection goes to
the judged address. Plain http reaches 127.0.0.1 only, where the node allows it.
"""

import ipaddress
import math
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from saltbridge.core.errors import Unavailable
from saltbridge.ports import HttpAnswer

LOOPBACK = "127.0.0.1"
_WRITTEN_AT_ONCE = 65_536  # bytes
# Judged global by the address registry, yet they carry any IPv4 address inside.
_TRANSLATED = tuple(ipaddress.ip_network(n) for n in ("64:ff9b::/96", "2002::/16"))


class ForbiddenAddress(Exception):
    """The name leads to an address that partners have no business sending us to."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet.

    >>> is_public("8.8.8.8"), is_public("10.0.0.1"), is_public("64:ff9b::7f00:1")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _TRANSLATED):
            return False
    return ip.is_global and not ip.is_multicast


def _certificate_refused(fault: BaseException) -> ssl.SSLCertVerificationError | None:
    """The refusal of the peer's certificate that lies below an error, or None."""
    below: BaseException | None = fault
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError):
            return below
        below = below.__cause__ or below.__context__
    return None


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """How many bytes an answer says it has; 0 where it does not say."""
    told = next((text for name, text in headers if name.lower() == b"content-length"), b"")
    return int(told) if told.isdigit() else 0


def _may_stand_in_a_header(value: str) -> bool:
    """Whether a value can be sent as it is (RFC 9110, section 5.5; ASCII only).

    >>> [_may_stand_in_a_header(v) for v in ("Bearer a.b", "a\\nb", "clé", " a")]
    [True, False, False, False]
    """
    return value.isascii() and value.isprintable() and value == value.strip()


class _UntilDeadline(httpcore2.NetworkStream):
    """A connection of one request: whoever drips does not begin the time anew."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline  # monotonic seconds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for begin in range(0, len(buffer), _WRITTEN_AT_ONCE):
            left = self._left(timeout, httpcore2.WriteTimeout)
            self._inner.write(buffer[begin : begin + _WRITTEN_AT_ONCE], left)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._left(timeout, httpcore2.ConnectTimeout)
        inner = self._inner.start_tls(ssl_context, server_hostname, left)
        return _UntilDeadline(inner, self._deadline)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self, timeout: float | None, late: type[Exception]) -> float | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise late
        if timeout is None:
            return None if math.isinf(left) else left
        return min(timeout, left)


class _JudgingBackend(httpcore2.NetworkBackend):
    """Connects to addresses it has judged, never to names."""

    def __init__(self, *, allow_loopback: bool, own_host: str, plain: bool) -> None:
        self._allow_loopback = allow_loopback
        self._own_host = own_host
        self._plain = plain
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first judged address of the host."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as fault:
            raise httpcore2.ConnectError(str(fault)) from fault
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if self._own_host and host == self._own_host:
                if self._plain and is_public(address):
                    raise ForbiddenAddress(address)
                continue
            loopback = self._allow_loopback and host == address == LOOPBACK
            if not loopback and not is_public(address):
                raise ForbiddenAddress(address)
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        stream = self._inner.connect_tcp(
            addresses[0], port, timeout, local_address, socket_options
        )
        return _UntilDeadline(stream, deadline)


class SafeHttpClient:
    """Sends one request at a time; may be used from several threads.

    ``own_url`` is an address of the company's own, entered by it and by nobody else: its host
    may be a private one, and is asked by plain http where the address says so and it is not
    public. A client that has one is used for nothing else.
    """

    def __init__(
        self,
        *,
        allow_loopback_http: bool = False,
        ssl_context: ssl.SSLContext | None = None,
        own_url: str = "",
    ) -> None:
        parts = urlsplit(own_url)
        self._allow_loopback_http = allow_loopback_http
        self._own = (parts.scheme, parts.hostname)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl_context or ssl.create_default_context(),
            max_connections=32,
            max_keepalive_connections=0,  # a kept connection may be dead; partners are few
            network_backend=_JudgingBackend(
                allow_loopback=allow_loopback_http,
                own_host=parts.hostname or "",
                plain=parts.scheme == "http",
            ),
        )

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
        """One request, no redirects, size and time limited.

        Raises:
            Unavailable: the address is not allowed, a header cannot be sent, the peer cannot
                be reached, or it answered too much or too late.
        """
        self._judge_url(url)
        deadline = time.monotonic() + timeout_seconds
        limits = dict.fromkeys(("connect", "read", "write", "pool"), timeout_seconds)
        sent: dict[bytes | str, bytes | str] = {
            "user-agent": "saltbridge",
            "accept-encoding": "identity",
        }
        for name, value in (headers or {}).items():
            if not _may_stand_in_a_header(value):  # often a secret: it is not said
                raise Unavailable.of("http.header-forbidden", url=url, header=name.lower())
            sent[name.lower()] = value
        try:
            with self._pool.stream(
                method,
                url,
                headers=sent,
                content=content,
                extensions={"timeout": limits},
            ) as answer:
                body = bytearray()
                if _announced(answer.headers) > limit_bytes:  # nothing of it is read
                    raise Unavailable.of("http.too-large", url=url, limit=limit_bytes)
                for chunk in answer.iter_stream():
                    body += chunk
                    if len(body) > limit_bytes:
                        raise Unavailable.of("http.too-large", url=url, limit=limit_bytes)
                    if time.monotonic() > deadline:
                        raise Unavailable.of("http.too-slow", url=url, seconds=timeout_seconds)
                names: dict[str, str] = {}
                for raw_name, raw_text in answer.headers:
                    name = raw_name.decode("latin-1").lower()
                    text = raw_text.decode("latin-1")
                    # Links may come in several headers; of others the last one is read.
                    also = name == "link" and name in names
                    names[name] = f"{names[name]}, {text}" if also else text
                return HttpAnswer(answer.status, names, bytes(body))
        except ForbiddenAddress as fault:
            raise Unavailable.of("http.address-forbidden", url=url) from fault
        except httpcore2.TimeoutException as fault:
            raise Unavailable.of("http.too-slow", url=url, seconds=timeout_seconds) from fault
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as fault:
            refused = _certificate_refused(fault)
            if refused is not None:
                why = refused.verify_message
                raise Unavailable.of("http.certificate", url=url, reason=why) from fault
            ours = isinstance(fault, httpcore2.LocalProtocolError)  # quotes what we sent
            reason = ("" if ours else str(fault)) or type(fault).__name__
            raise Unavailable.of("http.unreachable", url=url, reason=reason) from fault

    def close(self) -> None:
        """Let go of connections."""
        self._pool.close()

    def _judge_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as fault:
            raise Unavailable.of("http.address-forbidden", url=url[:200]) from fault
        plain_text = not url.isascii() or any(c <= " " for c in url)
        if not host or "@" in parts.netloc or plain_text:
            raise Unavailable.of("http.address-forbidden", url=url[:200])
        if parts.scheme == "https" or self._own == (parts.scheme, host):
            return
        if parts.scheme == "http" and self._allow_loopback_http and host == LOOPBACK:
            return
        raise Unavailable.of("http.needs-https", url=url[:200])

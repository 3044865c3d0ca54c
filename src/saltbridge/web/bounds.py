"""Bounds of a connection: how many from one address, how long a request may take to arrive.

uvicorn bounds the number of all connections; with httptools (llhttp) it bounds no head, and it
waits for ever for the rest of a head or a body. Whoever sends drop by drop, or without end, is
cut off here.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from saltbridge.adapters.settings import value
from saltbridge.web.together import Together

_SLICE: Final = 16 * 1024  # what comes at once is read in slices, and counted by them
_AROUND_A_CHUNK: Final = 8  # a body may come byte by byte, each with a length and line ends


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one address and one request may take. Seconds are of the clock on the wall."""

    connections_per_address: int
    head_seconds: float
    body_seconds: float
    head_bytes: int
    uncounted: Collection[IPv4Network | IPv6Network] = ()


def bounds_of(settings: Mapping[str, Any]) -> Bounds:
    """The bounds the node's settings ask for."""
    return Bounds(
        value(settings, "limits.connections_per_address"),
        value(settings, "limits.head_seconds"),
        value(settings, "limits.body_seconds"),
        value(settings, "limits.head_bytes"),
        tuple(ip_network(p, strict=False) for p in value(settings, "trusted_proxies")),
    )


def bounded_protocol(
    bounds: Bounds, refused: Callable[[str], None] = lambda reason: None
) -> type[HttpToolsProtocol]:
    """The HTTP/1.1 protocol of uvicorn within bounds; ``refused`` counts who was cut off."""
    open_from: Counter[str] = Counter()

    class BoundedProtocol(HttpToolsProtocol):
        _address = ""
        _waiting: asyncio.TimerHandle | None = None
        _waits_for = ""
        _arriving = ""  # the part of a request that is on its way: head, body, or nothing
        _come = 0  # bytes of this request, to a slice
        _body = 0  # those of them that are body

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            address = self.client[0] if self.client else ""
            if address and not _is_in(address, bounds.uncounted):
                self._address = address
                open_from[address] += 1
                if open_from[address] > bounds.connections_per_address:
                    self._cut("connections")
                    return
            self._wait("head")

        def connection_lost(self, exc: Exception | None) -> None:
            self._wait("")
            if self._address:
                open_from[self._address] -= 1
                if not open_from[self._address]:
                    del open_from[self._address]
                self._address = ""
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            for at in range(0, len(data), _SLICE):
                if self.transport.is_closing():
                    return
                part = data[at : at + _SLICE]
                super().data_received(part)
                self._come += len(part)
                if self._arriving and self._is_beyond() and not self.transport.is_closing():
                    self.send_400_response("Invalid HTTP request received.")
            answered = self.cycle is None or self.cycle.response_complete
            # Nothing but empty lines is no request: then its head is still waited for.
            self._wait(self._arriving or ("head" if answered else ""))

        def _is_beyond(self) -> bool:
            """Whether a head, or what stands around the chunks of a body, is too long."""
            if self._arriving == "head":
                return self._come > bounds.head_bytes + _SLICE
            around = self._come - self._body
            return around > 2 * bounds.head_bytes + _SLICE + _AROUND_A_CHUNK * self._body

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._arriving, self._come, self._body = "head", 0, 0

        def on_headers_complete(self) -> None:
            told = sum(len(name) + len(value) + 4 for name, value in self.headers)
            if len(self.url) + told > bounds.head_bytes:
                raise ValueError("a head beyond its bound")  # answered with 400
            self._arriving = "body"
            super().on_headers_complete()
            if self.scope["method"] != "HEAD":  # of which there is a head only
                self.cycle.transport = Together(self.transport, self.loop)  # type: ignore[assignment]

        def on_body(self, body: bytes) -> None:
            self._body += len(body)
            super().on_body(body)

        def on_message_complete(self) -> None:
            super().on_message_complete()
            self._arriving = ""

        def _wait(self, what: str) -> None:
            if what == self._waits_for:
                return
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None
            self._waits_for = what
            if what:
                seconds = bounds.head_seconds if what == "head" else bounds.body_seconds
                self._waiting = self.loop.call_later(seconds, self._cut, what)

        def _cut(self, reason: str) -> None:
            refused(reason)
            self.transport.abort()

    return BoundedProtocol


def _is_in(address: str, networks: Collection[IPv4Network | IPv6Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)

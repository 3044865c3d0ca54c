"""Bounds of a connection: how many from one address, how long a request may take to arrive.

uvicorn bounds the number of all connections and the size of a head; it waits for ever for
the rest of a head or a body. Whoever sends drop by drop is cut off here.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from saltbridge.adapters.settings import value


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one address and one request may take. Seconds are of the clock on the wall."""

    connections_per_address: int
    head_seconds: float
    body_seconds: float
    uncounted: Collection[IPv4Network | IPv6Network] = ()


def bounds_of(settings: Mapping[str, Any]) -> Bounds:
    """The bounds the node's settings ask for."""
    return Bounds(
        value(settings, "limits.connections_per_address"),
        value(settings, "limits.head_seconds"),
        value(settings, "limits.body_seconds"),
        tuple(ip_network(p, strict=False) for p in value(settings, "trusted_proxies")),
    )


def bounded_protocol(
    bounds: Bounds, refused: Callable[[str], None] = lambda reason: None
) -> type[H11Protocol]:
    """The HTTP/1.1 protocol of uvicorn within bounds; ``refused`` counts who was cut off."""
    open_from: Counter[str] = Counter()

    class BoundedProtocol(H11Protocol):
        _address = ""
        _waiting: asyncio.TimerHandle | None = None
        _waits_for = ""

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
            if self.transport.is_closing():
                return
            super().data_received(data)
            state = self.conn.their_state
            if state is h11.IDLE:
                self._wait("head")
            else:
                self._wait("body" if state is h11.SEND_BODY else "")

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

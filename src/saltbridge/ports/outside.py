"""Time, chance, peers, authorities, passwords and factors: what lies outside the node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from saltbridge.footprint.model import FactorSet

if TYPE_CHECKING:  # it brings the solvers, which few commands need
    from saltbridge.footprint.background.sampled import BackgroundSpread


class Clock(Protocol):
    """The time, asked at the edge only."""

    def now(self) -> datetime:
        """The present, with UTC as its zone."""


class Identifiers(Protocol):
    """New names that nobody else has."""

    def urn_uuid(self) -> str:
        """A new ``urn:uuid:…``."""

    def token(self) -> str:
        """256 random bits, URL-safe."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a peer answered."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    content: bytes


class HttpClient(Protocol):
    """Requests to peers."""

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
            Unavailable: the peer cannot be reached, or answered too much or too late.
        """


class Upstreams(Protocol):
    """Systems of the company's own that the operator named: asked, and nothing else sent."""

    def knows(self, url: str) -> bool:
        """Whether the address lies at a system that was named."""

    def ask(self, url: str, *, limit_bytes: int, timeout_seconds: float) -> HttpAnswer:
        """What it answers to one GET, with the secret it was named with; no redirects.

        Raises:
            Unavailable: it was not named, cannot be reached, or answers too much or too late.
        """


class DidResolver(Protocol):
    """DID documents of others."""

    def resolve(self, did: str) -> Mapping[str, Any]:
        """The DID document of a partner.

        Raises:
            Unavailable: it cannot be fetched, or is not that DID's document.
        """


class TimestampAuthority(Protocol):
    """Somebody outside who says when something was there (RFC 3161)."""

    def stamp(self, content: bytes) -> bytes:
        """The authority's reply over the SHA-256 of the content, checked (DER).

        Raises:
            Unavailable: it cannot be reached, or does not answer with a right time-stamp.
        """

    def stamped_at(self, content: bytes, reply: bytes) -> datetime:
        """When the content was there, by a reply that a trusted authority signed.

        Raises:
            NotVerified: another content, another authority, or not a time-stamp.
        """


class Passwords(Protocol):
    """Hashes of people's passwords; slow on purpose."""

    def hash(self, password: str) -> str:
        """A salted hash in PHC form."""

    def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the one hashed; takes as long where ``stored`` is empty."""

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash should be made anew, with today's parameters."""


class FactorLibrary(Protocol):
    """Emission factors by set."""

    def factor_set(self, id: str) -> FactorSet:
        """A packaged or background factor set.

        Raises:
            Unavailable: no such set, or its background must be fetched first.
        """

    def background_spread(self, id: str) -> "BackgroundSpread | None":
        """How sure a background is, with its stored draws; None for a set that is none.

        Raises:
            Unavailable: its stored draws are damaged.
        """

    def available(self) -> Sequence[str]:
        """Ids of the sets that can be had."""

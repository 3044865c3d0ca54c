"""Where a partner may send us: addresses arrive in messages and are judged before use."""

from collections.abc import Iterable
from urllib.parse import urlsplit


def same_origin(url: str, other: str) -> bool:
    """Whether two URLs share scheme, host and port: callbacks go to the partner, nowhere else.

    >>> same_origin("http://127.0.0.1:1/2025-1/callback", "http://127.0.0.1:1/2025-1")
    True
    >>> same_origin("http://127.0.0.1:1@evil/x", "http://127.0.0.1:1/2025-1")
    False
    """
    try:
        one, two = urlsplit(url), urlsplit(other)
    except ValueError:
        return False
    return bool(one.netloc) and (one.scheme, one.netloc) == (two.scheme, two.netloc)


def may_push_to(endpoint: str, partner_url: str, others: Iterable[str] = ()) -> bool:
    """Whether data may be pushed there: the partner's own origin, or one the operator named.

    Bytes that are sent cannot be called back, so an address in a message is not enough.

    >>> may_push_to("https://cars.example/pushed/1", "https://cars.example/2025-1")
    True
    >>> may_push_to("https://data.example/1", "https://cars.example/2025-1")
    False
    >>> may_push_to("https://data.example/1", "https://cars.example/x", ["https://data.example"])
    True
    """
    return any(same_origin(endpoint, allowed) for allowed in (partner_url, *others))


def may_pull_from(endpoint: str, partner_url: str) -> bool:
    """Whether data may be pulled there: the partner's own origin, or anywhere over TLS.

    Private addresses are kept out by the HTTP client.

    >>> may_pull_from("https://data.example/x", "https://connector.example/2025-1")
    True
    >>> may_pull_from("http://127.0.0.1:9/x", "http://127.0.0.1:1/2025-1")
    False
    """
    if same_origin(endpoint, partner_url):
        return True
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc)

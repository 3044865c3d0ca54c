"""Where a partner may send us: addresses arrive in messages and are judged before use."""

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

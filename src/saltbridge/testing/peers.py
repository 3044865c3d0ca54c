"""Nodes that meet in one process: HTTP without sockets, and a record of what was said."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.ports import HttpAnswer


@dataclass
class InProcessHttp:
    """Calls the ASGI application of the URL's origin; other origins cannot be reached.

    ``before`` may raise or answer in the place of the peer; ``said`` records every JSON body
    that went either way, with its direction.
    """

    applications: MutableMapping[str, Callable[..., Any]] = field(default_factory=dict)
    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    before: Callable[[str, str], HttpAnswer | None] | None = None

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
        """One request to an application of this process."""
        instead = self.before(method, url) if self.before else None
        if instead is not None:
            return instead
        parts = urlsplit(url)
        application = self.applications.get(f"{parts.scheme}://{parts.netloc}")
        if application is None:
            raise Unavailable.of("http.unreachable", url=url, reason="nobody listens there")
        answer = asyncio.run(_call(application, method, url, headers or {}, content or b""))
        for direction, body in (
            (f"{method} {parts.path}", content),
            ("answer", answer.content),
        ):
            self._record(direction, body)
        return answer

    def _record(self, direction: str, body: bytes | None) -> None:
        try:
            document = read_json(body) if body else None
        except FaultyInput:
            return
        if isinstance(document, dict):
            self.said.append((direction, document))


async def _call(
    application: Callable[..., Any],
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes,
) -> HttpAnswer:
    parts = urlsplit(url)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [
            (b"host", parts.netloc.encode()),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 1),
        "server": (parts.hostname, parts.port),
    }
    asked = False
    status, answered, body = 0, dict[str, str](), bytearray()

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(event: Mapping[str, Any]) -> None:
        nonlocal status
        if event["type"] == "http.response.start":
            status = event["status"]
            for name, value in event["headers"]:
                answered[name.decode("latin-1").lower()] = value.decode("latin-1")
        elif event["type"] == "http.response.body":
            body.extend(event.get("body", b""))

    await application(scope, receive, send)
    return HttpAnswer(status, answered, bytes(body))


def dataset_record(
    dataset_id: str,
    offer: Mapping[str, Any],
    releases: Mapping[str, tuple[str, str]],
    *,
    access: tuple[str, ...],
    kind: str = "pcf",
    title: str = "A dataset",
) -> bytes:
    """A dataset as ``services.publish`` writes it. ``releases``: BPN → digest, decision."""
    return canonical_bytes(
        {
            "id": dataset_id,
            "title": title,
            "kind": kind,
            "dct_type": "https://w3id.org/catenax/taxonomy#PcfExchange",
            "offer": dict(offer),
            "access": list(access),
            "releases": {
                bpn: {
                    "digest": content_digest,
                    "decision_id": decision_id,
                    "media_type": "application/json",
                }
                for bpn, (content_digest, decision_id) in releases.items()
            },
            "created_at": "2026-11-23T10:00:00Z",
        }
    )

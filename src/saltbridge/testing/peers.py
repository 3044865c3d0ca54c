"""Nodes that meet in one process: HTTP without sockets, and a record of what was said."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.ports import HttpAnswer

PCF_DOCUMENT: Final[Mapping[str, Any]] = {
    "kind": "pcf",
    "illustrative": True,
    "product_family": "cathode material",
    "records": [
        {
            "id": "cathode-nmc111",
            "flow": "NMC111 cathode powder",
            "unit": "kg",
            "location": "CN",
            "kg_co2e_per_unit": 19.5,
            "low": 15.0,
            "high": 25.0,
            "methodology": "catena-x-pcf@v4",
            "period": {"start": "2025-01-01", "end": "2025-12-31"},
            "primary_data_share": 70.0,
            "TeR": 2,
            "GeR": 2,
            "TiR": 1,
            "mass_kg_per_unit": 1.0,
            "source": "illustrative",
            "licence": "CC0-1.0",
            "confidence": "illustrative",
            "sub_suppliers": ["CANARY-SUB-SUPPLIER"],
        }
    ],
}


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

"""The management API (v3) of an EDC: requests with the company's key, refusals in words."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.formats.edc import reasons, render_query
from saltbridge.formats.edc_policy import entries
from saltbridge.ports import HttpAnswer, HttpClient

LIMIT_BYTES: Final = 20_000_000
_PATIENCE_SECONDS: Final = 30.0  # a catalogue comes from the partner, through the connector
_PAGE: Final = 1000
_SHOWN: Final = 300


class Management:
    """One management API. The key is read anew with each request, so that it may change."""

    def __init__(self, http: HttpClient, url: str, key_file: Path | None) -> None:
        self._http = http
        self.url = url.rstrip("/")
        self._key_file = key_file

    def put(self, path: str, document: Mapping[str, Any], existing: str) -> None:
        """Make it, or bring what is there up to date."""
        answer = self.send("POST", path, document)
        if answer.status == 409:
            answer = self.send("PUT", existing, document)
        self.content(answer)

    def command(self, path: str, document: Mapping[str, Any] | None) -> None:
        """Have something done; that it was done before is as good."""
        answer = self.send("POST", path, document)
        if answer.status != 409:  # it was done before
            self.content(answer)

    def every(self, path: str, left: str, right: str) -> Iterator[Mapping[str, Any]]:
        """What a query finds, page by page."""
        offset = 0
        while True:
            query = {**render_query(left, right, _PAGE), "offset": offset}
            answer = self.send("POST", path, query)
            page = [f for f in entries(_json(self.content(answer))) if isinstance(f, dict)]
            yield from page
            if len(page) < _PAGE:
                return
            offset += _PAGE

    def newest(self, path: str, left: str, right: str) -> Iterator[Mapping[str, Any]]:
        """What a query finds, the newest first, and no more than a page of it."""
        order = {"sortField": "createdAt", "sortOrder": "DESC"}
        answer = self.send("POST", path, {**render_query(left, right, _PAGE), **order})
        found = entries(_json(self.content(answer)))
        yield from (one for one in found if isinstance(one, dict))

    def found(self, path: str) -> Mapping[str, Any] | None:
        """One thing, or None where it is not there."""
        answer = self.send("GET", path)
        return None if answer.status == 404 else self.read(answer)

    def read(self, answer: HttpAnswer) -> Mapping[str, Any]:
        """The JSON object of a good answer; raises as ``content``."""
        found = _json(self.content(answer))
        if not isinstance(found, dict):
            raise Unavailable.of("edc.unreadable", url=self.url)
        return found

    def content(self, answer: HttpAnswer) -> bytes:
        """The content of a good answer.

        Raises:
            Refused: the key, or what was asked, is refused.
            Unavailable: EDC is in trouble, or this is no management API.
        """
        if answer.status < 300:
            return answer.content
        if answer.status in (401, 403):
            raise Refused.of("edc.key-refused", url=self.url, status=answer.status)
        if answer.status in (404, 405):
            raise Unavailable.of("edc.no-such-api", url=self.url, status=answer.status)
        says = says_of(answer)
        if "is not bound to any" in says:
            raise Refused.of("edc.terms-unknown", says=says)
        if answer.status == 409:
            raise Refused.of("edc.conflict", says=says)
        if answer.status >= 500:
            raise Unavailable.of("edc.troubled", url=self.url, status=answer.status, says=says)
        raise Refused.of("edc.refused", status=answer.status, says=says)

    def send(self, method: str, path: str, document: Any = None) -> HttpAnswer:
        """One request, whatever is answered.

        Raises:
            Unavailable: the connector cannot be reached.
            FaultyInput: the file with the key cannot be read.
        """
        content = None if document is None else json.dumps(document).encode()
        try:
            return self._http.send(
                method,
                f"{self.url}{path}",
                headers={"x-api-key": self._key(), "content-type": "application/json"},
                content=content,
                limit_bytes=LIMIT_BYTES,
                timeout_seconds=_PATIENCE_SECONDS,
            )
        except Unavailable as fault:
            found = fault.findings[0]
            if found.code == "http.too-slow":
                seconds = int(_PATIENCE_SECONDS)
                raise Unavailable.of("edc.too-slow", url=self.url, seconds=seconds) from fault
            reason = str(found.arguments.get("reason", "")) or found.code
            raise Unavailable.of("edc.unreachable", url=self.url, reason=reason) from fault

    def _key(self) -> str:
        if self._key_file is None:
            return ""
        try:
            return self._key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as fault:
            reason = str(getattr(fault, "strerror", "") or "ASCII")
            raise FaultyInput.of(
                "edc.key-file", file=str(self._key_file), reason=reason
            ) from fault


def says_of(answer: HttpAnswer) -> str:
    """What EDC says of a refusal, in its own words, cut short."""
    return ("; ".join(reasons(answer.content)) or f"HTTP {answer.status}")[:_SHOWN]


def _json(content: bytes) -> Any:
    try:
        return read_json(content)
    except FaultyInput as fault:
        raise Unavailable.of("edc.unreadable", url="") from fault

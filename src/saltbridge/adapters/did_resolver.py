"""Fetches DID documents (did:web) of partners, and remembers them for a short while."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.identifiers import did_web_document_url
from saltbridge.ports import Clock, HttpClient
from saltbridge.trust.did import parse_did_document

KEPT_FOR = timedelta(seconds=60)
LIMIT_BYTES = 256_000
# A host, perhaps a port, perhaps folders: no other escape may smuggle in a piece of URL.
_DID_WEB = re.compile(
    r"did:web:[A-Za-z0-9.-]{1,253}(?:%3[Aa][0-9]{1,5})?(?::[A-Za-z0-9_-][A-Za-z0-9._-]{0,127})*"
)


class WebDidResolver:
    """did:web over HTTPS; over http where the DID names 127.0.0.1 and the node allows it."""

    def __init__(self, http: HttpClient, clock: Clock, *, allow_loopback_http: bool) -> None:
        self._http = http
        self._clock = clock
        self._allow_loopback_http = allow_loopback_http
        self._kept: dict[str, tuple[datetime, Mapping[str, Any]]] = {}

    def resolve(self, did: str) -> Mapping[str, Any]:
        """The DID document of a partner, at most a minute old.

        Raises:
            Unavailable: it cannot be fetched, or is not that DID's document.
        """
        now = self._clock.now()
        kept = self._kept.get(did)
        if kept is not None and timedelta(0) <= now - kept[0] < KEPT_FOR:
            return kept[1]
        answer = self._http.send(
            "GET",
            self._url(did),
            headers={"accept": "application/did+json, application/json"},
            limit_bytes=LIMIT_BYTES,
        )
        if answer.status != 200:
            raise Unavailable.of("trust.did-unresolved", did=did, reason=f"{answer.status}")
        try:
            document = read_json(answer.content, did)
            parse_did_document(document, did=did, name=did)
        except FaultyInput as fault:
            raise Unavailable(fault.findings) from fault
        if len(self._kept) >= 256:
            self._kept.clear()
        self._kept[did] = (now, document)
        return dict(document)

    def _url(self, did: str) -> str:
        if len(did) > 1000 or not _DID_WEB.fullmatch(did):
            raise Unavailable.of("trust.did-unresolved", did=did[:200], reason="did:web")
        url = did_web_document_url(did)
        if self._allow_loopback_http and urlsplit(url).hostname == "127.0.0.1":
            return did_web_document_url(did, "http")
        return url

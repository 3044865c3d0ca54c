"""Time-stamps by RFC 3161 over HTTP, and checking them without a network."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.core.finding import Place, finding
from saltbridge.ports import HttpClient
from saltbridge.trust.suites import NotVerified

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
_LIMIT_BYTES = 100_000


class HttpTimestampAuthority:
    """One authority: asked at its URL, trusted by its root certificates.

    Without a URL it stamps nothing and still checks what was stamped before.
    """

    def __init__(self, http: HttpClient, url: str, roots: Sequence[x509.Certificate]) -> None:
        self._http = http
        self._url = url
        self._roots = tuple(roots)

    def stamp(self, content: bytes) -> bytes:
        """The authority's reply over the SHA-256 of the content, checked (DER).

        Raises:
            Unavailable: it cannot be reached, or does not answer with a right time-stamp.
        """
        if not self._url:
            raise Unavailable.of("log.no-authority")
        builder = TimestampRequestBuilder().data(content)
        request = builder.hash_algorithm(HashAlgorithm.SHA256).build()
        answer = self._http.send(
            "POST",
            self._url,
            headers={"content-type": QUERY_TYPE, "accept": REPLY_TYPE},
            content=request.as_bytes(),
            limit_bytes=_LIMIT_BYTES,
        )
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
        if answer.status != 200 or media_type.lower() != REPLY_TYPE:
            raise Unavailable.of("log.stamp-refused", url=self._url, status=answer.status)
        try:
            self._checked(content, answer.content, nonce=request.nonce)
        except NotVerified as fault:
            raise Unavailable(fault.findings) from fault
        return answer.content

    def stamped_at(self, content: bytes, reply: bytes) -> datetime:
        """When the content was there, by a reply of an authority trusted here.

        Raises:
            NotVerified: another content, another authority, or not a time-stamp.
        """
        return self._checked(content, reply).tst_info.gen_time.astimezone(UTC)

    def _checked(
        self, content: bytes, reply: bytes, nonce: int | None = None
    ) -> TimeStampResponse:
        try:
            response = decode_timestamp_response(reply)
            builder = VerifierBuilder(roots=list(self._roots), nonce=nonce)
            builder.build().verify(response, sha256(content).digest())
            return response
        except (VerificationError, ValueError) as fault:
            reason = str(fault)[:120]
            raise NotVerified.of("log.stamp-wrong", reason=reason) from fault


def read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates in a PEM file.

    Raises:
        FaultyInput: the file cannot be read, or holds no certificate.
    """
    place = Place(file=str(path))
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as fault:
        raise FaultyInput([finding("log.certificate-unreadable", place)]) from fault

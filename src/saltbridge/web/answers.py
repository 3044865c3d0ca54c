"""What every endpoint for machines shares: bodies of bounded size, errors as JSON."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import HTTPException, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes
from saltbridge.formats.content_digest import render_content_digest

LIMIT_BYTES: Final = 1_000_000
PIECE_BYTES: Final = 1_048_576
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def body_of(request: Request, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """The request's body.

    Raises:
        HTTPException: 413, more than ``limit_bytes``; nothing beyond it is read.
    """
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > limit_bytes:
            raise HTTPException(413)
    return bytes(content)


def json_answer(
    document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON document as an answer."""
    return Response(
        canonical_bytes(document),
        status_code=status,
        media_type="application/json",
        headers={**HEADERS, **(headers or {})},
    )


class InPieces(Response):
    """An answer that is handed over piece by piece, as the connection takes it.

    Handed over at once, a second copy of it waits in the connection until a slow peer has read
    it. Pieces are views of the one copy.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a peer that reads slowly is waited for after every piece."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        content = memoryview(self.body)
        for first in range(0, max(1, len(content)), PIECE_BYTES):
            piece = content[first : first + PIECE_BYTES]
            more = first + PIECE_BYTES < len(content)
            await send({"type": "http.response.body", "body": bytes(piece), "more_body": more})


def released_answer(release: Release) -> Response:
    """Released bytes as an answer, with their digest beside them."""
    large = len(release.content) > PIECE_BYTES
    return (InPieces if large else Response)(
        release.content,
        media_type=release.media_type,
        headers={**HEADERS, "Content-Digest": render_content_digest(release.digest)},
    )


def bearer(request: Request) -> str:
    """The token of the ``Authorization`` header, with or without the word Bearer."""
    stated = request.headers.get("authorization", "")
    scheme, _, token = stated.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else stated.strip()

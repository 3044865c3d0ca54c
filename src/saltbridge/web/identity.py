"""The node's DID document, where did:web says it lies."""

from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.responses import Response

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.identifiers import did_web_document_url
from saltbridge.ports import World


def router(world: World) -> APIRouter:
    """``GET /.well-known/did.json``, or below the path that the DID names."""
    routes = APIRouter()

    async def document() -> Response:  # never waits for a thread: who calls us may need it
        return Response(
            canonical_bytes(dict(world.keyring.did_document())),
            media_type="application/did+json",
            headers={"Cache-Control": "max-age=60", "X-Content-Type-Options": "nosniff"},
        )

    path = urlsplit(did_web_document_url(world.node.did)).path
    routes.add_api_route(path, document, methods=["GET"])
    return routes

"""The data plane: one GET, one token, the released bytes and nothing else."""

import base64

from fastapi import APIRouter, Request
from starlette.responses import Response

from saltbridge.ports import World
from saltbridge.services.transfer import open_data
from saltbridge.web.answers import HEADERS, bearer, json_answer


def router(world: World) -> APIRouter:
    """``GET /data/{transfer}`` with the token of the transfer's start message."""
    routes = APIRouter()

    def pull(request: Request, pid: str) -> Response:
        release = open_data(world, pid, bearer(request))
        if release is None:
            return json_answer({"code": "http.token-refused"}, 403)
        sha256 = base64.b64encode(bytes.fromhex(release.digest.removeprefix("sha256:")))
        return Response(
            release.content,
            media_type=release.media_type,
            headers={**HEADERS, "Content-Digest": f"sha-256=:{sha256.decode()}:"},
        )

    routes.add_api_route("/data/{pid}", pull, methods=["GET"])
    return routes

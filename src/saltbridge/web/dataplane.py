"""The data plane: one token, the released bytes, their export statement, nothing else."""

import base64

from fastapi import APIRouter, Request
from starlette.responses import Response

from saltbridge.border.release import Release
from saltbridge.ports import World
from saltbridge.services.transfer import open_data, open_statement
from saltbridge.web.answers import HEADERS, bearer, json_answer


def router(world: World) -> APIRouter:
    """``GET /data/{transfer}`` with the token of the transfer's start message.

    ``/statement`` below it gives the signed export statement about those bytes, with the same
    token.
    """
    routes = APIRouter()

    def pull(request: Request, pid: str) -> Response:
        return _answer(open_data(world, pid, bearer(request)))

    def statement(request: Request, pid: str) -> Response:
        return _answer(open_statement(world, pid, bearer(request)))

    def _answer(release: Release | None) -> Response:
        if release is None:
            return json_answer({"code": "http.token-refused"}, 403)
        sha256 = base64.b64encode(bytes.fromhex(release.digest.removeprefix("sha256:")))
        return Response(
            release.content,
            media_type=release.media_type,
            headers={**HEADERS, "Content-Digest": f"sha-256=:{sha256.decode()}:"},
        )

    routes.add_api_route("/data/{pid}", pull, methods=["GET"])
    routes.add_api_route("/data/{pid}/statement", statement, methods=["GET"])
    return routes

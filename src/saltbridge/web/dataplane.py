"""The data plane: one token, the released bytes, their export statement, nothing else."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from saltbridge.border.release import Release
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.ports import World
from saltbridge.services.renew_token import renew_token
from saltbridge.services.transfer import open_data, open_statement
from saltbridge.web.answers import bearer, body_of, json_answer, released_answer


def router(world: World) -> APIRouter:
    """``GET /data/{transfer}`` with the token of the transfer's start message.

    ``/statement`` below it gives the signed export statement about those bytes, with the same
    token. ``POST /data-tokens/refresh`` gives another token (RFC 6749, section 6).
    """
    routes = APIRouter()

    def pull(request: Request, pid: str) -> Response:
        return _answer(open_data(world, pid, bearer(request)))

    def statement(request: Request, pid: str) -> Response:
        return _answer(open_statement(world, pid, bearer(request)))

    def _answer(release: Release | None) -> Response:
        if release is None:
            return json_answer({"code": "http.token-refused"}, 403)
        return released_answer(release)

    def refresh(request: Request, content: Annotated[bytes, Depends(body_of)]) -> Response:
        try:
            form = dict(parse_qsl(content.decode("ascii", "replace"), max_num_fields=20))
        except ValueError:
            form = {}
        if form.get("grant_type") != "refresh_token":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        try:
            issued = renew_token(world, bearer(request), form.get("refresh_token", ""))
        except (Refused, FaultyInput):
            return json_answer({"error": "invalid_client"}, 401)
        except Unavailable:
            return json_answer({"error": "temporarily_unavailable"}, 503, {"Retry-After": "1"})
        if issued is None:
            return json_answer({"error": "invalid_grant"}, 400)
        return json_answer(
            {
                "access_token": issued.access,
                "refresh_token": issued.refresh,
                "token_type": "bearer",
                "expires_in": issued.seconds,
            }
        )

    routes.add_api_route(DSP_2025_1.refresh_path, refresh, methods=["POST"])
    routes.add_api_route("/data/{pid}", pull, methods=["GET"])
    routes.add_api_route("/data/{pid}/statement", statement, methods=["GET"])
    return routes

"""Where the data plane of the company's own connector gets released bytes, by a key."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from saltbridge.core.errors import SaltbridgeError
from saltbridge.formats.edc_offering import KEY_HEADER
from saltbridge.ports import World
from saltbridge.services.connector_provide import open_offered
from saltbridge.web.answers import json_answer, released_answer

PATH = "/connector-data/{dataset}/{bpn}"


def router(world: World) -> APIRouter:
    """``GET`` for the bytes released to one partner, ``/statement`` for the statement."""
    routes = APIRouter()

    def bytes_of(request: Request, dataset: str, bpn: str) -> Response:
        return _opened(request, dataset, bpn, statement=False)

    def statement_of(request: Request, dataset: str, bpn: str) -> Response:
        return _opened(request, dataset, bpn, statement=True)

    def _opened(request: Request, dataset: str, bpn: str, *, statement: bool) -> Response:
        key = request.headers.get(KEY_HEADER, "")
        agreement = request.headers.get("edc-contract-agreement-id", "")
        try:
            found = open_offered(world, key, dataset, bpn, agreement, statement=statement)
        except SaltbridgeError:
            return json_answer({"code": "http.503"}, 503, {"Retry-After": "5"})
        if found is None:
            return json_answer({"code": "http.token-refused"}, 403)
        return released_answer(found)

    routes.add_api_route(PATH, bytes_of, methods=["GET"])
    routes.add_api_route(f"{PATH}/statement", statement_of, methods=["GET"])
    return routes

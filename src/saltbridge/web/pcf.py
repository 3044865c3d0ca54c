"""The PCF exchange of CX-0136 behind the data plane: partners ask, and put what we asked."""

from starlette.requests import Request
from starlette.responses import Response

from saltbridge.locales import text_or
from saltbridge.ports import World
from saltbridge.services import pcf_answer, pcf_ask
from saltbridge.web.answers import json_answer

ROOT = "footprintExchange"


def exchange(
    world: World, request: Request, path: str, reader: str, content: bytes, api: str
) -> Response:
    """``GET`` and ``PUT /footprintExchange/{requestId}`` of the version that was agreed."""
    root, _, id = path.strip("/").partition("/")
    if root != ROOT or not id or "/" in id:
        return json_answer({"code": "http.404"}, 404)
    if request.method == "GET":
        query = {k: v for k, v in request.query_params.items() if k != "$filter"}
        asked = pcf_answer.receive(world, reader, id, query, api)
        return _told(asked.status, asked.code)
    if request.method == "PUT":
        message = request.query_params.get("message", "")
        update = request.query_params.get("update", "false").lower() == "true"
        taken = pcf_ask.take_answer(world, reader, id, content, message=message, update=update)
        return _told(taken.status, taken.findings[0].code if taken.findings else "")
    return json_answer({"code": "http.405"}, 405, {"Allow": "GET, PUT"})


def _told(status: int, code: str) -> Response:
    if status < 300:
        return json_answer({}, status)
    code = code or f"http.{status}"
    return json_answer({"code": code, "message": text_or(code, code, {})}, status)

"""Whether the node answers and its store can be read."""

from fastapi import APIRouter
from starlette.responses import Response

from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import World
from saltbridge.web.answers import json_answer


def router(world: World) -> APIRouter:
    """``GET /health``: 200, or 503 while the store cannot be read."""
    routes = APIRouter()

    def health() -> Response:
        try:
            with world.store.reading() as view:
                view.get("health", "never-written")
        except SaltbridgeError:
            return json_answer({"status": "store-unreadable"}, 503)
        return json_answer({"status": "ok"})

    routes.add_api_route("/health", health, methods=["GET"])
    return routes

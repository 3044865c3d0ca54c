"""What is in memory is answered at the door: public passports, and data a token opens.

A scan asks for an address and nothing else, and a partner for the same bytes again and again.
Whoever asks so is answered before the routes of the node are gone through, by what the route
would answer.
"""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send


class AtOnce:
    """A layer around the routes; ``answer`` reads memory and the store's mark only, and is
    None where it cannot."""

    def __init__(
        self, app: ASGIApp, route: Route, answer: Callable[[Scope], Awaitable[Response | None]]
    ) -> None:
        """``route`` is what the log names; its path up to the first gap is the door."""
        self._app, self._route, self._answer = app, route, answer
        self._door = route.path.partition("{")[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = scope["type"] == "http" and scope["method"] == "GET"
        if plain and not scope["query_string"] and scope["path"].startswith(self._door):
            response = await self._answer(scope)
            if response is not None:
                scope["route"] = self._route  # the log names it
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

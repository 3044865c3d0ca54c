"""The web face of one node: all routers, assembled; errors as JSON that tell nothing."""

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from saltbridge.ports import World
from saltbridge.services.sign_in import known_caller
from saltbridge.web import (
    approval_page,
    connector_data,
    credential_service,
    data_again,
    dataplane,
    dsp,
    health,
    identity,
    log,
    metrics,
    operator_page,
    pact,
    passport_access_page,
    passport_api,
    passport_copies,
    passport_credentials,
    passport_dossiers,
    passport_page,
    pcf_page,
    people_page,
    pushed,
    served,
    sign_in,
    sign_in_account,
    sign_in_codes,
    sign_in_oidc,
    verifier,
)
from saltbridge.web.answers import json_answer
from saltbridge.web.at_once import AtOnce
from saltbridge.web.watch import Watch


def _nobody() -> None:
    """Nobody to wake: whoever serves without a worker empties the outbox by hand."""


def create_app(
    world: World,
    wake: Callable[[], None] = _nobody,
    watch: Watch | None = None,
    identify: dsp.Identify = known_caller,
) -> FastAPI:
    """The application of a node. ``wake`` tells the outbox worker that something waits.

    ``watch`` counts; who serves wraps the application in ``watched`` too. ``identify`` tells
    which partner calls.
    """
    watch = watch or Watch()
    app = _Application(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.include_router(health.router(world, watch))
    app.include_router(metrics.router(world, watch))
    app.include_router(identity.router(world))
    app.include_router(dsp.router(world, wake, identify))
    app.include_router(dataplane.router(world))
    app.include_router(connector_data.router(world))
    app.include_router(log.router(world, wake))
    app.router.routes.extend(served.routes(world))
    app.router.routes.extend(pushed.routes(world, wake))
    app.include_router(credential_service.router(world))
    app.router.routes.extend(pact.routes(world))
    for own in (
        operator_page,
        approval_page,
        people_page,
        passport_access_page,
        passport_copies,
        passport_credentials,
        passport_dossiers,
        pcf_page,
        sign_in,
        sign_in_account,
        sign_in_codes,
        sign_in_oidc,
        verifier,
    ):
        app.router.routes.extend(own.routes(world))
    public = passport_page.PassportPages(world)
    app.router.routes.extend(public.routes())
    app.router.routes.extend(passport_api.routes(world))
    dsp.add_problem_handler(app)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(Exception, _internal_error)
    asked_again = data_again.DataAgain(world)
    data_door = AtOnce(app.all_routes, asked_again.address, asked_again.at_once)
    app.door = AtOnce(data_door, public.address, public.at_once)
    return app


class _Application(FastAPI):
    """All routes of a node, behind a door where the most frequent question is answered."""

    door: AtOnce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.door(scope, receive, send)

    async def all_routes(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What the door does not answer."""
        await super().__call__(scope, receive, send)


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return json_answer({"code": f"http.{status}"}, status)


def _bad_request(request: Request, error: Exception) -> Response:
    return json_answer({"code": "http.400"}, 400)


def _internal_error(request: Request, error: Exception) -> Response:
    return json_answer({"code": "http.500"}, 500)

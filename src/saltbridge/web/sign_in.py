"""Signing in and out by name and password."""

from collections.abc import Mapping
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.oidc import provider_of
from saltbridge.core.errors import Refused, SaltbridgeError
from saltbridge.ports import World
from saltbridge.services.people_codes import is_set_up
from saltbridge.services.people_sign_in import authenticate, close_session, open_session
from saltbridge.steps.attempts import TooManyAttempts
from saltbridge.web.own_pages import home_of, language_of, own_page, problem_page, worded
from saltbridge.web.session import (
    Form,
    Session,
    comes_from_us,
    form,
    give_session,
    go_to,
    local_path,
    read_form,
    shown_token,
    signed_in,
    take_session,
)

_PAGE: Final = "sign_in.html"


def routes(world: World) -> list[Route]:
    """``/sign-in`` and ``/sign-out``."""
    pages = _Pages(world)
    return [
        Route("/sign-in", pages.show, methods=["GET"]),
        Route("/sign-in", pages.take, methods=["POST"]),
        Route("/sign-out", form(world, None, pages.sign_out), methods=["POST"]),
    ]


def address_of(request: Request) -> str:
    """Where the caller sits, as the server tells it."""
    return request.client.host if request.client else ""


def refused_status(fault: SaltbridgeError) -> tuple[int, Mapping[str, str]]:
    """Status and headers of the answer to what was refused."""
    if isinstance(fault, TooManyAttempts):
        seconds = fault.wait_seconds
        return 429, {"Retry-After": str(seconds)} if seconds else {}
    return (403 if isinstance(fault, Refused) else 422), {}


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world
        provider = provider_of(world.settings)
        self._label = "" if provider is None else provider.label

    async def show(self, request: Request) -> Response:
        def answer() -> Response:
            wanted = request.query_params.get("next", "")
            session = signed_in(request, self._world)
            if session is not None:
                return go_to(local_path(wanted, home_of(session.person)))
            return self._page(request, wanted)

        return await run_in_threadpool(answer)

    async def take(self, request: Request) -> Response:
        fields = await read_form(request)
        if fields is None or not comes_from_us(request, self._world):
            code = "people.form-unreadable" if fields is None else "people.form-foreign"
            status = 400 if fields is None else 403
            return await run_in_threadpool(problem_page, self._world, request, code, status)
        return await run_in_threadpool(self._sign_in, request, fields)

    def _sign_in(self, request: Request, fields: Form) -> Response:
        wanted = fields.get("next", "")
        name, password = fields.get("name", ""), fields.get("password", "")
        try:
            person = authenticate(self._world, name, password, address_of(request))
            token = open_session(
                self._world,
                person,
                address=address_of(request),
                browser=request.headers.get("user-agent", ""),
            )
        except Refused as fault:
            return self._page(request, wanted, name, fault)
        # Whatever the browser showed before is no session any more: nobody planted this one.
        close_session(self._world, shown_token(request, self._world))
        answer = go_to(local_path(wanted, home_of(person)))
        give_session(self._world, answer, token)
        return answer

    def sign_out(self, request: Request, session: Session, fields: Form) -> Response:
        close_session(self._world, shown_token(request, self._world))
        answer = go_to("/sign-in")
        take_session(self._world, answer)
        return answer

    def _page(
        self, request: Request, wanted: str, name: str = "", fault: Refused | None = None
    ) -> Response:
        status, headers = (200, {}) if fault is None else refused_status(fault)
        return own_page(
            self._world,
            request,
            None,
            _PAGE,
            "people.sign-in",
            status=status,
            headers=headers,
            next=local_path(wanted, ""),
            provider=self._label,
            name=name[:80],
            set_up=is_set_up(self._world),
            problems=[] if fault is None else worded(fault.findings, language_of(request)),
        )

"""To the company's OpenID provider and back."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from saltbridge.accounts.oidc import Provider, provider_of
from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable
from saltbridge.ports import World
from saltbridge.services.people_oidc import GOOD_FOR, back_from_provider, send_to_provider
from saltbridge.services.people_sign_in import close_session
from saltbridge.steps.attempts import TooManyAttempts
from saltbridge.web.own_pages import HEADERS, language_of, own_page, worded
from saltbridge.web.pace import Pace
from saltbridge.web.session import (
    cookie_name,
    give_session,
    is_secure,
    local_path,
    shown_token,
    step_in,
)
from saltbridge.web.sign_in import address_of, refused_status

_CALLBACK: Final = "/oidc/callback"
STARTS_PER_MINUTE: Final = 60  # from one address; a whole office may sit behind it


def routes(world: World) -> list[Route]:
    """``/oidc/start`` and ``/oidc/callback``; none where no provider is set.

    Raises:
        FaultyInput: the file with the client's secret cannot be read.
    """
    provider = configured(world)
    if provider is None:
        return []
    pages = _Pages(world, provider)
    return [
        Route("/oidc/start", pages.start, methods=["GET"]),
        Route(_CALLBACK, pages.back, methods=["GET"]),
    ]


def configured(world: World) -> Provider | None:
    """The provider of the settings, its client's secret read from its file."""
    file = str(world.settings.get("oidc", {}).get("client_secret_file", ""))
    if not file:
        return provider_of(world.settings)
    path = Path(str(world.settings.get("folder", "."))) / file
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        reason = str(getattr(fault, "strerror", "") or "UTF-8")
        raise FaultyInput.of("people.password-file", file=str(path), reason=reason) from fault
    return provider_of(world.settings, secret)


class _Pages:
    def __init__(self, world: World, provider: Provider) -> None:
        self._world = world
        self._provider = provider
        self._cookie = cookie_name(world, "oidc")
        self._pace = Pace(STARTS_PER_MINUTE)  # each asks the provider, and is written down
        self._redirect_uri = f"{world.node.base_url}{_CALLBACK}"

    async def start(self, request: Request) -> Response:
        return await run_in_threadpool(self._start, request)

    async def back(self, request: Request) -> Response:
        return await run_in_threadpool(self._back, request)

    def _start(self, request: Request) -> Response:
        go_on = local_path(request.query_params.get("next", ""))
        try:
            if not self._pace.allows(address_of(request), self._world.clock.now()):
                raise TooManyAttempts(timedelta(minutes=1))
            sent = send_to_provider(self._world, self._provider, self._redirect_uri, go_on)
        except SaltbridgeError as fault:
            return self._failed(request, fault)
        answer = RedirectResponse(sent.address, status_code=303, headers=dict(HEADERS))
        # Lax: the way back begins at the provider, and a strict one would not come along.
        answer.set_cookie(
            self._cookie,
            sent.browser_secret,
            max_age=int(GOOD_FOR.total_seconds()),
            path="/",
            httponly=True,
            samesite="lax",
            secure=is_secure(self._world),
        )
        return answer

    def _back(self, request: Request) -> Response:
        try:
            token, go_on = back_from_provider(
                self._world,
                self._provider,
                self._redirect_uri,
                dict(request.query_params),
                request.cookies.get(self._cookie, ""),
                address=address_of(request),
                browser=request.headers.get("user-agent", ""),
            )
        except SaltbridgeError as fault:
            return self._failed(request, fault)
        close_session(self._world, shown_token(request, self._world))
        answer = step_in(go_on)
        give_session(self._world, answer, token)
        answer.delete_cookie(self._cookie, path="/", secure=is_secure(self._world))
        return answer

    def _failed(self, request: Request, fault: SaltbridgeError) -> Response:
        status, headers = refused_status(fault)
        return own_page(
            self._world,
            request,
            None,
            "own_problem.html",
            "people.sign-in",
            status=502 if isinstance(fault, Unavailable) else status,
            headers=headers,
            problems=worded(fault.findings, language_of(request)),
        )

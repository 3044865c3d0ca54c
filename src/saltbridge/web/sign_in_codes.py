"""Pages that a one-time code opens: setting the node up, and accepting an invitation."""

from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.account import Account
from saltbridge.accounts.password import MIN_LENGTH
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.ports import World
from saltbridge.services.people_codes import (
    accept_invitation,
    invited_account,
    is_set_up,
    make_setup_code,
    set_up,
)
from saltbridge.services.people_sign_in import open_session
from saltbridge.web.own_pages import language_of, own_page, problem_page, worded
from saltbridge.web.session import Form, comes_from_us, give_session, go_to, read_form
from saltbridge.web.sign_in import address_of, refused_status


def routes(world: World) -> list[Route]:
    """``/setup`` and ``/invitation``."""
    pages = _Pages(world)
    return [
        Route("/setup", pages.show_set_up, methods=["GET"]),
        Route("/setup", pages.take_set_up, methods=["POST"]),
        Route("/invitation", pages.show_invitation, methods=["GET"]),
        Route("/invitation", pages.take_invitation, methods=["POST"]),
    ]


def set_up_address(world: World, base_url: str = "") -> str:
    """Where the first operator is added, with a new one-time code.

    Raises:
        Refused: there is an operator already.
    """
    code = make_setup_code(world).code
    return f"{base_url or world.node.base_url}/setup?code={quote(code)}"


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    async def show_set_up(self, request: Request) -> Response:
        def answer() -> Response:
            if is_set_up(self._world):
                return go_to("/sign-in")
            return self._set_up_page(request, {"code": request.query_params.get("code", "")})

        return await run_in_threadpool(answer)

    async def take_set_up(self, request: Request) -> Response:
        def take(fields: Form) -> Response:
            given = {k: fields.get(k, "") for k in ("code", "name", "display_name")}
            try:
                if fields.get("password", "") != fields.get("again", ""):
                    raise FaultyInput.of("people.password-differs")
                account = set_up(
                    self._world,
                    given["code"].strip(),
                    given["name"],
                    given["display_name"],
                    fields.get("password", ""),
                    address_of(request),
                )
            except SaltbridgeError as fault:
                return self._set_up_page(request, given, fault)
            return self._welcome(request, account)

        return await self._take(request, take)

    async def show_invitation(self, request: Request) -> Response:
        def answer() -> Response:
            code = request.query_params.get("code", "")
            account = invited_account(self._world, code)
            if account is None:
                return problem_page(self._world, request, "people.code-refused", 403)
            return self._invitation_page(request, code, account)

        return await run_in_threadpool(answer)

    async def take_invitation(self, request: Request) -> Response:
        def take(fields: Form) -> Response:
            code = fields.get("code", "")
            invited = invited_account(self._world, code)
            try:
                if fields.get("password", "") != fields.get("again", ""):
                    raise FaultyInput.of("people.password-differs")
                account = accept_invitation(
                    self._world, code, fields.get("password", ""), address_of(request)
                )
            except FaultyInput as fault:
                if invited is None:
                    return problem_page(self._world, request, "people.code-refused", 403)
                return self._invitation_page(request, code, invited, fault)
            except SaltbridgeError as fault:
                status, headers = refused_status(fault)
                code = fault.findings[0].code
                if status == 429:
                    return own_page(
                        self._world, request, None, "own_problem.html", "people.invitation",
                        status=status, headers=headers,
                        problems=worded(fault.findings, language_of(request)),
                    )  # fmt: skip
                return problem_page(self._world, request, code, status)
            return self._welcome(request, account)

        return await self._take(request, take)

    async def _take(self, request: Request, take: Callable[[Form], Response]) -> Response:
        fields = await read_form(request)
        if fields is None:
            return problem_page(self._world, request, "people.form-unreadable", 400)
        if not comes_from_us(request, self._world):
            return problem_page(self._world, request, "people.form-foreign", 403)
        return await run_in_threadpool(take, fields)

    def _welcome(self, request: Request, account: Account) -> Response:
        """Signed in, since the password was chosen just now."""
        token = open_session(
            self._world,
            account.person(),
            address=address_of(request),
            browser=request.headers.get("user-agent", ""),
        )
        answer = go_to("/account")
        give_session(self._world, answer, token)
        return answer

    def _set_up_page(
        self, request: Request, given: dict[str, str], fault: SaltbridgeError | None = None
    ) -> Response:
        status, headers = (200, {}) if fault is None else refused_status(fault)
        return own_page(
            self._world,
            request,
            None,
            "setup.html",
            "people.set-up",
            status=status,
            headers=headers,
            given={"name": "", "display_name": "", **given},
            least=MIN_LENGTH,
            problems=[] if fault is None else worded(fault.findings, language_of(request)),
        )

    def _invitation_page(
        self,
        request: Request,
        code: str,
        account: Account,
        fault: SaltbridgeError | None = None,
    ) -> Response:
        status, headers = (200, {}) if fault is None else refused_status(fault)
        return own_page(
            self._world,
            request,
            None,
            "invitation.html",
            "people.invitation",
            status=status,
            headers=headers,
            code=code,
            account=account,
            least=MIN_LENGTH,
            problems=[] if fault is None else worded(fault.findings, language_of(request)),
        )

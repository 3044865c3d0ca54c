"""One's own account: password, sessions, signing out everywhere."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.password import MIN_LENGTH
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.ports import World
from saltbridge.reports.manifest import readable_moment
from saltbridge.services.people_sign_in import (
    change_own_password,
    open_session,
    sessions_of,
    sign_out_everywhere,
)
from saltbridge.trust.did import iso
from saltbridge.web.own_pages import language_of, own_page, worded
from saltbridge.web.session import Form, Session, form, give_session, go_to, page, take_session
from saltbridge.web.sign_in import address_of, refused_status

_SAID: Final = {"password": "people.done-password"}


def routes(world: World) -> list[Route]:
    """``/account`` and what is done there."""
    pages = _Pages(world)
    return [
        Route("/account", page(world, None, pages.show), methods=["GET"]),
        Route("/account", form(world, None, pages.take), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    def show(self, request: Request, session: Session) -> Response:
        return self._page(request, session)

    def take(self, request: Request, session: Session, fields: Form) -> Response:
        if fields.get("do") == "everywhere":
            return self.everywhere(session)
        return self.password(request, session, fields)

    def password(self, request: Request, session: Session, fields: Form) -> Response:
        new = fields.get("password", "")
        try:
            if new != fields.get("again", ""):
                raise FaultyInput.of("people.password-differs")
            change_own_password(
                self._world,
                session.person,
                fields.get("present", ""),
                new,
                address_of(request),
            )
        except SaltbridgeError as fault:
            return self._page(request, session, fault)
        # Every session has ended; whoever changed it stays signed in with a new one.
        answer = go_to("/account?said=password")
        give_session(
            self._world,
            answer,
            open_session(
                self._world,
                session.person,
                address=address_of(request),
                browser=request.headers.get("user-agent", ""),
            ),
        )
        return answer

    def everywhere(self, session: Session) -> Response:
        sign_out_everywhere(self._world, session.person)
        answer = go_to("/sign-in")
        take_session(self._world, answer)
        return answer

    def _page(
        self, request: Request, session: Session, fault: SaltbridgeError | None = None
    ) -> Response:
        status, headers = (200, {}) if fault is None else refused_status(fault)
        sessions = [
            {
                "opened": readable_moment(iso(s.opened_at)),
                "seen": readable_moment(iso(s.seen_at)),
                "address": s.address,
                "browser": s.browser,
                "how": f"people.how-{s.how}",
                "this": s.id == session.session.id,
            }
            for s in sessions_of(self._world, session.person)
        ]
        return own_page(
            self._world,
            request,
            session,
            "account.html",
            "people.account",
            status=status,
            headers=headers,
            sessions=sessions,
            roles=sorted(session.person.roles),
            by_password=session.session.how == "password",
            least=MIN_LENGTH,
            said=_SAID.get(request.query_params.get("said", ""), ""),
            problems=[] if fault is None else worded(fault.findings, language_of(request)),
        )

"""``/passport-access``: how to ask for what is not public, and where a code is entered.

For anybody; so it says nothing about any battery. A code that is entered is kept by the browser
whether it is good or not, and only the passport's own address tells.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.model import Act
from saltbridge.adapters import settings
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.core.finding import Finding
from saltbridge.passport.interest import interests
from saltbridge.ports import World
from saltbridge.services import passport_grants as grants
from saltbridge.services import passport_requests as requests
from saltbridge.web.own_pages import language_of, own_page, problem_page, worded
from saltbridge.web.pace import Pace
from saltbridge.web.passport_readers import MOST_CODE, cookie_of
from saltbridge.web.passport_values import day, moment
from saltbridge.web.session import (
    Form,
    Session,
    comes_from_us,
    form,
    go_to,
    page,
    read_form,
    signed_in,
)

_HOME: Final = "/passport-access"
_INBOX: Final = "/operator/passport-access"
_BATTERY: Final = re.compile(r"/01/\d{14}/21/[^/?#\s]{1,200}")
_FIELDS: Final = ("name", "organisation", "email", "interest", "battery", "reason")
ASKS_A_MINUTE: Final = 10


def routes(world: World) -> list[Route]:
    """The page for those who ask, and the inbox for those who answer."""
    pages = _Pages(world)
    act = Act.GRANT_PASSPORTS
    return [
        Route(_HOME, pages.show, methods=["GET"]),
        Route(f"{_HOME}/code", pages.take_code, methods=["POST"]),
        Route(f"{_HOME}/requests", pages.take_request, methods=["POST"]),
        Route(_INBOX, page(world, act, pages.inbox), methods=["GET"]),
        Route(_INBOX, form(world, act, pages.answer), methods=["POST"]),
    ]


def battery_path(written: str) -> str:
    """The path of a battery on this node, from its address or path; empty if it is neither.

    >>> battery_path("https://x.example/01/09521234567899/21/SN-1?lang=de")
    '/01/09521234567899/21/SN-1'
    """
    found = _BATTERY.fullmatch(urlsplit(written.strip()).path) if len(written) < 500 else None
    return found.group() if found else ""


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world
        self._pace = Pace(ASKS_A_MINUTE)

    async def show(self, request: Request) -> Response:
        return await run_in_threadpool(self._show, request)

    async def take_code(self, request: Request) -> Response:
        return await self._taken(request, self._code)

    async def take_request(self, request: Request) -> Response:
        return await self._taken(request, self._ask)

    async def _taken(self, request: Request, handler: Any) -> Response:
        """A form of anybody: from our own page, and not too many a minute."""
        fields = await read_form(request)
        caller = request.client.host if request.client else ""
        if fields is None or not comes_from_us(request, self._world):
            code = "people.form-unreadable" if fields is None else "people.form-foreign"
            status = 400 if fields is None else 403
            return await run_in_threadpool(problem_page, self._world, request, code, status)
        if not self._pace.allows(caller, self._world.clock.now()):
            return await run_in_threadpool(
                problem_page, self._world, request, "access.too-often", 429
            )
        return await run_in_threadpool(handler, request, fields)

    def _code(self, request: Request, fields: Form) -> Response:
        battery = battery_path(fields.get("battery", ""))
        answer = go_to(f"{battery}/access" if battery else f"{_HOME}?kept=yes")
        code = fields.get("code", "").strip()
        if 0 < len(code) <= MOST_CODE and code.isascii() and code.isprintable():
            answer.set_cookie(value=code, **cookie_of(self._world))  # type: ignore[arg-type]
        return answer

    def _ask(self, request: Request, fields: Form) -> Response:
        told = {name: fields.get(name, "") for name in _FIELDS}
        try:
            number = requests.ask(self._world, requests.AccessRequest(**told))
        except SaltbridgeError as fault:
            return self._show(request, fault.findings, told)
        return self._show(request, number=number)

    def _show(
        self,
        request: Request,
        problems: Iterable[Finding] = (),
        given: Mapping[str, str] | None = None,
        number: str = "",
    ) -> Response:
        asked_for = request.query_params.get("battery", "")
        given = given or {**dict.fromkeys(_FIELDS, ""), "battery": asked_for[:500]}
        told = worded(problems, language_of(request))
        policy = interests(self._world.settings)
        return own_page(
            self._world,
            request,
            signed_in(request, self._world),
            "passport_ask.html",
            "access.ask",
            status=422 if told else 200,
            problems=told,
            given=given,
            number=number,
            kept=request.query_params.get("kept") == "yes",
            interests=[id for id, row in policy.items() if row.admitted],
            contact=settings.value(self._world.settings, "passport_access.contact") or "",
        )

    def inbox(self, request: Request, session: Session) -> Response:
        return self._inbox(request, session)

    def answer(self, request: Request, session: Session, fields: Form) -> Response:
        """One button for each: give access, refuse, take a grant back."""
        world, person = self._world, session.person
        id, because = fields.get("id", ""), fields.get("because", "")
        try:
            if fields.get("do") == "grant":
                return self._inbox(request, session, given=self._grant(session, id, fields))
            if fields.get("do") == "refuse":
                requests.refuse(world, person, id, because)
            else:
                grants.revoke(world, person, id, because)
        except SaltbridgeError as fault:
            return self._inbox(request, session, fault.findings)
        return go_to(_INBOX)

    def _grant(self, session: Session, id: str, fields: Form) -> grants.Granted:
        found = requests.listed_requests(self._world, session.person)
        asked = next((r for r in found if r["id"] == id), {})
        kinds = interests(self._world.settings).get(str(asked.get("interest")))
        seen = fields.get("because", "")
        path = battery_path(str(asked.get("battery", "")))
        if not path:  # without it the grant would be for every passport there is
            raise FaultyInput.of("access.no-battery")
        _, _, gtin, _, serial = path.split("/")
        return grants.grant(
            self._world,
            session.person,
            grants.GrantRequest(
                interest=str(asked.get("interest", "")),
                code_for=str(asked.get("organisation") or asked.get("name", "")),
                model=gtin if fields.get("scope") == "model" else "",
                passport="" if fields.get("scope") == "model" else f"{gtin}/{unquote(serial)}",
                evidence=[{"kind": e.value, "seen": seen} for e in kinds.evidence]
                if kinds
                else (),
                request=id,
            ),
        )

    def _inbox(
        self,
        request: Request,
        session: Session,
        problems: Iterable[Finding] = (),
        given: grants.Granted | None = None,
    ) -> Response:
        told = worded(problems, language_of(request))
        listed = requests.listed_requests(self._world, session.person)
        held = grants.listed_grants(self._world, session.person)
        return own_page(
            self._world,
            request,
            session,
            "passport_inbox.html",
            "access.inbox",
            status=422 if told else 200,
            problems=told,
            given=given,
            waiting=[r for r in listed if r["state"] == "open"],
            answered=[r for r in listed if r["state"] != "open"],
            held=[g for g, holds in held if holds],
            day=lambda iso: day(str(iso), language_of(request)),
            moment=lambda iso: moment(str(iso), language_of(request)),
        )

"""Partners' requests for footprints: a list, and for each one the kept footprint, yes or no."""

from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.model import Act
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.exchange.pcf_exchange import MOST_MESSAGE, PcfRequest, may_answer
from saltbridge.locales import text
from saltbridge.ports import World
from saltbridge.reports.manifest import readable_moment
from saltbridge.services import pcf_answer as service
from saltbridge.web.own_pages import language_of, own_page, problem_page, worded
from saltbridge.web.session import Form, Session, form, go_to, page
from saltbridge.web.sign_in import refused_status

PATH: Final = "/operator/pcf"


def routes(world: World) -> list[Route]:
    """``/operator/pcf`` and a page per request, for those who may publish."""
    pages = _Pages(world)
    one = f"{PATH}/{{id:path}}"
    return [
        Route(PATH, page(world, Act.PUBLISH, pages.waiting), methods=["GET"]),
        Route(one, page(world, Act.PUBLISH, pages.show), methods=["GET"]),
        Route(one, form(world, Act.PUBLISH, pages.take), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    def waiting(self, request: Request, session: Session) -> Response:
        rows = [self._row(one) for one in service.inbox(self._world)]
        return own_page(
            self._world, request, session, "pcf_inbox.html", "pcf.page.title", rows=rows
        )

    def show(self, request: Request, session: Session) -> Response:
        return self._page(request, session)

    def take(self, request: Request, session: Session, fields: Form) -> Response:
        id, done = str(request.path_params["id"]), fields.get("do", "")
        message = fields.get("message", "")
        given = service.Answer(message=message, proposer=session.person)
        try:
            if done == "answer":
                service.answer(self._world, id, given)
            elif done == "refuse":
                service.refuse(self._world, id, fields.get("reason", ""), given)
            else:
                raise FaultyInput.of("people.form-unreadable")
        except SaltbridgeError as fault:
            return self._page(request, session, fault)
        return go_to(f"{PATH}/{quote(id, safe=':')}")

    def _page(
        self, request: Request, session: Session, fault: SaltbridgeError | None = None
    ) -> Response:
        language = language_of(request)
        try:
            found = service.one_request(self._world, str(request.path_params["id"]))
        except FaultyInput:
            return problem_page(self._world, request, "approval.unknown-here", 404, session)
        status, headers = (200, {}) if fault is None else refused_status(fault)
        return own_page(
            self._world,
            request,
            session,
            "pcf_request.html",
            "pcf.page.title-one",
            status=status,
            headers=headers,
            row=self._row(found),
            state=text(f"pcf.state.{found.state}", None, language),
            waiting=may_answer(found),
            sheet=service.has_sheet(self._world, found),
            words=found.text,
            most=MOST_MESSAGE,
            problems=[] if fault is None else worded(fault.findings, language),
        )

    def _row(self, one: PcfRequest) -> dict[str, str]:
        partner = self._world.node.partner(one.partner)
        return {
            "path": f"{PATH}/{quote(one.id, safe=':')}",
            "id": one.id,
            "partner": f"{partner.name} ({one.partner})" if partner else one.partner,
            "part": ", ".join(p for p in (one.manufacturer_part, one.customer_part) if p),
            "model": one.model,
            "message": one.message,
            "asked": readable_moment(one.made_at),
        }

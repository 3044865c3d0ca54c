"""What waits for two persons: a list, and for each proposal what leaves, what stays, yes or no.

The form that approves carries the digest of the bytes that the page showed; the service
compares it with the bytes that wait, so that nobody approves what they did not see.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.model import Act
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.locales import text
from saltbridge.ports import World
from saltbridge.reports.approval import proposal_words, short_digest
from saltbridge.reports.manifest import readable_moment
from saltbridge.services import approval as service
from saltbridge.web.own_pages import language_of, own_page, problem_page, worded
from saltbridge.web.session import Form, Session, form, go_to, page
from saltbridge.web.sign_in import refused_status

PATH: Final = "/operator/approvals"
_SAID: Final = {
    "first": "approval.done-first",
    "second": "approval.done-second",
    "refused": "approval.done-refused",
}


def routes(world: World) -> list[Route]:
    """``/operator/approvals`` and a page per proposal, for those who may approve."""
    pages = _Pages(world)
    one = f"{PATH}/{{id:path}}"
    return [
        Route(PATH, page(world, Act.APPROVE, pages.waiting), methods=["GET"]),
        Route(one, page(world, Act.APPROVE, pages.show), methods=["GET"]),
        Route(one, form(world, Act.APPROVE, pages.take), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    def waiting(self, request: Request, session: Session) -> Response:
        language = language_of(request)
        rows = [_row(one, language) for one in service.pending(self._world)]
        return own_page(
            self._world, request, session, "approvals.html", "approval.title", rows=rows
        )

    def show(self, request: Request, session: Session) -> Response:
        return self._page(request, session)

    def take(self, request: Request, session: Session, fields: Form) -> Response:
        id = str(request.path_params["id"])
        done = fields.get("do", "")
        try:
            if done == "approve":
                shown = fields.get("digest", "")
                outcome = service.approve(self._world, session.person, id, shown)
                said = "second" if outcome.released else "first"
            elif done == "refuse":
                reason = fields.get("reason", "")
                service.refuse(self._world, session.person, id, reason)
                said = "refused"
            else:
                raise FaultyInput.of("people.form-unreadable")
        except SaltbridgeError as fault:
            return self._page(request, session, fault, reason=fields.get("reason", ""))
        return go_to(f"{PATH}/{quote(id, safe=':')}?said={said}")

    def _page(
        self,
        request: Request,
        session: Session,
        fault: SaltbridgeError | None = None,
        *,
        reason: str = "",
    ) -> Response:
        language = language_of(request)
        try:
            found = service.proposal(self._world, str(request.path_params["id"]))
        except FaultyInput:
            return problem_page(self._world, request, "approval.unknown-here", 404, session)
        status, headers = (200, {}) if fault is None else refused_status(fault)
        said = _SAID.get(request.query_params.get("said", ""), "")
        person = session.person
        approved = any(a["person_id"] == person.id for a in found["approvals"])
        return own_page(
            self._world,
            request,
            session,
            "approval.html",
            "approval.title-one",
            status=status,
            headers=headers,
            words=proposal_words(found, language),
            found=found,
            pending=found["state"] == "pending",
            approved=approved,
            proposed=found["proposed_by"]["person_id"] == person.id,
            last=len(found["approvals"]) == 1,
            said=text(said, {"name": person.name}, language) if said else "",
            most=service.MAX_REASON,
            reason=reason,
            problems=[] if fault is None else worded(fault.findings, language),
        )


def _row(one: Mapping[str, Any], language: str) -> dict[str, str]:
    given = {"given": len(one["approvals"])}
    return {
        "path": f"{PATH}/{quote(one['id'], safe=':')}",
        "title": one["title"],
        "to": f"{one['recipient']['name']} ({one['destination']})",
        "by": one["proposed_by"]["name"],
        "until": readable_moment(one["expires_at"]),
        "approvals": text("approval.of-two", given, language),
        "digest": short_digest(one["digest"]),
    }

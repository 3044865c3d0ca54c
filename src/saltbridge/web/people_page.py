"""The people of the node, for its operators: add, invite, change roles, lock, remove."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.account import Account, State
from saltbridge.accounts.model import MAY, Act, Role
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.ports import World
from saltbridge.reports.manifest import readable_moment
from saltbridge.services import people as service
from saltbridge.services.people_codes import Code, invite
from saltbridge.trust.did import iso
from saltbridge.web.own_pages import language_of, own_page, worded
from saltbridge.web.session import Form, Session, form, go_to, page
from saltbridge.web.sign_in import refused_status

_PATH: Final = "/operator/people"
_SAID: Final = {
    "roles": "people.done-roles",
    "lock": "people.done-locked",
    "unlock": "people.done-unlocked",
    "remove": "people.done-removed",
}


def routes(world: World) -> list[Route]:
    """``/operator/people``, for those who manage people."""
    pages = _Pages(world)
    return [
        Route(_PATH, page(world, Act.MANAGE_PEOPLE, pages.show), methods=["GET"]),
        Route(_PATH, form(world, Act.MANAGE_PEOPLE, pages.take), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    def show(self, request: Request, session: Session) -> Response:
        return self._page(request, session)

    def take(self, request: Request, session: Session, fields: Form) -> Response:
        does: Mapping[str, Callable[[Session, Form], None]] = {
            "roles": self._change_roles,
            "lock": self._lock,
            "unlock": self._unlock,
            "remove": self._remove,
        }
        done = fields.get("do", "")
        try:
            if done in ("add", "invite"):
                return self._invited(request, session, fields, new=done == "add")
            if done not in does:
                raise FaultyInput.of("people.form-unreadable")
            does[done](session, fields)
        except SaltbridgeError as fault:
            return self._page(request, session, fault, given=fields if done == "add" else {})
        return go_to(f"{_PATH}?said={done}")

    def _invited(
        self, request: Request, session: Session, fields: Form, *, new: bool
    ) -> Response:
        """The page with the invitation of somebody, shown this once."""
        name = fields.get("name", "")
        if new:
            person = service.NewPerson(
                name=name,
                roles=fields.all("roles"),
                display_name=fields.get("display_name", ""),
            )
            name = service.add_person(self._world, session.person, person).name
        code = invite(self._world, session.person, name)
        return self._page(request, session, invitation=(name, code))

    def _change_roles(self, session: Session, fields: Form) -> None:
        name = fields.get("name", "")
        service.change_roles(self._world, session.person, name, fields.all("roles"))

    def _lock(self, session: Session, fields: Form) -> None:
        service.lock(self._world, session.person, fields.get("name", ""))

    def _unlock(self, session: Session, fields: Form) -> None:
        service.unlock(self._world, session.person, fields.get("name", ""))

    def _remove(self, session: Session, fields: Form) -> None:
        if fields.get("sure", "") != "yes":
            raise FaultyInput.of("people.not-sure")
        service.remove(self._world, session.person, fields.get("name", ""))

    def _page(
        self,
        request: Request,
        session: Session,
        fault: SaltbridgeError | None = None,
        *,
        given: Mapping[str, str] | None = None,
        invitation: tuple[str, Code] | None = None,
    ) -> Response:
        status, headers = (200, {}) if fault is None else refused_status(fault)
        found = service.people(self._world)
        chosen = given.all("roles") if isinstance(given, Form) else []
        return own_page(
            self._world,
            request,
            session,
            "people.html",
            "people.people",
            status=status,
            headers=headers,
            people=[_row(account) for account in found if account.state is not State.REMOVED],
            removed=[_row(account) for account in found if account.state is State.REMOVED],
            roles=[(role.value, sorted(act.value for act in MAY[role])) for role in Role],
            given={
                "name": (given or {}).get("name", ""),
                "display_name": (given or {}).get("display_name", ""),
                "roles": chosen,
            },
            invitation=None if invitation is None else self._told(*invitation),
            said=_SAID.get(request.query_params.get("said", ""), ""),
            problems=[] if fault is None else worded(fault.findings, language_of(request)),
        )

    def _told(self, name: str, code: Code) -> dict[str, str]:
        link = f"{self._world.node.base_url}/invitation?code={quote(code.code)}"
        return {"name": name, "link": link, "until": readable_moment(iso(code.expires))}


def _row(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "display_name": account.display_name,
        "roles": sorted(account.roles),
        "state": account.state.value,
        "locked": account.state is State.LOCKED,
        "way": "provider"
        if account.subject
        else "password"
        if account.password_hash
        else "invited",
        "since": readable_moment(account.created_at),
        "by": account.created_by,
    }

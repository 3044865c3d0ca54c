"""The verifier's pages on the maker's own node: model, evidence, replay, findings, statement.

For people who are signed in, may read models, and hold a grant; the maker's own people see the
same pages. Nothing here is a release: a grant names the country the person reads from, and
every page and file that is opened is recorded first.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.model import Act
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.footprint.model import TABLES
from saltbridge.formats.inventory_tables import text_rows, write_table
from saltbridge.locales import number, text_or
from saltbridge.ports import World
from saltbridge.reports.manifest import readable_moment
from saltbridge.services import verification_questions as findings
from saltbridge.services import verification_statements as statements
from saltbridge.services.verification_model import (
    Opened,
    footprints,
    open_file,
    open_footprint,
    replay,
)
from saltbridge.steps.verification import is_own
from saltbridge.trust.verification import Assurance, Opinion, Verifier
from saltbridge.web.own_pages import HEADERS, language_of, own_page, worded
from saltbridge.web.session import Form, Session, form, go_to, page

_HOME: Final = "/verifier"
_SAID: Final = frozenset({"asked", "answered", "closed", "accepted"})


def routes(world: World) -> list[Route]:
    """The pages below ``/verifier``, for those who may read models."""
    pages = _Pages(world)
    read, ask, sign = Act.READ_MODEL, Act.READ_MODEL, Act.SIGN_VERIFICATION
    return [
        Route(_HOME, page(world, read, pages.list), methods=["GET"]),
        Route(f"{_HOME}/footprints/{{id}}", page(world, read, pages.model), methods=["GET"]),
        Route(f"{_HOME}/replays/{{id}}", page(world, read, pages.replay), methods=["GET"]),
        Route(f"{_HOME}/files/{{id}}", page(world, read, pages.file), methods=["GET"]),
        Route(f"{_HOME}/findings", form(world, ask, pages.finding), methods=["POST"]),
        Route(f"{_HOME}/drafts", form(world, sign, pages.draft), methods=["POST"]),
        Route(
            f"{_HOME}/statements",
            form(world, sign, pages.accept, limit_bytes=200_000),
            methods=["POST"],
        ),
    ]


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    def list(self, request: Request, session: Session) -> Response:
        language = language_of(request)
        rows = [
            {
                "path": _path(one.id),
                "product": one.product,
                "kind": text_or(one.kind, f"operator.{one.kind}", None, language),
                "methodology": one.methodology,
                "made_at": readable_moment(one.made_at),
                "has_model": one.has_model,
            }
            for one in footprints(self._world, session.person)
        ]
        return self._page(request, session, "verifier_list.html", rows=rows)

    def model(self, request: Request, session: Session) -> Response:
        return self._model(request, session, str(request.path_params["id"]))

    def replay(self, request: Request, session: Session) -> Response:
        id = str(request.path_params["id"])
        try:
            result = replay(self._world, session.person, id)
        except SaltbridgeError as fault:
            return self._problem(request, session, fault)
        return self._page(
            request, session, "verifier_replay.html", result=result, path=_path(id)
        )

    def file(self, request: Request, session: Session) -> Response:
        """A file of a model, always to be saved and never to be shown by the browser."""
        id, digest = str(request.path_params["id"]), request.query_params.get("digest", "")
        try:
            file, content = open_file(self._world, session.person, id, digest)
        except SaltbridgeError as fault:
            return self._problem(request, session, fault)
        return _download(content, file.name, file.media_type)

    def finding(self, request: Request, session: Session, fields: Form) -> Response:
        world, person = self._world, session.person
        id, told = fields.get("footprint", ""), fields.get("text", "")
        which, did = fields.get("question", ""), fields.get("do", "")
        try:
            if did == "asked":
                kind, line = fields.get("kind", ""), fields.get("line", "")
                findings.ask(world, person, id, kind, told, line)
            elif did == "answered":
                findings.answer(world, person, which, told)
            elif did == "closed":
                findings.close(world, person, which, told)
            else:
                raise FaultyInput.of("people.form-unreadable")
        except SaltbridgeError as fault:
            return self._model(request, session, id, fault)
        return go_to(f"{_path(id)}?said={did}#findings")

    def draft(self, request: Request, session: Session, fields: Form) -> Response:
        id = fields.get("footprint", "")
        lines = fields.get("conditions", "").splitlines()
        try:
            content = statements.draft(
                self._world,
                session.person,
                statements.DraftRequest(
                    footprint=id,
                    verifier=Verifier(
                        name=fields.get("verifier", "").strip(),
                        did=fields.get("did", "").strip(),
                        accreditation=fields.get("accreditation", "").strip(),
                        notified_body=fields.get("notified_body", "").strip(),
                    ),
                    person_role=fields.get("person_role", "").strip(),
                    level=fields.get("level", ""),
                    opinion=fields.get("opinion", ""),
                    scope=fields.get("scope", "").strip(),
                    conditions=[line.strip() for line in lines if line.strip()],
                    expires=_day(fields.get("expires", "")),
                ),
            )
        except SaltbridgeError as fault:
            return self._model(request, session, id, fault)
        return _download(content, "verification-draft.json", "application/json")

    def accept(self, request: Request, session: Session, fields: Form) -> Response:
        id, content = fields.get("footprint", ""), fields.get("statement", "").strip()
        try:
            statements.accept(self._world, session.person, content.encode(), "")
        except SaltbridgeError as fault:
            return self._model(request, session, id, fault)
        return go_to(f"{_path(id)}?said=accepted#statements")

    def _model(
        self,
        request: Request,
        session: Session,
        id: str,
        refused: SaltbridgeError | None = None,
    ) -> Response:
        world, person = self._world, session.person
        language = language_of(request)
        try:
            opened = open_footprint(world, person, id)
            asked = findings.questions(world, person, id)
            vouched = statements.statements(world, person, id)
        except SaltbridgeError as fault:
            return self._problem(request, session, fault)
        said = request.query_params.get("said", "")
        problems = [*opened.findings, *(refused.findings if refused else ())]
        return self._page(
            request,
            session,
            "verifier_footprint.html",
            status=200 if refused is None else 422,
            problems=worded(problems, language),
            said=said if said in _SAID else "",
            id=id,
            path=_path(id),
            record=opened.stored["record"],
            stored=opened.stored,
            made_at=readable_moment(opened.stored["made_at"]),
            model=opened.model,
            tables=_tables(opened),
            file_path=lambda digest: f"{_HOME}/files/{quote(id)}?digest={quote(digest)}",
            replay_path=f"{_HOME}/replays/{quote(id)}",
            questions=[_question(q) for q in asked],
            statements=vouched,
            kinds=findings.KINDS,
            levels=list(Assurance),
            opinions=list(Opinion),
            own=is_own(person),
            signs=person.may(Act.SIGN_VERIFICATION) and not person.may(Act.PUBLISH),
        )

    def _problem(self, request: Request, session: Session, fault: SaltbridgeError) -> Response:
        status = 404 if isinstance(fault, FaultyInput) else 403
        told = worded(fault.findings, language_of(request))
        return own_page(
            self._world,
            request,
            session,
            "own_problem.html",
            "verification.title",
            status=status,
            problems=told,
        )

    def _page(
        self, request: Request, session: Session, template: str, **values: Any
    ) -> Response:
        language = language_of(request)

        def n(value: Any, digits: int = 6) -> str:
            whole = isinstance(value, int | float) and not isinstance(value, bool)
            return number(value, language, digits) if whole else "–"

        def word(domain: str, value: Any) -> str:
            return text_or(str(value), f"{domain}.{value}", None, language)

        return own_page(
            self._world,
            request,
            session,
            template,
            "verification.title",
            n=n,
            word=word,
            moment=readable_moment,
            **values,
        )


def _path(id: str) -> str:
    return f"{_HOME}/footprints/{quote(id)}"


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError as fault:
        raise FaultyInput.of("verification.day", text=written[:40]) from fault


def _download(content: bytes, name: str, media_type: str) -> Response:
    """Bytes to be saved under a name; a browser neither shows nor guesses them."""
    last = name.replace("\\", "/").rpartition("/")[2] or "file"
    headers = {
        **HEADERS,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(last, safe='')}",
    }
    return Response(content, media_type=media_type, headers=headers)


def _tables(opened: Opened) -> Sequence[Mapping[str, Any]]:
    """The tables of the inventory as texts, those with rows."""
    if opened.inventory is None:
        return []
    found = []
    for name, row_type in TABLES.items():
        rows = getattr(opened.inventory, name)
        if rows:
            header, body = write_table(rows, name, row_type, every_column=False)
            found.append({"name": name, "header": header, "rows": text_rows(body)})
    return found


def _question(question: Mapping[str, Any]) -> Mapping[str, Any]:
    steps = [{**step, "at": readable_moment(step["at"])} for step in question["steps"]]
    return {**question, "steps": steps}

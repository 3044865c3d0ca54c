"""Who is signed in, and what guards a page or a form of theirs.

A page for people is made with ``page(world, act, handler)``, a form with ``form(world, act,
handler)``: the handler runs in the thread pool, and only for somebody who is signed in and may.
``act`` None means: anybody signed in. Both leave ``endpoint.act`` behind, for whoever wants to
know which door is where.

The cookie is the browser's only proof. It is this node's own (browsers keep cookies by host and
leave out the port), HttpOnly, SameSite=Strict and, under https, ``__Host-`` and Secure. Every
form carries a word that follows from the session's token, and has to come from our own pages
(``Origin``, ``Sec-Fetch-Site``).
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from saltbridge.accounts.model import Act
from saltbridge.accounts.session import same
from saltbridge.ports import World
from saltbridge.services.people_sign_in import session_of_token
from saltbridge.steps.sessions import OpenSession
from saltbridge.web.own_pages import FORM_FIELD, HEADERS, csrf_field, problem_page

__all__ = ["csrf_field"]  # offered here too, beside what checks it
Session = OpenSession
FORM_BYTES: Final = 64_000
_FIELDS: Final = 400
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
Endpoint = Callable[[Request], Awaitable[Response]]


class Form(Mapping[str, str]):
    """The fields of a form; ``all`` gives every value of one that is there several times."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __getitem__(self, name: str) -> str:
        found = self.all(name)
        if not found:
            raise KeyError(name)
        return found[-1]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def all(self, name: str) -> list[str]:
        """Every value of this name, in order."""
        return [value for key, value in self._pairs if key == name]


def is_secure(world: World) -> bool:
    """Whether people reach the node by https."""
    return world.node.base_url.startswith("https://")


def cookie_name(world: World, what: str = "session") -> str:
    """The name of this node's cookie; under https browsers bind ``__Host-`` to the host."""
    prefix = "__Host-" if is_secure(world) else ""
    return f"{prefix}saltbridge_{what}_{world.node.bpn}"


def give_session(world: World, answer: Response, token: str) -> None:
    """Let the browser keep the session, until it closes."""
    answer.set_cookie(
        cookie_name(world),
        token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_secure(world),
    )


def take_session(world: World, answer: Response) -> None:
    """Let the browser forget the session."""
    answer.delete_cookie(
        cookie_name(world),
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_secure(world),
    )


def shown_token(request: Request, world: World) -> str:
    """The token the browser shows, good or not."""
    return request.cookies.get(cookie_name(world), "")


def signed_in(request: Request, world: World) -> Session | None:
    """The session the request belongs to, or None. Reads the store: not for the event loop."""
    return session_of_token(world, shown_token(request, world))


def check_csrf(form: Mapping[str, str], session: Session) -> bool:
    """Whether the form was made for this session."""
    return same(form.get(FORM_FIELD, ""), session.form_word)


def comes_from_us(request: Request, world: World) -> bool:
    """Whether a form was sent from a page of this node, as the browser tells it.

    The origin has to be the node's public address, or the one it was asked at where that is
    on this machine (another port, a tunnel).
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin", "")
    if origin == _origin(world.node.base_url):
        return True
    host = request.headers.get("host", "")
    here = f"{request.url.scheme}://{host}"
    return host.rpartition(":")[0] in _LOOPBACK and origin == here


async def read_form(request: Request, limit_bytes: int = FORM_BYTES) -> Form | None:
    """The fields of a form, or None if it is none or too large; nothing beyond is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > limit_bytes:
            return None
    try:
        return Form(
            parse_qsl(
                content.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_FIELDS,
            )
        )
    except (UnicodeDecodeError, ValueError):
        return None


def page(
    world: World, act: Act | None, handler: Callable[[Request, Session], Response]
) -> Endpoint:
    """An endpoint that shows ``handler``'s page to those who may; everybody else signs in."""

    async def endpoint(request: Request) -> Response:
        session = await run_in_threadpool(signed_in, request, world)
        refused = _refused(request, world, session, act)
        if refused is not None or session is None:
            return refused or _sign_in_first(request)
        return await run_in_threadpool(handler, request, session)

    endpoint.act = act  # type: ignore[attr-defined]
    endpoint.for_people = True  # type: ignore[attr-defined]
    return endpoint


def form(
    world: World,
    act: Act | None,
    handler: Callable[[Request, Session, Form], Response],
    *,
    limit_bytes: int = FORM_BYTES,
) -> Endpoint:
    """An endpoint that hands ``handler`` a form of somebody who may, sent from our own page."""

    async def endpoint(request: Request) -> Response:
        session = await run_in_threadpool(signed_in, request, world)
        refused = _refused(request, world, session, act)
        if refused is not None or session is None:
            return refused or _sign_in_first(request)
        fields = await read_form(request, limit_bytes)
        if fields is None:
            return problem_page(world, request, "people.form-unreadable", 400, session)
        if not comes_from_us(request, world) or not check_csrf(fields, session):
            return problem_page(world, request, "people.form-foreign", 403, session)
        return await run_in_threadpool(handler, request, session, fields)

    endpoint.act = act  # type: ignore[attr-defined]
    endpoint.for_people = True  # type: ignore[attr-defined]
    return endpoint


def local_path(wanted: str, otherwise: str = "/operator") -> str:
    """The path on this node to go on to, or ``otherwise``: never another site's address.

    >>> local_path("/account?x=1"), local_path("//evil.example")
    ('/account?x=1', '/operator')
    """
    printable = wanted.isascii() and wanted.isprintable() and "\\" not in wanted
    if not wanted.startswith("/") or wanted.startswith("//") or not printable:
        return otherwise
    parts = urlsplit(wanted)
    own = not parts.scheme and not parts.netloc and len(wanted) < 500
    return wanted if own else otherwise


def go_to(path: str) -> RedirectResponse:
    """Answer to a form that was taken: look at that page."""
    return RedirectResponse(path, status_code=303, headers=dict(HEADERS))


def _refused(
    request: Request, world: World, session: Session | None, act: Act | None
) -> Response | None:
    """The answer to somebody who may not come in; None for somebody who may."""
    if session is None:
        if request.method == "GET" and request.headers.get("sec-fetch-site") == "cross-site":
            return step_in(request.url.path, request.url.query)
        return _sign_in_first(request)
    if act is not None and not session.person.may(act):
        return problem_page(world, request, "people.page-refused", 403, session)
    return None


def step_in(path: str, query: str = "") -> Response:
    """A page that goes on to a path of this node at once.

    A strict cookie is not sent along a link or redirect from another site, but it is along
    the step from this page to the next.
    """
    target = local_path(f"{path}?{query}" if query else path)
    body = Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="0; url={0}"><title>Saltbridge</title></head>'
        '<body><p><a href="{0}">Saltbridge →</a></p></body></html>'
    ).format(target)
    return HTMLResponse(body, headers=dict(HEADERS))


def _sign_in_first(request: Request) -> Response:
    path = request.url.path
    if request.method != "GET":
        return go_to("/sign-in")
    wanted = f"{path}?{request.url.query}" if request.url.query else path
    return go_to(f"/sign-in?next={quote(wanted, safe='/')}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

"""The frame of the pages for the node's own people: header, links they may use, words, headers.

No scripts, nothing from elsewhere. Forms may be sent to this node only.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from saltbridge.accounts.model import Act, Person
from saltbridge.core.finding import Finding
from saltbridge.locales import LANGUAGES, has_text, text, text_or
from saltbridge.ports import World
from saltbridge.steps.sessions import OpenSession
from saltbridge.web.pages import reader_language, style_source, templates

FORM_FIELD: Final = "form_word"
LANGUAGE_COOKIE: Final = "saltbridge_language"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    # With no-referrer browsers would send `Origin: null` along with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What the header of every page links to, for those who may: path, text, act.
LINKS: Final[tuple[tuple[str, str, Act | None], ...]] = (
    ("/operator", "people.link.overview", Act.READ_OVERVIEW),
    ("/operator/approvals", "approval.link", Act.APPROVE),
    ("/operator/pcf", "pcf.page.link", Act.PUBLISH),
    ("/operator/people", "people.link.people", Act.MANAGE_PEOPLE),
    ("/operator/passport-access", "access.inbox", Act.GRANT_PASSPORTS),
    ("/verifier", "verification.link", Act.READ_MODEL),
    ("/account", "people.link.account", None),
)
_NAMES: Final = (("en", "English"), ("de", "Deutsch"), ("zh", "中文"))


def home_of(person: Person) -> str:
    """The first page of the header's links that the person may open."""
    return next(path for path, _, act in LINKS if act is None or person.may(act))


def language_of(request: Request) -> str:
    """``?lang=``, else what the reader chose before, else what the browser prefers."""
    if request.query_params.get("lang", "") in LANGUAGES:
        return reader_language(request)
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else reader_language(request)


def csrf_field(session: OpenSession) -> Markup:
    """The hidden field that every form of the session carries; ``form_word`` in templates."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        FORM_FIELD, session.form_word
    )


def own_page(
    world: World,
    request: Request,
    session: OpenSession | None,
    template: str,
    title: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """A page in the frame; ``title`` is a message id, ``t(id, arguments)`` words in it.

    A template's form holds ``{{ form_word }}``, which is the hidden field of the session.
    """
    language = language_of(request)

    def t(message_id: str, arguments: Mapping[str, object] | None = None) -> str:
        return text(message_id, arguments, language)

    person = None if session is None else session.person
    links = [
        {"path": path, "text": t(label), "here": path == request.url.path}
        for path, label, act in LINKS
        if person is not None and (act is None or person.may(act))
    ]
    content = (
        templates()
        .get_template(template)
        .render(
            t=t,
            title=t(title),
            language=language,
            languages=_NAMES,
            node=world.node,
            person=person,
            links=links,
            form_word=Markup() if session is None else csrf_field(session),
            query_with=lambda tongue: _query_with(request, tongue),
            **values,
        )
    )
    csp = f"{HEADERS['Content-Security-Policy']}; style-src {style_source()}; img-src data:"
    told = {**HEADERS, "Content-Security-Policy": csp, "Content-Language": language}
    answer = HTMLResponse(content, status_code=status, headers={**told, **(headers or {})})
    if request.query_params.get("lang", "") in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, language, max_age=31_536_000, httponly=True, samesite="lax"
        )
    return answer


def problem_page(
    world: World,
    request: Request,
    code: str,
    status: int,
    session: OpenSession | None = None,
) -> Response:
    """A page that says what went wrong and what to do."""
    told = worded([Finding(code)], language_of(request))
    return own_page(
        world, request, session, "own_problem.html", code, status=status, problems=told
    )


def worded(findings: Iterable[Finding], language: str) -> list[dict[str, str]]:
    """Findings as a page shows them: what is wrong, and what to do."""
    return [
        {
            "says": text_or(f.code, f.code, dict(f.arguments), language),
            "do": text(f.remedy, dict(f.arguments), language)
            if has_text(f.remedy, language)
            else "",
        }
        for f in findings
    ]


# What our own addresses carry; nothing else a caller puts into one is written into a page.
_KEPT = frozenset({"battery", "code", "next", "digest"})


def _query_with(request: Request, language: str) -> str:
    """The same address in another language, for the links at the top."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k in _KEPT]
    return f"?{urlencode([*kept, ('lang', language)])}"

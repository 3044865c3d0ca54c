"""What every page shares: templates, the reader's language, security headers.

No page runs a script or loads anything from elsewhere; the one style sheet stands in the page
and is named in the content security policy by its hash.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup
from starlette.requests import Request

from saltbridge.locales import LANGUAGES, text


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The packaged templates; everything is escaped, and an unknown name is an error."""
    return _environment()


@lru_cache(maxsize=len(LANGUAGES))
def templates_in(language: str) -> Environment:
    """The same for pages in one language, whose fixed texts are part of the templates."""
    made = _environment(extensions=[_FixedTexts])
    made.extend(page_language=language)
    return made


def _environment(**more: Any) -> Environment:
    return Environment(
        loader=PackageLoader("saltbridge.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # packaged files do not change while we run
        **more,
    )


class _FixedTexts(Extension):
    """``say('id')`` gives way to the text itself when a template is compiled."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        language = str(getattr(self.environment, "page_language"))  # noqa: B009
        held: list[Token] = []
        before = ""  # the kind of what stands before: a member may be called ``say``, too
        for token in stream:
            held.append(token)
            kinds = tuple(one.type for one in held)
            is_ours = held[0].value == "say" and before != "dot"
            if not is_ours or kinds != _CALL[: len(kinds)]:
                yield from held
                held.clear()
            elif kinds == _CALL:
                yield Token(held[2].lineno, "string", text(held[2].value, None, language))
                held.clear()
            before = token.type
        yield from held


_CALL: Final = ("name", "lparen", "string", "rparen")


def render(template: str, language: str, **values: Any) -> str:
    """The page in the language. ``say(id, **arguments)`` gives the texts of the catalogues,
    ``gap`` stands between two sentences, ``colon`` between a name and what it names."""
    page = templates_in(language).get_template(template)
    return page.render(_shared(language), **values)


@lru_cache(maxsize=len(LANGUAGES))
def _shared(language: str) -> Mapping[str, Any]:
    """What every template may use."""

    def say(message: str, **arguments: Any) -> str:
        return text(message, arguments or None, language)

    gap, colon = ("", "：") if language == "zh" else (" ", ": ")
    return {
        "say": say,
        "language": language,
        "languages": LANGUAGES,
        "gap": gap,
        "colon": colon,
    }


@lru_cache(maxsize=64)  # macros that are drawn by themselves, by language
def macros(template: str, language: str, name: str) -> Callable[..., Markup]:
    """A macro of a template, for what is drawn once and stands in many pages."""
    module = templates_in(language).get_template(template).make_module(dict(_shared(language)))
    drawn: Callable[..., Markup] = getattr(module, name)
    return drawn


@lru_cache(maxsize=1)
def style_source() -> str:
    """The CSP source expression that lets the shared style sheet in, and no other."""
    page = templates().get_template("_style.html").render()
    styles = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in styles]
    return " ".join(f"'sha256-{h}'" for h in hashes)


def page_headers(language: str) -> dict[str, str]:
    """Headers of an HTML page: no script, no frame, nothing from elsewhere."""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {style_source()}; img-src 'self' data:; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
        "Content-Language": language,
        **plain_headers(),
    }


def plain_headers() -> dict[str, str]:
    """Headers of anything that is not a page."""
    return {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def reader_language(request: Request) -> str:
    """``?lang=``, else the best of Accept-Language, else English."""
    chosen = request.query_params.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    return language_of(request.headers.get("accept-language", ""))


@lru_cache(maxsize=256)
def language_of(accepted: str) -> str:
    """The best of an Accept-Language header, else English."""
    for wanted, _ in preferences(accepted):
        primary = wanted.partition("-")[0]
        if primary in LANGUAGES:
            return primary
    return "en"


def preferences(header: str) -> list[tuple[str, float]]:
    """Values of an Accept header with their weights, best first; weight 0 is left out.

    >>> preferences("text/html;q=0.5, application/json")
    [('application/json', 1.0), ('text/html', 0.5)]
    """
    wanted = []
    for part in header[:2000].split(","):
        value, *parameters = (p.strip() for p in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, number = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = min(max(float(number), 0.0), 1.0)
                except ValueError:
                    weight = 0.0
        if value and weight > 0:
            wanted.append((value.lower(), weight))
    return sorted(wanted, key=lambda pair: -pair[1])


def best_variant(header: str, offered: Mapping[str, Any]) -> str | None:
    """The offered media type the reader likes best; the first one if it does not care.

    >>> best_variant("application/json, */*;q=0.1", {"text/html": 1, "application/json": 2})
    'application/json'
    >>> best_variant("image/png", {"text/html": 1}) is None
    True
    """
    if not header.strip():
        return next(iter(offered))
    for wanted, _ in preferences(header):
        for variant in offered:
            family = variant.partition("/")[0] + "/*"
            if wanted in (variant, family, "*/*"):
                return variant
    return None

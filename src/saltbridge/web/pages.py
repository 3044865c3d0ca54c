"""What every page shares: templates, the reader's language, security headers.

No page runs a script or loads anything from elsewhere; the one style sheet stands in the page
and is named in the content security policy by its hash.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request

from saltbridge.locales import LANGUAGES, text


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The packaged templates; everything is escaped, and an unknown name is an error."""
    return Environment(
        loader=PackageLoader("saltbridge.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, language: str, **values: Any) -> str:
    """The page in the language. ``say(id, **arguments)`` gives the texts of the catalogues,
    ``gap`` stands between two sentences, ``colon`` between a name and what it names."""

    def say(message: str, **arguments: Any) -> str:
        return text(message, arguments or None, language)

    gap, colon = ("", "：") if language == "zh" else (" ", ": ")
    return (
        templates()
        .get_template(template)
        .render(say=say, language=language, languages=LANGUAGES, gap=gap, colon=colon, **values)
    )


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

"""``/01/{gtin}``: what is public about a battery model, without any one battery.

Drawn from the released public view of one active passport of the model: its attributes of
granularity *model* and nothing of the battery itself, neither its number nor its address.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from saltbridge.core.canonical import canonical_bytes
from saltbridge.locales import text
from saltbridge.passport.attributes import attribute_table
from saltbridge.web.pages import best_variant, page_headers, plain_headers, reader_language
from saltbridge.web.pages import render as render_page
from saltbridge.web.passport_public import PublicPassport
from saltbridge.web.passport_values import line_of
from saltbridge.web.passport_variants import copy_headers

HTML: Final = "text/html"
JSON: Final = "application/json"
KIND: Final = "battery-model"
_OF_THE_MODEL: Final = ("schema", "gtin", "category", "issuer")
_HEADERS: Final = {"Vary": "Accept, Accept-Language"}


def model_view(view: Mapping[str, Any]) -> dict[str, Any]:
    """What a public view says about the model: granularity *model*, point 1 of Annex XIII."""
    table, shown = attribute_table(), view["attributes"]
    attributes = {
        id: value
        for id, value in shown.items()
        if id in table and table[id].granularity == "model" and table[id].point == 1
    }
    told = {member: view[member] for member in _OF_THE_MODEL if member in view}
    return {"kind": KIND, **told, "attributes": attributes}


def answer(request: Request, passport: PublicPassport) -> Response:
    """The page, or the same as JSON (``?format=json`` or by Accept)."""
    view = model_view(passport.content)
    headers = {**plain_headers(), **_HEADERS, **copy_headers(passport)}
    asked = JSON if request.query_params.get("format") == "json" else None
    form = asked or best_variant(request.headers.get("accept", ""), {HTML: 1, JSON: 1}) or HTML
    if form == JSON:
        return Response(canonical_bytes(view), media_type=JSON, headers=headers)
    language = reader_language(request)
    page = render_page(
        "passport_model.html",
        language,
        view=view,
        model=str((view["attributes"].get("A018") or {}).get("value") or view["gtin"]),
        category=text(f"page.choice.{view['category']}", None, language),
        sections=_sections(view, language),
        json=f"/01/{view['gtin']}?format=json",
    )
    return Response(page, media_type=HTML, headers={**headers, **page_headers(language)})


def _sections(view: Mapping[str, Any], language: str) -> Sequence[tuple[str, str, list[Any]]]:
    """Name, heading and lines of every section of the table that has any."""
    shown = view["attributes"]
    made: dict[str, list[Any]] = {}
    for attribute in attribute_table().values():
        if attribute.id in shown:
            line = line_of(attribute, shown[attribute.id], language)
            made.setdefault(attribute.section, []).append(line)
    return [
        (name, text(f"sheet.section.{name}", None, language), lines)
        for name, lines in made.items()
    ]

"""``/01/{gtin}/21/{serial}/access``: what a reader with a grant sees of one battery.

Three forms of one answer, by ``Accept``: the page, the view as JSON, the signed text; and the
file to be saved with ``?format=file``. All but the page ask that the grant allows downloads.
Everything that is not shown gets one and the same answer, whoever asks for whatever reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from saltbridge.core.canonical import canonical_bytes
from saltbridge.locales import text
from saltbridge.passport.access import Audience
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.interest import Use
from saltbridge.ports import World
from saltbridge.services.passport_opening import Opened, OpeningRequest, open_passport
from saltbridge.steps.passport_access_log import AccessRecorder
from saltbridge.trust.sd_jwt import MEDIA_TYPE as SD_JWT
from saltbridge.web.pages import best_variant, page_headers, plain_headers, reader_language
from saltbridge.web.pages import render as render_page
from saltbridge.web.passport_health import measured_since
from saltbridge.web.passport_life import life_story
from saltbridge.web.passport_readers import readers_of
from saltbridge.web.passport_story import address_of
from saltbridge.web.passport_values import Line, day, line_of

HTML: Final = "text/html"
JSON: Final = "application/json"
JWS: Final = "application/jose"
FILE: Final = "file"
_ENDPOINTS: Final = {HTML: "page", JSON: "json", SD_JWT: "sd-jwt", JWS: "sd-jwt", FILE: "file"}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Vary": "Accept, Accept-Language, Authorization, Cookie",
}


class RestrictedPassport:
    """Answers for readers with a grant. One recorder for all of them, so that they share it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._recorder = AccessRecorder(world)

    def answer(self, request: Request, gtin: str, serial: str) -> Response:
        """The page, the JSON or the signed text of what this reader may see."""
        variant = _variant(request)
        wanted = request.query_params.get("audience", "")
        opened = open_passport(
            self._world,
            self._recorder,
            OpeningRequest(
                readers=readers_of(request, self._world),
                gtin=gtin,
                serial=serial,
                endpoint=_ENDPOINTS[variant],
                use=None if variant == HTML else Use.DOWNLOAD,
                wanted=Audience(wanted) if wanted in list(Audience) else None,
            ),
        )
        if opened is None:
            return refused(request)
        if variant != HTML:
            return _download(variant, opened)
        return _page(request, opened, self._world)


def refused(request: Request) -> Response:
    """The one answer to whoever may not see it, or asks for what is not there."""
    language = reader_language(request)
    page = render_page("passport_no_access.html", language)
    headers = {**page_headers(language), **_HEADERS}
    return Response(page, 404, media_type=HTML, headers=headers)


def _variant(request: Request) -> str:
    asked = request.query_params.get("format", "")
    if asked in ("json", FILE):
        return JSON if asked == "json" else FILE
    offered = {HTML: 1, JSON: 1, SD_JWT: 1, JWS: 1}
    return best_variant(request.headers.get("accept", ""), offered) or HTML


def _download(variant: str, opened: Opened) -> Response:
    terms = {"Saltbridge-Use": _uses(opened), "Saltbridge-Status": opened.status.name.lower()}
    headers = {**plain_headers(), **_HEADERS, **terms}
    if variant == JSON:
        return Response(canonical_bytes(opened.view), media_type=JSON, headers=headers)
    if variant == FILE:
        serial = quote(str(opened.view["serial"]), safe="")
        named = f'attachment; filename="passport-{serial}-restricted.json"'
        headers["Content-Disposition"] = named
        return Response(opened.file, media_type=JSON, headers=headers)
    media_type = SD_JWT if "~" in opened.text else JWS
    return Response(opened.text, media_type=media_type, headers=headers)


def _uses(opened: Opened) -> str:
    return ", ".join(use.value for use in Use if use in opened.reading.uses) or "none"


def _page(request: Request, opened: Opened, world: World) -> Response:
    language = reader_language(request)
    view = opened.view
    address = address_of(view["gtin"], view["serial"])
    page = render_page(
        "passport_restricted.html",
        language,
        view=view,
        status=opened.status.name.lower(),
        sections=[(p, lines(view, p, language)) for p in sorted(opened.reading.points - {1})],
        measured=measured_since(world, opened, language),
        life=life_story(world, opened, language),
        reader=opened.reader.name,
        purposes=[text(f"access.purpose.{p}", None, language) for p in opened.reading.purposes],
        uses=[(u.value, u in opened.reading.uses) for u in Use],
        until=day(opened.until, language),
        paths={"public": address, "access": f"{address}/access"},
    )
    headers = {**page_headers(language), **_HEADERS}
    return Response(page, media_type=HTML, headers=headers)


def lines(view: Mapping[str, Any], point: int, language: str) -> Sequence[Any]:
    """The attributes of a point that are there, in the order of the table, with their day."""
    shown = view["attributes"]
    here = [a for a in attribute_table().values() if a.point == point and a.id in shown]
    return [_dated(line_of(a, shown[a.id], language), shown[a.id], language) for a in here]


def _dated(line: Line, entry: Mapping[str, Any], language: str) -> Line:
    measured = entry.get("measured_on")
    if not measured:
        return line
    told = {"label": line.label, "day": day(measured, language)}
    return replace(line, label=text("page.measured", told, language))

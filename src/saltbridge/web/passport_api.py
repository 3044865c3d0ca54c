"""``/v1/…``: the DPP API of EN 18222:2026, its reading methods.

Without an ``Authorization`` header everybody reads the public part, made from the released
view. With one, a reader with a grant gets what the grant opens; whoever has none gets what an
identifier without a passport gets. Cookies count for nothing here. The writing methods are
refused: passports are made by the issuing service and nowhere else (docs/decisions/0038).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.product_identifiers import digital_link_fault, parse_digital_link
from saltbridge.formats.passport_dpp import (
    MOST_IDS,
    REPRESENTATIONS,
    cursor_at,
    element_of,
    json_path,
    product_ids,
    result,
    written_public_view,
    written_view,
)
from saltbridge.formats.passport_json_ld import FORMAT as JSON_LD
from saltbridge.formats.passport_openapi import openapi
from saltbridge.locales import text
from saltbridge.passport.access import Audience
from saltbridge.passport.interest import Use
from saltbridge.ports import World
from saltbridge.services.passport_opening import OpeningRequest, open_passport
from saltbridge.steps.passport_access_log import AccessRecorder
from saltbridge.web.answers import body_of
from saltbridge.web.pace import Misses, Pace
from saltbridge.web.pages import best_variant, plain_headers, reader_language
from saltbridge.web.passport_api_questions import (
    LONGEST_ID,
    Failure,
    moment,
    not_found,
    page,
    representation,
    segments,
)
from saltbridge.web.passport_public import PublicPassport, PublicPassports
from saltbridge.web.passport_readers import readers_of
from saltbridge.web.passport_variants import copy_headers

JSON: Final = "application/json"
LD: Final = "application/ld+json"
QUESTIONS_A_MINUTE: Final = 60  # of one caller, each for up to ``MOST_IDS`` identifiers
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Vary": "Accept, Accept-Language, Authorization",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the caller gets to see of a passport."""

    view: bytes
    audience: Audience
    points: Collection[int] | None
    headers: Mapping[str, str]

    def written(self, format: str) -> bytes:
        """The view in a wire format."""
        if self.audience is Audience.PUBLIC:
            return written_public_view(self.view, format)
        return written_view(self.view, format, self.audience, self.points)


def routes(world: World) -> list[Route]:
    """The methods of EN 18222, clauses 4 and 6."""
    api = _Api(world)
    answers = {
        "/v1/dpps": api.passports,
        "/v1/dpps/{rest:path}": api.by_id,
        "/v1/dppsByProductId/{rest:path}": api.by_product_id,
        "/v1/dppsByIdAndDate/{rest:path}": api.by_id_and_date,
        "/v1/dppsByProductIds": api.ids_by_product_ids,
    }
    misses = Misses(world)
    made = [
        Route(path, misses.bounded(answer, _too_often), methods=list(_METHODS))
        for path, answer in answers.items()
    ]
    return [*made, Route("/v1/openapi.json", api.description, methods=["GET"])]


class _Api:
    def __init__(self, world: World) -> None:
        self._world = world
        self._public = PublicPassports(world)
        self._recorder = AccessRecorder(world)
        self._pace = Pace(QUESTIONS_A_MINUTE)

    async def description(self, request: Request) -> Response:
        """The API in its own words (OpenAPI 3.1)."""
        told = canonical_bytes(openapi(self._world.node.base_url))
        return Response(told, media_type=JSON, headers=plain_headers())

    # --- the methods --------------------------------------------------------------------------

    async def passports(self, request: Request) -> Response:
        """``CreateDPP``: not here."""
        return failed(request, Failure(405, "pass-api.not-written", allowed=""))

    async def by_id(self, request: Request) -> Response:
        """``ReadDPPById`` and, below it, ``ReadDataElement``."""
        return await self._reading(request, self._by_id)

    async def by_product_id(self, request: Request) -> Response:
        """``ReadDPPByProductId``."""
        return await self._reading(request, self._by_product_id)

    async def by_id_and_date(self, request: Request) -> Response:
        """``ReadDPPVersionByIdAndDate``."""
        return await self._reading(request, self._by_id_and_date)

    async def ids_by_product_ids(self, request: Request) -> Response:
        """``ReadDPPIdsByProductIds``."""
        caller = request.client.host if request.client else ""
        try:
            if request.method != "POST":
                raise Failure(405, "pass-api.only-asked", allowed="POST")
            if not self._pace.allows(caller, self._world.clock.now()):
                raise Failure(429, "pass-api.too-often")
            body = await body_of(request)
            return await run_in_threadpool(self._ids, request, body)
        except Failure as failure:
            return failed(request, failure)
        except HTTPException:
            return failed(request, Failure(413, "pass-api.bad-question", most=MOST_IDS))

    async def _reading(self, request: Request, read: Callable[[Request], Response]) -> Response:
        try:
            if request.method not in ("GET", "HEAD"):
                raise Failure(405, "pass-api.not-written", allowed="GET, HEAD")
            return await run_in_threadpool(read, request)
        except Failure as failure:
            return failed(request, failure)

    # --- what they read -----------------------------------------------------------------------

    def _by_id(self, request: Request) -> Response:
        id, *more = segments(request, 2)
        if not more:
            return _passport(request, self._shown(request, id))
        if len(more) != 2 or more[0] != "elements":
            raise not_found()
        steps = json_path(more[1])
        if not steps:
            raise Failure(400, "pass-api.bad-path")
        form = representation(request)
        shown = self._shown(request, id)
        full = read_json(shown.written(REPRESENTATIONS["full"])) if form == "full" else None
        compressed = read_json(shown.written(REPRESENTATIONS["compressed"]))
        element = element_of(compressed, full, steps)
        if element is None:
            raise not_found()
        return _answer(canonical_bytes(element), JSON, shown)

    def _by_id_and_date(self, request: Request) -> Response:
        (id,) = segments(request, 2, exactly=1)
        at = moment(request.query_params.get("date", ""))
        return _passport(request, self._shown(request, id, at))

    def _by_product_id(self, request: Request) -> Response:
        (product_id,) = segments(request, 2, exactly=1)
        id = self._id_of(product_id, told=True)
        return _passport(request, self._shown(request, id))

    def _ids(self, request: Request, body: bytes) -> Response:
        try:
            asked = product_ids(read_json(body))
        except SaltbridgeError:
            asked = None
        if asked is None:
            raise Failure(400, "pass-api.bad-question", most=MOST_IDS)
        limit, start = page(request, asked)
        found, position = list[str](), start
        while position < len(asked) and len(found) < limit:
            id = self._id_of(asked[position])
            position += 1
            if id and id not in found:
                found.append(id)
        told: dict[str, Any] = {"dppIds": found}
        if position < len(asked):
            told["nextCursor"] = cursor_at(asked, position)
        headers = {**plain_headers(), **_HEADERS}
        return Response(canonical_bytes(told), media_type=JSON, headers=headers)

    def _id_of(self, product_id: str, *, told: bool = False) -> str:
        """The id of the passport of a product; empty if there is none at that very address.

        ``told``: a wrong check digit and a passport that ended are failures of their own.
        """
        if told and digital_link_fault(product_id) in ("check-digit", "gtin"):
            raise Failure(400, "pass-api.check-digit")
        link = parse_digital_link(product_id) if len(product_id) <= LONGEST_ID else None
        if link is None:
            return ""
        found = self._public.by_address(link.gtin, link.serial)
        if found is None and told:
            self._refuse_moved(self._public.moved_at(link.gtin, link.serial))
            if self._public.ended_at(link.gtin, link.serial):
                raise Failure(410, "pass-api.ended")
        here = found is not None and found.product_id == product_id
        return str(found.content["passport_id"]) if found is not None and here else ""

    def _shown(self, request: Request, id: str, at: datetime | None = None) -> Shown:
        """What the caller may see of the passport.

        Raises:
            Failure: 404 if nothing, 410 if the passport has ended, 307 if another node has it.
        """
        found = self._public.by_id(id, at)
        if found is None:
            self._refuse_moved(self._public.moved(id))
            if self._public.ended(id):
                raise Failure(410, "pass-api.ended")
        if "authorization" in request.headers:
            return self._opened(request, found, at)
        if found is None:
            raise not_found()
        state = {"Saltbridge-Status": found.status.name.lower(), **copy_headers(found)}
        return Shown(found.view.content, Audience.PUBLIC, None, state)

    @staticmethod
    def _refuse_moved(base: str) -> None:
        if base:
            raise Failure(307, "pass-api.moved", address=base)

    def _opened(
        self, request: Request, found: PublicPassport | None, at: datetime | None
    ) -> Shown:
        """What a grant opens; the same records are looked up where there is no passport."""
        content = found.content if found is not None else {"gtin": "", "serial": ""}
        opened = open_passport(
            self._world,
            self._recorder,
            OpeningRequest(
                readers=readers_of(request, self._world),
                gtin=content["gtin"],
                serial=content["serial"],
                endpoint="en-18222",
                use=Use.DOWNLOAD,
                at=at,
            ),
        )
        if opened is None:
            raise not_found()
        uses = ", ".join(use.value for use in Use if use in opened.reading.uses)
        terms = {"Saltbridge-Use": uses, "Saltbridge-Status": opened.status.name.lower()}
        view, reading = canonical_bytes(opened.view), opened.reading
        return Shown(view, reading.audience, reading.points, terms)


def _too_often(request: Request) -> Response:
    return failed(request, Failure(429, "pass-api.too-often"))


# --- answers --------------------------------------------------------------------------------


def _passport(request: Request, shown: Shown) -> Response:
    """The passport in the form asked for: EN 18223, or JSON-LD."""
    form = representation(request)
    variant = best_variant(request.headers.get("accept", ""), {JSON: 1, LD: 1})
    if variant is None:
        raise Failure(406, "pass-api.no-variant", offered=f"{JSON}, {LD}")
    format = REPRESENTATIONS[form] if variant == JSON else JSON_LD
    return _answer(shown.written(format), variant, shown)


def _answer(content: bytes, media_type: str, shown: Shown) -> Response:
    headers = {**plain_headers(), **_HEADERS, **shown.headers}
    return Response(content, media_type=media_type, headers=headers)


def failed(request: Request, failure: Failure) -> Response:
    """A failure as the result object of EN 18222, in the reader's language."""
    language, code = reader_language(request), failure.code
    told = {name: value or "–" for name, value in failure.told.items()}
    words = text(code, told, language)
    remedy = text(f"{code}.remedy", told, language)
    headers = {**plain_headers(), **_HEADERS, "Content-Language": language}
    if failure.status == 405:
        headers["Allow"] = str(failure.told["allowed"])
    if failure.status == 307:
        raw = request.scope.get("raw_path") or quote(request.url.path).encode()
        asked = f"?{request.url.query}" if request.url.query else ""
        headers["Location"] = f"{failure.told['address']}{raw.decode('ascii')}{asked}"
    if failure.status == 429:
        headers["Retry-After"] = "60"
    body = canonical_bytes(result(failure.status, code, f"{words} {remedy}"))
    return Response(body, failure.status, media_type=JSON, headers=headers)

"""The public passport: one address per battery, read by people and by machines.

Everything answered here comes out of a ``Release``: the released bytes themselves, or a page
drawn from the signed statement inside them. What is restricted no function of this module
reads: ``passport_restricted`` answers below ``/access``, for readers with a grant. Whatever
goes wrong, an address without a passport gets one and the same answer.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.product_identifiers import digital_link_fault, parse_digital_link
from saltbridge.formats.passport_linkset import MEDIA_TYPE as LINKS
from saltbridge.formats.passport_linkset import resolver_file
from saltbridge.ports import World
from saltbridge.reports.qr import qr_png, qr_svg
from saltbridge.steps.passport_status import TTL_SECONDS, released_list
from saltbridge.web import passport_model
from saltbridge.web import passport_variants as variants
from saltbridge.web.marks import Marks
from saltbridge.web.pace import Answer, Misses
from saltbridge.web.pages import language_of, page_headers, plain_headers, reader_language
from saltbridge.web.pages import render as render_page
from saltbridge.web.passport_drawing import Older, draw
from saltbridge.web.passport_public import KEPT, PublicPassport, PublicPassports
from saltbridge.web.passport_restricted import RestrictedPassport
from saltbridge.web.passport_story import address_of

HTML: Final = "text/html"
JSON: Final = "application/json"
READERS: Final = 6  # threads that look up and draw
T = TypeVar("T")
_VARY: Final = {"Vary": "Accept, Accept-Language"}


def routes(world: World) -> list[Route]:
    """The public addresses of a node's passports."""
    return PassportPages(world).routes()


class PassportPages:
    """The public pages of a node's passports, and what of them is in memory."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._misses = Misses(world)
        self._public = PublicPassports(world)
        self._marks = Marks(world.store)
        self._restricted = RestrictedPassport(world)
        self._readers = CapacityLimiter(READERS)
        self.address = self._route("/01/{rest:path}", self.by_product)
        # Pages as they were drawn last, by address and language, for that very passport.
        self._drawn: dict[tuple[str, str], tuple[PublicPassport, str]] = {}
        # Where a passport was found last, and its bytes as JSON with their head.
        self._named: dict[bytes, tuple[str, str]] = {}
        self._json: dict[str, tuple[PublicPassport, Response]] = {}

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/passports/status/{number:int}", self.status_list, methods=["GET"]),
            Route("/.well-known/gs1resolver", self.resolver, methods=["GET"]),
            self.address,
            self._route("/passports/{id}", self.plain_link),
            self._route("/passports/{id}/claim.json", self.claim_file),
            self._route("/passports/{id}/statement.json", self.statement),
            self._route("/passports/{id}/keeping.json", self.keeping),
        ]

    def _route(self, path: str, answer: Answer) -> Route:
        return Route(path, self._misses.bounded(answer, _too_often), methods=["GET"])

    async def at_once(self, scope: Scope) -> Response | None:
        """The answer to a plain question for what is in memory; None for everything else.

        The same as ``by_product`` gives, without the way there.
        """
        named = self._named.get(scope.get("raw_path") or b"")
        if named is None or self._misses.are_too_many(scope):
            return None
        passport = self._public.kept(*named, await self._marks.fresh())
        if passport is None:
            return None
        accept, tongue = b"", b""
        for name, said in scope["headers"]:
            if name == b"accept":
                accept = said
            elif name == b"accept-language":
                tongue = said
        form, answer = variants.best(accept.decode("latin-1"), passport), None
        if form == JSON:
            answer = self._as_json(passport)
        elif form == HTML:
            answer = self._page(passport, language_of(tongue.decode("latin-1")))
        if answer is not None:
            self._misses.found(scope)
        return answer

    def _as_json(self, passport: PublicPassport) -> Response:
        known = self._json.get(passport.product_id)
        if known is None or known[0] is not passport:
            known = (passport, _released(passport.view, JSON, _headers(passport)))
            _keep(self._json, passport.product_id, known)
        return known[1]

    def _page(self, passport: PublicPassport, language: str) -> Response | None:
        """The page as it was drawn last, if it was drawn for this very passport."""
        drawn = self._drawn.get((passport.product_id, language))
        if drawn is None or drawn[0] is not passport:
            return None
        headers = {**_headers(passport), **page_headers(language)}
        return Response(drawn[1], media_type=HTML, headers=headers)

    async def by_product(self, request: Request) -> Response:
        """``/01/{gtin}/21/{serial}`` and the QR code below it."""
        request.scope["route"] = self.address  # the log names it
        # The raw path: an escaped slash belongs to the serial number, a plain one does not.
        raw = request.scope.get("raw_path") or quote(request.url.path).encode()
        path = raw.decode("ascii", "replace")
        parts = [unquote(p) for p in path.split("/")[1:]]
        if len(parts) > 5 and parts[-2] == "21":
            return await self._beside(self._led_on, request, raw.decode("ascii", "replace"))
        if len(parts) == 2 and parts[0] == "01":
            return await self._beside(self._model, request, parts[1])
        if len(parts) not in (4, 5) or parts[0] != "01" or parts[2] != "21":
            return _missing(request)
        if digital_link_fault("/".join(["", *parts[:2]])) == "check-digit":
            return _told(request, "passport_wrong_number.html", 400)
        if parts[4:] == ["access"]:
            answer = self._restricted.answer
            return await run_in_threadpool(answer, request, parts[1], parts[3])
        mark = await self._marks.fresh()
        passport = self._public.kept(parts[1], parts[3], mark) or await self._beside(
            self._public.by_address, parts[1], parts[3], mark
        )
        if passport is None:
            return await self._beside(self._not_here, request, parts[1], parts[3])
        if len(parts) == 4:
            if variants.is_older(request):
                return await self._beside(self._older, request, passport)
            _keep(self._named, raw, (parts[1], parts[3]))
            form = variants.wanted(request, passport) if variants.is_linked(request) else ""
            if form == JSON:
                return self._as_json(passport)
            if form == HTML and (page := self._page(passport, reader_language(request))):
                return page
            return await self._beside(self._negotiated, request, passport)
        if parts[4] == "qr.svg":
            return _image(qr_svg(passport.product_id), "image/svg+xml")
        if parts[4] == "qr.png":
            return _image(qr_png(passport.product_id), "image/png")
        return _missing(request)

    async def _beside(self, read: Callable[..., T], *arguments: Any) -> T:
        """Run beside the event loop, by a few threads: more would only take turns, and let
        the loop wait among them."""
        return await to_thread.run_sync(read, *arguments, limiter=self._readers)

    def _model(self, request: Request, gtin: str) -> Response:
        """A Digital Link without a serial number: what is public about the model."""
        if digital_link_fault(f"/01/{gtin}") == "check-digit":
            return _told(request, "passport_wrong_number.html", 400)
        found = self._public.of_model(gtin)
        return _missing(request) if found is None else passport_model.answer(request, found)

    def _not_here(self, request: Request, gtin: str, serial: str) -> Response:
        """An address without a passport: it moved, it ended, or there is none."""
        moved = self._public.moved_at(gtin, serial)
        if moved:
            return _elsewhere(request, moved)
        return _gone(request) if self._public.ended_at(gtin, serial) else _missing(request)

    def _no_such_id(self, request: Request, id: str) -> Response:
        """As ``_not_here``, for the id of a passport."""
        moved = self._public.moved(id)
        if moved:
            return _elsewhere(request, moved)
        return _gone(request) if self._public.ended(id) else _missing(request)

    def _older(self, request: Request, newest: PublicPassport) -> Response:
        """A version by its number (``?version=``) or by a day (``?on=``), in any form."""
        id = str(newest.content["passport_id"])
        number, day = (request.query_params.get(name, "") for name in ("version", "on"))
        if number:
            found = self._public.by_version(id, variants.version_number(number))
        else:
            at = variants.end_of(day)
            found = self._public.by_id(id, at) if at else newest
        if found is None and number:
            return _missing(request)
        shown = found or newest
        is_newest = shown.content["version"] == newest.content["version"]
        older = Older(is_newest, found is None, day if variants.end_of(day) else "")
        return self._negotiated(request, newest if is_newest else shown, older)

    def _negotiated(
        self, request: Request, passport: PublicPassport, older: Older | None = None
    ) -> Response:
        """The form the reader asks for: page, JSON, JSON-LD, link set, or the signed text."""
        if not variants.is_linked(request):
            return _missing(request)
        variant = variants.wanted(request, passport)
        headers = _headers(passport)
        if variant is None:
            listed = "".join(f"{v}\n" for v in variants.offered(passport))
            return PlainTextResponse(listed, 406, headers=headers)
        if variant == JSON:
            return _released(passport.view, JSON, headers)
        if variant == LINKS:
            return Response(variants.links(passport), media_type=variant, headers=headers)
        if variant == variants.CREDENTIAL and passport.credential is not None:
            return _released(passport.credential, variant, headers)
        if variant == variants.LD:
            return Response(variants.linked_data(passport), media_type=variant, headers=headers)
        if variant != HTML:
            return Response(passport.signed.text, media_type=variant, headers=headers)
        language = reader_language(request)
        page = draw(self._world, self._public, passport, language, older)
        if older is None:
            _keep(self._drawn, (passport.product_id, language), (passport, page))
        return Response(page, media_type=HTML, headers={**headers, **page_headers(language)})

    def _led_on(self, request: Request, path: str) -> Response:
        """A Digital Link that names variant or batch too: on to the battery's own address."""
        link = parse_digital_link(path)
        found = self._public.by_address(link.gtin, link.serial) if link else None
        if link is None or found is None:
            return _missing(request)
        batch = found.content["attributes"].get("A020", {}).get("value", link.lot)
        return _missing(request) if link.lot and link.lot != batch else _lead_to(request, found)

    async def plain_link(self, request: Request) -> Response:
        """``/passports/{id}``: on to the address of the battery."""
        id = str(request.path_params["id"])
        passport = await run_in_threadpool(self._public.by_id, id)
        if passport is None:
            return await run_in_threadpool(self._no_such_id, request, id)
        return _lead_to(request, passport)

    async def resolver(self, request: Request) -> Response:
        """``/.well-known/gs1resolver``: what is resolved here."""
        node = self._world.node
        told = canonical_bytes(resolver_file(node.name, node.base_url))
        return Response(told, media_type=JSON, headers=plain_headers())

    async def claim_file(self, request: Request) -> Response:
        """The signed claim file of a version, to be saved and checked offline."""
        id = str(request.path_params["id"])
        if number := request.query_params.get("version"):
            named = variants.version_number(number)
            passport = await run_in_threadpool(self._public.by_version, id, named)
        else:
            passport = await run_in_threadpool(self._public.by_id, id)
        if passport is None:
            return await run_in_threadpool(self._no_such_id, request, id)
        serial = quote(str(passport.content["serial"]), safe="")
        return _released(
            passport.claim_file,
            JSON,
            {
                "Content-Disposition": f'attachment; filename="passport-{serial}.json"',
                **variants.copy_headers(passport),
            },
        )

    async def status_list(self, request: Request) -> Response:
        """The signed list that says which versions still hold."""
        number = int(request.path_params["number"])
        found = await run_in_threadpool(self._list, number) if number < 2**31 else None
        if found is None:
            return _missing(request)
        aged = {"Cache-Control": f"public, max-age={TTL_SECONDS // 12}"}
        return _released(found, found.media_type, aged)

    def _list(self, number: int) -> Release | None:
        try:
            with self._world.store.reading() as work:
                return released_list(work, number)
        except SaltbridgeError:
            return None

    async def statement(self, request: Request) -> Response:
        """The signed export statement about the public part, to be checked beside it."""
        id = str(request.path_params["id"])
        statement = await run_in_threadpool(self._public.statement, id)
        if statement is None:
            return await run_in_threadpool(self._no_such_id, request, id)
        return _released(statement, JSON, {})

    async def keeping(self, request: Request) -> Response:
        """What this node, as a keeper, last had of the operator whose copy it serves."""
        id = str(request.path_params["id"])
        word = await run_in_threadpool(self._public.keepers_word, id)
        return _missing(request) if word is None else _released(word, JSON, {})


def _keep(kept: dict[Any, Any], key: object, value: object) -> None:
    """Keep the last of a kind in memory; threads may do it at the same time."""
    while len(kept) >= KEPT and key not in kept:
        kept.pop(next(iter(kept), key), None)
    kept[key] = value


def _headers(passport: PublicPassport) -> dict[str, str]:
    return {
        **plain_headers(),
        **_VARY,
        **variants.link_header(passport),
        **variants.copy_headers(passport),
    }


def _lead_to(request: Request, passport: PublicPassport) -> Response:
    """To the address of the battery on this node, with the question that was asked."""
    content, asked = passport.content, request.url.query
    address = address_of(content["gtin"], content["serial"])
    where = f"{address}?{asked}" if asked else address
    return RedirectResponse(where, 307, headers={**plain_headers(), "Vary": "Accept-Language"})


def _elsewhere(request: Request, base: str) -> Response:
    """To the same path on the node of the operator who took the passport over."""
    raw = request.scope.get("raw_path") or quote(request.url.path).encode()
    path, asked = raw.decode("ascii", "replace"), request.url.query
    where = f"{base}{path}?{asked}" if asked else f"{base}{path}"
    return RedirectResponse(where, 307, headers={**plain_headers(), "Vary": "Accept-Language"})


def _released(release: Release, media_type: str, headers: dict[str, str]) -> Response:
    """The released bytes, and nothing else."""
    tag = {"ETag": f'"{release.digest.removeprefix("sha256:")}"'}
    return Response(
        release.content, media_type=media_type, headers={**plain_headers(), **tag, **headers}
    )


def _image(content: bytes, media_type: str) -> Response:
    headers = {**plain_headers(), "Content-Security-Policy": "default-src 'none'"}
    return Response(content, media_type=media_type, headers=headers)


def _too_often(request: Request) -> Response:
    """For whoever has asked for too many addresses without a passport."""
    answer = _told(request, "passport_too_often.html", 429)
    answer.headers["Retry-After"] = "60"
    return answer


def _missing(request: Request) -> Response:
    """One answer for every address without a passport, whatever the reason."""
    return _told(request, "passport_missing.html", 404)


def _gone(request: Request) -> Response:
    """The tombstone of a passport: that there was one, and nothing of what it said."""
    return _told(request, "passport_gone.html", 410)


def _told(request: Request, template: str, status: int) -> Response:
    language = reader_language(request)
    page = render_page(template, language)
    return Response(
        page,
        status,
        media_type=HTML,
        headers={**page_headers(language), "Vary": "Accept-Language"},
    )

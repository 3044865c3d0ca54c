"""The public passport: one address per battery, read by people and by machines.

Everything answered here comes out of a ``Release``: the released bytes themselves, or a page
drawn from the signed statement inside them. What is restricted no function of this module
reads: ``passport_restricted`` answers below ``/access``, for readers with a grant. Whatever
goes wrong, an address without a passport gets one and the same answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from saltbridge.adapters import settings
from saltbridge.border.context import PUBLIC
from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.identifiers import is_gtin14, is_urn_uuid
from saltbridge.passport.data_carrier import is_serial
from saltbridge.ports import UnitOfWork, World
from saltbridge.reports.qr import qr_png, qr_svg
from saltbridge.steps.passport_event_effects import CEASED
from saltbridge.steps.passport_reading import newest_number
from saltbridge.steps.passport_signed import SignedPassport, signed_passport
from saltbridge.steps.passport_status import TTL_SECONDS, released_list, status_of
from saltbridge.steps.records import document
from saltbridge.steps.release import kept_release
from saltbridge.steps.statement import kept_statement
from saltbridge.trust.sd_jwt import MEDIA_TYPE as SD_JWT
from saltbridge.trust.status_list import Status
from saltbridge.web.pages import best_variant, page_headers, plain_headers, reader_language
from saltbridge.web.pages import render as render_page
from saltbridge.web.passport_restricted import RestrictedPassport
from saltbridge.web.passport_words import page_values

HTML: Final = "text/html"
JSON: Final = "application/json"
JWS: Final = "application/jose"  # passports issued before there were versions
_VARY: Final = {"Vary": "Accept, Accept-Language"}


@dataclass(frozen=True, slots=True)
class PublicPassport:
    """What everybody may have of a passport: two releases and the statement they hold."""

    claim_file: Release
    view: Release
    signed: SignedPassport
    statement_file: Release | None  # the export statement about both
    status: Status

    @property
    def content(self) -> Mapping[str, Any]:
        return self.signed.view

    @property
    def product_id(self) -> str:
        return str(self.content["product_id"])

    @property
    def variants(self) -> Mapping[str, str]:
        """What is offered under the one address, by media type."""
        signed = SD_JWT if self.signed.disclosures else JWS
        return {HTML: "page", JSON: "view", signed: "claim"}


def routes(world: World) -> list[Route]:
    """The public addresses of a node's passports."""
    pages = _PassportPages(world)
    return [
        Route("/01/{rest:path}", pages.by_product, methods=["GET"]),
        Route("/passports/status/{number:int}", pages.status_list, methods=["GET"]),
        Route("/passports/{id}/claim.json", pages.claim_file, methods=["GET"]),
        Route("/passports/{id}/statement.json", pages.statement, methods=["GET"]),
    ]


class _PassportPages:
    def __init__(self, world: World) -> None:
        self._world = world
        self._restricted = RestrictedPassport(world)

    async def by_product(self, request: Request) -> Response:
        """``/01/{gtin}/21/{serial}`` and the QR code below it."""
        # The raw path: an escaped slash belongs to the serial number, a plain one does not.
        raw = request.scope.get("raw_path") or quote(request.url.path).encode()
        parts = [unquote(p) for p in raw.decode("ascii", "replace").split("/")[1:]]
        if len(parts) not in (4, 5) or parts[0] != "01" or parts[2] != "21":
            return _missing(request)
        if parts[4:] == ["access"]:
            answer = self._restricted.answer
            return await run_in_threadpool(answer, request, parts[1], parts[3])
        passport = await run_in_threadpool(self._by_address, parts[1], parts[3])
        if passport is None:
            ended = await run_in_threadpool(self._ended_at, parts[1], parts[3])
            return _gone(request) if ended else _missing(request)
        if len(parts) == 4:
            contact = settings.value(self._world.settings, "passport_access.contact")
            return await run_in_threadpool(_negotiated, request, passport, contact or "")
        if parts[4] == "qr.svg":
            return _image(qr_svg(passport.product_id), "image/svg+xml")
        if parts[4] == "qr.png":
            return _image(qr_png(passport.product_id), "image/png")
        return _missing(request)

    async def claim_file(self, request: Request) -> Response:
        """The signed claim file, to be saved and checked offline."""
        id = str(request.path_params["id"])
        passport = await run_in_threadpool(self._by_id, id)
        if passport is None:
            ended = await run_in_threadpool(self._ended, id)
            return _gone(request) if ended else _missing(request)
        serial = quote(str(passport.content["serial"]), safe="")
        return _released(
            passport.claim_file,
            JSON,
            {"Content-Disposition": f'attachment; filename="passport-{serial}.json"'},
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
        passport = await run_in_threadpool(self._by_id, str(request.path_params["id"]))
        if passport is None or passport.statement_file is None:
            return _missing(request)
        return _released(passport.statement_file, JSON, {})

    def _by_address(self, gtin: str, serial: str) -> PublicPassport | None:
        if not is_gtin14(gtin) or not is_serial(serial):
            return None
        with self._world.store.reading() as work:
            try:
                address = document(work, "passport-address", f"{gtin}/{serial}")
            except SaltbridgeError:
                return None
            found = None if address is None else _public(work, address["passport_id"])
        here = found and (found.content["gtin"], found.content["serial"])
        return found if here == (gtin, serial) else None

    def _ended_at(self, gtin: str, serial: str) -> bool:
        """Whether the passport at this address has ceased to exist (Art. 77(8))."""
        if not is_gtin14(gtin) or not is_serial(serial):
            return False
        with self._world.store.reading() as work:
            try:
                address = document(work, "passport-address", f"{gtin}/{serial}")
            except SaltbridgeError:
                return False
        return address is not None and self._ended(str(address["passport_id"]))

    def _ended(self, id: str) -> bool:
        if not is_urn_uuid(id):
            return False
        with self._world.store.reading() as work:
            try:
                record = document(work, "passport", id)
            except SaltbridgeError:
                return False
        return record is not None and record["status"] == CEASED

    def _by_id(self, id: str) -> PublicPassport | None:
        if not is_urn_uuid(id):
            return None
        with self._world.store.reading() as work:
            return _public(work, id)


def _public(work: UnitOfWork, passport_id: str) -> PublicPassport | None:
    """The releases of a passport, if it is active and they are what was decided."""
    try:
        record = document(work, "passport", passport_id)
        if record is None or record["status"] != "active":
            return None
        released = record["public"]
        claim_file, view = (
            kept_release(work, released[part], released["decision_id"], PUBLIC.bpn)
            for part in ("claim", "view")
        )
        if claim_file is None or view is None:
            return None
        signed = signed_passport(claim_file.content)
        about = kept_statement(work, released["decision_id"], PUBLIC.bpn)
        status = status_of(work, passport_id, newest_number(record))
    except SaltbridgeError:
        return None  # an altered record, release or signature is no passport, and says no more
    told = signed.view
    if told.get("passport_id") != passport_id or canonical_bytes(dict(told)) != view.content:
        return None  # somebody pointed the record at another battery
    return PublicPassport(claim_file, view, signed, about, status)


def _negotiated(request: Request, passport: PublicPassport, contact: str) -> Response:
    """The variant the reader asks for: page, public JSON, or the signed text itself."""
    wanted = request.headers.get("accept", "")
    if request.query_params.get("format") == "json":  # a link cannot send an Accept header
        wanted = JSON
    variant = best_variant(wanted, passport.variants)
    if variant is None:
        listed = "".join(f"{v}\n" for v in passport.variants)
        return PlainTextResponse(listed, 406, headers={**plain_headers(), **_VARY})
    if variant == JSON:
        return _released(passport.view, JSON, _VARY)
    if variant != HTML:
        text = passport.signed.text
        return Response(text, media_type=variant, headers={**plain_headers(), **_VARY})
    language = reader_language(request)
    page = render_page("passport.html", language, **_values(passport, language, contact))
    return Response(page, media_type=HTML, headers={**page_headers(language), **_VARY})


def _values(passport: PublicPassport, language: str, contact: str) -> dict[str, Any]:
    content = passport.content
    address = f"/01/{quote(content['gtin'], safe='')}/21/{quote(content['serial'], safe='')}"
    values = page_values(content, language)
    estimate = values["estimate"]
    if estimate is not None:
        # The picture escapes every text itself.
        estimate["picture"] = Markup(estimate["picture"])  # noqa: S704
    return {
        **values,
        "claim": {
            "issuer": passport.signed.issuer,
            "key": passport.signed.key,
            "digest": passport.signed.digest,
            "status": passport.status.name.lower(),
            "status_list": passport.signed.status.get("uri", ""),
        },
        "contact": contact,
        "paths": {
            "ask": f"/passport-access?{urlencode({'battery': content['product_id']})}",
            "access": f"{address}/access",
            "qr_svg": f"{address}/qr.svg",
            "qr_png": f"{address}/qr.png",
            "claim": f"/passports/{content['passport_id']}/claim.json",
            "json": f"{address}?format=json",
        },
    }


def _released(release: Release, media_type: str, headers: dict[str, str]) -> Response:
    """The released bytes, and nothing else."""
    tag = {"ETag": f'"{release.digest.removeprefix("sha256:")}"'}
    return Response(
        release.content, media_type=media_type, headers={**plain_headers(), **tag, **headers}
    )


def _image(content: bytes, media_type: str) -> Response:
    headers = {**plain_headers(), "Content-Security-Policy": "default-src 'none'"}
    return Response(content, media_type=media_type, headers=headers)


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

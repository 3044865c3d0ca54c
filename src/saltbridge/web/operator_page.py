"""The node's pages for its own people: what it holds, offers, received and decided.

Rendered here, without scripts and without anything from elsewhere. The operator's token opens
them: once in the address, then as a cookie. Without it, every address here is simply not
found.
"""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.locales import number, text, text_or
from saltbridge.ports import World
from saltbridge.reports.manifest import manifest_html, readable_moment
from saltbridge.services.border_records import manifests
from saltbridge.steps.records import every
from saltbridge.web.pages import reader_language, templates

_NAMES: Final = (("en", "English"), ("de", "Deutsch"), ("zh", "中文"))
_SHOWN: Final = 50
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes(world: World) -> list[Route]:
    """The pages below ``/operator``. Without a token in the settings they are not found."""
    pages = _Pages(world)
    return [
        Route("/operator", pages.overview, methods=["GET"]),
        Route("/operator/manifests/{id:path}", pages.manifest, methods=["GET"]),
    ]


def cookie_name(world: World) -> str:
    """The cookie of this node alone: browsers keep cookies by host and leave out the port."""
    return f"saltbridge_operator_{world.node.bpn}"


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world
        self._cookie = cookie_name(world)

    async def overview(self, request: Request) -> Response:
        refused = self._door(request)
        if refused is not None:
            return refused
        language = reader_language(request)
        tables = await run_in_threadpool(_tables, self._world, language)
        return self._page("operator_overview.html", language, "operator.title", **tables)

    async def manifest(self, request: Request) -> Response:
        refused = self._door(request)
        if refused is not None:
            return refused
        language = reader_language(request)
        try:
            found = await run_in_threadpool(
                manifests, self._world, str(request.path_params["id"])
            )
        except FaultyInput:
            return _not_found()
        # The fragment escapes every value itself.
        fragment = Markup("<hr>").join(Markup(manifest_html(m, language)) for m in found)  # noqa: S704
        return self._page(
            "operator_manifest.html", language, "manifest.title", manifest=fragment
        )

    def _door(self, request: Request) -> Response | None:
        """None if the caller holds the token; else the answer to give."""
        token = str(self._world.settings.get("operator_token", ""))
        if not token:
            return _not_found()
        shown = request.query_params.get("token")
        if shown is not None:
            if not _same(shown, token):
                return _not_found()
            # Out of the address bar, the history and the referrer, into a cookie.
            rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
            where = request.url.path + (f"?{urlencode(rest)}" if rest else "")
            answer = RedirectResponse(where, status_code=303, headers=dict(_HEADERS))
            answer.set_cookie(
                self._cookie,
                token,
                path="/operator",
                httponly=True,
                samesite="strict",
                secure=self._world.node.base_url.startswith("https://"),
            )
            return answer
        return None if _same(request.cookies.get(self._cookie, ""), token) else _not_found()

    def _page(self, template: str, language: str, title: str, **values: Any) -> Response:
        def t(message_id: str, arguments: Mapping[str, object] | None = None) -> str:
            return text(message_id, arguments, language)

        page = (
            templates()
            .get_template(template)
            .render(
                t=t,
                title=t(title),
                language=language,
                languages=_NAMES,
                node=self._world.node,
                **values,
            )
        )
        return HTMLResponse(page, headers=dict(_HEADERS))


def _same(shown: str, token: str) -> bool:
    return compare_digest(shown.encode("utf-8"), token.encode("utf-8"))


def _not_found() -> Response:
    return PlainTextResponse("Not Found", status_code=404, headers=dict(_HEADERS))


def _tables(world: World, language: str) -> dict[str, Any]:
    builders = {
        "footprints": ("footprint", _footprint),
        "datasets": ("dataset", _dataset),
        "deliveries": ("delivery", _delivery),
        "decisions": ("decision", _decision),
    }
    tables: dict[str, Any] = {}
    with world.store.reading() as work:
        for name, (kind, build) in builders.items():
            stored = sorted(every(work, kind), key=lambda r: (r.written_at, r.id), reverse=True)
            rows = [build(world, read_json(r.body), language) for r in stored[:_SHOWN]]
            tables[name] = {"rows": rows, "total": len(stored)}
    return tables


def _footprint(world: World, body: Mapping[str, Any], language: str) -> dict[str, Any]:
    record = body.get("record", body)
    product, methodology = record.get("product", {}), record.get("methodology", {})
    total = record.get("total_kg_co2e")
    bounds = record.get("range_kg_co2e") if record.get("holes") else None
    return {
        "product": product.get("name") or product.get("id", ""),
        "kind": _known(f"operator.{record.get('type', '')}", language),
        "methodology": f"{methodology.get('id', '')}@{methodology.get('edition', '')}",
        "total": number(total, language, 5) if isinstance(total, int | float) else "–",
        "range": ""
        if not bounds
        else " – ".join(number(bounds[end], language, 4) for end in ("low", "high")),
        "holes": len(record.get("holes", ())),
    }


def _dataset(world: World, body: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "title": body.get("title", ""),
        "kind": _known(f"operator.{body.get('kind', '')}", language),
        "since": readable_moment(str(body.get("created_at", ""))),
        "recipients": [
            {"name": _partner_name(world, bpn), "decision": release.get("decision_id", "")}
            for bpn, release in body.get("releases", {}).items()
        ],
    }


def _delivery(world: World, body: Mapping[str, Any], language: str) -> dict[str, Any]:
    checks = [
        {
            "number": check.get("number", 0),
            "name": _check_name(check, language),
            "ok": check.get("ok") is True,
            "detail": _detail(check, language),
        }
        for check in body.get("checks", ())
    ]
    failed = sum(not check["ok"] for check in checks)
    summary = "operator.some-failed" if failed or not checks else "operator.all-passed"
    provider = body.get("provider", {})
    return {
        "provider": _partner_name(world, str(provider.get("bpn", ""))),
        "kind": _known(
            f"operator.{body.get('dataset_kind') or body.get('claim_type', '')}", language
        ),
        "received": readable_moment(str(body.get("received_at", ""))),
        "checks": checks,
        "ok": bool(checks) and not failed,
        "summary": text(summary, {"failed": failed, "count": len(checks)}, language),
    }


def _decision(world: World, body: Mapping[str, Any], language: str) -> dict[str, Any]:
    recipient = body.get("recipient", {})
    everybody = text("manifest.everybody", language=language)
    public = recipient.get("bpn") == "public"
    destination = everybody if body.get("destination") == "*" else body.get("destination", "")
    return {
        "id": body.get("id", ""),
        "recipient": everybody if public else recipient.get("name", ""),
        "document": _known(f"manifest.document-name.{body.get('document_kind')}", language),
        "route": f"{body.get('origin', '')} → {destination}",
        "made_at": readable_moment(str(body.get("made_at", ""))),
        "verdict": _known(f"operator.{body.get('verdict', '')}", language),
        "released": body.get("verdict") == "released",
    }


def _partner_name(world: World, bpn: str) -> str:
    partner = world.node.partner(bpn)
    return f"{partner.name} ({bpn})" if partner else bpn


def _check_name(check: Mapping[str, Any], language: str) -> str:
    name = str(check.get("name", ""))
    return text_or(name, f"operator.check.{name}", None, language)


def _detail(check: Mapping[str, Any], language: str) -> str:
    code = str(check.get("detail_code") or "")
    return text_or(code, code, check.get("arguments") or {}, language)


def _known(message_id: str, language: str) -> str:
    return text_or(message_id.rpartition(".")[2], message_id, None, language)

"""The node's pages for its own people: what it holds, offers, received and decided.

Rendered here, without scripts and without anything from elsewhere, for people who signed in
and have a role for it.
"""

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from saltbridge.accounts.model import Act
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.locales import number, text, text_or
from saltbridge.ports import World
from saltbridge.reports.manifest import manifest_html, readable_moment
from saltbridge.services.border_records import manifests
from saltbridge.services.log_state import forks
from saltbridge.steps.records import every
from saltbridge.web.own_pages import language_of, own_page, problem_page
from saltbridge.web.session import Session, page

_SHOWN: Final = 50


def routes(world: World) -> list[Route]:
    """The overview at ``/operator``, and the manifests of decisions below it."""
    pages = _Pages(world)
    manifest = page(world, Act.READ_DECISIONS, pages.manifest)
    return [
        Route("/operator", page(world, Act.READ_OVERVIEW, pages.overview), methods=["GET"]),
        Route("/operator/manifests/{id:path}", manifest, methods=["GET"]),
    ]


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    def overview(self, request: Request, session: Session) -> Response:
        tables = _tables(self._world, language_of(request))
        title = "operator.title"
        return own_page(
            self._world,
            request,
            session,
            "operator_overview.html",
            title,
            may_read=session.person.may(Act.READ_DECISIONS),
            **tables,
        )

    def manifest(self, request: Request, session: Session) -> Response:
        language = language_of(request)
        try:
            found = manifests(self._world, str(request.path_params["id"]))
        except FaultyInput:
            return problem_page(self._world, request, "people.page-absent", 404, session)
        # The fragment escapes every value itself.
        fragment = Markup("<hr>").join(Markup(manifest_html(m, language)) for m in found)  # noqa: S704
        title = "manifest.title"
        return own_page(
            self._world, request, session, "operator_manifest.html", title, manifest=fragment
        )


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
        tables["log_forks"] = [
            {
                "did": fork.did,
                "at": readable_moment(fork.found_at),
                "seen": fork.seen.size,
                "found": fork.found.size,
            }
            for fork in forks(work)
        ]
    return tables


def _footprint(world: World, body: Mapping[str, Any], language: str) -> dict[str, Any]:
    record = body.get("record", body)
    product, methodology = record.get("product", {}), record.get("methodology", {})
    total = record.get("total_kg_co2e")
    bounds = record.get("range_kg_co2e") if record.get("holes") else None
    kind = "scenario" if "scenario" in record else record.get("type", "")
    return {
        "product": product.get("name") or product.get("id", ""),
        "kind": _known(f"operator.{kind}", language),
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

"""The AAS registry and discovery (CX-0002, API 3.1) over HTTP: one set of handlers.

Who asks has been found out before (``web.served``): a partner sees what was released to it, the
owner's own systems see and write everything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.twins import ASSET_KIND, ASSET_TYPE, OWNER, AssetLink
from saltbridge.formats import aas_answers as answers
from saltbridge.formats.aas_check import Fault, FaultyDescriptor
from saltbridge.formats.aas_registry import (
    parse_asset_ids,
    parse_links,
    parse_shell,
    parse_submodel,
    read_body,
    render_asset_id,
    render_shell,
)
from saltbridge.ports import World
from saltbridge.services import twin_registry as registry
from saltbridge.web.answers import HEADERS

USUAL: Final = 50
MOST: Final = 1000
_SHELLS: Final = "shell-descriptors"
_SUBMODELS: Final = f"{_SHELLS}/{{shell}}/submodel-descriptors"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who asks, for what, and with which content."""

    request: Request
    path: str  # below the registry's root, without the leading slash
    reader: str  # BPN of a partner, or the owner
    content: bytes = b""
    person: str = ""  # of the owner: who answers for what is written
    named: Mapping[str, str] = field(default_factory=dict)  # ids in the path, decoded


@dataclass
class Fail(Exception):
    """An answer that is not the one hoped for."""

    status: int
    fault: Fault


Handler: TypeAlias = Callable[[Asked], Response]


class Registry:
    """The operations of the registry."""

    def __init__(self, world: World) -> None:
        self._world = world
        read, write = False, True
        self._table: tuple[tuple[str, str, Handler, bool], ...] = (
            ("GET", "description", self.description, read),
            ("GET", _SHELLS, self.shells, read),
            ("GET", f"{_SHELLS}/{{shell}}", self.shell, read),
            ("GET", _SUBMODELS, self.submodels, read),
            ("GET", f"{_SUBMODELS}/{{submodel}}", self.submodel, read),
            ("GET", "lookup/shells", self.lookup, read),
            ("POST", "lookup/shellsByAssetLink", self.search, read),
            ("GET", "lookup/shells/{shell}", self.asset_ids, read),
            ("POST", "submodel-descriptor/authorized", self.authorized, read),
            ("POST", _SHELLS, self.post_shell, write),
            ("PUT", f"{_SHELLS}/{{shell}}", self.put_shell, write),
            ("DELETE", f"{_SHELLS}/{{shell}}", self.delete_shell, write),
            ("POST", _SUBMODELS, self.post_submodel, write),
            ("PUT", f"{_SUBMODELS}/{{submodel}}", self.put_submodel, write),
            ("DELETE", f"{_SUBMODELS}/{{submodel}}", self.delete_submodel, write),
            ("POST", "lookup/shells/{shell}", self.post_asset_ids, write),
            ("DELETE", "lookup/shells/{shell}", self.delete_asset_ids, write),
        )

    def answer(self, asked: Asked) -> Response:
        """What the registry says to a request."""
        try:
            return self._handler(asked)
        except FaultyDescriptor as fault:
            return self.fault(400, *fault.faults)
        except Fail as fail:
            return self.fault(fail.status, fail.fault)

    def fault(self, status: int, *faults: Fault) -> Response:
        """A request that was not done, in the form of the interface."""
        return _json(answers.render_fault(status, faults, self._world.clock.now()), status)

    def _handler(self, asked: Asked) -> Response:
        known = [
            (method, handler, write, named)
            for method, template, handler, write in self._table
            if (named := _matched(template, asked.path)) is not None
        ]
        for method, handler, write, named in known:
            if method == asked.request.method and (asked.reader == OWNER or not write):
                return handler(replace(asked, named=named))
        if known or asked.path.partition("/")[0] in answers.ELSEWHERE:
            says = "this registry does not implement the operation"
            raise Fail(501, Fault("", says))
        raise Fail(404, Fault("", "no such resource"))

    # ── reading ──────────────────────────────────────────────────────────────────────────

    def description(self, asked: Asked) -> Response:
        return _json(answers.render_description(owner=asked.reader == OWNER))

    def shells(self, asked: Asked) -> Response:
        params = asked.request.query_params
        links = []
        if kind := params.get("assetKind", ""):
            links.append(AssetLink(ASSET_KIND, kind))
        if kind := params.get("assetType", ""):
            links.append(AssetLink(ASSET_TYPE, answers.decode_id(kind) or kind))
        after, limit = _paging(asked.request)
        page = registry.descriptors(self._world, asked.reader, links, after=after, limit=limit)
        return _page(page.members, page.next)

    def shell(self, asked: Asked) -> Response:
        id = asked.named["shell"]
        found = registry.descriptor(self._world, asked.reader, id)
        if found is None:
            raise Fail(404, answers.shell_unknown(id))
        return _bytes(found)

    def submodels(self, asked: Asked) -> Response:
        aspects = self._twin(asked).aspects
        after, limit = _paging(asked.request)
        left = [a for a in aspects if not after or a.id > after]
        left.sort(key=lambda aspect: aspect.id)
        told = [canonical_bytes(a.document) for a in left[:limit]]
        return _page(told, left[limit - 1].id if len(left) > limit else "")

    def submodel(self, asked: Asked) -> Response:
        id = asked.named["submodel"]
        for aspect in self._twin(asked).aspects:
            if aspect.id == id:
                return _json(aspect.document)
        raise Fail(404, answers.submodel_unknown(id))

    def lookup(self, asked: Asked) -> Response:
        links = answers.parse_lookup(asked.request.query_params.getlist("assetIds"))
        return self._ids(asked, links)

    def search(self, asked: Asked) -> Response:
        return self._ids(asked, parse_links(read_body(asked.content)))

    def asset_ids(self, asked: Asked) -> Response:
        return _json([render_asset_id(a) for a in self._twin(asked).asset_ids])

    def authorized(self, asked: Asked) -> Response:
        named = read_body(asked.content)
        url = named.get("submodelEndpointUrl") if isinstance(named, dict) else None
        if not isinstance(url, str) or not 10 <= len(url) <= 2048:
            says = "size must be between 10 and 2048"
            raise Fail(400, Fault("submodelEndpointUrl", says))
        if not registry.may_ask(self._world, asked.reader, url):
            raise Fail(403, Fault("", "not authorized"))
        return Response(status_code=200, headers=HEADERS)

    # ── writing: the owner ───────────────────────────────────────────────────────────────

    def post_shell(self, asked: Asked) -> Response:
        twin = registry.register(
            self._world, parse_shell(read_body(asked.content)), asked.person
        )
        if twin is None:
            says = (
                "An AssetAdministrationShell for the given identification does already exists."
            )
            raise Fail(409, Fault("", says))
        return self._created(asked, render_shell(twin), twin.id)

    def put_shell(self, asked: Asked) -> Response:
        given = parse_shell(read_body(asked.content), asked.named["shell"])
        twin, new = registry.put(self._world, given, asked.person)
        return _json(render_shell(twin), 201) if new else _done()

    def delete_shell(self, asked: Asked) -> Response:
        id = asked.named["shell"]
        if not registry.remove(self._world, id):
            raise Fail(404, answers.shell_unknown(id))
        return _done()

    def post_submodel(self, asked: Asked) -> Response:
        shell, aspect = asked.named["shell"], parse_submodel(read_body(asked.content))
        new = registry.put_aspect(self._world, shell, aspect, asked.person, new=True)
        if new is None:
            raise Fail(404, answers.shell_unknown(shell))
        if not new:
            says = "A SubmodelDescriptor with the given identification does already exists."
            raise Fail(409, Fault("", says))
        return self._created(asked, aspect.document, aspect.id)

    def put_submodel(self, asked: Asked) -> Response:
        shell = asked.named["shell"]
        aspect = parse_submodel(read_body(asked.content), asked.named["submodel"])
        new = registry.put_aspect(self._world, shell, aspect, asked.person)
        if new is None:
            raise Fail(404, answers.shell_unknown(shell))
        return _json(aspect.document, 201) if new else _done()

    def delete_submodel(self, asked: Asked) -> Response:
        shell, submodel = asked.named["shell"], asked.named["submodel"]
        there = registry.remove_aspect(self._world, shell, submodel, asked.person)
        if not there:
            unknown = answers.shell_unknown if there is None else answers.submodel_unknown
            raise Fail(404, unknown(shell if there is None else submodel))
        return _done()

    def post_asset_ids(self, asked: Asked) -> Response:
        shell, ids = asked.named["shell"], parse_asset_ids(read_body(asked.content))
        if not registry.add_asset_ids(self._world, shell, ids, asked.person):
            raise Fail(404, answers.shell_unknown(shell))
        return _json([render_asset_id(a) for a in ids], 201)

    def delete_asset_ids(self, asked: Asked) -> Response:
        shell = asked.named["shell"]
        if not registry.remove_asset_ids(self._world, shell, asked.person):
            raise Fail(404, answers.shell_unknown(shell))
        return _done()

    # ── parts ────────────────────────────────────────────────────────────────────────────

    def _twin(self, asked: Asked) -> Any:
        id = asked.named["shell"]
        twin = registry.seen_twin(self._world, asked.reader, id)
        if twin is None:
            raise Fail(404, answers.shell_unknown(id))
        return twin

    def _ids(self, asked: Asked, links: Any) -> Response:
        after, limit = _paging(asked.request)
        if not links:  # nothing asked for is nothing found, never everything
            return _page((), "")
        page = registry.ids_of(self._world, asked.reader, links, after=after, limit=limit)
        return _page([canonical_bytes(id) for id in page.ids], page.next)

    def _created(self, asked: Asked, document: Any, id: str) -> Response:
        where = f"{asked.request.url.path}/{answers.encode_id(id)}"
        return _json(document, 201, {"Location": where})


def _matched(template: str, path: str) -> dict[str, str] | None:
    """The ids in a path that has the template's form, or None."""
    due, told = template.split("/"), path.rstrip("/").split("/")
    if len(due) != len(told):
        return None
    named = {}
    for wanted, found in zip(due, told, strict=True):
        if wanted.startswith("{"):
            named[wanted[1:-1]] = answers.decode_id(found)
        elif wanted != found:
            return None
    return named


def _paging(request: Request) -> tuple[str, int]:
    """The key after which to begin, and how many to tell."""
    asked = request.query_params
    after = answers.parse_cursor(asked.get("cursor", ""))
    since = answers.parse_moment(asked.get("createdAfter", ""))
    # Keys begin with the time of creation; the mark behind it comes after every id.
    after = max(after, f"{since}$" if since else "")
    return after, answers.parse_limit(asked.get("limit", ""), usual=USUAL, most=MOST)


def _page(members: Any, next: str) -> Response:
    return _bytes(answers.render_page(members, answers.render_cursor(next) if next else ""))


def _bytes(content: bytes, status: int = 200, headers: Any = None) -> Response:
    return Response(
        content,
        status_code=status,
        media_type="application/json",
        headers={**HEADERS, **(headers or {})},
    )


def _json(document: Any, status: int = 200, headers: Any = None) -> Response:
    return _bytes(canonical_bytes(document), status, headers)


def _done() -> Response:
    return Response(status_code=204, headers=HEADERS)

"""What is watched of a served node: requests, border decisions, sign-ins; and who may look.

``Watch`` counts, in a registry of its own. ``watched`` wraps the application: every request
gets an id and a line in the log, with the template of its route, never the address that was
asked for; an error is answered without a word about it.
"""

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from datetime import datetime
from hmac import compare_digest
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.requests import Request

from saltbridge.adapters.settings import value
from saltbridge.adapters.tls_files import configured
from saltbridge.core.canonical import read_json
from saltbridge.ports import UnitOfWork, World
from saltbridge.web.answers import bearer

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_DECIDED: Final = "border.decided"
_AT_A_TIME: Final = 1000

_requests = logging.getLogger("saltbridge.requests")
_border = logging.getLogger("saltbridge.border")


class Watch:
    """Counters of one application. Labels come from our routes and our own words only."""

    def __init__(
        self, certificate_expires: Callable[[], datetime | None] | None = None
    ) -> None:
        self.certificate_expires = certificate_expires or (lambda: None)
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "saltbridge_requests", "Requests answered.", ("method", "route", "status"),
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "saltbridge_request_seconds", "Time until a request was answered.", ("route",),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.decisions = Counter(
            "saltbridge_border_decisions", "Border decisions since the start.", ("verdict",),
            registry=self.registry,
        )  # fmt: skip
        self.sign_in_failures = Counter(
            "saltbridge_sign_in_failures", "Refused sign-ins since the start.", ("who",),
            registry=self.registry,
        )  # fmt: skip
        self.cut_off = Counter(
            "saltbridge_connections_cut", "Connections cut off for a bound.", ("bound",),
            registry=self.registry,
        )  # fmt: skip
        for who in ("partner", "person"):
            self.sign_in_failures.labels(who)
        self._meters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._read_up_to: int | None = None

    def meters(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Where an answer is counted and timed; looked up once for each kind."""
        known = self._meters.get((method, route, status))
        if known is None:
            known = (
                self.requests.labels(method, route, str(status)),
                self.seconds.labels(route),
            )
            self._meters[method, route, status] = known
        return known

    def follow(self, view: UnitOfWork) -> None:
        """Count and log the border decisions that became durable since the last look.

        Of every process of this node: what a command decided is seen here too.
        """
        size = view.log_size()
        if self._read_up_to is None:
            self._read_up_to = size
            return
        until = min(size, self._read_up_to + _AT_A_TIME)
        for leaf in view.log_leaves(range(self._read_up_to, until)):
            if leaf.event != _DECIDED:
                continue
            record = view.get("decision", leaf.subject)
            document = {} if record is None else read_json(record.body)
            verdict = "released" if document.get("verdict") == "released" else "refused"
            self.decisions.labels(verdict).inc()
            _border.info(
                "border decision",
                extra={
                    "event": _DECIDED,
                    "decision": leaf.subject,
                    "verdict": verdict,
                    "recipient": _bpn(document),
                },
            )
        self._read_up_to = until


def watched(application: Application, watch: Watch) -> Application:
    """The application with a line in the log and a count for every request."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = secrets.token_hex(8)
        status, began, failed = 0, time.perf_counter(), False

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await application(scope, receive, answer)
        except Exception:
            failed = True
            if not status:
                status = 500
                await _say_500(send)
            # An answer was given already: there is nobody left to raise to.
            _requests.exception(
                "request failed",
                extra={"event": "request-failed", "request": request_id,
                       "route": _route(scope)},
            )  # fmt: skip
        finally:
            _account(watch, scope, status, time.perf_counter() - began, failed)

    return serve


def is_insider(world: World, request: Request) -> bool:
    """Whether the caller may see how the node does: by token, or because it sits beside it.

    A connection from loopback shows something only where the node itself is the face: behind
    a proxy on this machine everybody comes from loopback.
    """
    named = value(world.settings, "metrics_token_file")
    if named is not None:
        with suppress(OSError, UnicodeError):
            path = Path(str(world.settings.get("folder", "."))) / str(named)
            token = path.read_text(encoding="ascii").strip()
            shown = bearer(request)
            if token and compare_digest(shown.encode(), token.encode()):
                return True
    public = urlsplit(world.node.base_url).hostname or ""
    own_face = configured(world.settings) or _is_loopback(public)
    if not own_face or value(world.settings, "trusted_proxies"):
        return False
    forwarded = any(
        name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")
    )
    client = request.client.host if request.client else ""
    # A page elsewhere whose name leads to this machine asks under that name.
    asked = request.url.hostname or ""
    by_its_name = asked in (public, "localhost") or _is_loopback(asked)
    return _is_loopback(client) and by_its_name and not forwarded


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bpn(document: Any) -> str:
    recipient = document.get("recipient") if isinstance(document, dict) else None
    return str(recipient.get("bpn", "")) if isinstance(recipient, dict) else ""


def _route(scope: Scope) -> str:
    """The template of the route, such as ``/data/{pid}``; never what stood in its gaps."""
    return str(getattr(scope.get("route"), "path", "") or "none")


def _account(watch: Watch, scope: Scope, status: int, seconds: float, failed: bool) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route, state = _route(scope), scope.get("state", {})
    counter, clock = watch.meters(method, route, status)
    counter.inc()
    clock.observe(seconds)
    refused = state.get("sign_in_refused", "")
    if refused:
        watch.sign_in_failures.labels("person" if refused == "person" else "partner").inc()
    if not _requests.isEnabledFor(logging.INFO):
        return
    # The record as ``Logger.info`` makes it, but for the search for who called.
    record = logging.LogRecord(
        _requests.name, logging.INFO, __file__, 0, "request", None, None, "_account"
    )
    record.__dict__.update(
        {
            "event": "sign-in-refused" if refused else "request",
            "request": state.get("request_id"),
            "method": method,
            "route": route,
            "status": status,
            "seconds": round(seconds, 6),
            "partner": state.get("partner"),
            "person": state.get("person"),
        }
    )
    _requests.handle(record)


async def _say_500(send: Send) -> None:
    body = b'{"code":"http.500"}'
    head = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"),
            (b"content-length", b"%d" % len(body))]  # fmt: skip
    await send({"type": "http.response.start", "status": 500, "headers": head})
    await send({"type": "http.response.body", "body": body})

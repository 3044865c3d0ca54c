"""Serve one node: its port, its outbox, until it is asked to stop.

On 127.0.0.1 unless the settings name another address; then with TLS, or behind proxies that
are named. SIGHUP reads the certificate anew.
"""

import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Any, Final
from urllib.parse import urlsplit

from saltbridge import locales
from saltbridge.adapters.settings import value
from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.ports import World

LOCK_FILE: Final = "serving.lock"
LOOPBACK: Final = "127.0.0.1"

_log = logging.getLogger(__name__)


def serve(node_dir: Path, *, port: int | None = None, language: str = "") -> None:
    """Serve the node in the folder until SIGTERM or Ctrl-C.

    Raises:
        FaultyInput: no node is there, or its files are faulty.
        Unavailable: the node is served already, or the port is in use.
    """
    from saltbridge.bootstrap import open_world, outbox_handlers

    world = open_world(node_dir)
    try:
        _check_face(world, node_dir)
        context = _tls_context(world, node_dir, language)
        with _only_server(node_dir), _listening(world, port) as listener:
            from saltbridge.adapters.outbox_worker import OutboxWorker
            from saltbridge.web.app import create_app

            worker = OutboxWorker(world, outbox_handlers())
            application = create_app(world, worker.wake)
            worker.start()
            try:
                with _reloading(world, node_dir, context, language):
                    _run(world, application, listener, language, context)
            finally:
                worker.stop()
    finally:
        world.store.close()


def is_served(node_dir: Path) -> bool:
    """Whether a process serves the node in the folder now."""
    import fcntl

    try:
        descriptor = os.open(node_dir / LOCK_FILE, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def _only_server(node_dir: Path) -> Iterator[None]:
    """Held while the node is served. The lock ends with the process, however it ends."""
    import fcntl

    path = node_dir / LOCK_FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "?"
            raise Unavailable(
                [finding("http.served-already", Place(file=str(node_dir)), process=holder)]
            ) from fault
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _check_face(world: World, node_dir: Path) -> None:
    """Nothing but loopback is served in the clear, unless a proxy in front is named.

    Raises:
        FaultyInput: the settings open the node to the network without TLS.
    """
    from saltbridge.adapters import tls_files

    bind = str(value(world.settings, "bind"))
    place = Place(file=str(node_dir / "node.toml"))
    try:
        loopback = ip_address(bind).is_loopback
    except ValueError as fault:
        raise FaultyInput([finding("tls.bind-no-address", place, bind=bind)]) from fault
    behind = bool(value(world.settings, "trusted_proxies"))
    if not loopback and not behind and not tls_files.configured(world.settings):
        raise FaultyInput([finding("tls.bind-open", place, bind=bind)])


def _tls_context(world: World, node_dir: Path, language: str) -> ssl.SSLContext | None:
    from saltbridge.adapters import tls_files

    if not tls_files.configured(world.settings):
        return None
    files, warnings = tls_files.read(
        world.settings, node_dir, world.node.base_url, world.clock.now()
    )
    _warn(warnings, language)
    return tls_files.server_context(files)


@contextmanager
def _reloading(
    world: World, node_dir: Path, context: ssl.SSLContext | None, language: str
) -> Iterator[None]:
    """While this holds, SIGHUP reads the certificate anew; a faulty one changes nothing."""
    from saltbridge.adapters import tls_files

    def reload(number: int, frame: FrameType | None) -> None:
        if context is None:
            return
        try:
            files, warnings = tls_files.read(
                world.settings, node_dir, world.node.base_url, world.clock.now()
            )
        except SaltbridgeError as error:
            _warn(error.findings, language)
            return
        tls_files.load(context, files)
        _warn(warnings, language)
        _log.info("certificate read anew", extra={"event": "certificate-reloaded"})

    before = signal.signal(signal.SIGHUP, reload)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _warn(findings: tuple[Finding, ...], language: str) -> None:
    chosen = language if language in locales.LANGUAGES else "en"
    for found in findings:
        arguments = dict(found.arguments)
        says = locales.text(found.code, arguments, chosen)
        remedy = locales.text(found.remedy, arguments, chosen)
        level = logging.ERROR if found.severity is Severity.ERROR else logging.WARNING
        _log.log(level, "%s %s → %s", found.place, says, remedy, extra={"event": found.code})


@contextmanager
def _listening(world: World, port: int | None) -> Iterator[socket.socket]:
    number = port or int(world.settings.get("port") or urlsplit(world.node.base_url).port or 0)
    bind = str(value(world.settings, "bind"))
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((bind, number))
            listener.listen(128)  # at once: bound alone does not keep others from binding
        except OSError as fault:
            reason = fault.strerror or str(fault)
            raise Unavailable.of("http.port-in-use", port=number, reason=reason) from fault
        yield listener
    finally:
        listener.close()


def _run(
    world: World,
    application: Any,
    listener: socket.socket,
    language: str,
    context: ssl.SSLContext | None,
) -> None:
    import uvicorn

    from saltbridge.web.bounds import bounded_protocol, bounds_of

    settings = world.settings

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            _say_ready(world, listener, language, context is not None)

    proxies = list(value(settings, "trusted_proxies"))
    config = uvicorn.Config(
        application,
        http=bounded_protocol(bounds_of(settings)),
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=5,
        limit_concurrency=value(settings, "limits.connections"),
        h11_max_incomplete_event_size=value(settings, "limits.head_bytes"),
        ssl_context_factory=None if context is None else lambda *_: context,
    )
    # uvicorn raises the signal again after its shutdown; this keeps us alive to close up.
    before = {
        number: signal.signal(number, _remember) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        Server(config).run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _remember(number: int, frame: FrameType | None) -> None:
    """The shutdown has been done already."""


def _say_ready(world: World, listener: socket.socket, language: str, tls: bool) -> None:
    chosen = language if language in locales.LANGUAGES else "en"
    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    arguments = {
        "name": world.node.legal_name,
        "bpn": world.node.bpn,
        "url": f"{'https' if tls else 'http'}://{shown}:{port}",
        "base_url": world.node.base_url,
    }
    print(locales.text("http.ready", arguments, chosen), flush=True)
    sys.stderr.flush()

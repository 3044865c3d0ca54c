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
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from saltbridge import locales
from saltbridge.adapters import logs
from saltbridge.adapters.settings import value
from saltbridge.core.errors import FaultyInput, SaltbridgeError, Unavailable
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.ports import World

if TYPE_CHECKING:
    from saltbridge.web.watch import Watch

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
    from saltbridge.services.keys import record_keys

    world = open_world(node_dir)
    try:
        logs.configure(world.settings)
        record_keys(world)  # what a killed change of keys left untold
        _check_face(world, node_dir)
        face = Face(world, node_dir, language)
        with _only_server(node_dir), _listening(world, port) as listener:
            from saltbridge.adapters.outbox_worker import OutboxWorker
            from saltbridge.web.app import create_app
            from saltbridge.web.warm import warming
            from saltbridge.web.watch import Watch, watched

            watch = Watch(lambda: face.expires)
            worker = OutboxWorker(world, outbox_handlers(), each_second=watch.follow)
            application = watched(create_app(world, worker.wake, watch), watch)
            worker.start()
            try:
                with _reloading(face), warming(world):
                    _run(face, application, listener, watch)
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


class Face:
    """What the node shows to the network: in the clear on loopback, or with TLS.

    Raises:
        FaultyInput: the certificate cannot be used.
    """

    def __init__(self, world: World, node_dir: Path, language: str) -> None:
        self.world = world
        self.language = language if language in locales.LANGUAGES else "en"
        self.context: ssl.SSLContext | None = None
        self.expires: datetime | None = None
        self._node_dir = node_dir
        if value(world.settings, "tls.certificate") is not None:
            self.read()

    def read(self) -> None:
        """Read the certificate, and have new connections use it.

        Raises:
            FaultyInput: it cannot be used; what was read before stays.
        """
        from saltbridge.adapters import tls_files

        files, warnings = tls_files.read(
            self.world.settings,
            self._node_dir,
            self.world.node.base_url,
            self.world.clock.now(),
        )
        if self.context is None:
            self.context = tls_files.server_context(files)
        else:
            tls_files.load(self.context, files)
        self.expires = files.expires
        _warn(warnings, self.language)


@contextmanager
def _reloading(face: Face) -> Iterator[None]:
    """While this holds, SIGHUP reads the certificate anew; a faulty one changes nothing."""

    def reload(number: int, frame: FrameType | None) -> None:
        if face.context is None:
            return
        try:
            face.read()
        except SaltbridgeError as error:
            _warn(error.findings, face.language)
        else:
            _log.info("certificate read anew", extra={"event": "certificate-read"})

    before = signal.signal(signal.SIGHUP, reload)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _warn(findings: tuple[Finding, ...], language: str) -> None:
    """Log findings about the node's own files, in words."""
    for found in findings:
        arguments = dict(found.arguments)
        says = locales.text(found.code, arguments, language)
        remedy = locales.text(found.remedy, arguments, language)
        level = logging.ERROR if found.severity is Severity.ERROR else logging.WARNING
        extra = {"event": "certificate", "code": found.code, "says": f"{says} → {remedy}"}
        _log.log(level, "certificate", extra=extra)


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


def _run(face: Face, application: Any, listener: socket.socket, watch: "Watch") -> None:
    import uvicorn

    from saltbridge.web.bounds import bounded_protocol, bounds_of

    world, context, settings = face.world, face.context, face.world.settings

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            _say_ready(world, listener, face.language, context is not None)

    proxies = list(value(settings, "trusted_proxies"))
    config = uvicorn.Config(
        application,
        http=bounded_protocol(
            bounds_of(settings), lambda bound: watch.cut_off.labels(bound).inc()
        ),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=5,
        limit_concurrency=value(settings, "limits.connections"),
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
    from saltbridge.services.people_codes import is_set_up
    from saltbridge.web.sign_in_codes import set_up_address

    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    arguments = {
        "name": world.node.legal_name,
        "bpn": world.node.bpn,
        "url": f"{'https' if tls else 'http'}://{shown}:{port}",
        "base_url": world.node.base_url,
    }
    print(locales.text("http.ready", arguments, language), flush=True)
    if not is_set_up(world):
        public = world.node.base_url.startswith("https://")
        where = {"url": set_up_address(world, "" if public else arguments["url"])}
        print(locales.text("people.said-setup-code", where, language), flush=True)
    sys.stderr.flush()

"""Serve one node: its port on 127.0.0.1, its outbox, until it is asked to stop."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final
from urllib.parse import urlsplit

from saltbridge import locales
from saltbridge.core.errors import Unavailable
from saltbridge.core.finding import Place, finding
from saltbridge.ports import World

LOCK_FILE: Final = "serving.lock"
LOOPBACK: Final = "127.0.0.1"


def serve(node_dir: Path, *, port: int | None = None, language: str = "") -> None:
    """Serve the node in the folder until SIGTERM or Ctrl-C.

    Raises:
        FaultyInput: no node is there, or its files are faulty.
        Unavailable: the node is served already, or the port is in use.
    """
    from saltbridge.bootstrap import open_world, outbox_handlers

    world = open_world(node_dir)
    try:
        with _only_server(node_dir), _listening(world, port) as listener:
            from saltbridge.adapters.outbox_worker import OutboxWorker
            from saltbridge.web.app import create_app

            worker = OutboxWorker(world, outbox_handlers())
            application = create_app(world, worker.wake)
            worker.start()
            try:
                _run(world, application, listener, language)
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


@contextmanager
def _listening(world: World, port: int | None) -> Iterator[socket.socket]:
    number = port or int(world.settings.get("port") or urlsplit(world.node.base_url).port or 0)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, number))
            listener.listen(128)  # at once: bound alone does not keep others from binding
        except OSError as fault:
            reason = fault.strerror or str(fault)
            raise Unavailable.of("http.port-in-use", port=number, reason=reason) from fault
        yield listener
    finally:
        listener.close()


def _run(world: World, application: Any, listener: socket.socket, language: str) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            _say_ready(world, listener.getsockname()[1], language)

    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=5,
        limit_concurrency=200,
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


def _say_ready(world: World, port: int, language: str) -> None:
    chosen = language if language in locales.LANGUAGES else "en"
    arguments = {
        "name": world.node.legal_name,
        "bpn": world.node.bpn,
        "url": f"http://{LOOPBACK}:{port}",
        "base_url": world.node.base_url,
    }
    print(locales.text("http.ready", arguments, chosen), flush=True)
    sys.stderr.flush()

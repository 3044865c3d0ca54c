"""The fake EDCs of ``tests.fake_edc`` over loopback, for commands in other processes."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any

from tests.fake_edc import FakeDataspace

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.ports import HttpAnswer


@contextmanager
def served_edcs(port: int, participants: Sequence[tuple[str, str]]) -> Iterator[FakeDataspace]:
    """Connectors (name, participant) below ``http://127.0.0.1:PORT/NAME/``."""
    space = FakeDataspace(root=f"http://127.0.0.1:{port}", now=int(time()))
    space.nodes = SafeHttpClient(allow_loopback_http=True)
    edcs = {name: space.edc(name, participant) for name, participant in participants}
    lock = threading.Lock()

    class Door(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            content = self.rfile.read(size) if size else None
            _, name, door, *rest = self.path.split("/")
            edc = edcs[name]
            if door == "public":  # asks the node, which asks the management API meanwhile
                path = "".join(f"/{part}" for part in rest)
                found = edc.pulled(self.headers.get("authorization", ""), path)
            else:
                with lock:
                    url = f"{space.root}{self.path}"
                    headers = {k.lower(): v for k, v in self.headers.items()}
                    found = edc.send(self.command, url, headers=headers, content=content)
            self.tell(found)

        def tell(self, found: HttpAnswer) -> None:
            self.send_response(found.status)
            self.send_header("content-length", str(len(found.content)))
            self.end_headers()
            self.wfile.write(found.content)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield space
    finally:
        server.shutdown()
        server.server_close()

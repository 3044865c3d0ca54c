"""How negotiations of an EDC ended, as it calls back: nobody has to ask it again and again."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

FINALIZED: Final = "ContractNegotiationFinalized"
_ENDS: Final = {
    "contract.negotiation.finalized": FINALIZED,
    "contract.negotiation.terminated": "ContractNegotiationTerminated",
}


class Ends:
    """The ends that were told so far, by the id of the negotiation."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._told: dict[str, str] = {}
        self._changed = threading.Condition()

    @property
    def callback(self) -> dict[str, Any]:
        """What a negotiation is begun with, so that its end is told here."""
        return {"uri": self.url, "events": sorted(_ENDS), "transactional": False}

    def tell(self, event: dict[str, Any]) -> None:
        """An event of EDC."""
        if event.get("type") in _ENDS.values():
            with self._changed:
                self._told[event["payload"]["contractNegotiationId"]] = event["type"]
                self._changed.notify_all()

    def wait(self, id: str, seconds: float) -> str:
        """How it ended; empty where that was not told in time."""
        with self._changed:
            self._changed.wait_for(lambda: id in self._told, seconds)
            return self._told.pop(id, "")


@contextmanager
def listening() -> Iterator[Ends]:
    """A place on loopback where an EDC tells how negotiations end."""

    class Heard(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            ends.tell(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    ends = Ends(f"http://127.0.0.1:{server.server_port}/ended")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield ends
    finally:
        server.shutdown()
        server.server_close()

"""A peer's certificate that is not believed is told as that, with the reason; over real TLS."""

import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.core.errors import Unavailable
from saltbridge.testing.certificates import authority, server_files

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Silent."""


@contextmanager
def _server(chain: Path, key: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("starts", "ends", "names", "believed", "reason"),
    [
        (NOW - 9 * DAY, NOW - DAY, ("127.0.0.1",), True, "certificate has expired"),
        (NOW - DAY, NOW + DAY, ("127.0.0.1",), False, "issuer"),
        (NOW - DAY, NOW + DAY, ("elsewhere.example",), True, "mismatch"),
        (NOW - DAY, NOW + DAY, ("127.0.0.1",), True, ""),
    ],
)
def test_why_a_certificate_is_not_believed(tmp_path, starts, ends, names, believed, reason):
    issuer = authority(NOW)
    chain, key = server_files(
        tmp_path, issuer, starts=starts, ends=ends, names=names, with_issuer=False
    )
    context = ssl.create_default_context()
    if believed:
        context.load_verify_locations(cadata=issuer.pem.decode())
    client = SafeHttpClient(allow_loopback_http=True, ssl_context=context)
    with _server(chain, key) as url:
        if not reason:
            assert client.send("GET", url).status == 200
            return
        with pytest.raises(Unavailable) as refused:
            client.send("GET", url)
    (found,) = refused.value.findings
    assert found.code == "http.certificate"
    assert reason in found.arguments["reason"]

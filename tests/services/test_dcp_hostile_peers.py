"""A partner whose credential service leads inside, drips, floods or redirects: over sockets."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from saltbridge.adapters.did_resolver import WebDidResolver
from saltbridge.adapters.http import SafeHttpClient
from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.identifiers import did_web
from saltbridge.ports import Partner, World
from saltbridge.services.sign_in import known_caller
from saltbridge.steps import presentations
from saltbridge.testing.builders import BuiltKeyring, memory_world, node_profile
from saltbridge.trust.did import (
    CREDENTIAL_SERVICE,
    DidDocument,
    ServiceEndpoint,
    VerificationKey,
    build_did_document,
)
from saltbridge.trust.self_issued import self_issued_token


class Peer(BaseHTTPRequestHandler):
    document: ClassVar[bytes] = b""
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        Peer.asked.append(self.path)
        if self.path.endswith("/did.json"):
            return self._say(200, Peer.document)
        if self.path.startswith("/drip"):
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(100):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    threading.Event().wait(0.05)
            except OSError:
                pass
            return None
        if self.path.startswith("/flood"):
            return self._say(200, b"[" * 3_000_000)
        if self.path.startswith("/deep"):
            return self._say(200, b"[" * 100_000)
        if self.path.startswith("/redirect"):
            self.send_response(302)
            self.send_header("Location", "/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return self._say(404, b"{}")

    do_POST = do_GET

    def _say(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Peer.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def refusal(address: str, service: str) -> str:
    """Why the call of a partner with this credential service is refused."""
    keyring = BuiltKeyring(did_web(address))
    signer = keyring.signer()
    Peer.document = json.dumps(
        build_did_document(
            DidDocument(
                keyring.did,
                (VerificationKey(signer.key_id, signer.public_jwk()),),
                (ServiceEndpoint(f"{keyring.did}#cs", CREDENTIAL_SERVICE, service),),
            )
        )
    ).encode()
    world = _verifier(Partner("peer", "BPNL0000000000XX", keyring.did, "DE"))
    token = self_issued_token(
        caller=keyring.did, called=world.node.did, jti="j", now=world.clock.now(),
        signer=signer, access_token="opaque",
    )  # fmt: skip
    with pytest.raises(SaltbridgeError) as refused:
        known_caller(world, token)
    with world.store.reading() as view:
        assert len(view.find("sign-in-refused")) == 1
    return refused.value.findings[0].code


def _verifier(peer: Partner) -> World:
    world = memory_world(node_profile("cellmaker", partners=(peer,)))
    http = SafeHttpClient(allow_loopback_http=True)
    return replace(
        world,
        http=http,
        did_resolver=WebDidResolver(http, world.clock, allow_loopback_http=True),
        settings={"identity": "dcp", "credentials": {"trusted_issuers": {"did:web:i": ["*"]}}},
    )


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("https://10.0.0.1/cs", "http.address-forbidden"),
        ("https://169.254.169.254/latest", "http.address-forbidden"),
        ("https://[::1]/cs", "http.address-forbidden"),
        ("https://[64:ff9b::7f00:1]/cs", "http.address-forbidden"),
        ("https://2130706433/cs", "http.address-forbidden"),
        ("https://localhost/cs", "http.address-forbidden"),
        ("http://localhost:8080/cs", "http.needs-https"),
        ("http://cs.example/cs", "http.needs-https"),
        ("https://user@cs.example/", "http.address-forbidden"),
        ("file:///etc/passwd", "http.address-forbidden"),
        ("gopher://x/", "http.needs-https"),
    ],
)
def test_a_credential_service_inside_is_never_asked(
    address: str, service: str, code: str
) -> None:
    assert refusal(address, service) == code
    assert [path for path in Peer.asked if not path.endswith("did.json")] == []


def test_a_redirect_is_no_answer(address: str) -> None:
    assert refusal(address, f"{address}/redirect") == "identity.query-refused"
    assert not any("secret" in path for path in Peer.asked)


def test_a_drip_ends_and_a_flood_is_cut_off(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presentations, "_SECONDS", 0.3)
    assert refusal(address, f"{address}/drip") == "http.too-slow"
    monkeypatch.setattr(presentations, "_SECONDS", 5.0)
    assert refusal(address, f"{address}/flood") == "http.too-large"


@pytest.mark.parametrize(
    ("where", "code"),
    [("deep", "identity.response-faulty"), ("nothing", "identity.query-refused")],
)
def test_nonsense_is_refused_as_such(address: str, where: str, code: str) -> None:
    assert refusal(address, f"{address}/{where}") == code

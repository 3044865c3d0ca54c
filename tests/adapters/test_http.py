"""The HTTP client goes where partners may send it, and not one address further."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from saltbridge.adapters.did_resolver import WebDidResolver
from saltbridge.adapters.http import SafeHttpClient, is_public
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import Unavailable
from saltbridge.testing.builders import BuiltKeyring, FixedClock


class Partner(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str, bytes]]] = []
    documents: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.asked.append((self.command, self.path, content))
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/target")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/drip-headers":
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")
                for number in range(40):
                    self.wfile.write(b"X-%d: x\r\n" % number)
                    threading.Event().wait(0.05)
                self.wfile.write(b"\r\n")
            except OSError:
                pass
            return
        if self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(40):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    threading.Event().wait(0.05)
            except OSError:
                pass
            return
        body = self.documents.get(self.path)
        if self.path == "/large":
            body = b"x" * 100_000
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.send_header("X-Given", self.headers.get("authorization", ""))
        self.end_headers()
        self.wfile.write(body or b"")

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def partner() -> Iterator[str]:
    Partner.asked.clear()
    Partner.documents.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Partner)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def url() -> Iterator[str]:
    with partner() as there:
        yield there


@pytest.fixture
def client() -> Iterator[SafeHttpClient]:
    made = SafeHttpClient(allow_loopback_http=True)
    yield made
    made.close()


def refusal(client: SafeHttpClient, url: str, **more: Any) -> str:
    with pytest.raises(Unavailable) as refused:
        client.send("GET", url, **{"timeout_seconds": 2.0, **more})
    return refused.value.findings[0].code


def test_what_is_sent_arrives_and_what_is_answered_comes_back(
    client: SafeHttpClient, url: str
) -> None:
    Partner.documents["/x"] = b"answer"
    answer = client.send(
        "POST", f"{url}/x", headers={"Authorization": "Bearer t"}, content=b"question"
    )
    assert (answer.status, answer.content) == (200, b"answer")
    assert answer.headers["x-given"] == "Bearer t"
    assert Partner.asked == [("POST", "/x", b"question")]
    assert client.send("GET", f"{url}/absent").status == 404


@pytest.mark.parametrize(
    "secret", ["SECRET\n", "SECR\x00ET", "SECRÉT", " SECRET", "SE\r\nCRET: x"]
)
def test_a_value_that_no_header_carries_is_not_sent_and_not_told(
    client: SafeHttpClient, url: str, secret: str
) -> None:
    with pytest.raises(Unavailable) as refused:
        client.send("GET", f"{url}/x", headers={"X-Api-Key": secret})
    (found,) = refused.value.findings
    assert (found.code, found.arguments["header"]) == ("http.header-forbidden", "x-api-key")
    assert "CR" not in str(refused.value)
    assert Partner.asked == []


def test_headers_that_drip_do_not_begin_the_time_anew(client: SafeHttpClient, url: str) -> None:
    assert refusal(client, f"{url}/drip-headers", timeout_seconds=0.3) == "http.too-slow"


def test_a_redirect_is_an_answer_not_an_order(client: SafeHttpClient, url: str) -> None:
    assert client.send("GET", f"{url}/redirect").status == 302
    assert [path for _, path, _ in Partner.asked] == ["/redirect"]


def test_too_much_is_cut_off(client: SafeHttpClient, url: str) -> None:
    assert refusal(client, f"{url}/large", limit_bytes=99_999) == "http.too-large"
    assert len(client.send("GET", f"{url}/large", limit_bytes=100_000).content) == 100_000


class _Gigabyte(bytes):
    """Says that it is a gigabyte, and never comes."""

    def __len__(self) -> int:
        return 10**9


def test_what_is_announced_as_too_much_is_not_waited_for(
    client: SafeHttpClient, url: str
) -> None:
    Partner.documents["/huge"] = _Gigabyte()
    assert refusal(client, f"{url}/huge", limit_bytes=1000) == "http.too-large"
    assert refusal(client, f"{url}/huge", limit_bytes=2 * 10**9) != "http.too-large"


def test_a_slow_drip_ends(client: SafeHttpClient, url: str) -> None:
    assert refusal(client, f"{url}/drip", timeout_seconds=0.3) == "http.too-slow"


def test_nobody_there_is_said(client: SafeHttpClient, url: str) -> None:
    with partner() as gone:
        pass
    assert refusal(client, gone) == "http.unreachable"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://cells.example/", "http.needs-https"),
        ("http://localhost:1/", "http.needs-https"),
        ("http://0.0.0.0:1/", "http.needs-https"),
        ("http://127.0.0.2:1/", "http.needs-https"),
        ("http://127.1:1/", "http.needs-https"),
        ("http://2130706433:1/", "http.needs-https"),
        ("http://[::1]:1/", "http.needs-https"),
        ("http://127.0.0.1.evil.example/", "http.needs-https"),
        ("http://evil.example@127.0.0.1:1/", "http.address-forbidden"),
        ("http://127.0.0.1:1@evil.example/", "http.address-forbidden"),
        ("https://localhost:1/", "http.address-forbidden"),
        ("https://10.0.0.1/", "http.address-forbidden"),
        ("https://192.168.1.1/", "http.address-forbidden"),
        ("https://169.254.169.254/latest", "http.address-forbidden"),
        ("https://0x7f000001/", "http.address-forbidden"),
        ("https://[::ffff:127.0.0.1]/", "http.address-forbidden"),
        ("https://[64:ff9b::7f00:1]/", "http.address-forbidden"),
        ("https://[2002:7f00:1::]/", "http.address-forbidden"),
        ("https://[fd00::1]/", "http.address-forbidden"),
        ("file:///etc/passwd", "http.address-forbidden"),
        ("ftp://cells.example/", "http.needs-https"),
        ("gopher://127.0.0.1:1/", "http.needs-https"),
        ("https:///x", "http.address-forbidden"),
        ("https://cells.example:port/", "http.address-forbidden"),
        ("https://cells.example/a b", "http.address-forbidden"),
        ("https://cells.example/\r\nHost: x", "http.address-forbidden"),
        ("https://cellś.example/", "http.address-forbidden"),
        ("", "http.address-forbidden"),
    ],
)
def test_no_partner_sends_us_into_a_private_network(
    client: SafeHttpClient, address: str, code: str
) -> None:
    assert refusal(client, address) == code


def test_loopback_http_is_for_nodes_that_allow_it(url: str) -> None:
    strict = SafeHttpClient()
    assert refusal(strict, url) == "http.needs-https"
    assert refusal(strict, url.replace("http:", "https:")) == "http.address-forbidden"
    assert Partner.asked == []


def test_an_address_of_the_companys_own_may_be_private_and_no_other(url: str) -> None:
    own = SafeHttpClient(own_url=url)
    assert own.send("GET", f"{url}/absent").status == 404
    with pytest.raises(Unavailable, match="needs-https"):
        SafeHttpClient(own_url="https://127.0.0.1").send("GET", f"{url}/absent")
    with pytest.raises(Unavailable, match="needs-https"):
        own.send("GET", "http://localhost:1/x")
    with pytest.raises(Unavailable, match="address-forbidden"):
        own.send("GET", "https://10.0.0.1/x")


def test_a_key_does_not_go_to_a_public_address_in_the_clear() -> None:
    with pytest.raises(Unavailable, match="address-forbidden"):
        SafeHttpClient(own_url="http://8.8.8.8").send("GET", "http://8.8.8.8/management")


def test_public_means_public() -> None:
    for address in ("8.8.8.8", "2606:4700::1111"):
        assert is_public(address)
    for address in ("127.0.0.1", "224.0.0.1", "0.0.0.1", "100.64.0.1", "::", "ff02::1"):
        assert not is_public(address), address


# DID documents


def test_a_partners_document_is_fetched_checked_and_kept_for_a_minute(
    client: SafeHttpClient, url: str
) -> None:
    did = f"did:web:127.0.0.1%3A{url.rpartition(':')[2]}"
    document = BuiltKeyring(did).did_document()
    Partner.documents["/.well-known/did.json"] = canonical_bytes(document)
    clock = FixedClock()
    resolver = WebDidResolver(client, clock, allow_loopback_http=True)
    assert resolver.resolve(did) == document
    assert resolver.resolve(did) == document
    assert len(Partner.asked) == 1
    clock.advance(seconds=60)
    resolver.resolve(did)
    assert len(Partner.asked) == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "trust.did-unresolved"),
        (b"<html>", "json.syntax"),
        (b'{"id":"did:web:evil.example"}', "trust.did-differs"),
        (b'{"id":"a","id":"b"}', "json.duplicate-key"),
        (b"x" * 300_000, "http.too-large"),
    ],
)
def test_another_or_a_faulty_document_is_not_taken(
    client: SafeHttpClient, url: str, content: bytes | None, code: str
) -> None:
    if content is not None:
        Partner.documents["/.well-known/did.json"] = content
    resolver = WebDidResolver(client, FixedClock(), allow_loopback_http=True)
    with pytest.raises(Unavailable) as refused:
        resolver.resolve(f"did:web:127.0.0.1%3A{url.rpartition(':')[2]}")
    assert refused.value.findings[0].code == code


@pytest.mark.parametrize(
    ("did", "code"),
    [
        ("did:key:z6Mk", "trust.did-unresolved"),
        ("did:web:", "trust.did-unresolved"),
        ("did:web:127.0.0.1%3A1", "http.address-forbidden"),
        ("did:web:evil.example%2F..%40127.0.0.1", "trust.did-unresolved"),
        ("did:web:cells.example%3A443%2Fother", "trust.did-unresolved"),
        ("did:web:cells.example:..:other", "trust.did-unresolved"),
        ("did:web:cells.example:a?b", "trust.did-unresolved"),
        ("did:web:user%40cells.example", "trust.did-unresolved"),
    ],
)
def test_a_did_leads_nowhere_else(did: str, code: str) -> None:
    resolver = WebDidResolver(SafeHttpClient(), FixedClock(), allow_loopback_http=False)
    with pytest.raises(Unavailable) as refused:
        resolver.resolve(did)
    assert refused.value.findings[0].code == code

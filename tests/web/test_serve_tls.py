"""A node that is served with TLS: real process, real requests, on 127.0.0.1."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters import node_folder, tls_files
from saltbridge.adapters.http import SafeHttpClient
from saltbridge.adapters.processes import ends_with_parent
from saltbridge.bootstrap import open_world
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.testing.builders import node_profile
from saltbridge.testing.certificates import authority, server_files
from saltbridge.web.serve import serve

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
TLS = {"tls": {"certificate": "tls/chain.pem", "key": "tls/key.pem"}, "ca_file": "ca.pem"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def made(folder: Path, port: int, settings: dict[str, Any], scheme: str = "https") -> Path:
    profile = replace(
        node_profile(port=port), base_url=f"{scheme}://127.0.0.1:{port}",
        did=f"did:web:127.0.0.1%3A{port}",
    )  # fmt: skip
    node_folder.create(folder, profile, {"port": port, **settings}, NOW)
    return folder


class Served:
    def __init__(self, folder: Path) -> None:
        self.log = folder.parent / "serve.log"
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "saltbridge", "node", "serve", str(folder)],
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "SALTBRIDGE_LANGUAGE": "en"},
                preexec_fn=ends_with_parent(),
            )
        until = time.monotonic() + 30
        while b"is ready" not in self.log.read_bytes():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int, Served, Any]]:
    folder = tmp_path_factory.mktemp("tls") / "node"
    port, issuer = free_port(), authority(NOW)
    short = {"limits": {"head_seconds": 1, "body_seconds": 1, "connections_per_address": 8}}
    made(folder, port, {**TLS, **short})
    (folder / "ca.pem").write_bytes(issuer.pem)
    server_files(folder / "tls", issuer, starts=NOW - DAY, ends=NOW + 60 * DAY)
    served = Served(folder)
    yield folder, port, served, issuer
    served.stop()


def test_a_partner_that_knows_the_authority_is_answered(node: Any) -> None:
    folder, port, served, _ = node
    client = SafeHttpClient(
        allow_loopback_http=True, ssl_context=tls_files.partner_context(TLS, folder)
    )
    assert client.send("GET", f"https://127.0.0.1:{port}/health").status == 200
    assert f"https://127.0.0.1:{port}\n".encode() in served.log.read_bytes()
    stranger = SafeHttpClient(allow_loopback_http=True)
    with pytest.raises(Unavailable) as refused:
        stranger.send("GET", f"https://127.0.0.1:{port}/health")
    assert [f.code for f in refused.value.findings] == ["http.certificate"]


def test_the_certificate_is_for_this_host_only(node: Any) -> None:
    folder, port, _, _ = node
    context = tls_files.partner_context(TLS, folder)
    plain = socket.create_connection(("127.0.0.1", port), 5)
    with plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="cells.example")


@pytest.mark.parametrize(
    ("version", "spoken"),
    [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)],
)
def test_old_tls_is_refused(node: Any, version: str, spoken: bool) -> None:
    _, port, _, _ = node
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        if not spoken:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(plain)
            return
        with context.wrap_socket(plain) as secure:
            assert secure.version() == version.replace("_", ".")
            name = secure.cipher()[0]  # type: ignore[index]
            assert "GCM" in name or "CHACHA20" in name


def test_ciphers_without_forward_secrecy_are_refused(node: Any) -> None:
    _, port, _, _ = node
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+SHA256+AES:ECDHE+SHA+AES:!AESGCM:!AESCCM")
    plain = socket.create_connection(("127.0.0.1", port), 5)
    with plain, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(plain)


def test_plain_http_at_the_tls_port_gets_nothing(node: Any) -> None:
    _, port, _, _ = node
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" not in plain.recv(1000)


def _secure(folder: Path, port: int) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), 10)
    return tls_files.partner_context(TLS, folder).wrap_socket(
        plain, server_hostname="127.0.0.1"
    )


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET /health HTTP/1.1\r\nHost:",
        b"POST /2025-1/catalog/request HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_whoever_sends_drop_by_drop_is_cut_off(node: Any, beginning: bytes) -> None:
    folder, port, _, _ = node
    with _secure(folder, port) as secure:
        secure.sendall(beginning)
        secure.settimeout(8)
        try:
            while secure.recv(1000):
                pass
        except ConnectionError:
            pass  # cut off; a socket.timeout would be a failure


def test_one_address_has_so_many_connections_and_no_more(node: Any) -> None:
    folder, port, _, _ = node
    taken = []
    try:
        with pytest.raises((ConnectionError, ssl.SSLError)):
            for _ in range(12):
                secure = _secure(folder, port)
                taken.append(secure)
                secure.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                if not secure.recv(1000):
                    raise ConnectionResetError
    finally:
        for secure in taken:
            secure.close()
    assert len(taken) == 9


def test_a_large_head_is_refused(node: Any) -> None:
    folder, port, _, _ = node
    with _secure(folder, port) as secure:
        secure.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000)
        try:
            answer = secure.recv(1000)
        except ConnectionError:
            answer = b""
        assert b" 200 " not in answer


def test_a_renewed_certificate_is_taken_without_a_restart(node: Any) -> None:
    folder, port, served, issuer = node

    def serial() -> int:
        with _secure(folder, port) as secure:
            return int(secure.getpeercert()["serialNumber"], 16)  # type: ignore[index,arg-type]

    def until(condition: Any) -> None:
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, served.log.read_text()
            time.sleep(0.05)

    first = serial()
    (folder / "tls/key.pem").write_bytes(b"half a file")
    served.process.send_signal(signal.SIGHUP)
    until(lambda: "no private key" in served.log.read_text())
    assert serial() == first
    server_files(folder / "tls", issuer, starts=NOW - DAY, ends=NOW + 90 * DAY)
    served.process.send_signal(signal.SIGHUP)
    until(lambda: serial() != first)


# What does not start


@pytest.mark.parametrize(
    ("settings", "scheme", "code"),
    [
        ({"bind": "0.0.0.0"}, "http", "tls.bind-open"),  # noqa: S104 - refused
        ({"bind": "everywhere"}, "http", "tls.bind-no-address"),
        (TLS, "http", "tls.base-url-not-https"),
    ],
)
def test_an_open_or_contradictory_face_is_refused(
    tmp_path: Path, settings: dict[str, Any], scheme: str, code: str
) -> None:
    folder = made(tmp_path / "n", free_port(), settings, scheme)
    issuer = authority(NOW)
    (folder / "ca.pem").write_bytes(issuer.pem)
    server_files(folder / "tls", issuer, starts=NOW - DAY, ends=NOW + 60 * DAY)
    with pytest.raises(FaultyInput) as fault:
        serve(folder)
    assert [f.code for f in fault.value.findings] == [code]


def test_an_expired_certificate_is_not_served(tmp_path: Path) -> None:
    folder = made(tmp_path / "n", free_port(), TLS)
    issuer = authority(NOW - 20 * DAY)
    (folder / "ca.pem").write_bytes(issuer.pem)
    server_files(folder / "tls", issuer, starts=NOW - 9 * DAY, ends=NOW - DAY)
    with pytest.raises(FaultyInput) as fault:
        serve(folder)
    assert [f.code for f in fault.value.findings] == ["tls.expired"]


def test_the_world_calls_partners_with_its_own_authorities(node: Any) -> None:
    folder, port, _, _ = node
    world = open_world(folder, store_url="memory://")
    assert world.http.send("GET", f"https://127.0.0.1:{port}/health").status == 200

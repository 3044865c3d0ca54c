"""Time-stamps against a local authority: OpenSSL behind a server on 127.0.0.1."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.adapters.timestamp import HttpTimestampAuthority, read_roots
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.services.log_seal import kept_seals, reseal
from saltbridge.services.log_stamp import kept_stamps, stamp, stamps_by_text
from saltbridge.testing.builders import memory_world
from saltbridge.trust.suites import NotVerified

pytestmark = pytest.mark.full("the openssl command")

_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """A time-stamp authority: where it answers, and what it does to its answers."""

    url: str
    roots: Path
    spoil: Callable[[bytes], bytes] = lambda reply: reply
    media_type: str = "application/timestamp-reply"


def _certificate(folder: Path, name: str, issuer: tuple | None, ca: bool) -> tuple:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signed_with, signed_by = issuer or (key, subject)
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signed_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False),
            critical=True,
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_with.public_key()),
            critical=False,
        )
    )
    if not ca:
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        built = built.add_extension(use, critical=True)
    made = built.sign(signed_with, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return key, subject


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    root = _certificate(tmp_path, "root", None, ca=True)
    _certificate(tmp_path, "tsa", root, ca=False)
    (tmp_path / "serial").write_text("01\n")
    config = tmp_path / "tsa.cnf"
    config.write_text(_CONFIG.format(folder=tmp_path))
    served: list[Authority] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["content-type"] == "application/timestamp-query"
            query, reply = tmp_path / "query", tmp_path / "reply"
            query.write_bytes(self.rfile.read(int(self.headers["content-length"])))
            subprocess.run(
                ["openssl", "ts", "-reply", "-config", str(config), "-queryfile", str(query),
                 "-out", str(reply)],
                check=True, capture_output=True,
            )  # fmt: skip
            content = served[0].spoil(reply.read_bytes())
            self.send_response(200)
            self.send_header("content-type", served[0].media_type)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    served.append(
        Authority(f"http://127.0.0.1:{server.server_address[1]}/tsa", tmp_path / "root.pem")
    )
    yield served[0]
    server.shutdown()
    server.server_close()


def client(authority: Authority, url: str | None = None) -> HttpTimestampAuthority:
    http = SafeHttpClient(allow_loopback_http=True)
    return HttpTimestampAuthority(
        http, authority.url if url is None else url, read_roots(authority.roots)
    )


def test_what_was_stamped_is_checked_without_the_authority(authority: Authority) -> None:
    reply = client(authority).stamp(b"a checkpoint")
    offline = client(authority, url="")
    at = offline.stamped_at(b"a checkpoint", reply)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    with pytest.raises(NotVerified):
        offline.stamped_at(b"another checkpoint", reply)
    with pytest.raises(NotVerified):
        offline.stamped_at(b"a checkpoint", reply[:-5])
    with pytest.raises(Unavailable):
        offline.stamp(b"a checkpoint")


def test_single_bit_flips_in_a_time_stamp_are_found(authority: Authority) -> None:
    reply = client(authority).stamp(b"a checkpoint")
    offline = client(authority, url="")
    at = offline.stamped_at(b"a checkpoint", reply)
    accepted = []
    for position in range(0, len(reply), 7):
        flipped = bytearray(reply)
        flipped[position] ^= 4
        try:
            accepted.append((position, offline.stamped_at(b"a checkpoint", bytes(flipped))))
        except NotVerified:
            continue
    # Text beside the signature may be spelt otherwise; the time never is.
    assert all(told == at for _, told in accepted)


def test_an_authority_nobody_trusts_here_stamps_nothing(
    authority: Authority, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _certificate(other, "root", None, ca=True)
    stranger = client(replace(authority, roots=other / "root.pem"))
    with pytest.raises(Unavailable) as refused:
        stranger.stamp(b"a checkpoint")
    assert refused.value.findings[0].code == "log.stamp-wrong"


def test_answers_that_are_no_time_stamp(authority: Authority) -> None:
    old = client(authority).stamp(b"a checkpoint")
    authority.spoil = lambda _: old  # replayed: another nonce
    with pytest.raises(Unavailable):
        client(authority).stamp(b"a checkpoint")
    authority.spoil = lambda _: b"<html>"
    with pytest.raises(Unavailable):
        client(authority).stamp(b"a checkpoint")
    authority.spoil, authority.media_type = lambda reply: reply, "text/html"
    with pytest.raises(Unavailable) as refused:
        client(authority).stamp(b"a checkpoint")
    assert refused.value.findings[0].code == "log.stamp-refused"


def test_a_certificate_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    for name in ("x.pem", "absent.pem"):
        with pytest.raises(FaultyInput):
            read_roots(tmp_path / name)


@dataclass
class _Audited:
    findings: tuple = ()
    clean: bool = True


def test_checkpoints_are_stamped_kept_and_sealed_over(authority: Authority) -> None:
    world = replace(memory_world(), timestamp_authority=client(authority))
    with world.store.unit_of_work() as work:
        work.append_leaf("test.done", "1", b"{}")
    kept = stamp(world)
    assert (kept.size, kept.at is not None) == (1, True)
    assert [(s.at, s.fault) for s in kept_stamps(world)] == [(kept.at, None)]
    assert stamps_by_text(world) == {kept.text: kept.at}
    seal = reseal(world, lambda store: _Audited())
    assert len(seal.covers) == 1
    assert [k.code for k in kept_seals(world)] == [""]
    blind = replace(world, timestamp_authority=None)
    assert [s.fault.code for s in kept_stamps(blind) if s.fault] == ["log.no-authority"]
    with pytest.raises(Unavailable):
        stamp(blind)

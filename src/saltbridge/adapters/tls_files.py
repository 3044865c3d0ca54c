"""Certificates of a node: checked before they are served, changed without a restart.

What partners will refuse later is said at the start: a key that is not the certificate's, a
host name the certificate does not hold, a date that has passed, links that are missing.
"""

import os
import ssl
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from saltbridge.adapters.settings import value
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, Severity, errors_in, finding

WARN_BEFORE: Final = timedelta(days=30)
# Forward secrecy and authenticated encryption only; TLS 1.3 brings its own list.
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!eNULL"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Certificate chain and private key as they were read, and where they lie."""

    certificate_path: Path
    key_path: Path
    certificate: bytes
    key: bytes
    chain: tuple[x509.Certificate, ...]

    @property
    def expires(self) -> datetime:
        """When the first certificate of the chain stops being good."""
        return min(c.not_valid_after_utc for c in self.chain)


def configured(settings: Mapping[str, Any]) -> bool:
    """Whether the node speaks TLS itself."""
    return value(settings, "tls.certificate") is not None


def read(
    settings: Mapping[str, Any], folder: Path, base_url: str, now: datetime
) -> tuple[TlsFiles, tuple[Finding, ...]]:
    """The files and what a person should know about them (warnings).

    Raises:
        FaultyInput: partners could not use them; all findings at once.
    """
    certificate_path = folder / str(value(settings, "tls.certificate"))
    key_path = folder / str(value(settings, "tls.key"))
    faults: list[Finding] = []
    certificate = _content(certificate_path, faults, private=False)
    key = _content(key_path, faults, private=True)
    chain: tuple[x509.Certificate, ...] = ()
    if certificate:
        try:
            chain = tuple(x509.load_pem_x509_certificates(certificate))
        except ValueError:
            faults.append(finding("tls.no-certificate", Place(file=str(certificate_path))))
    if chain:
        place = Place(file=str(certificate_path))
        faults += _check_chain(chain, urlsplit(base_url).hostname or "", now, place)
        if not base_url.startswith("https://"):
            faults.append(finding("tls.base-url-not-https", place, url=base_url))
        faults += _check_trust_path(chain, settings, folder, place)
    if key:
        faults += _check_key(key, chain, Place(file=str(key_path)))
    if errors_in(faults):
        raise FaultyInput(faults)
    files = TlsFiles(certificate_path, key_path, certificate, key, chain)
    return files, tuple(faults)


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """A context for serving with these files: TLS 1.2 and newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    load(context, files)
    return context


def load(context: ssl.SSLContext, files: TlsFiles) -> None:
    """Have new connections of the context use these files: the bytes that were checked."""
    with tempfile.TemporaryDirectory() as folder:  # 0700; OpenSSL takes paths only
        certificate, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
        certificate.write_bytes(files.certificate)
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(files.key)
        context.load_cert_chain(certificate, key)


def partner_context(settings: Mapping[str, Any], folder: Path) -> ssl.SSLContext:
    """A context for calling partners: the system's authorities and those of ``ca_file``.

    Raises:
        FaultyInput: the file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    named = value(settings, "ca_file")
    if named is not None:
        path = folder / str(named)
        faults: list[Finding] = []
        content = _content(path, faults, private=False)
        if not faults:
            try:
                context.load_verify_locations(cadata=content.decode("ascii"))
            except (ssl.SSLError, UnicodeDecodeError, ValueError):
                faults.append(finding("tls.no-certificate", Place(file=str(path))))
        if faults:
            raise FaultyInput(faults)
    return context


def _content(path: Path, faults: list[Finding], *, private: bool) -> bytes:
    place = Place(file=str(path))
    try:
        with path.open("rb") as file:
            if private and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                faults.append(finding("tls.key-readable-by-others", place))
            return file.read(1_000_000)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        faults.append(finding("tls.unreadable", place, reason=reason))
        return b""


def _check_chain(
    chain: Sequence[x509.Certificate], host: str, now: datetime, place: Place
) -> Iterator[Finding]:
    for certificate in chain:
        subject = certificate.subject.rfc4514_string() or "?"
        starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if now > ends:
            yield finding("tls.expired", place, subject=subject, date=_day(ends))
        elif now < starts:
            yield finding("tls.not-yet-valid", place, subject=subject, date=_day(starts))
        elif ends - now < WARN_BEFORE:
            days = (ends - now).days
            yield finding(
                "tls.expires-soon", place, severity=Severity.WARNING,
                subject=subject, date=_day(ends), days=days,
            )  # fmt: skip
    names = _names(chain[0])
    if not any(_matches(name, host) for name in names):
        yield finding("tls.wrong-host", place, host=host, names=", ".join(names) or "–")
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            yield finding(
                "tls.chain-broken", place,
                subject=lower.subject.rfc4514_string(), issuer=upper.subject.rfc4514_string(),
            )  # fmt: skip


def _check_trust_path(
    chain: Sequence[x509.Certificate], settings: Mapping[str, Any], folder: Path, place: Place
) -> Iterator[Finding]:
    """A warning where the chain ends at an issuer this machine does not know either."""
    last = chain[-1]
    # The name as bytes: authorities of the system need not be parsed, some are malformed.
    name = last.issuer.public_bytes()
    known = partner_context(settings, folder).get_ca_certs(binary_form=True)
    if any(name in authority for authority in known):
        return
    code = "tls.self-issued" if last.issuer == last.subject else "tls.chain-incomplete"
    issuer = last.issuer.rfc4514_string() or "?"
    yield finding(code, place, severity=Severity.WARNING, issuer=issuer)


def _check_key(
    key: bytes, chain: Sequence[x509.Certificate], place: Place
) -> Iterator[Finding]:
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        yield finding("tls.no-key", place)
        return
    if chain and _public(private.public_key()) != _public(chain[0].public_key()):
        yield finding("tls.key-of-another", place)


def _public(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, form)
    return encoded


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        alternative = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        return []
    names = list(alternative.get_values_for_type(x509.DNSName))
    return names + [str(a) for a in alternative.get_values_for_type(x509.IPAddress)]


def _matches(name: str, host: str) -> bool:
    """RFC 6125: a wildcard stands for one whole label, the leftmost, and for no address.

    >>> _matches("*.cells.example", "node.cells.example"), _matches("*.example", "a.b.example")
    (True, False)
    """
    name, host = name.lower().rstrip("."), host.lower().rstrip(".")
    try:
        return ip_address(name) == ip_address(host)
    except ValueError:
        pass
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:] and not host.startswith(".")
    return name == host


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()

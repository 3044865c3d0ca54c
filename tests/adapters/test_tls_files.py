"""Certificates: what partners would refuse is said at the start, all at once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters import tls_files
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Severity
from saltbridge.testing.builders import NOON
from saltbridge.testing.certificates import authority, server_files

URL = "https://127.0.0.1:8443"
DAY = timedelta(days=1)
YEAR = {"starts": NOON - DAY, "ends": NOON + 365 * DAY}
SETTINGS = {"tls": {"certificate": "tls/chain.pem", "key": "tls/key.pem"}, "ca_file": "ca.pem"}


@pytest.fixture
def issuer(tmp_path: Path) -> Any:
    made = authority(NOON)
    (tmp_path / "ca.pem").write_bytes(made.pem)
    return made


def found(folder: Path, url: str = URL, **more: Any) -> dict[str, Severity]:
    try:
        _, findings = tls_files.read({**SETTINGS, **more}, folder, url, NOON)
    except FaultyInput as fault:
        findings = fault.findings
    return {f.code: f.severity for f in findings}


def test_sound_files_give_no_findings_and_serve(tmp_path: Path, issuer: Any) -> None:
    server_files(tmp_path / "tls", issuer, **YEAR)
    assert found(tmp_path) == {}
    files, _ = tls_files.read(SETTINGS, tmp_path, URL, NOON)
    assert files.expires == NOON + 365 * DAY
    tls_files.server_context(files)


@pytest.mark.parametrize(
    ("made", "codes"),
    [
        ({"ends": NOON - timedelta(seconds=1)}, {"tls.expired"}),
        ({"starts": NOON + timedelta(seconds=1)}, {"tls.not-yet-valid"}),
        ({"names": ["cells.example"]}, {"tls.wrong-host"}),
        (
            {"names": ["cells.example"], "ends": NOON - DAY / 2},
            {"tls.wrong-host", "tls.expired"},
        ),
    ],
)  # fmt: skip
def test_what_partners_would_refuse_is_an_error(
    tmp_path: Path, issuer: Any, made: dict[str, Any], codes: set[str]
) -> None:
    server_files(tmp_path / "tls", issuer, **{**YEAR, **made})
    assert found(tmp_path) == dict.fromkeys(codes, Severity.ERROR)


def test_thirty_days_before_its_end_a_person_is_warned(tmp_path: Path, issuer: Any) -> None:
    server_files(tmp_path / "tls", issuer, starts=NOON - DAY, ends=NOON + 30 * DAY)
    assert found(tmp_path) == {}
    server_files(tmp_path / "tls", issuer, starts=NOON - DAY, ends=NOON + 29 * DAY)
    assert found(tmp_path) == {"tls.expires-soon": Severity.WARNING}


def test_a_key_of_another_or_an_open_key_is_refused(tmp_path: Path, issuer: Any) -> None:
    server_files(tmp_path / "other", issuer, **YEAR)
    server_files(tmp_path / "tls", issuer, **YEAR)
    own = (tmp_path / "tls/key.pem").read_bytes()
    (tmp_path / "tls/key.pem").write_bytes((tmp_path / "other/key.pem").read_bytes())
    assert found(tmp_path) == {"tls.key-of-another": Severity.ERROR}
    (tmp_path / "tls/key.pem").write_bytes(own)
    (tmp_path / "tls/key.pem").chmod(0o640)
    assert found(tmp_path) == {"tls.key-readable-by-others": Severity.ERROR}
    (tmp_path / "tls/key.pem").chmod(0o600)
    (tmp_path / "tls/key.pem").write_bytes(b"no key")
    assert found(tmp_path) == {"tls.no-key": Severity.ERROR}


def test_missing_files_are_named_together(tmp_path: Path, issuer: Any) -> None:
    with pytest.raises(FaultyInput) as fault:
        tls_files.read(SETTINGS, tmp_path, URL, NOON)
    assert [f.code for f in fault.value.findings] == ["tls.unreadable"] * 2
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls/chain.pem").write_bytes(b"-----BEGIN CERTIFICATE-----")
    assert found(tmp_path)["tls.no-certificate"] is Severity.ERROR


def test_the_chain_is_followed(tmp_path: Path, issuer: Any) -> None:
    chain, _ = server_files(tmp_path / "tls", issuer, **YEAR)
    stranger = authority(NOON, "Stranger")
    leaf = chain.read_bytes().removesuffix(issuer.pem)
    chain.write_bytes(leaf + stranger.pem + issuer.pem)
    assert found(tmp_path) == {"tls.chain-broken": Severity.ERROR}
    chain.write_bytes(leaf)
    assert found(tmp_path) == {}  # the machine knows the issuer by ca_file
    (tmp_path / "ca.pem").write_bytes(stranger.pem)
    assert found(tmp_path) == {"tls.chain-incomplete": Severity.WARNING}
    chain.write_bytes(leaf + issuer.pem)
    assert found(tmp_path) == {"tls.self-issued": Severity.WARNING}


def test_names_are_those_of_rfc_6125() -> None:
    assert tls_files._matches("*.cells.example", "a.cells.example")
    assert not tls_files._matches("*.cells.example", "a.b.cells.example")
    assert not tls_files._matches("*.cells.example", "cells.example")
    assert not tls_files._matches("*", "cells.example")
    assert tls_files._matches("::1", "0:0:0:0:0:0:0:1")
    assert not tls_files._matches("127.0.0.1", "127.0.0.2")


def test_a_base_url_in_the_clear_contradicts_tls(tmp_path: Path, issuer: Any) -> None:
    server_files(tmp_path / "tls", issuer, **YEAR)
    assert "tls.base-url-not-https" in found(tmp_path, "http://127.0.0.1:8443")


def test_authorities_for_partners_have_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(FaultyInput):
        tls_files.partner_context({"ca_file": "absent.pem"}, tmp_path)
    (tmp_path / "x.pem").write_bytes(b"nothing")
    with pytest.raises(FaultyInput):
        tls_files.partner_context({"ca_file": "x.pem"}, tmp_path)

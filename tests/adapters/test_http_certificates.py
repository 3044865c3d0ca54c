"""A peer's certificate that is not believed is told as that, with the reason; over real TLS."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from tests.tls_server import tls_server

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.core.errors import Unavailable
from saltbridge.testing.certificates import authority, server_files

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


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
    with tls_server(chain, key) as url:
        if not reason:
            assert client.send("GET", url).status == 200
            return
        with pytest.raises(Unavailable) as refused:
            client.send("GET", url)
    (found,) = refused.value.findings
    assert found.code == "http.certificate"
    assert reason in found.arguments["reason"]

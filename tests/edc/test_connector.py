"""The real EDC starts, says which protocol it speaks, and has a data plane."""

import pytest
from tests.edc.connector import Edc
from tests.edc.management import ODRL_CONTEXT, call, put_offer

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.core.canonical import read_json

pytestmark = pytest.mark.full("Java, Maven and EDC's published parts")


def test_it_speaks_the_protocol_of_2025(edc: Edc):
    client = SafeHttpClient(allow_loopback_http=True)
    said = client.send("GET", f"{edc.protocol}/.well-known/dspace-version")
    ours = {"version": "2025-1", "path": "/2025-1", "binding": "HTTPS"}
    assert ours in read_json(said.content)["protocolVersions"]


def test_its_data_plane_serves_pulls(edc: Edc):
    (plane,) = call(edc, "GET", "/v3/dataplanes")
    assert "HttpData-PULL" in plane["allowedTransferTypes"]
    assert plane["state"] == "AVAILABLE"


def test_it_takes_an_offer(edc: Edc):
    policy = {"@context": ODRL_CONTEXT, "@type": "Set", "permission": [{"action": "use"}]}
    put_offer(edc, "first", "http://127.0.0.1:9/nothing", policy)
    assert call(edc, "GET", "/v3/assets/first")["@id"] == "first"

"""The status list of the test issuer, in the forms in which it is asked for."""

import base64
from pathlib import Path

from tests.dataspace import ISSUER_URL, dataspace

from saltbridge.core.canonical import read_json


def test_the_issuers_list_is_a_jwt_or_as_json_for_who_reads_no_other_form(tmp_path: Path):
    space = dataspace(tmp_path)
    url = f"{ISSUER_URL}/status/statuslist2021"
    told = space.http.send("GET", url, headers={"accept": "application/json"})
    document = read_json(told.content)
    assert document["credentialSubject"]["type"] == "StatusList2021"
    base64.b64decode(document["credentialSubject"]["encodedList"], validate=True)
    for accepted in ("*/*", "application/vc+jwt, application/json"):
        told = space.http.send("GET", url, headers={"accept": accepted})
        assert told.content.count(b".") == 2

"""The registry as partners meet it: visibility, search, pages, and the faces it has."""

import json
from dataclasses import replace
from urllib.parse import quote

import pytest

from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.served import TWIN_REGISTRY, served_kind
from saltbridge.exchange.twins import PUBLIC_READABLE
from saltbridge.formats.aas_answers import encode_id
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.negotiate import start_negotiation
from saltbridge.steps.edr import kept_edr
from saltbridge.web.app import create_app

OWN = "o" * 43
READER, STRANGER = "BPNL000CELLMAKER", "BPNL0000STRANGER"


def subject(*readers):
    return {
        "type": "ExternalReference",
        "keys": [{"type": "GlobalReference", "value": r} for r in readers],
    }


def shell(id, *, part="P-1", serial="S-1", readers=(READER,), open_part=False, **more):
    part_readers = (*readers, PUBLIC_READABLE) if open_part else readers
    ids = [("manufacturerPartId", part, part_readers), ("partInstanceId", serial, readers)]
    return {
        "id": id,
        "idShort": f"Battery_{serial.replace('-', '_')}",
        "globalAssetId": f"urn:uuid:global-{serial}",
        "specificAssetIds": [
            {"name": n, "value": v, **({"externalSubjectId": subject(*r)} if r else {})}
            for n, v, r in ids
        ]
        + [{"name": "ownOrder", "value": f"ORDER-{serial}"}],
        "submodelDescriptors": [
            {
                "id": f"urn:uuid:aspect-{serial}",
                "semanticId": {
                    "type": "ExternalReference",
                    "keys": [{"type": "GlobalReference", "value": "urn:samm:x:1.0.0#Y"}],
                },
                "endpoints": [
                    {
                        "interface": "SUBMODEL-3.1",
                        "protocolInformation": {"href": f"https://d.example/{serial}/submodel"},
                    }
                ],
            }
        ],
        **more,
    }


class Met:
    """Two nodes whose registry is open to the second, and its owner's door."""

    def __init__(self, pair, folder):
        (folder / "token").write_text(OWN)
        self.pair = pair
        twins = {"token_file": "token", "data_planes": ["testclient", "10.0.0.0/8"]}
        settings = {"folder": str(folder), "twins": twins}
        pair.provider = replace(pair.provider, settings=settings)
        base = pair.provider.node.base_url
        pair.http.applications[base] = create_app(pair.provider)
        self.own_root = f"{base}/twins/api/v3"
        self.edr = None

    def own(self, method, path, body=None, token=OWN, **headers):
        answer = self.pair.http.send(
            method,
            f"{self.own_root}/{path}",
            headers={"authorization": f"Bearer {token}", **headers},
            content=None if body is None else canonical_bytes(body),
        )
        return answer.status, json.loads(answer.content) if answer.content else None

    def registered(self, *shells):
        for one in shells:
            self.pair.clock.advance(seconds=1)
            status, told = self.own("POST", "shell-descriptors", one)
            assert status == 201, told
        return self

    def agreed(self):
        pair = self.pair
        shown = request_catalogue(pair.consumer, pair.to_provider).datasets
        (found,) = [d for d in shown if served_kind(d) == TWIN_REGISTRY]
        start_negotiation(
            pair.consumer,
            pair.to_provider,
            found.id,
            found.offers[0],
            transfer_wanted=True,
            dataset_kind=TWIN_REGISTRY,
        )
        pair.pump()
        process = pair.the(pair.consumer, "transfer")
        with pair.consumer.store.reading() as view:
            self.edr = kept_edr(pair.consumer, view, process["consumer_pid"])
        return self

    def ask(self, method, path, body=None):
        answer = self.pair.http.send(
            method,
            f"{self.edr.endpoint}/{path}",
            headers={"authorization": self.edr.token},
            content=None if body is None else canonical_bytes(body),
        )
        return answer.status, json.loads(answer.content) if answer.content else None

    def found(self, *links, path="lookup/shellsByAssetLink", more=""):
        body = [{"name": n, "value": v} for n, v in links]
        status, told = self.ask("POST", f"{path}{more}", body)
        assert status == 200, told
        return told


@pytest.fixture
def met(a_pair, tmp_path):
    return Met(a_pair(), tmp_path)


def test_a_partner_sees_its_twins_as_they_were_released_to_it(met):
    met.registered(shell("urn:uuid:a", readers=(READER, STRANGER))).agreed()
    status, told = met.ask("GET", f"shell-descriptors/{encode_id('urn:uuid:a')}")
    assert status == 200
    ids = {a["name"]: a for a in told["specificAssetIds"]}
    assert ids.keys() == {"manufacturerPartId", "partInstanceId"}
    assert [k["value"] for k in ids["partInstanceId"]["externalSubjectId"]["keys"]] == [READER]
    (decided,) = [
        d
        for d in met.pair.all(met.pair.provider, "decision")
        if d["document_kind"] == "digital-twin" and d["recipient"]["bpn"] == READER
    ]
    with met.pair.provider.store.reading() as view:
        released = view.get_release(decided["digest"], decided["id"])
    assert json.loads(released.content) == told


def test_a_twin_of_others_is_not_there_whatever_is_asked(met):
    met.registered(
        shell("urn:uuid:mine"),
        shell("urn:uuid:theirs", serial="S-9", part="P-9", readers=(STRANGER,)),
        shell("urn:uuid:ours", serial="S-8", part="P-8", readers=()),
    ).agreed()
    unknown = met.ask("GET", f"shell-descriptors/{encode_id('urn:uuid:none')}")
    for id in ("urn:uuid:theirs", "urn:uuid:ours"):
        for path in ("shell-descriptors/{}", "lookup/shells/{}",
                     "shell-descriptors/{}/submodel-descriptors"):  # fmt: skip
            status, told = met.ask("GET", path.format(encode_id(id)))
            assert status == 404
            assert told["messages"][0]["text"] == (
                unknown[1]["messages"][0]["text"].replace("urn:uuid:none", id)
            )
    assert [s["id"] for s in met.ask("GET", "shell-descriptors")[1]["result"]] == [
        "urn:uuid:mine"
    ]
    hidden = {
        "partInstanceId": "S-9",
        "manufacturerPartId": "P-8",
        "globalAssetId": "urn:uuid:global-S-9",
        "ownOrder": "ORDER-S-1",
    }
    for link in hidden.items():
        assert met.found(link) == {"paging_metadata": {}, "result": []}
    url = {"submodelEndpointUrl": "https://d.example/S-9/submodel"}
    assert met.ask("POST", "submodel-descriptor/authorized", url)[0] == 403
    url = {"submodelEndpointUrl": "https://d.example/S-1/submodel"}
    assert met.ask("POST", "submodel-descriptor/authorized", url)[0] == 200


def test_an_open_part_number_shows_the_twin_and_nothing_else_of_it(met):
    met.registered(
        shell("urn:uuid:mine"),
        shell("urn:uuid:open", serial="S-2", readers=(STRANGER,), open_part=True),
    ).agreed()
    told = met.ask("GET", f"shell-descriptors/{encode_id('urn:uuid:open')}")[1]
    assert told.keys() == {"id", "createdAt", "specificAssetIds", "submodelDescriptors"}
    assert [a["name"] for a in told["specificAssetIds"]] == ["manufacturerPartId"]
    assert STRANGER not in json.dumps(told)
    found = met.found(("manufacturerPartId", "P-1"))["result"]
    assert found == ["urn:uuid:mine", "urn:uuid:open"]
    assert met.found(("partInstanceId", "S-2"))["result"] == []
    both = met.found(("manufacturerPartId", "P-1"), ("partInstanceId", "S-1"))["result"]
    assert both == ["urn:uuid:mine"]


def test_pages_go_through_everything_once_in_the_order_of_creation(met):
    ids = [f"urn:uuid:{n:03}" for n in range(7)]
    met.registered(*(shell(id, serial=f"S-{id[-3:]}") for id in ids)).agreed()
    seen, cursor = [], ""
    while True:
        more = f"?limit=3{'&cursor=' + quote(cursor) if cursor else ''}"
        told = met.found(("manufacturerPartId", "P-1"), more=more)
        seen.append(told["result"])
        cursor = told["paging_metadata"].get("cursor", "")
        if not cursor:
            break
    assert seen == [ids[:3], ids[3:6], ids[6:]]
    _, told = met.ask("GET", "shell-descriptors?limit=2")
    since = quote(told["result"][1]["createdAt"])
    _, told = met.ask("GET", f"shell-descriptors?createdAfter={since}&limit=1000")
    assert [s["id"] for s in told["result"]] == ids[2:]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "shell-descriptors?limit=0", 400),
        ("GET", "shell-descriptors?limit=x", 400),
        ("GET", "shell-descriptors?cursor=%7B", 400),
        ("GET", "shell-descriptors?createdAfter=yesterday", 400),
        ("GET", "lookup/shells?assetIds=x", 400),
        ("POST", "lookup/shellsByAssetLink", 400),
        ("POST", "lookup/shellsByAssetLink?many", 400),
        ("POST", "shell-descriptors", 501),
        ("DELETE", "shell-descriptors/dXJuOnV1aWQ6YQ", 501),
        ("GET", "submodels", 501),
        ("POST", "query/shell-descriptors", 501),
        ("GET", "nowhere", 404),
    ],
)
def test_what_a_partner_is_not_answered(met, method, path, status):
    met.registered(shell("urn:uuid:a")).agreed()
    many = [{"name": "n", "value": str(n)} for n in range(101)]
    body = {"GET": None, "DELETE": None}.get(method, many if "many" in path else {"a": 1})
    found, told = met.ask(method, path, body)
    assert found == status
    assert told["messages"][0]["messageType"] == "Error"


def test_a_change_shows_at_once_and_what_was_seen_before_is_found_no_more(met):
    met.registered(shell("urn:uuid:a")).agreed()
    met.own("PUT", f"shell-descriptors/{encode_id('urn:uuid:a')}", shell("x", serial="S-2"))
    assert met.found(("partInstanceId", "S-1"))["result"] == []
    assert met.found(("partInstanceId", "S-2"))["result"] == ["urn:uuid:a"]
    hidden = shell("urn:uuid:a", serial="S-2", readers=(STRANGER,))
    met.own("PUT", f"shell-descriptors/{encode_id('urn:uuid:a')}", hidden)
    assert met.found(("partInstanceId", "S-2"))["result"] == []
    assert met.ask("GET", f"shell-descriptors/{encode_id('urn:uuid:a')}")[0] == 404
    met.own("PUT", f"shell-descriptors/{encode_id('urn:uuid:a')}", shell("x", serial="S-2"))
    assert met.found(("partInstanceId", "S-2"))["result"] == ["urn:uuid:a"]
    met.own("DELETE", f"shell-descriptors/{encode_id('urn:uuid:a')}")
    assert met.found(("partInstanceId", "S-2"))["result"] == []
    assert met.ask("GET", "shell-descriptors")[1]["result"] == []


def test_an_unchanged_view_is_not_decided_again(met):
    met.registered(shell("urn:uuid:a"))
    before = len(met.pair.all(met.pair.provider, "decision"))
    changed = shell("urn:uuid:a", readers=(READER,))
    changed["specificAssetIds"][2]["value"] = "another order"  # the owner's own
    met.own("PUT", f"shell-descriptors/{encode_id('urn:uuid:a')}", changed)
    assert len(met.pair.all(met.pair.provider, "decision")) == before


def test_a_member_nobody_catalogued_stays_at_home(met):
    met.registered(shell("urn:uuid:a", extensions=[{"name": "CANARY"}])).agreed()
    _, told = met.ask("GET", f"shell-descriptors/{encode_id('urn:uuid:a')}")
    assert "CANARY" not in json.dumps(told)
    _, own = met.own("GET", f"shell-descriptors/{encode_id('urn:uuid:a')}")
    assert own["extensions"] == [{"name": "CANARY"}]


def test_who_is_no_partner_of_ours_gets_no_release(met):
    met.registered(shell("urn:uuid:a", readers=("BPNL00000000NONE",)))
    kinds = [d["document_kind"] for d in met.pair.all(met.pair.provider, "decision")]
    assert "digital-twin" not in kinds


def test_the_owners_door_opens_with_its_token_only(met):
    for token in ("", "x", OWN[:-1], "é"):
        status, _ = met.own("GET", "shell-descriptors", token=quote(token))
        assert status == 401


def test_the_header_of_a_data_plane_is_believed_from_its_own_address_only(a_pair, tmp_path):
    met = Met(a_pair(), tmp_path)
    met.registered(shell("urn:uuid:a"))
    path = f"shell-descriptors/{encode_id('urn:uuid:a')}"
    assert met.own("GET", path, token="", **{"edc-bpn": READER})[0] == 401
    provider = met.pair.provider
    twins = {**provider.settings["twins"], "data_planes": ["127.0.0.0/8"]}
    believing = replace(provider, settings={**provider.settings, "twins": twins})
    met.pair.http.applications[provider.node.base_url] = create_app(believing)
    assert met.own("GET", path, token="", **{"edc-bpn": READER})[0] == 200
    assert met.own("GET", path, token="", **{"edc-bpn": STRANGER})[0] == 404
    assert met.own("GET", path, token="", **{"edc-bpn": "BPNL00000000NONE"})[0] == 401
    assert met.own("POST", "shell-descriptors", shell("b"), token="",
                   **{"edc-bpn": READER})[0] == 501  # fmt: skip


def test_every_write_leaves_a_leaf(met):
    met.registered(shell("urn:uuid:a"))
    met.own("PUT", f"shell-descriptors/{encode_id('urn:uuid:a')}", shell("x", serial="S-2"))
    met.own("DELETE", f"shell-descriptors/{encode_id('urn:uuid:a')}")
    with met.pair.provider.store.reading() as view:
        leaves = view.log_leaves(range(view.log_size()))
    events = [leaf.event for leaf in leaves if leaf.subject == "urn:uuid:a"]
    assert events == ["twin.registered", "twin.changed", "twin.removed"]


def test_an_id_that_no_index_holds_is_refused(met):
    assert met.own("POST", "shell-descriptors", shell("ä" * 1200))[0] == 201
    assert met.own("POST", "shell-descriptors", shell("电" * 900))[0] == 400

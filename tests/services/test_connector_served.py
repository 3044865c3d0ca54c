"""What the data plane of a company's EDC gets, and what it does not."""

from dataclasses import replace
from uuid import uuid4

from tests.services.connectors import Companies, started_transfer

from saltbridge.bootstrap import exchange_ways
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange.served import PCF_EXCHANGE
from saltbridge.formats.edc_offering import KEY_HEADER
from saltbridge.ports import HttpAnswer, World
from saltbridge.steps.connector_offering import way_to_aspect
from saltbridge.steps.partner_access import Wanted, access
from saltbridge.steps.served_datasets import open_dataset


def _pull(companies: Companies, key: str, rest: str = "") -> HttpAnswer:
    (offered,) = companies.all(companies.supplier, "connector-offer")
    path = f"/connector-data/{offered['dataset_id']}/{offered['bpn']}{rest}"
    url = f"{companies.supplier.node.base_url}{path}"
    return companies.space.nodes.send("GET", url, headers={KEY_HEADER: key})


def _key(companies: Companies) -> str:
    (asset,) = companies.supplier_edc.of("assets").values()
    return str(asset["dataAddress"][f"header:{KEY_HEADER}"])


def test_bytes_are_for_the_key_of_the_data_plane_and_while_a_transfer_is_started(companies):
    companies.published()
    assert _pull(companies, _key(companies)).status == 403  # nobody agreed
    started_transfer(companies)
    assert _pull(companies, _key(companies)).status == 200
    assert _pull(companies, "another").status == 403
    assert _pull(companies, "").status == 403
    for found in companies.supplier_edc.of("transfers").values():
        found["state"] = "SUSPENDED"
    assert _pull(companies, _key(companies)).status == 403


def test_where_a_stranger_agreed_nothing_is_served_to_anybody(companies):
    """A connector that does not see to the access policy offers the asset to everybody."""
    companies.published()
    started_transfer(companies)
    started_transfer(companies, "id-of-a-stranger")
    assert _pull(companies, _key(companies)).status == 403
    assert companies.leaves(companies.supplier).count("agreement.not-ours") == 1
    assert "transfer.opened" not in companies.leaves(companies.supplier)


def test_where_terms_were_changed_nothing_is_served(companies):
    companies.published()
    started_transfer(companies)
    (agreement,) = companies.supplier_edc.of("agreements").values()
    agreement["policy"] = {"odrl:permission": {"odrl:action": {"@id": "odrl:use"}}}
    assert _pull(companies, _key(companies)).status == 403


def test_bytes_are_not_served_while_the_connector_cannot_say_who_agreed(companies):
    companies.published()
    started_transfer(companies)
    key = _key(companies)
    companies.supplier_edc.down = True
    assert _pull(companies, key).status == 503


def test_bytes_are_not_served_after_the_agreement(companies):
    companies.published()
    started_transfer(companies)
    (agreement,) = companies.supplier_edc.of("agreements").values()
    agreement["contractSigningDate"] = companies.space.now + 999_999  # not in force yet
    assert _pull(companies, _key(companies)).status == 403


def test_the_statement_lies_beside_the_bytes(companies):
    companies.published()
    started_transfer(companies)
    stated = _pull(companies, _key(companies), "/statement")
    assert stated.status == 200
    assert b"export" in stated.content.lower()


def test_an_interface_is_offered_once_for_all_its_readers_and_answers_who_asks(companies):
    """The exchange of footprints: the partner's request comes through both connectors."""
    open_exchange(companies.supplier, companies.carmaker.node.bpn)
    companies.pump(2)
    (offered,) = companies.all(companies.supplier, "connector-offer")
    asset = companies.supplier_edc.of("assets")[offered["dataset_id"]]
    assert asset["dataAddress"]["proxyMethod"] == "true"
    partner = companies.carmaker.node.partners[0]
    wanted = Wanted(kind=PCF_EXCHANGE, version=offered_version(companies))
    edr = None
    for _ in range(40):
        edr = edr or access(companies.carmaker, exchange_ways(), partner, wanted)
        companies.pump(1)
    assert edr is not None
    key = str(asset["dataAddress"][f"header:{KEY_HEADER}"])
    url = f"{asset['dataAddress']['baseUrl']}/footprintExchange/{uuid4()}"
    asked = "?manufacturerPartId=A-1"
    nodes = companies.space.nodes
    answer = nodes.send("GET", f"{url}{asked}", headers={KEY_HEADER: key})
    assert answer.status == 202, answer.content
    (request,) = companies.all(companies.supplier, "pcf-request")
    assert request["partner"] == companies.carmaker.node.bpn
    assert nodes.send("GET", f"{url}{asked}", headers={KEY_HEADER: "x"}).status == 403
    # The renewed token comes from the connector.
    with companies.carmaker.store.unit_of_work() as work:
        (kept,) = work.find("edr")
        gone = {**read_json(kept.body), "expires_at": "2020-01-01T00:00:00Z"}
        work.put("edr", kept.id, canonical_bytes(gone))
    assert access(companies.carmaker, exchange_ways(), partner, wanted) == edr


def test_where_it_is_not_sure_who_asks_an_interface_does_not_answer(companies):
    open_exchange(companies.supplier, companies.carmaker.node.bpn)
    companies.pump(2)
    key, address = _interface(companies)
    assert companies.space.nodes.send("GET", address, headers={KEY_HEADER: key}).status == 403
    started_transfer(companies)
    started_transfer(companies, "id-of-a-stranger")
    assert companies.space.nodes.send("GET", address, headers={KEY_HEADER: key}).status == 403
    # Tractus-X EDC says under which agreement it asks.
    named = {KEY_HEADER: key, "Edc-Contract-Agreement-Id": "agreement-ours"}
    assert companies.space.nodes.send("GET", address, headers=named).status == 202
    named["Edc-Contract-Agreement-Id"] = "agreement-id-of-a-stranger"
    assert companies.space.nodes.send("GET", address, headers=named).status == 403


def _interface(companies: Companies) -> tuple[str, str]:
    (asset,) = companies.supplier_edc.of("assets").values()
    address = asset["dataAddress"]
    key = str(address[f"header:{KEY_HEADER}"])
    url = f"{address['baseUrl']}/footprintExchange/{uuid4()}?manufacturerPartId=A-1"
    return key, url


def offered_version(companies: Companies) -> str:
    (dataset,) = companies.all(companies.supplier, "dataset")
    return str(dataset["version"])


def open_exchange(world: World, bpn: str) -> None:
    with world.store.unit_of_work() as work:
        open_dataset(world, work, PCF_EXCHANGE, [bpn], title="Footprints")


def test_twins_name_the_connector_where_its_data_plane_is_told(companies):
    assert way_to_aspect(companies.supplier, "urn:a") == (
        "http://127.0.0.1:8201/2025-1",
        "http://127.0.0.1:8201/data/aspects/urn:a/submodel",
    )
    told = {
        "protocol_url": "https://edc.example/2025-1",
        "data_plane_url": "https://dp.example/p",
    }
    world = replace(companies.supplier, settings={"connector": told})
    assert way_to_aspect(world, "urn:a") == (
        "https://edc.example/2025-1",
        "https://dp.example/p/aspects/urn:a/submodel",
    )

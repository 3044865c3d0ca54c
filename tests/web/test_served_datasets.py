"""Datasets that open an interface: agreed like any other, then a token instead of a pull."""

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.exchange.model import Dataset
from saltbridge.exchange.policy import PURPOSE_TWINS, usage_offer
from saltbridge.exchange.served import PCF_EXCHANGE, SEMANTIC_ID, TWIN_ASPECT, served_kind
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.negotiate import start_negotiation
from saltbridge.services.transfer import complete
from saltbridge.steps.data_tokens import opened_transfer
from saltbridge.steps.edr import kept_edr


def _registry(pair):
    """The provider offers a registry; the consumer has asked for it and holds a token."""
    dataset = {
        "id": "urn:uuid:00000000-0000-4000-8000-00000000d7a0",
        "title": "Twins",
        "kind": "twin-registry",
        "dct_type": "https://w3id.org/catenax/taxonomy#DigitalTwinRegistry",
        "version": "3.0",
        "offer": usage_offer("urn:uuid:00000000-0000-4000-8000-00000000d7a1", PURPOSE_TWINS),
        "access": [pair.consumer.node.bpn],
        "releases": {},
    }
    with pair.provider.store.unit_of_work() as work:
        work.put("dataset", dataset["id"], canonical_bytes(dataset))
    shown = request_catalogue(pair.consumer, pair.to_provider).datasets
    (found,) = [d for d in shown if served_kind(d) == "twin-registry"]
    begun = start_negotiation(
        pair.consumer,
        pair.to_provider,
        found.id,
        found.offers[0],
        transfer_wanted=True,
        dataset_kind="twin-registry",
    )
    pair.pump()
    return begun


def _edr(pair):
    process = pair.the(pair.consumer, "transfer")
    with pair.consumer.store.reading() as view:
        return process, kept_edr(pair.consumer, view, process["consumer_pid"])


def test_an_interface_is_agreed_and_its_token_kept_sealed(a_pair):
    pair = a_pair()
    _registry(pair)
    process, edr = _edr(pair)
    assert process["state"] == "STARTED"
    assert pair.all(pair.consumer, "delivery") == []
    with pair.consumer.store.reading() as view:
        assert all(edr.token.encode() not in r.body for r in view.find("edr"))
    with pair.provider.store.reading() as view:
        opened = opened_transfer(pair.provider, view, edr.token)
        assert opened.reader == pair.consumer.node.bpn
        assert opened.dataset["kind"] == "twin-registry"
        assert opened_transfer(pair.provider, view, edr.token, "urn:uuid:other") is None
    assert pair.pull(edr.endpoint, edr.token).status == 403  # there is no document behind it


def test_the_token_is_forgotten_with_time_and_dies_when_we_say_so(a_pair):
    pair = a_pair()
    _registry(pair)
    process, edr = _edr(pair)
    complete(pair.consumer, process["consumer_pid"])
    pair.pump()
    with pair.provider.store.reading() as view:
        assert opened_transfer(pair.provider, view, edr.token) is None
    assert pair.the(pair.consumer, "transfer")["state"] == "COMPLETED"
    pair.clock.advance(seconds=300)
    assert _edr(pair)[1] is None


def test_a_foreign_endpoint_ends_the_transfer(a_pair):
    pair = a_pair()
    real = pair.http.send

    def elsewhere(method, url, **rest):
        content = rest.get("content")
        if content and b"TransferStartMessage" in content:
            content = content.replace(b"http://127.0.0.1:8201/data", b"http://127.0.0.1:9/data")
            rest = {**rest, "content": content}
        return real(method, url, **rest)

    pair.http.send = elsewhere
    _registry(pair)
    process, edr = _edr(pair)
    assert (process["state"], process["refusal"]["code"], edr) == (
        "TERMINATED",
        "delivery.endpoint-foreign",
        None,
    )
    with pair.provider.store.reading() as view:
        (token,) = view.find("token")
        assert read_json(view.get("transfer", process["provider_pid"]).body)["state"] == (
            "TERMINATED"
        )
    assert token.id != digest(b"")


def test_what_another_connector_offers_is_known_by_type_and_version():
    def offered(**named):
        return served_kind(Dataset("d", (), (), **named))

    pcf = "https://w3id.org/catenax/taxonomy#PcfExchange"
    assert offered(dct_type="cx-taxo:PcfExchange", version="1.3.0") == PCF_EXCHANGE
    assert offered(dct_type=pcf, version="1.1.1") == ""
    assert offered(dct_type=pcf, version="1.2.0", kind="pcf") == ""  # a document of ours
    battery = "https://w3id.org/catenax/taxonomy#BatteryPass"
    assert offered(dct_type=battery, version="1.0") == ""
    named = {SEMANTIC_ID: {"@id": "urn:samm:x:1.0.0#Y"}}
    assert offered(dct_type=battery, version="1.0", unknown=named) == TWIN_ASPECT

"""A company keeps its EDC: the same use cases, driven over the management API of a fake one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.fake_edc import FakeDataspace, FakeEdc

from saltbridge.adapters.edc import EdcConnector
from saltbridge.adapters.edc_management import Management
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import exchange_ways, outbox_handlers
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.exchange.checkup import US, State
from saltbridge.exchange.model import Negotiation
from saltbridge.exchange.served import PCF_EXCHANGE
from saltbridge.formats.edc_offering import KEY_HEADER
from saltbridge.locales import LANGUAGES
from saltbridge.ports import HttpAnswer, World
from saltbridge.reports.policy_words import point_lines
from saltbridge.services import transfer
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.connector_provide import look_after
from saltbridge.services.doctor import examine
from saltbridge.services.exchange_state import deliveries, progress
from saltbridge.services.log_audit import audit
from saltbridge.services.negotiate import fitting_offer, start_negotiation, terminate
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.services.unasked_offers import offer_dataset
from saltbridge.steps.connector_offering import offer_later, way_to_aspect
from saltbridge.steps.partner_access import Wanted, access
from saltbridge.steps.served_datasets import open_dataset
from saltbridge.testing.builders import (
    FixedClock,
    KnownDids,
    memory_world,
    node_profile,
    partner_of,
)
from saltbridge.testing.peers import PCF_DOCUMENT
from saltbridge.web.app import create_app


@dataclass
class Companies:
    """A supplier and a carmaker, each with a connector of its own."""

    space: FakeDataspace
    clock: FixedClock
    supplier: World
    carmaker: World
    supplier_edc: FakeEdc
    carmaker_edc: FakeEdc
    key_file: Path

    def pump(self, seconds: int = 30) -> None:
        """Both outboxes work, time passes between attempts; the watch is not waited for."""
        for _ in range(seconds):
            for world in (self.supplier, self.carmaker):
                OutboxWorker(world, outbox_handlers()).run_once()
            self.clock.advance(seconds=1)
        self.space.now = int(self.clock.now().timestamp())

    def published(self) -> str:
        """The id of the asset that is on offer now."""
        bpn = self.carmaker.node.bpn
        made = publish(
            self.supplier,
            PublishRequest(
                document=PCF_DOCUMENT, kind="pcf", recipients=(bpn,), person="Li Wei"
            ),
        )
        self.pump(2)
        return f"{made.dataset_id}~{bpn}"

    def asked(self) -> Negotiation:
        """The carmaker has asked for the one dataset it is shown."""
        partner = self.carmaker.node.partners[0]
        (dataset,) = request_catalogue(self.carmaker, partner).datasets
        offer = fitting_offer(self.carmaker, dataset.offers)
        return start_negotiation(
            self.carmaker,
            partner,
            dataset.id,
            offer,
            transfer_wanted=True,
            dataset_kind=dataset.kind,
        )

    def all(self, world: World, kind: str) -> list[dict[str, Any]]:
        with world.store.reading() as view:
            return [read_json(record.body) for record in view.find(kind)]

    def leaves(self, world: World) -> list[str]:
        with world.store.reading() as view:
            return [leaf.event for leaf in view.log_leaves(range(view.log_size()))]


@pytest.fixture
def companies(tmp_path: Path) -> Iterator[Companies]:
    space, clock, known = FakeDataspace(), FixedClock(), KnownDids()
    space.now = int(clock.now().timestamp())
    key_file = tmp_path / "edc.key"
    key_file.write_text("key", encoding="ascii")
    maker = node_profile("supplier", port=8201)
    cars = node_profile("carmaker", jurisdiction="EU", port=8202)
    edcs = [space.edc(node.name, f"id-of-{node.name}") for node in (maker, cars)]
    worlds = []
    for node, other, (own, theirs) in (
        (maker, cars, edcs),
        (cars, maker, edcs[::-1]),
    ):
        entered = replace(
            partner_of(other), dsp_url=theirs.dsp, participant_id=theirs.participant
        )
        world = memory_world(replace(node, partners=(entered,)), clock=clock)
        known.documents[node.did] = world.keyring.did_document()
        driven = EdcConnector(
            Management(own, own.url, key_file),
            protocol="dataspace-protocol-http:2025-1",
            own_did=node.did,
            own_id=own.participant,
            own_address=own.dsp,
        )
        world = replace(
            world,
            http=space,
            did_resolver=known,
            connector=driven,
            node=replace(world.node, allow_loopback_http=True),
        )
        worlds.append(world)
        space.nodes.applications[node.base_url] = create_app(world)
    yield Companies(space, clock, *worlds, *edcs, key_file)


def test_an_exchange_goes_through_both_connectors_and_is_kept_as_any_other(companies):
    companies.published()
    begun = companies.asked()
    companies.pump()
    done = progress(companies.carmaker, begun.pid)
    assert (done.negotiation, done.transfer, done.verified) == ("FINALIZED", "COMPLETED", True)
    (delivery,) = deliveries(companies.carmaker)
    assert delivery["statement"]["state"] == "verified"
    for world, events in (
        (companies.carmaker, ("agreement.concluded", "delivery.verified")),
        (companies.supplier, ("agreement.concluded", "transfer.opened")),
    ):
        leaves = companies.leaves(world)
        assert [leaves.count(event) for event in events] == [1, 1]
        (agreement,) = companies.all(world, "agreement")
        parties = (companies.supplier.node.did, companies.carmaker.node.did)
        assert (agreement["assigner"], agreement["assignee"]) == parties
    # The connector is told that the data is not needed any longer: its token dies.
    (ended,) = companies.carmaker_edc.of("transfers").values()
    assert ended["state"] == "TERMINATED"
    assert "exchange.received" in ended["errorDetail"]


def test_the_provider_learns_of_the_end_when_it_looks_after_its_offers(companies):
    companies.published()
    companies.asked()
    companies.pump()
    look_after(companies.supplier)
    (known,) = companies.all(companies.supplier, "transfer")
    assert (known["role"], known["state"]) == ("provider", "COMPLETED")


def test_the_policy_goes_through_unchanged(companies):
    companies.published()
    companies.asked()
    companies.pump()
    (dataset,) = companies.all(companies.supplier, "dataset")
    (negotiation,) = companies.carmaker_edc.of("negotiations").values()
    (definition,) = [
        p["policy"] for id, p in companies.supplier_edc.of("policydefinitions").items()
        if id.endswith("~use")
    ]  # fmt: skip
    asked = negotiation["asked"]
    for rule in ("permission", "prohibition", "obligation"):
        name = f"http://www.w3.org/ns/odrl/2/{rule}"
        assert _bare(asked[name]) == _bare(definition[name])
    assert dataset["offer"]["permission"]


def _bare(value: Any) -> Any:
    """Without the lists around one entry, which EDC does not tell apart either."""
    if isinstance(value, list):
        found = [_bare(entry) for entry in value]
        return found[0] if len(found) == 1 else found
    return {k: _bare(v) for k, v in value.items()} if isinstance(value, dict) else value


def test_publishing_again_after_a_crash_finds_the_same_ids(companies):
    asset = companies.published()
    first = {
        kind: set(companies.supplier_edc.of(kind)) for kind in companies.supplier_edc.things
    }
    with companies.supplier.store.unit_of_work() as work:
        (dataset,) = [read_json(r.body) for r in work.find("dataset")]
        offer_later(companies.supplier, work, dataset)
    companies.pump(2)
    again = {
        kind: set(companies.supplier_edc.of(kind)) for kind in companies.supplier_edc.things
    }
    assert again == first
    assert asset in again["assets"]
    assert companies.leaves(companies.supplier).count("dataset.offered-through-connector") == 1


def test_a_lost_answer_begins_no_second_negotiation(companies):
    companies.published()
    companies.carmaker_edc.loses_answers = 2
    begun = companies.asked()
    companies.pump()
    assert progress(companies.carmaker, begun.pid).verified
    assert len(companies.carmaker_edc.of("negotiations")) == 1


def test_what_the_partner_refuses_ends_with_its_words(companies):
    companies.published()
    companies.supplier_edc.refuses = (
        '{"@type":"ContractNegotiationError","code":"400","reason":["Contract offer is not '
        'valid: Policy up1 not fulfilled"]}'
    )
    begun = companies.asked()
    companies.pump()
    done = progress(companies.carmaker, begun.pid)
    assert done.negotiation == "TERMINATED"
    assert done.by == "partner"
    (point,) = done.explanation
    assert point.code == "edc.ended"
    assert point.arguments == {"says": "Contract offer is not valid: Policy up1 not fulfilled"}
    assert companies.all(companies.carmaker, "agreement") == []


def test_an_end_without_a_reason_says_under_which_id_to_look(companies):
    """As EDC 0.14.0 leaves it when the partner refuses."""
    companies.published()
    companies.supplier_edc.refuses = "Value in JsonObjects name/value pair cannot be null"
    begun = companies.asked()
    companies.pump()
    (point,) = progress(companies.carmaker, begun.pid).explanation
    assert (point.code, point.arguments) == ("edc.no-reason", {"id": "negotiation-carmaker-0"})


def test_a_wrong_key_names_the_setting_and_loses_nothing(companies):
    companies.published()
    begun = companies.asked()
    companies.key_file.write_text("wrong", encoding="ascii")
    companies.pump(3)
    waiting = progress(companies.carmaker, begun.pid)
    assert waiting.negotiation == "START"
    assert "edc.key-refused" in waiting.trouble
    with pytest.raises(Refused, match=r"edc\.key-refused"):
        request_catalogue(companies.carmaker, companies.carmaker.node.partners[0])
    companies.key_file.write_text("key", encoding="ascii")
    companies.pump()
    assert progress(companies.carmaker, begun.pid).verified


def test_a_connector_that_is_down_is_waited_for(companies):
    companies.published()
    begun = companies.asked()
    companies.carmaker_edc.down = True
    companies.pump(3)
    assert "edc.unreachable" in progress(companies.carmaker, begun.pid).trouble
    companies.carmaker_edc.down = False
    companies.pump()
    assert progress(companies.carmaker, begun.pid).verified


def test_a_connector_that_does_not_know_the_terms_offers_nothing(companies):
    companies.supplier_edc.checks_policies = True
    companies.published()
    assert companies.supplier_edc.of("contractdefinitions") == {}
    with companies.supplier.store.reading() as view:
        (entry,) = [e for e in view.due(companies.clock.now()) if e.kind == "connector.offer"]
    assert "edc.terms-unknown" in entry.last_error


def _pull(companies: Companies, key: str, rest: str = "") -> HttpAnswer:
    (offered,) = companies.all(companies.supplier, "connector-offer")
    path = f"/connector-data/{offered['dataset_id']}/{offered['bpn']}{rest}"
    url = f"{companies.supplier.node.base_url}{path}"
    return companies.space.nodes.send("GET", url, headers={KEY_HEADER: key})


def _key(companies: Companies) -> str:
    (asset,) = companies.supplier_edc.of("assets").values()
    return str(asset["dataAddress"][f"header:{KEY_HEADER}"])


def _started(companies: Companies) -> None:
    """An agreement and a started transfer at the connectors; the data has not been pulled."""
    companies.published()
    companies.asked()
    companies.carmaker = replace(companies.carmaker, http=companies.space)
    while not companies.carmaker_edc.of("transfers"):
        companies.pump(1)


def test_bytes_are_for_the_key_of_the_data_plane_and_while_a_transfer_is_started(companies):
    companies.published()
    assert _pull(companies, _key(companies)).status == 403  # nobody agreed
    _started_transfer(companies)
    assert _pull(companies, _key(companies)).status == 200
    assert _pull(companies, "another").status == 403
    assert _pull(companies, "").status == 403
    for found in companies.supplier_edc.of("transfers").values():
        found["state"] = "SUSPENDED"
    assert _pull(companies, _key(companies)).status == 403


def _started_transfer(companies: Companies, consumer: str = "") -> None:
    """The supplier's connector has an agreement with a consumer, and a started transfer."""
    (contract,) = companies.supplier_edc.of("contractdefinitions").values()
    shown = companies.supplier_edc.shown(contract)
    policy = companies.supplier_edc.of("policydefinitions")[contract["contractPolicyId"]]
    id = f"agreement-{consumer or 'ours'}"
    companies.supplier_edc.of("agreements")[id] = {
        "@id": id,
        "assetId": shown["@id"],
        "policy": policy["policy"],
        "contractSigningDate": companies.space.now,
        "consumerId": consumer or companies.carmaker_edc.participant,
        "providerId": companies.supplier_edc.participant,
    }
    companies.supplier_edc.of("transfers")[f"transfer-{id}"] = {
        "@id": f"transfer-{id}",
        "type": "PROVIDER",
        "state": "STARTED",
        "assetId": shown["@id"],
        "contractId": id,
        "correlationId": "theirs",
    }


def test_where_a_stranger_agreed_nothing_is_served_to_anybody(companies):
    """A connector that does not see to the access policy offers the asset to everybody."""
    companies.published()
    _started_transfer(companies)
    _started_transfer(companies, "id-of-a-stranger")
    assert _pull(companies, _key(companies)).status == 403
    assert companies.leaves(companies.supplier).count("agreement.not-ours") == 1
    assert "transfer.opened" not in companies.leaves(companies.supplier)


def test_where_terms_were_changed_nothing_is_served(companies):
    companies.published()
    _started_transfer(companies)
    (agreement,) = companies.supplier_edc.of("agreements").values()
    agreement["policy"] = {"odrl:permission": {"odrl:action": {"@id": "odrl:use"}}}
    assert _pull(companies, _key(companies)).status == 403


def test_bytes_are_not_served_while_the_connector_cannot_say_who_agreed(companies):
    companies.published()
    _started_transfer(companies)
    key = _key(companies)
    companies.supplier_edc.down = True
    assert _pull(companies, key).status == 503


def test_bytes_are_not_served_after_the_agreement(companies):
    companies.published()
    _started_transfer(companies)
    (agreement,) = companies.supplier_edc.of("agreements").values()
    agreement["contractSigningDate"] = companies.space.now + 999_999  # not in force yet
    assert _pull(companies, _key(companies)).status == 403


def test_the_statement_lies_beside_the_bytes(companies):
    companies.published()
    _started_transfer(companies)
    stated = _pull(companies, _key(companies), "/statement")
    assert stated.status == 200
    assert b"export" in stated.content.lower()


def test_a_suspension_by_a_person_pauses_the_transfer_at_the_connector(companies):
    companies.published()
    _started_transfer(companies)
    look_after(companies.supplier)
    (known,) = companies.all(companies.supplier, "transfer")
    transfer.suspend(companies.supplier, known["provider_pid"], "exchange.paused-by-us")
    companies.pump(2)
    (there,) = companies.supplier_edc.of("transfers").values()
    assert there["state"] == "SUSPENDED"
    transfer.resume(companies.supplier, known["provider_pid"])
    companies.pump(2)
    assert there["state"] == "STARTED"
    transfer.terminate(companies.supplier, known["provider_pid"], "exchange.ended-by-us")
    companies.pump(2)
    assert there["state"] == "TERMINATED"


def test_a_negotiation_is_ended_at_the_connector(companies):
    companies.published()
    companies.carmaker_edc.holds = True
    begun = companies.asked()
    companies.pump(1)
    terminate(companies.carmaker, begun.pid, "exchange.ended-by-us")
    companies.pump()
    assert progress(companies.carmaker, begun.pid).negotiation == "TERMINATED"
    (there,) = companies.carmaker_edc.of("negotiations").values()
    assert there["state"] == "TERMINATED"


def test_offers_that_nobody_asked_for_are_not_made(companies):
    asset = companies.published()
    with pytest.raises(Refused, match=r"edc\.no-unasked-offers"):
        offer_dataset(
            companies.supplier, companies.supplier.node.partners[0], asset.partition("~")[0]
        )


def test_a_partner_that_cannot_be_reached_is_told_apart_from_ones_own_connector(companies):
    companies.supplier_edc.down = True
    with pytest.raises(Unavailable, match=r"edc\.no-catalogue"):
        request_catalogue(companies.carmaker, companies.carmaker.node.partners[0])
    companies.carmaker_edc.down = True
    with pytest.raises(Unavailable, match=r"edc\.unreachable"):
        request_catalogue(companies.carmaker, companies.carmaker.node.partners[0])


def _failed(companies: Companies, *, world: World | None = None) -> dict[str, list[str]]:
    looking = world or companies.carmaker
    found = examine(looking, looking.node.partners[0], served=True)
    for check in found.checks:
        for language in LANGUAGES:
            for line in point_lines(check.points, US, "the partner", language):
                assert not line.startswith(("✗ doctor.", "✗ edc.", "· edc.", "· doctor.")), line
    return {
        check.name: [p.code for p in check.points]
        for check in found.checks
        if check.state is not State.OK
    }


def test_the_doctor_finds_nothing_where_all_is_well(companies):
    companies.published()
    assert _failed(companies) == {}
    assert _failed(companies, world=companies.supplier)["offers"] == ["doctor.shown-nothing"]


def test_the_doctor_says_which_setting_is_wrong(companies):
    companies.key_file.write_text("wrong", encoding="ascii")
    assert _failed(companies)["connector"] == ["edc.key-refused"]
    companies.key_file.unlink()
    assert _failed(companies)["connector"] == ["edc.key-file"]
    companies.carmaker_edc.down = True
    companies.key_file.write_text("key", encoding="ascii")
    assert _failed(companies)["connector"] == ["edc.unreachable"]


def test_the_doctor_says_that_the_connector_is_somebody_else(companies):
    companies.carmaker_edc.participant = "id-of-somebody-else"
    assert _failed(companies)["connector-self"] == ["edc.other-participant"]


def test_the_doctor_tells_of_offers_that_do_not_stand_and_of_foreign_agreements(companies):
    companies.published()
    _started_transfer(companies, "id-of-a-stranger")
    look_after(companies.supplier)
    companies.supplier_edc.checks_policies = True
    companies.published()
    assert _failed(companies, world=companies.supplier)["connector-offers"] == [
        "doctor.connector-not-offered",
        "doctor.connector-foreign",
    ]


def test_the_audit_finds_every_document_of_the_connector_logged(companies):
    companies.published()
    _started_transfer(companies)
    _started_transfer(companies, "id-of-a-stranger")
    look_after(companies.supplier)
    audited = audit(companies.supplier)
    assert [f.code for f in audited.findings if f.code.startswith("audit.")] == []


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
    _started_transfer(companies)
    _started_transfer(companies, "id-of-a-stranger")
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

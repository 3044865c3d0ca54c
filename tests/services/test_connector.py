"""A company keeps its EDC: the same use cases, driven over the management API of a fake one."""

from datetime import timedelta
from typing import Any

import pytest
from tests.services.connectors import Companies, started_transfer

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.exchange.checkup import US, State
from saltbridge.locales import LANGUAGES
from saltbridge.ports import World
from saltbridge.reports.policy_words import point_lines
from saltbridge.services import transfer
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.connector_provide import look_after
from saltbridge.services.doctor import examine
from saltbridge.services.exchange_state import deliveries, progress
from saltbridge.services.log_audit import audit
from saltbridge.services.negotiate import terminate
from saltbridge.services.unasked_offers import offer_dataset
from saltbridge.steps.connector_offering import offer_later


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


def test_a_lost_answer_begins_no_second_transfer(companies):
    companies.published()
    begun = companies.asked()
    while not progress(companies.carmaker, begun.pid).transfer:
        companies.pump(1)
    companies.carmaker_edc.loses_answers = 1
    companies.pump()
    assert progress(companies.carmaker, begun.pid).verified
    assert companies.carmaker_edc.loses_answers == 0
    assert len(companies.carmaker_edc.of("transfers")) == 1


def test_what_waits_for_people_over_there_is_never_given_up(companies):
    companies.published()
    companies.carmaker_edc.holds = True
    begun = companies.asked()
    for _ in range(40):  # a quarter of an hour each
        companies.clock.advance(minutes=15)
        companies.pump(1)
    with companies.carmaker.store.reading() as view:
        (entry,) = view.due(companies.clock.now() + timedelta(days=1))
        assert not view.failed()
    assert entry.attempts == 0
    companies.carmaker_edc.holds = False
    for _ in range(2):  # the connector has agreed when it is looked at again
        companies.clock.advance(minutes=2)
        companies.pump(2)
    companies.pump()
    assert progress(companies.carmaker, begun.pid).verified


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


def test_a_suspension_by_a_person_pauses_the_transfer_at_the_connector(companies):
    companies.published()
    started_transfer(companies)
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
    started_transfer(companies, "id-of-a-stranger")
    look_after(companies.supplier)
    companies.supplier_edc.checks_policies = True
    companies.published()
    assert _failed(companies, world=companies.supplier)["connector-offers"] == [
        "doctor.connector-not-offered",
        "doctor.connector-foreign",
    ]


def test_the_audit_finds_every_document_of_the_connector_logged(companies):
    companies.published()
    started_transfer(companies)
    started_transfer(companies, "id-of-a-stranger")
    look_after(companies.supplier)
    audited = audit(companies.supplier)
    assert [f.code for f in audited.findings if f.code.startswith("audit.")] == []

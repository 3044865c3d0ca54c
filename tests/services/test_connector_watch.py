"""The connector is looked after for good: one look waits, and no asset holds up another."""

from dataclasses import replace
from datetime import timedelta

from tests.services.connectors import Companies, started_transfer
from tests.services.test_connector_served import _key, _pull

from saltbridge.adapters.edc import EdcConnector
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.ports import OutboxEntry
from saltbridge.services.connector_provide import look_after


def _looks(companies: Companies) -> list[OutboxEntry]:
    later = companies.clock.now() + timedelta(days=1)
    with companies.supplier.store.reading() as view:
        return [entry for entry in view.due(later) if entry.kind == "connector.watch"]


def test_one_look_waits_however_often_is_published_and_however_long_the_connector_is_down(
    companies,
):
    companies.published()
    companies.published()
    (first,) = _looks(companies)
    companies.supplier_edc.down = True
    companies.clock.advance(seconds=61)
    companies.pump(2)
    (after,) = _looks(companies)
    assert (after.id != first.id, after.attempts) == (True, 0)
    companies.supplier_edc.down = False
    with companies.supplier.store.unit_of_work() as work:
        work.enqueue(replace(after, id="urn:uuid:left-by-a-kill", ordering_key="another"))
    companies.clock.advance(seconds=61)
    companies.pump(2)
    (one,) = _looks(companies)
    assert one.id not in (after.id, "urn:uuid:left-by-a-kill")


def test_an_asset_that_cannot_be_looked_at_holds_up_no_other(companies, monkeypatch):
    companies.published()
    companies.asked()
    companies.pump()
    with companies.supplier.store.unit_of_work() as work:
        (record,) = work.find("connector-offer")
        told = read_json(record.body)
        spoiled = {**told, "asset_id": "0-first"}
        work.put("connector-offer", "0-first", canonical_bytes(spoiled), expected_version=0)
    about = EdcConnector.agreements_about

    def unreadable_first(self, readers, asset_id):
        if asset_id == "0-first":
            raise FaultyInput.of("edc.terms-unknown", id=asset_id)
        return about(self, readers, asset_id)

    monkeypatch.setattr(EdcConnector, "agreements_about", unreadable_first)
    look_after(companies.supplier)
    (known,) = companies.all(companies.supplier, "transfer")
    assert (known["role"], known["state"]) == ("provider", "COMPLETED")


def test_what_cannot_be_read_of_the_connector_is_told_as_not_served_now(companies, monkeypatch):
    companies.published()
    started_transfer(companies)

    def unreadable(self, readers, asset_id):
        raise FaultyInput.of("edc.terms-unknown", id=asset_id)

    monkeypatch.setattr(EdcConnector, "agreements_about", unreadable)
    assert _pull(companies, _key(companies)).status == 503

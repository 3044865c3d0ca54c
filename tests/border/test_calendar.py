"""Yearly counters turn over at midnight in Beijing, and are written with the release."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.border.test_decide import PCF, context, decided
from tests.services.test_annex import CARS, released, request

from saltbridge.border.calendar import counter_year, legal_day
from saltbridge.border.catalogue import parse_catalogue
from saltbridge.border.context import Secrets
from saltbridge.border.decide import decide
from saltbridge.border.manifest import counters_after, decision_record
from saltbridge.border.rules import parse_pack
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.testing.builders import FixedClock, memory_world, node_profile
from saltbridge.testing.canaries import pcf

EVE = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
NEW_YEAR = datetime(2026, 12, 31, 16, tzinfo=UTC)  # midnight in Beijing


def test_the_year_turns_in_beijing():
    assert (counter_year(EVE), counter_year(NEW_YEAR)) == (2026, 2027)
    assert legal_day(NEW_YEAR, "EU").year == 2026


@pytest.mark.parametrize(
    ("at", "year", "leaves"),
    [(EVE, 2026, True), (EVE, 2027, False), (NEW_YEAR, 2027, True), (NEW_YEAR, 2026, False)],
)
def test_counters_of_the_other_year_are_no_counters(at, year, leaves):
    counters = {"year": year, "persons": 0, "sensitive_persons": 0}
    good = context(PCF)
    terms = replace(good.agreement, starts=EVE)
    decision = decided(pcf(), replace(good, at=at, counters=counters, agreement=terms))
    assert decision.withholds_all_but_public is not leaves


def test_each_year_has_its_own_counters_in_the_store():
    clock = FixedClock(EVE)
    w = memory_world(node_profile("cellmaker", partners=(CARS,)), clock=clock)
    with w.store.unit_of_work() as work:
        full = {"year": 2026, "persons": 99_999, "sensitive_persons": 0}
        work.put("counter", "2026", canonical_bytes(full))
    before = released(w, request())[0]["counters"]["before"]
    clock.moment = NEW_YEAR
    after = released(w, request())[0]["counters"]["before"]
    assert (before["persons"], after["persons"], after["year"]) == (99_999, 0, 2027)
    with w.store.reading() as view:
        assert {r.id: read_json(r.body)["year"] for r in view.find("counter")} == {
            "2026": 2026,
            "2027": 2027,
        }


def test_persons_that_left_are_counted_sensitive_ones_apart():
    """Under a made-up pack that lets personal data go, since no packaged one does."""
    catalogue = parse_catalogue(
        {
            "kind": "people",
            "edition": "1",
            "applies_from": EVE.date(),
            "citation": "c",
            "field": [
                {"class": "personal", "group": "g", "paths": ["/names/[]"]},
                {"class": "personal", "group": "g", "paths": ["/health"], "sensitive": True},
            ],
        },
        {"attribute": {}, "shape": {}},
    )
    pack = parse_pack(
        'id = "p"\nedition = "1"\ntitle = "t"\njurisdiction = "*"\napplies = "always"\n'
        'applies_from = 2020-01-01\nstate = "loaded"\ncitation = "c"\n'
        'confidence = "illustrative"\n[[rule]]\nid = "r"\neffect = "permit"\n'
        'question = "both"\nclasses = ["personal"]\n'
    )
    document = {"kind": "people", "names": ["a", "b"], "health": "c"}
    given = context(counters={"year": 2026, "persons": 7, "sensitive_persons": 1})
    decision = decide(document, given, catalogue, [pack], Secrets(b"k" * 32))
    assert counters_after(decision) == {"year": 2026, "persons": 10, "sensitive_persons": 2}
    record = decision_record(decision, None)
    assert record["counters"]["before"] == dict(given.counters)

"""The list of rule sets on a day: one document for people and programs."""

from datetime import date

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.methodologies import known
from saltbridge.services.rule_sets import rule_sets_on

DAY = date(2026, 11, 28)


def test_every_edition_is_listed_with_how_its_rules_are_known() -> None:
    listed = rule_sets_on(DAY)["methodologies"]
    names = [f"{m['id']}@{e['edition']}" for m in listed for e in m["editions"]]
    assert tuple(names) == known()
    for methodology in listed:
        for edition in methodology["editions"]:
            assert sum(edition["confidence"].values()) == len(edition["rules"]) > 0
            assert edition["rules_not_loaded"], (methodology["id"], edition["edition"])


def test_what_governs_depends_on_the_day() -> None:
    governing = {m["id"]: m["governing"] for m in rule_sets_on(DAY)["methodologies"]}
    assert governing == {
        "catena-x-pcf": "v4",
        "cn-miit-551": None,
        "eu-cfb": None,
        "gba": "v2",
        "iso-14067": "2018",
        "pact": "v3",
    }
    before = rule_sets_on(date(2025, 3, 1), named="catena-x-pcf")["methodologies"]
    assert [m["governing"] for m in before] == ["v3"]
    assert [e["status"] for e in before[0]["editions"]] == ["in_force", "pending", "pending"]


def test_one_edition_is_opened() -> None:
    (one,) = rule_sets_on(DAY, named="eu-cfb@annex-ii")["methodologies"]
    assert [e["edition"] for e in one["editions"]] == ["annex-ii"]
    assert one["editions"][0]["candidates"]["recycling"] == ["cff", "cut_off"]


@pytest.mark.parametrize("name", ["nope", "eu-cfb@2030", "@v4.9"])
def test_an_unknown_rule_set_is_a_finding(name: str) -> None:
    with pytest.raises(FaultyInput) as caught:
        rule_sets_on(DAY, named=name)
    assert caught.value.findings[0].code == "methodology.unknown"


def test_dates_of_article_7_wait_for_their_acts() -> None:
    """Hand: 1 Mar 2026 + 18 months is before the fixed day, 18 Feb 2028, which counts."""
    entries = {"cfb-threshold-ev": date(2026, 3, 1)}
    duties = {
        (d["duty"], d["category"]): d
        for d in rule_sets_on(date(2028, 2, 18), entries)["article_7"]["duties"]
    }
    assert len(duties) == 12
    threshold = duties["threshold", "ev"]
    assert (threshold["state"], threshold["applies_from"]) == ("in_force", "2028-02-18")
    declaration = duties["declaration", "ev"]
    assert (declaration["state"], declaration["applies_from"]) == ("pending", None)
    assert declaration["waits_for"] == ["cfb-method-ev", "cfb-declaration-format-ev"]

"""Why a field stayed: every rule that was met, with condition, source and remedy, in words."""

import copy

import pytest
from tests.services.test_annex import LI, STRICTER, request, world

from saltbridge.border.court import CONDITIONS
from saltbridge.border.rules import packaged_packs
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.reports.border_words import DO, rule_words
from saltbridge.services import annex, approval
from saltbridge.services.border_commitment import check_opening, open_commitment
from saltbridge.services.border_explain import explanation
from saltbridge.services.border_packs import listed
from saltbridge.services.border_records import decisions
from saltbridge.services.publish import publish
from saltbridge.testing.approvals import approve_all
from saltbridge.testing.builders import NOON
from saltbridge.testing.canaries import battery_record


def released(w):
    """The decision record of a publication that two persons approved."""
    (proposed,) = publish(w, request()).decisions
    approve_all(w, approval)
    return next(d for d in decisions(w) if d["id"] == proposed["id"])


def a_release():
    w = world()
    return w, released(w)


def test_all_fields_are_explained_once():
    w, record = a_release()
    groups = explanation(w, record["id"])
    assert sum(len(g.paths) for g in groups) == len(record["fields"])
    assert all(g.rules for g in groups)
    assert {g.decision for g in groups} == {"leave", "leave_minimised", "stay"}


def test_a_condition_is_told_with_what_was_offered_and_needed():
    w, record = a_release()
    (group,) = explanation(w, record["id"], "/plant/coordinates/latitude")
    annex_rule = next(r for r in group.rules if r.id == "cn-2026-annex-not-loaded")
    assert annex_rule.condition["held"] is False
    assert annex_rule.condition["offered"] == "cn-automotive-2026: annex-not-loaded"
    assert annex_rule.condition["needed"] == "annex-loaded" and annex_rule.citation


def test_a_refusal_explains_its_wrong_purpose():
    w = world()
    with pytest.raises(Refused):
        publish(w, request(purpose="cx.core.qualityNotifications:1"))
    (record,) = decisions(w)
    (group,) = explanation(w, record["id"], "/product/id")
    assert group.decision == "stay" and group.rules[0].id == "default-deny-export"


def test_paths_and_ids_nobody_knows_are_faulty():
    w, record = a_release()
    for id, path in (("urn:uuid:none", ""), (record["id"], "/no/such")):
        with pytest.raises(FaultyInput):
            explanation(w, id, path)


def test_every_forbid_and_every_condition_has_its_words_in_three_languages():
    forbids = {r.id: r for p in packaged_packs() for r in p.rules if r.effect == "forbid"}
    for language in LANGUAGES:
        for id, rule in forbids.items():
            row = {"condition": rule.unless, "held": False, "offered": "a", "needed": "b"}
            words = rule_words(id, "c", row if rule.unless else {}, True, language)
            assert words.do and words.says != id, (id, language)
            assert bool(words.condition) is bool(rule.unless)
        assert all(has_text(f"border.condition.{c}", language) for c in CONDITIONS)
        assert all(has_text(f"border.do.{do}", language) for do in DO.values())


def test_packs_are_listed_with_the_edition_of_the_day():
    states = {(p.id, p.edition): s for p, s in listed(None, None, NOON)}
    assert states["cn-domestic", "2021-09-01"] == "superseded"
    assert states["cn-domestic", "2025-01-01"] == "in-force"
    assert states["cn-ftz-lingang-2024", "2024-05-17"] == "other-zone"
    early = {p.id: s for p, s in listed(None, NOON.replace(year=2024, month=1), NOON)}
    assert early["cn-automotive-2026"] == "not-yet"
    w = world()
    annex.load(w, LI, STRICTER, "l.toml")
    (loaded,) = [p for p, _ in listed(w, None, NOON) if p.id == "cn-automotive-2026"]
    assert loaded.state == "annex-loaded" and loaded.annex_digest


def test_a_commitment_opens_for_the_document_it_was_made_of_and_for_no_other():
    w, record = a_release()
    with w.store.reading() as view:
        payload = view.get_release(record["digest"], record["id"]).content
    document = request().document
    opening = open_commitment(w, record["id"], document)
    assert check_opening(opening, payload) == ("/footprint/lines_commitment",)
    changed = copy.deepcopy(dict(document))
    changed["footprint"]["lines"][0]["kg_co2e"] += 1e-9
    with pytest.raises(Refused):
        open_commitment(w, record["id"], changed)
    for broken in (
        {**opening, "salt": "00" * 32},
        {**opening, "commitments": [{**opening["commitments"][0], "value": []}]},
        {**opening, "commitments": [{**opening["commitments"][0], "path": "/kind"}]},
    ):
        with pytest.raises(Refused):
            check_opening(broken, payload)
    for broken in ({}, {**opening, "salt": "x"}, {**opening, "commitments": [1]}):
        with pytest.raises(FaultyInput):
            check_opening(broken, payload)
    assert canonical_bytes(opening["commitments"][0]["value"]) not in payload


def test_two_releases_have_two_salts():
    w, record = a_release()
    other = released(w)
    salts = {open_commitment(w, r["id"], request().document)["salt"] for r in (record, other)}
    assert len(salts) == 2
    with pytest.raises(FaultyInput):
        open_commitment(w, "urn:uuid:none", battery_record())

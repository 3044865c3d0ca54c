"""Policies: who sees what, what is asked of an offer, and when two of them are one."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.exchange.catalogue import shown_to
from saltbridge.exchange.model import Agreement, Offer
from saltbridge.exchange.policy import (
    PURPOSE_PASSPORT,
    PURPOSE_PCF,
    judge_agreement,
    judge_request,
    same_terms,
    usage_offer,
)
from saltbridge.exchange.standing import Standing

OEM, OTHER = "BPNL00000000OEM1", "BPNL0000000OTHER"
POLICY = usage_offer("o", PURPOSE_PCF, contract_reference="c-1")
OFFER = Offer("o", POLICY, "d")


def test_a_caller_sees_what_names_it_and_nothing_else():
    records = [
        {"id": "1", "access": [OEM]},
        {"id": "2", "access": [OTHER, OEM]},
        {"id": "3", "access": []},
        {"id": "4"},
        {"id": "5", "access": [""]},
    ]
    now = datetime(2026, 11, 28, tzinfo=UTC)
    seen = [r["id"] for r in records if shown_to(r, Standing(OEM), now)]
    assert seen == ["1", "2"]
    assert not any(shown_to(r, Standing(""), now) for r in records)


def _change(path, value):
    policy = deepcopy(POLICY)
    place = policy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return policy


TERMS = ("permission", 0, "constraint", 0, "and")


def test_the_order_of_sets_is_no_difference():
    turned = deepcopy(POLICY)
    turned["permission"][0]["constraint"][0]["and"].reverse()
    assert same_terms(turned, {**POLICY, "target": "d", "@id": "another"})


@pytest.mark.parametrize(
    "altered",
    [
        _change((*TERMS, 2, "rightOperand"), [PURPOSE_PASSPORT]),
        _change((*TERMS, 2, "rightOperand"), [PURPOSE_PCF, PURPOSE_PASSPORT]),
        _change(("prohibition",), []),
        _change(("profile",), "https://example.org/"),
        {**POLICY, "obligation": [{"action": "use"}]},
        {**POLICY, "x:more": 1},
    ],
)
def test_any_altered_term_is_a_difference(altered):
    assert not same_terms(POLICY, altered)
    assert judge_request([OFFER], Offer("o", altered, "d")).code == "exchange.offer-altered"


def test_the_offer_unchanged_is_agreed_to():
    assert judge_request([OFFER], replace(OFFER, target="d")) is None
    assert judge_request([OFFER], Offer("x", POLICY)).code == "exchange.offer-unknown"


@given(st.permutations(range(4)))
def test_terms_are_the_same_in_every_order(order):
    turned = deepcopy(POLICY)
    terms = turned["permission"][0]["constraint"][0]["and"]
    turned["permission"][0]["constraint"][0]["and"] = [terms[i] for i in order]
    assert same_terms(POLICY, turned)


AGREEMENT = Agreement("a", "d", "did:web:p", "did:web:c", POLICY, "2026-11-23T10:00:00Z")


@pytest.mark.parametrize(
    ("agreement", "code"),
    [
        (replace(AGREEMENT, dataset_id="e"), "exchange.agreement-other-dataset"),
        (replace(AGREEMENT, assigner="did:web:x"), "exchange.agreement-other-parties"),
        (replace(AGREEMENT, assignee="did:web:x"), "exchange.agreement-other-parties"),
        (
            replace(AGREEMENT, policy=_change((*TERMS, 2, "rightOperand"), ["x"])),
            "exchange.agreement-altered",
        ),
    ],
)
def test_an_agreement_that_was_not_asked_for_is_not_verified(agreement, code):
    def judge(a):
        return judge_agreement(a, OFFER, assigner="did:web:p", assignee="did:web:c")

    assert judge(AGREEMENT) is None
    assert judge(agreement).code == code

"""One spelling for the names of every release; the policy itself stays what it was."""

import json
from copy import deepcopy
from pathlib import Path

import pytest

from saltbridge.exchange.operands import Where
from saltbridge.exchange.policy import PURPOSE_PCF, usage_offer
from saltbridge.exchange.policy_reading import CX_2025_9, JUPITER, Edition, read_policy

OURS = usage_offer("o", PURPOSE_PCF, contract_reference="c-1")
CX = "https://w3id.org/catenax/policy/"
JUPITER_OFFER = {
    "@id": "o",
    "profile": "cx-policy:profile2405",
    "odrl:permission": {
        "odrl:action": {"@id": "odrl:use"},
        "odrl:constraint": {
            "odrl:and": [
                {
                    "odrl:leftOperand": {"@id": "cx-policy:FrameworkAgreement"},
                    "odrl:operator": {"@id": "odrl:eq"},
                    "odrl:rightOperand": "DataExchangeGovernance:1.0",
                },
                {
                    "odrl:leftOperand": {"@id": f"{CX}ContractReference"},
                    "odrl:operator": {"@id": "odrl:eq"},
                    "odrl:rightOperand": {"@value": "x12345"},
                },
                {
                    "odrl:leftOperand": {"@id": "cx-policy:UsagePurpose"},
                    "odrl:operator": {"@id": "odrl:eq"},
                    "odrl:rightOperand": "cx.core.industrycore:1",
                },
            ]
        },
    },
}


def _terms(policy, where=Where.PERMISSION):
    return [(t.left, t.operator, t.right) for t in read_policy(policy).terms(where)]


def test_a_policy_of_jupiter_reads_as_one_of_today():
    before = deepcopy(JUPITER_OFFER)
    read = read_policy(JUPITER_OFFER)
    assert read.edition is Edition.JUPITER
    assert read.rules[0].action == "use"
    assert _terms(JUPITER_OFFER) == [
        ("FrameworkAgreement", "eq", "DataExchangeGovernance:1.0"),
        ("ContractReference", "isAllOf", ["x12345"]),
        ("UsagePurpose", "isAnyOf", ["cx.core.industrycore:1"]),
    ]
    assert before == JUPITER_OFFER  # judged, not changed


def test_a_prefix_means_the_namespace_it_is_bound_to():
    for namespace, edition in ((JUPITER, Edition.JUPITER), (CX_2025_9, Edition.CX_2025_9)):
        policy = {"@context": [{"cx-policy": namespace}], "permission": []}
        assert read_policy(policy).edition is edition


def test_today_a_single_value_is_not_taken_for_a_list():
    policy = deepcopy(OURS)
    term = policy["permission"][0]["constraint"][0]["and"][2]
    term["operator"], term["rightOperand"] = "eq", PURPOSE_PCF
    assert ("UsagePurpose", "eq", PURPOSE_PCF) in _terms(policy)


def test_pointers_lead_to_the_terms_as_they_were_written():
    for term in read_policy(OURS).terms(Where.PERMISSION):
        place = OURS
        for step in term.pointer.removeprefix("/").split("/"):
            place = place[int(step)] if isinstance(place, list) else place[step]
        assert place["leftOperand"] == term.left


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        ({"permission": ["use"]}, "/permission/0"),
        (
            {"permission": [{"action": "use", "constraint": ["x"]}]},
            "/permission/0/constraint/0",
        ),
        ({"permission": [{"action": "use", "constraint": [{}]}]}, "/permission/0/constraint/0"),
        ({"prohibition": 7}, "/prohibition"),
    ],
)
def test_what_is_no_rule_and_no_term_is_named(policy, fault):
    assert read_policy(policy).faults == (fault,)


def test_deep_nesting_is_a_fault_and_no_crash():
    deep: dict = {"leftOperand": "Membership", "operator": "eq", "rightOperand": "active"}
    for _ in range(500):
        deep = {"and": [deep]}
    read = read_policy({"permission": [{"action": "use", "constraint": [deep]}]})
    assert read.faults and not read.terms(Where.PERMISSION)


def test_the_official_example_of_jupiter_is_read(shared: Path):
    folder = shared / "standards/cx-policy/cx-odrl-profile"
    for name in ("example_usage_policy.json", "example_usage_policy_expanded.json"):
        policy = json.loads((folder / name).read_text())
        policy = policy[0] if isinstance(policy, list) else policy
        assert ("UsagePurpose", "isAnyOf", ["cx.core.industrycore:1"]) in _terms(policy), name
        assert read_policy(policy).edition is Edition.JUPITER

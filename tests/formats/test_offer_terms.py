"""The file of terms becomes two policies of CX-0152; every fault is said, all at once."""

import json

import pytest

from saltbridge import locales
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange.offering import USUAL, access_policy, usage_policy
from saltbridge.exchange.operands import OPERANDS
from saltbridge.exchange.policy import PURPOSE_PCF, usage_offer
from saltbridge.exchange.policy_reading import read_policy
from saltbridge.formats import cx_policy
from saltbridge.formats.offer_terms import MEMBERS, parse_terms

WHOLE = """
purpose = "passport"
contracts = ["LIEFER-2026-118"]
precedence = "contract"
versions = "minor"
frequency = "unlimited"
exclusive = "consumer"
affiliates_in = ["europe", "cx.region.asia:1"]
affiliates = ["BPNL00000000OEM2"]
use_until = "unlimited"
after_the_end = "keep"
warranty = "none"
warranty_months = 6
liability = "gross-negligence"
confidentiality = "measures"
confidential_sharing = ["affiliates"]
venue = "München"
restrictions = ["third-party", "derivations"]
not_affiliates_in = ["africa"]
not_affiliates = ["BPNL00000000OEM3"]
provided_until = 2027-12-31T12:00:00+01:00
groups = ["carmakers"]
not_groups = ["left"]
not_partners = ["BPNL00000000OEM4"]
"""


def _terms(policy):
    return {
        (t.where, t.left): (t.operator, t.right)
        for rule in read_policy(policy).rules
        for t in rule.terms
    }


def test_without_terms_the_offer_is_the_usual_one():
    assert parse_terms(b"") == USUAL
    assert usage_policy("o", PURPOSE_PCF) == usage_offer("o", PURPOSE_PCF)


def test_everything_a_person_can_set_becomes_a_term_the_official_schemas_accept():
    terms = parse_terms(WHOLE.encode())
    used = usage_policy("o", PURPOSE_PCF, terms)
    seen = access_policy(["BPNL00000000OEM1"], terms)
    assert cx_policy.faults(used) == []
    assert cx_policy.faults({"@id": "s", **seen}) == []
    found = {**_terms(used), **_terms(seen)}
    assert found["permission", "UsagePurpose"] == ("isAnyOf", ["cx.circular.dpp:1"])
    assert found["permission", "DataUsageEndDefinition"][1] == "cx.dataUsageEnd.unlimited:1"
    assert found["permission", "AffiliatesRegion"][1] == [
        "cx.region.europe:1",
        "cx.region.asia:1",
    ]
    assert found["permission", "WarrantyDurationMonths"][1] == "6"
    assert found["obligation", "DataProvisioningEndDate"][1] == "2027-12-31T12:00:00+01:00"
    assert found["prohibition", "UsageRestriction"][1][1] == "cx.derivations.forbidden:1"
    assert found["access", "BusinessPartnerGroup"] == ("isNoneOf", ["left"])
    assert terms.contracts == ("LIEFER-2026-118",)
    assert json.loads(json.dumps(used)) == used


def test_every_operand_can_be_set():
    settable = {row.operand for row in MEMBERS.values()}
    fixed = {"Membership", "FrameworkAgreement", "UsagePurpose", "DataUsageEndDefinition"}
    assert settable | fixed == set(OPERANDS)
    for row in MEMBERS.values():
        assert set(row.words.values()) <= set(OPERANDS[row.operand].values)


def test_nothing_need_be_forbidden():
    policy = usage_policy("o", PURPOSE_PCF, parse_terms(b"restrictions = []"))
    assert "prohibition" not in policy


@pytest.mark.parametrize(
    ("file", "codes"),
    [
        (b"\xff", ["offer.unreadable"]),
        (b"purpose =", ["offer.unreadable"]),
        (b"porpose = 'pcf'", ["offer.unknown-member"]),
        (b"purpose = 7\nmembers_only = 'yes'", ["offer.wrong-value"] * 2),
        (b"framework = 'Other:1.0'", ["policy.value"]),
        (b"restrictions = ['all']", ["offer.wrong-value"]),
        (b"restrictions = 'third-party'", ["offer.wrong-value"]),
        (b"affiliates = ['OEM1']", ["offer.wrong-value"]),
        (b"use_until = 2027-12-31", ["offer.wrong-value"]),
        (b"use_until = 2027-12-31T00:00:00", ["offer.wrong-value"]),
        (b"use_days = '365'\nuse_until = 'soon'", ["offer.wrong-value"] * 2),
        (b"use_days = -1", ["offer.wrong-value"]),
        (b"use_days = 30\nuse_until = 'unlimited'", ["policy.exclusive"]),
        (b"provided_days = 1\nprovided_until = 2027-12-31T00:00:00Z", ["policy.exclusive"]),
        (b"warranty_months = 1\nwarranty_until = 'contract-end'", ["policy.exclusive"]),
        (
            b"x = 1\nliability = 'none'\nventure = 2",
            ["offer.unknown-member"] * 2 + ["offer.wrong-value"],
        ),
    ],
)
def test_faulty_terms_are_said_all_at_once(file, codes):
    with pytest.raises(FaultyInput) as refused:
        parse_terms(file, "terms.toml")
    assert [f.code for f in refused.value.findings] == codes
    for found in refused.value.findings:
        assert found.place.file == "terms.toml"
        for language in locales.LANGUAGES:
            assert locales.text(found.code, found.arguments, language)
            assert locales.text(found.remedy, found.arguments, language)

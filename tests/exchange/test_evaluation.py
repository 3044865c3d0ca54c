"""Whether a policy is met, with an explanation that names term, offer, need, and whose move."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge import locales
from saltbridge.exchange.ends import ends_of
from saltbridge.exchange.evaluation import judge_access, judge_usage
from saltbridge.exchange.explanation import Verdict, point_of, point_record
from saltbridge.exchange.model import Agreement, Role
from saltbridge.exchange.operands import OPERANDS
from saltbridge.exchange.policy import FRAMEWORK, PURPOSE_PASSPORT, PURPOSE_PCF, usage_offer
from saltbridge.exchange.policy_reading import CX_2025_9
from saltbridge.exchange.standing import Standing

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
OEM, OTHER = "BPNL00000000OEM1", "BPNL0000000OTHER"
SHOWN = Standing(OEM, "did:web:oem", frozenset({"carmakers"}), True, frozenset({FRAMEWORK}))
POLICY = usage_offer("o", PURPOSE_PCF, contract_reference="c-1")
AND = ("permission", 0, "constraint", 0, "and")


OPERATORS = ("eq", "isAnyOf", "isAllOf", "isNoneOf", "gt", "")


def _names():
    known = ("permission", "prohibition", "obligation", "constraint", "and", "or", "action")
    more = ("leftOperand", "operator", "rightOperand", "profile", "@id", "@value", "@context")
    return st.sampled_from((*known, *more)) | st.text(max_size=4)


def _with(term, path=AND, policy=POLICY):
    changed = deepcopy(policy)
    place = changed
    for step in path:
        place = place[step]
    place.append(term)
    return changed


def _term(left, operator, right):
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _access(*terms):
    return {
        "profile": CX_2025_9,
        "permission": [{"action": "access", "constraint": [{"and": list(terms)}]}],
    }


def _codes(judgement):
    return [p.code for p in judgement.failed]


def test_who_shows_all_that_is_asked_for_meets_the_policy():
    judged = judge_usage(POLICY, SHOWN, NOW, [PURPOSE_PCF])
    assert judged.refusal is None
    by_operand = {p.arguments["operand"]: p.verdict for p in judged.points}
    assert by_operand == {
        "Membership": Verdict.MET,
        "FrameworkAgreement": Verdict.MET,
        "UsagePurpose": Verdict.MET,
        "ContractReference": Verdict.CONTRACTUAL,
        "UsageRestriction": Verdict.CONTRACTUAL,
    }


def test_without_credentials_people_vouch_for_their_partners():
    judged = judge_usage(POLICY, Standing(OEM), NOW)
    assert judged.refusal is None
    assert len(judged.having(Verdict.VOUCHED)) == 2


def test_a_missing_credential_is_the_consumers_to_get():
    bare = Standing(OEM, member=False, frameworks=frozenset({"DataExchangeGovernance:2.0"}))
    member, framework = judge_usage(POLICY, bare, NOW).failed
    assert (member.code, member.who) == ("policy.membership-missing", Role.CONSUMER)
    assert (framework.code, framework.who) == ("policy.framework-missing", Role.CONSUMER)
    assert framework.arguments["needed"] == FRAMEWORK
    assert framework.arguments["found"] == "DataExchangeGovernance:2.0"


def test_another_purpose_is_said_with_both_sides():
    (point,) = judge_usage(POLICY, SHOWN, NOW, [PURPOSE_PASSPORT]).failed
    assert point.code == "exchange.purpose-not-ours"
    assert point.arguments["offered"] == PURPOSE_PCF
    assert point.arguments["needed"] == PURPOSE_PASSPORT
    assert point.who is Role.PROVIDER
    assert point.place == "/permission/0/constraint/0/and/2"


@pytest.mark.parametrize(
    ("term", "code"),
    [
        (_term("Region", "eq", "eu"), "policy.operand-unknown"),
        (_term("BusinessPartnerNumber", "isAnyOf", [OEM]), "policy.operand-place"),
        (_term("Liability", "isAnyOf", "cx.grossNegligence:1"), "policy.operator"),
        (_term("Liability", "eq", "none"), "policy.value"),
        (_term("AffiliatesBpnl", "isAnyOf", []), "policy.value"),
        (_term("AffiliatesBpnl", "isAnyOf", "OEM1"), "policy.value"),
        (_term("DataUsageEndDate", "eq", "2027-13-01T00:00:00Z"), "policy.value"),
        (_term("DataUsageEndDate", "eq", "2027-12-31"), "policy.value"),
        (_term("DataUsageEndDurationDays", "eq", "a year"), "policy.value"),
        (_term("DataUsageEndDate", "eq", "2026-11-28T10:00:00Z"), "policy.end-passed"),
        (_term("DataUsageEndDurationDays", "eq", "0"), "policy.end-passed"),
    ],
)
def test_each_fault_of_a_term_has_its_words(term, code):
    judged = judge_usage(_with(term), SHOWN, NOW)
    assert _codes(judged) == [code]
    for language in locales.LANGUAGES:
        for id in (code, f"{code}.remedy"):
            assert locales.text(id, judged.failed[0].arguments, language)


def test_what_was_meant_is_taken_and_noted():
    short = _with(_term("DataUsageEndDefinition", "eq", "cx.dataUsageEnd.unlimited"))
    judged = judge_usage(short, SHOWN, NOW)
    assert judged.refusal is None
    assert [p.code for p in judged.having(Verdict.NOTED)] == ["policy.value-short"]


@pytest.mark.parametrize("days", [30, "30"])
def test_durations_are_read_as_1_1_and_as_1_2_write_them(days):
    judged = judge_usage(_with(_term("DataUsageEndDurationDays", "eq", days)), SHOWN, NOW)
    assert judged.refusal is None
    assert len(judged.having(Verdict.TRACKED)) == 1


def test_a_list_of_one_may_stand_without_its_list():
    lone = _with(_term("AffiliatesBpnl", "isAnyOf", OEM))
    assert judge_usage(lone, SHOWN, NOW).refusal is None


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names(), inner, max_size=4),
    max_leaves=24,
)


@given(st.dictionaries(_names(), anything, max_size=5))
def test_whatever_is_called_a_policy_is_judged_and_never_breaks(policy):
    for judge in (judge_usage, judge_access):
        judged = judge(policy, SHOWN, NOW)
        for point in judged.points:
            assert point_of(point_record(point)) == point
            assert locales.text(point.code, point.arguments)
    ends_of(Agreement("a", "d", "p", "c", policy, "2026-03-01T12:00:00Z"))


@given(st.sampled_from(sorted(OPERANDS)), st.sampled_from(OPERATORS), anything)
def test_whatever_a_term_holds_is_judged_and_never_breaks(left, operator, right):
    for policy in (_with(_term(left, operator, right)), _access(_term(left, operator, right))):
        for judge in (judge_usage, judge_access):
            assert judge(policy, SHOWN, NOW).points
    both = {"permission": [{"action": "use", "constraint": [_term(left, operator, right)]}]}
    ends_of(Agreement("a", "d", "p", "c", both, "2026-03-01T12:00:00Z"))


def test_ends_exclude_each_other():
    both = _with(_term("DataUsageEndDurationDays", "eq", "30"))
    both = _with(
        _term("DataUsageEndDefinition", "eq", "cx.dataUsageEnd.unlimited:1"), policy=both
    )
    assert _codes(judge_usage(both, SHOWN, NOW)) == ["policy.exclusive"]


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({}, "exchange.policy-without-permission"),
        ({"permission": ["use"]}, "policy.unreadable"),
        ({"permission": [{"action": "read", "constraint": []}]}, "exchange.policy-action"),
        ({"permission": [{"action": "use"}]}, "exchange.policy-without-framework"),
        ({"permission": [{"action": "use"}]}, "exchange.policy-without-purpose"),
    ],
)
def test_an_offer_of_another_shape_is_refused_in_words(policy, code):
    points = {p.code: p for p in judge_usage(policy, SHOWN, NOW).failed}
    assert code in points
    for language in locales.LANGUAGES:
        assert locales.text(code, points[code].arguments, language)
        assert locales.text(f"{code}.remedy", points[code].arguments, language)


def test_all_faults_come_at_once():
    policy = {
        "permission": [
            {"action": "use", "constraint": [{"or": [_term("Liability", "eq", "x")]}]}
        ],
        "prohibition": [{"action": "use", "constraint": [_term("Membership", "eq", "active")]}],
        "obligation": [
            {"action": "use", "constraint": [_term("UsagePurpose", "isAnyOf", ["x"])]}
        ],
    }
    assert _codes(judge_usage(policy, SHOWN, NOW)) == [
        "exchange.policy-only-and",
        "policy.value",
        "policy.operand-place",
        "policy.operand-place",
        "exchange.policy-without-framework",
        "exchange.policy-without-purpose",
    ]


def test_an_access_policy_is_no_usage_policy_and_the_other_way_round():
    assert "exchange.policy-action" in _codes(judge_usage(_access(), SHOWN, NOW))
    assert "exchange.policy-action" in _codes(judge_access(POLICY, SHOWN, NOW))


@pytest.mark.parametrize(
    ("term", "code"),
    [
        (_term("Membership", "eq", "active"), None),
        (_term("BusinessPartnerNumber", "isAnyOf", [OEM]), None),
        (
            _term("BusinessPartnerNumber", "isAnyOf", [OTHER]),
            "policy.bpn-not-named",
        ),
        (_term("BusinessPartnerNumber", "isNoneOf", [OEM]), "policy.bpn-excluded"),
        (_term("BusinessPartnerGroup", "isAnyOf", ["carmakers", "x"]), None),
        (_term("BusinessPartnerGroup", "isAnyOf", ["recyclers"]), "policy.group-without"),
        (_term("BusinessPartnerGroup", "isNoneOf", ["carmakers"]), "policy.group-excluded"),
        (_term("UsagePurpose", "isAnyOf", [PURPOSE_PCF]), "policy.operand-place"),
    ],
)
def test_access_is_given_to_whom_the_policy_names(term, code):
    assert _codes(judge_access(_access(term), SHOWN, NOW)) == ([code] if code else [])


def test_an_empty_access_policy_shows_nothing():
    assert judge_access({}, SHOWN, NOW).refusal is not None


def test_every_operand_is_judged_or_contractual():
    samples = {"date": "2027-12-31T12:00:00Z", "number": "5"}
    for row in OPERANDS.values():
        place = {"prohibition": "prohibition", "obligation": "obligation"}
        where = sorted(row.places)[0]
        value = row.values[0] if row.values else samples.get(row.kind, OEM)
        right = [value] if row.kind == "texts" else value
        term = _term(row.name, row.operators[0], right)
        action = "access" if where == "access" else "use"
        rule = place.get(where, "permission")
        policy = {rule: [{"action": action, "constraint": [term]}]}
        judge = judge_access if where == "access" else judge_usage
        (found,) = [p for p in judge(policy, SHOWN, NOW).points if "operand" in p.arguments]
        assert found.verdict is not Verdict.NOTED, row.name


def test_an_explanation_is_stored_and_read_back():
    for point in judge_usage(POLICY, SHOWN, NOW, [PURPOSE_PASSPORT]).points:
        assert point_of(point_record(point)) == point

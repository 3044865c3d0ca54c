"""Rules that are asked again only where what they looked at has changed."""

from saltbridge.passport.across import RULES, across_findings
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_values import _IDENTIFIERS, check_value
from saltbridge.passport.fleet_rules import KeptRules
from saltbridge.passport.model import AttributeValue, Origin, OriginKind, Values

BY = Origin(OriginKind.OPERATOR, "maker")


def value(of: object, measured_on: str = "") -> AttributeValue:
    return AttributeValue(of, "", BY, measured_on)


def test_a_rule_is_asked_again_only_about_what_it_looked_at():
    asked: list[str] = []

    def first(values: Values) -> object:
        asked.append("first")
        return values["A1"].value if "A1" in values else values.get("A2")

    def every(values: Values) -> object:
        asked.append("every")
        return sorted(v.measured_on for _, v in values.items() if values.get("A3") is None)

    rules = KeptRules([first, every])
    before = {"A1": value(1), "A2": value(2)}
    assert rules.of(before, None) == [1, ["", ""]]
    asked.clear()
    # A2 was not looked at by the first, and of it the other one saw the day alone.
    after = {"A1": before["A1"], "A2": value(3)}
    assert rules.of(after, ["A2"]) == [1, ["", ""]]
    assert asked == []
    dated = {"A1": before["A1"], "A2": value(3, "2027-01-01")}
    assert rules.of(dated, ["A2"], redated=True) == [1, ["", "2027-01-01"]]
    assert asked == ["every"]
    asked.clear()
    assert rules.of({"A1": value(7), "A2": dated["A2"]}, ["A1"])[0] == 7
    assert asked == ["first"]
    rules.forget()
    asked.clear()
    rules.of(before, [])
    assert asked == ["first", "every"]


def test_what_goes_through_all_values_sees_only_their_days():
    """Kept answers lean on that: another value with the same day is no reason to ask again."""
    from datetime import date

    day = date(2027, 2, 18)
    for id in attribute_table():
        held = {id: value(5.0, "2027-01-01")}
        rules = KeptRules([lambda v, rule=rule: list(rule(v, day, day)) for rule in RULES])
        rules.of(held, None)
        for other in (6.0, "text", "2031-05", None, [1], {"code": "LFP"}, -1.0):
            changed = {id: value(other, "2027-01-01")}
            told = [f for found in rules.of(changed, [id]) for f in found]
            assert told == across_findings(changed, day, day), (id, other)


def test_a_right_number_is_said_to_be_right_early_only_where_every_check_says_so(monkeypatch):
    from saltbridge.passport import check_values

    numbers = (0, 1, 5.0, 12.5, -1, -0.5, 1e9, float("inf"), float("nan"), True, "5", None)
    days = ("", "2027-01-01", "2027-13-01", "2027-01-01T10:00:00Z", "2027-01-01\u202e")
    held = [
        (attribute, AttributeValue(n, unit, BY, day, reason, "", unexpected))
        for attribute in attribute_table().values()
        if attribute.type in ("number", "integer")
        for n in numbers
        for unit in (attribute.unit, "", "kg\u202e", "t")
        for day in days
        for reason, unexpected in (("", {}), ("none", {}), ("", {"strange": 1}))
    ]
    found = [check_value(attribute, one) for attribute, one in held]
    monkeypatch.setattr(check_values, "_is_right_number", lambda attribute, one: False)
    assert found == [check_value(attribute, one) for attribute, one in held]
    assert 0 < sum(not f for f in found) < len(found)
    kinds = {attribute_table()[id].type for id in _IDENTIFIERS}
    assert not kinds & {"number", "integer"}  # identifiers have checks of their own

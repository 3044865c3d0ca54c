"""Every rule, value and candidate of every rule set has words in the three languages."""

import pytest

from saltbridge.footprint.methodologies import methodologies
from saltbridge.locales import LANGUAGES, has_text, number, text
from saltbridge.reports.rule_words import product_amount, rule_name, rule_value, unit_name

RULE_SETS = [r for m in methodologies().values() for r in m.rule_sets]


@pytest.mark.parametrize("tongue", LANGUAGES)
def test_every_rule_has_a_name_and_its_value_words(tongue: str) -> None:
    named = {r.id for s in RULE_SETS for r in (*s.rules, *s.rules_not_loaded)}
    values = {r.value for s in RULE_SETS for r in s.rules}
    chosen = {c for s in RULE_SETS for known in s.assumptions.values() for c in known}
    assert len(named) > 40 and len(values) > 50 and chosen
    lacking = [n for n in named if not has_text(f"bridge.rule.{n}", tongue)]
    lacking += [v for v in values if not has_text(f"rule.{v}", tongue)]
    lacking += [c for c in chosen if not has_text(f"rule.candidate.{c}", tongue)]
    assert lacking == []


def test_the_english_words_of_a_value_are_the_value_itself() -> None:
    for rule_set in RULE_SETS:
        for rule in rule_set.rules:
            assert rule_value(rule.value, "en") == rule.value
            assert rule_name(rule.id, "en") != rule.id


def test_what_nobody_named_stands_as_it_is() -> None:
    assert rule_name("a_rule_of_tomorrow", "de") == "a_rule_of_tomorrow"
    assert rule_value("1500", "zh") == "1500"
    assert rule_name("assumption.recycling", "de") == "Recycling (Annahme)"


@pytest.mark.parametrize(("tongue", "word"), [("en", "piece"), ("de", "Stück"), ("zh", "件")])
def test_a_piece_is_called_so_and_symbols_stay(tongue: str, word: str) -> None:
    assert unit_name("piece", tongue) == word
    assert unit_name("kg CO2e/piece", tongue) == f"kg CO2e/{word}"
    assert product_amount("1 piece", tongue) == f"1 {word}"
    assert unit_name("kWh", tongue) == "kWh" and product_amount("1 kg", tongue) == "1 kg"


@pytest.mark.parametrize("tongue", LANGUAGES)
def test_there_is_one_minus_sign(tongue: str) -> None:
    for shown in (
        number(-243.7, tongue),
        number(-1e-9, tongue),
        text("bridge.named", {"name": "x", "words": -3}, tongue),
        text("bridge.named", {"name": "x", "words": -3.5}, tongue),
    ):
        assert "−" in shown and "-" not in shown

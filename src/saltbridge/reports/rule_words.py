"""Rules of a rule set, their values, and units, in the words of the reader.

Records carry ids and the English wording of a rule's text; people read names. A value is
looked up by its own English words, so that one nobody translated is shown as it stands.
"""

from collections.abc import Iterable

from saltbridge.locales import text, text_or

_ASSUMED = "assumption."


def rule_name(rule: str, tongue: str) -> str:
    """The rule as a person calls it; the id where it has no name of its own."""
    if rule.startswith(_ASSUMED):
        name = rule_name(rule.removeprefix(_ASSUMED), tongue)
        return text("bridge.assumption", {"name": name}, tongue)
    return text_or(rule, f"bridge.rule.{rule}", None, tongue)


def rule_value(value: str, tongue: str) -> str:
    """What a rule says, or the candidate a person chose (``cff``)."""
    chosen = text_or(value, f"rule.candidate.{value}", None, tongue)
    return text_or(chosen, f"rule.{value}", None, tongue)


def unit_name(unit: str, tongue: str) -> str:
    """The unit as people write it: ``piece`` by its word, all others by their symbol.

    >>> unit_name("piece", "de"), unit_name("kg CO2e/piece", "zh"), unit_name("kWh", "de")
    ('Stück', 'kg CO2e/件', 'kWh')
    """
    before, slash, last = unit.rpartition("/")
    return f"{before}{slash}{text_or(last, f'bridge.unit.{last}', None, tongue)}"


def product_amount(amount: str, tongue: str) -> str:
    """What a total is counted for as an amount: 1 piece, 1 kg."""
    return text_or(amount, f"bridge.amount.{amount}", None, tongue)


def basis_words(parts: Iterable[str], tongue: str) -> list[str]:
    """What a factor counts (gases, scope, market) in words; unknown parts as they stand."""
    return [text_or(part, f"trace.basis.{part}", None, tongue) for part in parts if part]

"""Article 7 as formulas: nothing in force yet, and what would be if its acts were."""

from datetime import date

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.core.legal_date import DutyState
from saltbridge.footprint.legal_dates import (
    CATEGORIES,
    CLASS,
    DECLARATION,
    THRESHOLD,
    applies_from,
    article_7,
    duty_state,
)
from saltbridge.passport import attributes

# Read in Article 7(1) to (3), OJ L 191, 28.7.2023: fixed days by category, and months.
READ = {
    (DECLARATION, "ev"): (date(2025, 2, 18), 12),
    (DECLARATION, "industrial"): (date(2026, 2, 18), 18),
    (DECLARATION, "lmt"): (date(2028, 8, 18), 18),
    (DECLARATION, "industrial-external"): (date(2030, 8, 18), 18),
    (CLASS, "ev"): (date(2026, 8, 18), 18),
    (CLASS, "industrial"): (date(2027, 8, 18), 18),
    (CLASS, "lmt"): (date(2030, 2, 18), 18),
    (CLASS, "industrial-external"): (date(2032, 2, 18), 18),
    (THRESHOLD, "ev"): (date(2028, 2, 18), 18),
    (THRESHOLD, "industrial"): (date(2029, 2, 18), 18),
    (THRESHOLD, "lmt"): (date(2031, 8, 18), 18),
    (THRESHOLD, "industrial-external"): (date(2033, 8, 18), 18),
}


def test_the_table_says_what_the_law_says() -> None:
    """Published: Regulation (EU) 2023/1542, Article 7."""
    assert set(article_7()) == set(READ)
    assert {category for _, category in READ} == set(CATEGORIES)
    for key, (fixed, months) in READ.items():
        formula = article_7()[key].applies_from
        assert formula.fixed == fixed, key
        assert {t.months for t in formula.after} == {months}, key
        assert len(formula.after) == (1 if key[0] == THRESHOLD else 2), key
        assert article_7()[key].citation.startswith("Regulation (EU) 2023/1542")


@pytest.mark.parametrize("duty", [DECLARATION, CLASS, THRESHOLD])
@pytest.mark.parametrize("category", CATEGORIES)
def test_without_its_acts_every_duty_is_pending_for_ever(duty: str, category: str) -> None:
    assert duty_state(duty, category, date(2099, 1, 1)) is DutyState.PENDING
    waiting = applies_from(duty, category)
    assert waiting.day is None
    assert all(act.endswith(f"-{category}") for act in waiting.waits_for)


def test_a_declaration_starts_a_year_after_the_later_act() -> None:
    """Hand: acts in force on 1 Feb and 15 Mar 2027 start it on 15 Mar 2028."""
    entries = {
        "cfb-method-ev": date(2027, 2, 1),
        "cfb-declaration-format-ev": date(2027, 3, 15),
    }
    assert applies_from(DECLARATION, "ev", entries).day == date(2028, 3, 15)
    assert duty_state(DECLARATION, "ev", date(2028, 3, 14), entries) is DutyState.NOT_YET
    assert duty_state(DECLARATION, "ev", date(2028, 3, 15), entries) is DutyState.IN_FORCE
    # The acts of one category start nothing for another, nor another duty.
    assert duty_state(DECLARATION, "lmt", date(2040, 1, 1), entries) is DutyState.PENDING
    assert duty_state(CLASS, "ev", date(2040, 1, 1), entries) is DutyState.PENDING


def test_a_stationary_battery_is_an_industrial_one() -> None:
    entries = {"cfb-threshold-industrial": date(2030, 1, 1)}
    assert applies_from(THRESHOLD, "stationary", entries).day == date(2031, 7, 1)


def test_a_misspelt_act_is_refused() -> None:
    with pytest.raises(FaultyInput) as caught:
        applies_from(DECLARATION, "ev", {"cfb-methd-ev": date(2027, 1, 1)})
    assert caught.value.findings[0].code == "edition.unknown-act"


@pytest.mark.parametrize(
    ("duty", "of_passport"),
    [(DECLARATION, "carbon-footprint-declaration"), (CLASS, "carbon-footprint-label")],
)
@pytest.mark.parametrize("category", ["ev", "lmt", "industrial", "stationary"])
def test_passport_and_account_read_the_law_alike(
    duty: str, of_passport: str, category: str
) -> None:
    """Two rooms hold the dates of Article 7: neither may change alone."""
    terms = attributes.duties()[of_passport, category].terms
    ours = article_7()[duty, "industrial" if category == "stationary" else category]
    formula = ours.applies_from
    assert list(terms) == [
        formula.fixed.isoformat(),
        *(f"{t.act}+{t.months}m" for t in formula.after),
    ]

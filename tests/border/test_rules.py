"""Rule packs: dated data that is either understood completely or not used."""

from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from saltbridge.border.catalogue import catalogue_for, catalogued_kinds
from saltbridge.border.conditions import DESCRIBED
from saltbridge.border.court import CONDITIONS
from saltbridge.border.minimise import DERIVATIONS, TRANSFORMS
from saltbridge.border.rules import (
    DEFAULT_DENY,
    FEW_CONTRIBUTORS,
    NOT_TRANSFORMABLE,
    QUESTIONS,
    UNCATALOGUED,
    editions_in_force,
    packaged_packs,
    parse_pack,
)
from saltbridge.locales import LANGUAGES, has_text

CATALOGUES = catalogued_kinds()


def house() -> str:
    return (files("saltbridge.border") / "packs/rules-house.toml").read_text("utf-8")


def test_every_pack_has_a_date_a_citation_and_a_confidence():
    for pack in packaged_packs():
        assert pack.citation and pack.title and pack.edition
        assert pack.applies_from.year >= 2018 or pack.id == "house"
    assert {p.id: p.state for p in packaged_packs()}["cn-automotive-2026"] == "annex-not-loaded"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('effect = "forbid"', 'effect = "maybe"'),
        ('classes = ["personal"]', 'classes = ["persona"]'),
        ('unless = "person-named"', 'unless = "person-nameed"'),
        ('question = "both"', 'question = "export?"'),
        ('form = "as-is"', 'form = "asis"'),
        ('applies = "always"', 'applies = "sometimes"'),
        ('state = "loaded"', 'state = "perhaps"'),
        ('confidence = "recalled"', 'confidence = "sure"'),
        ('id = "house-internal"', 'id = "house-internal"\nexcept = ["me"]'),
        ('citation = "Saltbridge', 'quotation = "Saltbridge'),
    ],
)
def test_a_pack_that_is_not_understood_is_not_used(old, new):
    assert old in house()
    parse_pack(house())
    with pytest.raises(ValueError, match=r"."):
        parse_pack(house().replace(old, new, 1))


def test_rule_ids_are_unique_and_explained_in_three_languages():
    owners: dict[str, str] = {}
    for pack in packaged_packs():  # editions of one pack share their rules
        for rule in pack.rules:
            assert owners.setdefault(rule.id, pack.id) == pack.id
    ids = [*owners]
    ids += [UNCATALOGUED, FEW_CONTRIBUTORS, NOT_TRANSFORMABLE]
    ids += [f"{DEFAULT_DENY}-{question}" for question in QUESTIONS]
    for language in LANGUAGES:
        missing = [id for id in ids if not has_text(f"border.rule.{id}", language)]
        assert not missing, language


def test_of_several_editions_the_one_of_the_day_holds():
    packs = packaged_packs()
    assert sum(p.id == "cn-domestic" for p in packs) == 2

    def edition(*moment):
        found = editions_in_force(packs, datetime(*moment, tzinfo=UTC))
        return [p.edition for p in found if p.id == "cn-domestic"]

    assert edition(2021, 8, 31, 15, 59) == []
    assert edition(2021, 8, 31, 16) == ["2021-09-01"]  # midnight in Beijing
    assert edition(2024, 12, 31, 15, 59) == ["2021-09-01"]
    assert edition(2024, 12, 31, 16) == ["2025-01-01"]


def test_a_disputed_day_of_effect_is_said_and_the_stricter_one_holds():
    pack = next(p for p in packaged_packs() if p.id == "cn-automotive-2026")
    assert "1 July 2026" in pack.note and pack.applies_from == date(2026, 2, 3)


def test_conditions_are_described_with_both_values():
    named = {rule.unless for p in packaged_packs() for rule in p.rules if rule.unless}
    assert named <= CONDITIONS.keys() == DESCRIBED
    for language in LANGUAGES:
        assert all(has_text(f"border.condition.{c}", language) for c in CONDITIONS)


def test_transforms_classes_and_groups_are_known_and_have_words():
    for kind in CATALOGUES:
        catalogue = catalogue_for(kind)
        transforms = {e.transform for e in catalogue.entries if e.transform}
        assert transforms <= TRANSFORMS.keys()
        assert {d.transform for d in catalogue.derivations} <= DERIVATIONS.keys()
        groups = {e.group for e in (*catalogue.entries, *catalogue.derivations)}
        classes = {e.field_class for e in catalogue.entries}
        for language in LANGUAGES:
            assert all(has_text(f"manifest.group.{g}", language) for g in groups)
            assert all(has_text(f"border.class.{c}", language) for c in classes)

"""Rule packs: dated data that is either understood completely or not used."""

from importlib.resources import files

import pytest

from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.minimise import DERIVATIONS, TRANSFORMS
from saltbridge.border.rules import (
    DEFAULT_DENY,
    FEW_CONTRIBUTORS,
    NOT_TRANSFORMABLE,
    QUESTIONS,
    UNCATALOGUED,
    packaged_packs,
    parse_pack,
)
from saltbridge.locales import LANGUAGES, has_text

CATALOGUES = ("pcf", "battery-supplier-record", "receipt", "passport-public-view")


def house() -> str:
    return (files("saltbridge.border") / "packs/rules-house.toml").read_text("utf-8")


def test_every_pack_has_a_date_a_citation_and_a_confidence():
    for pack in packaged_packs():
        assert pack.citation and pack.title and pack.applies_from.year >= 2018
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
    ids = [rule.id for pack in packaged_packs() for rule in pack.rules]
    assert len(ids) == len(set(ids))
    ids += [UNCATALOGUED, FEW_CONTRIBUTORS, NOT_TRANSFORMABLE]
    ids += [f"{DEFAULT_DENY}-{question}" for question in QUESTIONS]
    for language in LANGUAGES:
        missing = [id for id in ids if not has_text(f"border.rule.{id}", language)]
        assert not missing, language


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

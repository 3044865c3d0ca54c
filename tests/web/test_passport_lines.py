"""Lines and texts that are drawn once say what they said when they were drawn each time."""

import pytest
from jinja2 import DictLoader, UndefinedError
from markupsafe import Markup

from saltbridge.locales import LANGUAGES, text
from saltbridge.passport.attributes import attribute_table
from saltbridge.web import passport_lines
from saltbridge.web.pages import macros, templates, templates_in
from saltbridge.web.passport_lines import LONGEST, entries, known_line
from saltbridge.web.passport_values import line_of

MODEL = attribute_table()["A018"]


def stated(value: object) -> dict[str, object]:
    return {"value": value, "origin": {"kind": "operator"}}


def test_values_that_are_alike_are_told_apart() -> None:
    """What only differs in the type of a number, in a letter or in the language."""
    voltage = attribute_table()["A090"]
    for language in LANGUAGES:
        for value in (1, 1.0, 1.00001, True):
            entry = {**stated(value), "unit": "V"}
            assert known_line(voltage, entry, language).line == line_of(
                voltage, entry, language
            )
        for value in ("a", "A", "<b>", "&lt;b&gt;", ""):
            shown = known_line(MODEL, stated(value), language)
            assert shown.line == line_of(MODEL, stated(value), language)
    assert known_line(MODEL, None, "de").line == line_of(MODEL, None, "de")


def test_what_was_released_is_escaped_however_often_it_is_drawn() -> None:
    for _ in range(2):
        shown = known_line(MODEL, stated("<script>&"), "en")
        assert "&lt;script&gt;&amp;" in shown.value
        assert "<script>" not in entries([shown, shown])
        assert type(entries([shown])) is Markup


def test_long_values_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = passport_lines._kept
    before = kept.cache_info().currsize
    shown = known_line(MODEL, stated("x" * LONGEST), "en")
    assert shown.line.text == "x" * LONGEST
    assert kept.cache_info().currsize == before
    known_line(MODEL, stated("a value nobody else has"), "en")
    assert kept.cache_info().currsize == before + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_fixed_texts_are_the_texts_of_the_catalogue(language: str) -> None:
    """``say`` with one fixed id is worked out when a template is compiled, nothing else is."""
    source = (
        "{{ say('page.qr') }}|{{ say('page.' + which) }}|{{ none or say('page.verify') }}|"
        "{{ say('story.old', number=2, day='d') }}|{{ other(say('page.qr')) }}"
        "|{{ told.say('x') }}"
    )

    class Told:
        def say(self, word: str) -> str:
            return f"told {word}"

    values = {"which": "qr", "none": "", "other": str.upper, "told": Told()}
    said = {"say": lambda id, **more: text(id, more or None, language)}
    pages = [
        environment.overlay(loader=DictLoader({"t": source})).get_template("t")
        for environment in (templates(), templates_in(language))
    ]
    first, second = (page.render(**said, **values) for page in pages)
    assert first == second
    assert text("page.qr", None, language) in second
    with pytest.raises(UndefinedError):
        pages[1].render(**values)  # ids that are put together are still asked for


def test_every_macro_is_drawn_in_its_language() -> None:
    shown = {
        language: macros("_passport_lines.html", language, "value")(
            line_of(MODEL, stated("x"), language)
        )
        for language in LANGUAGES
    }
    assert len(set(shown.values())) == len(LANGUAGES)

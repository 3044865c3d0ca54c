"""The catalogues say the same things in all three languages."""

import string

import pytest
from babel.numbers import format_decimal
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from saltbridge.locales import (
    LANGUAGES,
    MINUS,
    UnknownMessage,
    message_ids,
    number,
    text,
    text_or,
)


def _placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_holds_the_same_messages(language: str) -> None:
    assert message_ids(language) == message_ids("en")


@pytest.mark.parametrize("language", ["de", "zh"])
def test_translations_name_the_same_arguments(language: str) -> None:
    different = [
        message
        for message in sorted(message_ids("en"))
        if _placeholders(text(message)) != _placeholders(text(message, None, language))
    ]
    assert different == []


@pytest.mark.parametrize("language", ["de", "zh"])
def test_translations_are_not_left_in_english(language: str) -> None:
    """Sentences only: a name such as "kWh" or "BPN" may read the same everywhere."""
    same = [
        message
        for message in sorted(message_ids("en"))
        if len(text(message).split()) > 3 and text(message) == text(message, None, language)
    ]
    assert same == []


def test_every_finding_code_in_the_source_has_its_texts() -> None:
    """Reads the code for literal codes given to ``finding(...)`` or ``.of(...)``."""
    import ast
    from pathlib import Path

    import saltbridge

    codes = set()
    for path in Path(saltbridge.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = ast.unparse(node.func)
            first = node.args[0]
            literal = isinstance(first, ast.Constant) and isinstance(first.value, str)
            if literal and (
                called.endswith(".of") or called.split(".")[-1] in {"finding", "Finding"}
            ):
                codes.add(first.value)
    assert codes, "the reader of codes found none: it no longer looks"
    wanted = codes | {f"{code}.remedy" for code in codes}
    assert sorted(wanted - message_ids("en")) == []


def test_an_unknown_message_is_an_error() -> None:
    with pytest.raises(UnknownMessage):
        text("nowhere.no-such-message")


def test_numbers_follow_the_language() -> None:
    assert number(1234567.0, "de", 7) == "1.234.567"
    assert number(1234567.0, "zh", 7) == "1,234,567"
    assert number(0.0, "de") == "0"


@given(
    st.floats(-1e11, 1e11, allow_subnormal=False), st.sampled_from(LANGUAGES), st.integers(2, 9)
)
@settings(max_examples=300, deadline=None)
def test_numbers_are_written_as_babel_writes_them(
    value: float, language: str, digits: int
) -> None:
    rounded = float(f"{value:.{digits}g}")
    assume(rounded == 0 or abs(rounded) >= 1e-6)
    locale = {"en": "en", "de": "de", "zh": "zh_Hans_CN"}[language]
    babels = format_decimal(rounded, format="#,##0.##########", locale=locale)
    assert number(value, language, digits) == babels.replace("-", MINUS)


def test_a_code_nobody_here_knows_is_shown_as_it_came() -> None:
    assert text_or("x.new-code", "x.new-code") == "x.new-code"
    assert text_or("", "") == ""
    assert text_or("–", "store.busy", None, "de") == text("store.busy", None, "de")

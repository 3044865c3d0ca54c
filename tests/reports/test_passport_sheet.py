"""The data sheet: every value an audience may see, in three languages, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from saltbridge.locales import LANGUAGES, text
from saltbridge.passport.access import Audience, visible_to
from saltbridge.passport.check_file import NO_REASON, document_values, example_document
from saltbridge.passport.model import AttributeValue
from saltbridge.reports.passport_sheet import passport_sheet, write_in

AT = datetime(2027, 2, 18, tzinfo=UTC)


def example() -> dict[str, AttributeValue]:
    return document_values(example_document())[1]


def cells(values: dict[str, AttributeValue], audience: str, language: str) -> list[list[str]]:
    report = passport_sheet(values, audience, AT, language)
    tables = [s.table for s in report.sections if s.table is not None]
    return [list(row) for table in tables for row in table.rows]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_has_its_line_in_words(language: str) -> None:
    lines = cells(example(), "all", language)
    assert len(lines) == len(example())
    told = {label: value for label, value, *_ in lines}
    assert all(told.values())
    # No name of ours and no ISO duration reaches a reader.
    for raw in ("P8Y", "state_of_charge", "part_number", "postal_code", "True"):
        assert not any(raw in value for value in told.values())


def test_the_words_are_those_of_the_language() -> None:
    told = {label: value for label, value, *_ in cells(example(), "all", "de")}
    assert told["Bemessungskapazität"] == "75\u00a0Ah"
    assert told["Status der Batterie"] == "ursprünglich"
    days = {label: day for label, _, *day in cells(example(), "all", "de")}
    assert days["Status der Batterie"] == ["18.02.2027"]
    assert days["Bemessungskapazität"] == [""]  # in a table where something was measured
    assert days["Kennung des Batteriepasses"] == []  # in one where nothing was


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_there_is_no_value_stands_in_words(language: str) -> None:
    held = example()["A033"]
    for reason, words in ((NO_REASON, ""), ("sold as a part", "sold as a part")):
        absent = {"A012": replace(held, value=None, not_applicable=reason)}
        ((_, told),) = cells(absent, "all", language)
        due = text("sheet.not-applicable", None, language)
        assert told.startswith(due) and told.endswith(words or due) and "stated" not in told
    lost = {"A069": replace(held, value=None, not_applicable="", unknown="no record")}
    ((_, told),) = cells(lost, "all", language)
    assert told.startswith(text("sheet.unknown", None, language))


def test_the_public_sheet_holds_public_values_only() -> None:
    seen = visible_to(Audience.PUBLIC, example())
    lines = cells(seen, "public", "en")
    assert len(lines) == len(seen) < len(example())
    assert not any("MJC-TR-381" in cell for line in lines for cell in line)


def test_a_value_of_the_wrong_type_stands_as_it_was_stated() -> None:
    broken = {
        id: AttributeValue(["x", {"y": 1}], "kg", held.origin, measured_on="someday")
        for id, held in example().items()
    }
    assert len(cells(broken, "all", "zh")) == len(broken)


def test_the_same_values_give_the_same_pdf() -> None:
    pytest.importorskip("typst")
    made = [
        write_in("pdf", example(), audience="public", made_at=AT, language="zh")
        for _ in range(2)
    ]
    assert made[0].content == made[1].content and made[0].content[:5] == b"%PDF-"
    assert made[0].media_type == "application/pdf"

"""Codes and dates in the parts of a value are words on the page and on the data sheet."""

import pytest

from saltbridge.reports.part_words import part_words


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("country", "DE", ("Germany", "Deutschland", "德国")),
        ("operation", "re-use", ("re-use", "Wiederverwendung", "再使用")),
        ("date", "2029-05-01", ("1 May 2029", "1. Mai 2029", "2029年5月1日")),
        (
            "time",
            "2026-11-15T08:12:00Z",
            (
                "15 Nov 2026, 08:12:00 UTC",
                "15.11.2026, 08:12:00 UTC",
                "2026年11月15日 08:12:00 UTC",
            ),
        ),
        ("date", "last spring", (None, None, None)),  # stands as it was stated
        ("operation", "melting", (None, None, None)),
        ("name", "CN", (None, None, None)),
        ("value", 3.5, (None, None, None)),
    ],
)
def test_parts_in_words(part: str, value: object, told: tuple[str | None, ...]) -> None:
    assert tuple(part_words(part, value, lang) for lang in ("en", "de", "zh")) == told

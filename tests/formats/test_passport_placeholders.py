"""What stands in an export where a schema demands a value that nobody stated."""

import json

import pytest

from saltbridge.formats.passport_formats import write_passport
from saltbridge.formats.passport_registry import FORMATS
from saltbridge.passport.access import Audience, visible_to
from saltbridge.passport.check_file import document_values, example_document


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("audience", [None, *Audience])
def test_no_placeholder_could_be_taken_for_a_fact(
    format: str, audience: Audience | None
) -> None:
    """Nobody stated them, so they are no choice, no yes or no and no usual number."""
    _, values, _ = document_values(example_document())
    if audience is not None:
        values = visible_to(audience, values)
    written = write_passport(values, format)
    filled = write_passport(values, format, fill_required=True)
    assert set(written.placeholders) <= set(filled.placeholders)
    assert len(written.left_out) >= len(filled.left_out)
    if format == "aasx":
        return
    document = json.loads(written.content)
    for way in written.placeholders:
        at = document
        for step in way.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            at = at[int(name)] if isinstance(at, list) else at[name]
        assert at in (-9999, 2**32 - 1, [], {}) or (isinstance(at, str) and at in UNMISTAKABLE)
    for way in written.left_out:
        assert way not in written.placeholders


UNMISTAKABLE = {
    *("not stated", "1900-01-01", "1900-01-01T00:00:00Z", "00-00-0", "--01", "urn:not:stated"),
    *("urn:uuid:00000000-0000-0000-0000-000000000000", "application/octet-stream"),
}

"""The manifest as people read it."""

from datetime import UTC, datetime

import pytest

from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import Context, Recipient, Terms
from saltbridge.border.decide import decide
from saltbridge.border.manifest import manifest_of
from saltbridge.border.rules import packaged_packs
from saltbridge.locales import LANGUAGES
from saltbridge.reports.manifest import manifest_html, manifest_words
from saltbridge.testing.canaries import battery_record, footprint

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
CARS = Recipient("BPNL00000000CARS", "Cars", "EU")


@pytest.fixture(scope="module")
def manifest():
    purpose = "cx.circular.dpp:1"
    context = Context(
        decision_id="urn:uuid:d",
        origin="CN",
        destination="EU",
        recipient=CARS,
        purpose=purpose,
        agreement=Terms("o", "offer", (CARS.bpn,), (purpose,), AT),
        at=AT,
        counters={"year": 2026, "persons": 0, "sensitive_persons": 0},
        person="Li Wei",
    )
    record = battery_record()
    return manifest_of(decide(record, context, catalogue_for(record["kind"]), packaged_packs()))


def test_fields_are_grouped_and_counted(manifest):
    words = manifest_words(manifest, "en")
    stayed = {line.what: line for line in words.sections[2].lines}
    cells = sum(len(_leaves(line)) for line in footprint()["lines"])
    assert stayed["inventory lines"].fields == cells + 1  # and the reference process
    for section, key in zip(words.sections, ("left", "minimised", "stayed"), strict=True):
        assert sum(x.fields for x in section.lines) == sum(r["count"] for r in manifest[key])


def _leaves(value):
    if not isinstance(value, dict):
        return [value]
    return [leaf for member in value.values() for leaf in _leaves(member)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_worded_in_every_language(manifest, language):
    words = manifest_words(manifest, language)
    for section in words.sections:
        for line in section.lines:
            for part in (line.what, line.field_class, line.rule):
                assert part and "house-" not in part and "trade_secret" not in part
    assert "CARS" in manifest_html(manifest, language)
    assert len(words.notes) == 3  # the annex that is not loaded, no values, no legal advice


def test_attributes_are_named_by_their_labels(manifest):
    lines = [line for s in manifest_words(manifest, "de").sections for line in s.lines]
    names = {name for line in lines for name in line.names}
    assert "Chemische Zusammensetzung (Zelltyp)" in names
    assert not any("/attributes/A063" in name for name in names)


def test_html_escapes_what_a_document_brought(manifest):
    row = {**manifest["stayed"][0], "path": "/<script>x</script>", "group": "<b>new</b>"}
    html = manifest_html({**manifest, "stayed": [row], "person": "<i>"}, "en")
    assert "<script" not in html and "<b>" not in html and "<i>" not in html


def test_no_canary_is_told(manifest):
    for language in LANGUAGES:
        assert "CANARY" not in manifest_html(manifest, language)
        assert "CANARY" not in str(manifest_words(manifest, language))

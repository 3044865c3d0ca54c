"""The list of batteries: a round trip, and all faults at once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from saltbridge.formats.item_list import parse_item_list, render_item_list

_word = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=12
).filter(lambda t: t[0] not in "[{" and t.strip() == t)


@st.composite
def _items(draw: st.DrawFn) -> tuple[dict[str, Any], ...]:
    serials = draw(st.lists(_word, min_size=1, max_size=4, unique=True))
    found = []
    for serial in serials:
        item: dict[str, Any] = {"serial": serial, "attributes": {}}
        if draw(st.booleans()):
            item["attributes"]["A088"] = {
                "value": draw(st.floats(0, 1e6)),
                "unit": "Ah",
                "measured_on": "2026-11-02",
            }
        if draw(st.booleans()):
            item["manufactured_on"] = "2026-11-01"
        if draw(st.booleans()):
            item["batch"] = draw(_word)
        found.append(item)
    return tuple(found)


@given(_items())
def test_parsing_what_was_rendered_gives_equal_items(items: tuple[dict[str, Any], ...]) -> None:
    parsed, findings = parse_item_list(render_item_list(items), "items.csv")
    assert findings == ()
    assert parsed == items


def test_all_faults_come_at_once_with_their_rows() -> None:
    text = (
        "serial,manufactured_on,A088,A033,typo\n"
        "S1,2026-11-01,75.1,1,x\n"
        "S1,2026-11-01,75.1,1,x\n"
        ",2026-11-01,lots,1,x\n"
        "S3,2026-11-01,nan,1,x,surplus\n"
    )
    _, findings = parse_item_list(text.encode(), "items.csv")
    assert [(f.code, f.place.row) for f in findings] == [
        ("item.unknown-column", 1),  # A033 belongs to the model, not to one battery
        ("item.unknown-column", 1),
        ("item.duplicate-serial", 3),
        ("item.no-serial", 4),
        ("item.not-a-number", 4),
        ("item.ragged-row", 5),
    ]


def test_an_empty_list_and_wrong_bytes_are_findings() -> None:
    assert [f.code for f in parse_item_list(b"serial\n", "i")[1]] == ["item.empty-list"]
    assert [f.code for f in parse_item_list(b"\xff\xfe", "i")[1]] == ["item.not-utf8"]
    assert [f.code for f in parse_item_list(b"name\nx\n", "i")[1]] == ["item.no-serial-column"]


def test_a_record_in_a_cell_is_read_as_strict_json() -> None:
    good, none = parse_item_list(b'serial,A036\nS1,"[{""date"": ""2026-11-01""}]"\n', "i")
    assert none == () and good[0]["attributes"]["A036"]["value"] == [{"date": "2026-11-01"}]
    _, bad = parse_item_list(b'serial,A036\nS1,"[{""a"": 1, ""a"": 2}]"\n', "i")
    assert [f.code for f in bad] == ["item.not-json"]

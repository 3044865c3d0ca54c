"""Files of measurements: round trip, and every fault at once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saltbridge.core.finding import Finding, Place
from saltbridge.formats.measurements import (
    COLUMNS,
    MeasuredRow,
    parse_measurements,
    render_measurements_csv,
    render_measurements_json,
)
from saltbridge.passport.measurements import Measurement, Source, measurable

NOW = datetime(2029, 6, 1, tzinfo=UTC)
HEAD = ",".join(COLUMNS) + "\n"
GOOD = "MJC-1,A126,512,cycle,2029-05-01T08:00:00Z,BMS,,\n"


def faults(text: str | bytes) -> list[tuple[str, int | None, str]]:
    content = text.encode() if isinstance(text, str) else text
    return [(f.code, f.place.row, f.place.column) for f in read(content)[1]]


def read(content: bytes) -> tuple[tuple[MeasuredRow, ...], tuple[Finding, ...]]:
    return parse_measurements(content, "m.csv", NOW)


def test_a_row_is_a_measurement_in_the_unit_of_the_table() -> None:
    text = HEAD + "MJC-1,energy_throughput,12000000,Wh,2029-05-01T10:00:00+02:00,workshop,dc,\n"
    (row,), found = read(text.encode())
    assert found == ()
    assert row.battery == "MJC-1"
    assert (row.measured.attribute, row.measured.value, row.measured.unit) == (
        "A127",
        12000.0,
        "kWh",
    )
    assert row.measured.measured_at == datetime(2029, 5, 1, 8, tzinfo=UTC)
    assert (row.measured.source, row.measured.method) == (Source.WORKSHOP, "dc")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_files_of_workshop_programs_in_other_unicode_forms_are_read(encoding: str) -> None:
    text = HEAD + GOOD.replace("BMS,,", "workshop,Prüfstand 测,")
    (plain,), _ = read(text.encode())
    (row,), found = read(text.encode(encoding))
    assert found == ()
    assert (row.measured, row.measured.method) == (plain.measured, "Prüfstand 测")
    as_json = render_measurements_json([plain]).decode()
    (again,), found = read(as_json.encode(encoding))
    assert (found, again.measured.id) == ((), plain.measured.id)


def test_histograms_stand_as_json_in_their_cell() -> None:
    text = (
        HEAD + 'MJC-1,A131,"{""bins"":[0,10,20],""hours"":[5,7]}",h,2029-05-01T08:00Z,BMS,,\n'
    )
    (row,), found = read(text.encode())
    assert found == ()
    assert row.measured.value == {"bins": [0, 10, 20], "hours": [5, 7]}


def test_every_fault_comes_at_once_with_its_row() -> None:
    text = (
        HEAD
        + GOOD
        + (
            "MJC-1,A126,5,kWh,2029-05-01T08:00:00Z,BMS,,\n"
            "MJC-1,A001,5,,2029-05-01T08:00:00Z,BMS,,\n"
            "MJC-1,A126,5,cycle,yesterday,driver,,zz\n"
            "MJC-1,A126,5,cycle,2029-06-02T08:00:00Z,BMS,,\n"
            ",A126,5,cycle,2029-05-01T08:00:00Z,BMS,,\n"
            "MJC-1,A126,five,cycle,2029-05-01T08:00:00Z,BMS,,\n"
            "MJC-1,A126\n"
        )
    )
    assert sorted(faults(text), key=lambda f: (f[1] or 0, f[2])) == [
        ("passport.wrong-unit", 3, ""),
        ("measurement.not-measured", 4, "attribute"),
        ("measurement.bad-time", 5, "measured_at"),
        ("measurement.replaces-none", 5, "replaces"),
        ("measurement.source", 5, "source"),
        ("measurement.future", 6, ""),
        ("measurement.no-battery", 7, "battery"),
        ("passport.wrong-type", 8, ""),
        ("measurement.ragged", 9, ""),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (HEAD.encode(), "measurement.none"),
        (b"\xff\xfe\x00\xd8", "file.utf-16"),
        ((HEAD + GOOD).encode() + b"\xff", "file.not-utf8"),
        (b"battery,attribute\n", "measurement.columns"),
        ((HEAD.strip() + ",price\n" + GOOD).encode(), "measurement.columns"),
        (b"battery;attribute\n1;2\n", "inventory.wrong-separator"),
        (b"{", "json.syntax"),
        (b'{"measurements": 5}', "measurement.no-list"),
        (b'{"measurements": []}', "measurement.none"),
        (b'{"measurements": [{"battery": "x"}]}', "measurement.columns"),
        (b"[" * 100, "json.too-deep"),
    ],
)
def test_files_that_are_none(content: bytes, code: str) -> None:
    rows, found = read(content)
    assert rows == ()
    assert [f.code for f in found] == [code]


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\x00", "\x1b[31m", "\ud83d"])
def test_signs_that_nobody_sees_are_refused(sign: str) -> None:
    told = {
        "battery": f"MJC{sign}",
        "attribute": "A140",
        "value": [{"type": f"crash{sign}", "time": "2029-05-01"}],
        "unit": "",
        "measured_at": "2029-05-01T08:00:00Z",
        "source": "BMS",
    }
    _, found = read(json.dumps({"measurements": [told]}).encode())
    assert {f.code for f in found} <= {"measurement.text", "json.half-character"}
    assert found


def test_numbers_that_are_none_are_refused() -> None:
    huge = "MJC-1,A127,1e308,MWh,2029-05-01T08:00:00Z,BMS,,\n"
    assert faults(HEAD + huge) == [
        ("passport.out-of-range", 2, ""), ("passport.wrong-unit", 2, "")
    ]  # fmt: skip
    for number in ("NaN", "Infinity", "1e999", "1,5", "٣", "1_0", "0x10", " ", "9" * 70):
        cell = f'"{number}"'
        assert faults(HEAD + f"MJC-1,A093,{cell},%,2029-05-01T08:00:00Z,BMS,,\n"), number


def test_an_exported_cell_is_no_formula() -> None:
    measured = Measurement(
        "A093", 97.5, "%", NOW - timedelta(days=1), NOW, Source.LAB, method="=HYPERLINK(1)"
    )
    row = MeasuredRow("+49", measured, Place())
    exported = render_measurements_csv([row])
    cells = exported.decode().splitlines()[1].split(",")
    assert cells[0] == "'+49"
    assert "'=HYPERLINK(1)" in cells
    (again,), found = read(exported)
    assert found == ()
    assert (again.battery, again.measured) == ("+49", measured)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "A093": st.floats(0, 120),
    "A126": st.integers(0, 10**6),
    "A130": st.floats(-40, 80),
    "A131": st.builds(lambda h: {"bins": [0, 10, 20], "hours": h}, st.lists(
        st.floats(0, 1e6), min_size=2, max_size=2)),
    "A140": st.lists(st.builds(
        lambda t: {"type": t, "time": "2029-05-01"},
        st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8),
    ), min_size=1, max_size=2),
}  # fmt: skip
PRINTED = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=10)


@st.composite
def rows(draw: st.DrawFn) -> MeasuredRow:
    id = draw(st.sampled_from(sorted(VALUES)))
    measured = Measurement(
        id,
        draw(VALUES[id]),
        measurable()[id].unit,
        NOW
        - timedelta(seconds=draw(st.integers(0, 10**8)), microseconds=draw(st.integers(0, 5))),
        NOW,
        draw(st.sampled_from(list(Source))),
        draw(PRINTED),
        draw(st.sampled_from(["", "0123456789abcdef" * 2])),
    )
    return MeasuredRow(draw(PRINTED.filter(bool)), measured, Place())


@given(st.lists(rows(), min_size=1, max_size=3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_written_reads_back(told: list[MeasuredRow]) -> None:
    for content in (render_measurements_csv(told), render_measurements_json(told)):
        back, found = read(content)
        assert found == ()
        assert [(r.battery, r.measured) for r in back] == [
            (r.battery, r.measured) for r in told
        ]

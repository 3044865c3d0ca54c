"""Bad inventories: clear findings, exit code 2, little time and memory, nothing written."""

import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from saltbridge.adapters.inventory_files import load
from saltbridge.cli.main import run
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding
from saltbridge.formats.inventory_reference import template_files, template_inventory
from saltbridge.formats.inventory_workbook_writer import render_workbook
from saltbridge.locales import LANGUAGES, text
from saltbridge.testing.hostile_workbooks import HOSTILE, MEASURE, sheet, with_part

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
EXCHANGES_PART = "xl/worksheets/sheet3.xml"
MOST_MIB = 256


@pytest.fixture(scope="module")
def workbook() -> bytes:
    return render_workbook(template_inventory())


def folder(path: Path, file: str, old: bytes, new: bytes) -> Path:
    """The template with one change."""
    path.mkdir()
    for name, content in template_files().items():
        if name == file:
            assert old in content
            content = content.replace(old, new, 1)
        (path / name).write_bytes(content)
    return path


def refused(path: Path) -> tuple[Finding, ...]:
    with pytest.raises(FaultyInput) as caught:
        load(path)
    for found in caught.value.findings:
        for language in LANGUAGES:  # every finding has its words, with its arguments
            assert text(found.code, found.arguments, language)
            assert text(found.remedy, found.arguments, language)
    return caught.value.findings


def codes(found: tuple[Finding, ...]) -> set[str]:
    return {f.code for f in found}


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "says"),
    [
        (
            "exchanges.csv",
            b"70,kg",
            b"70,kgg",
            "inventory.unknown-unit",
            "exchanges.csv:2 [unit]",
        ),
        (
            "exchanges.csv",
            b"70,kg",
            b"NaN,kg",
            "inventory.not-finite",
            "exchanges.csv:2 [amount]",
        ),
        ("exchanges.csv", b"70,kg", b"-70,kg", "inventory.negative-amount", "exchanges.csv:2"),
        (
            "processes.csv",
            b"\ncell,",
            b"\nbattery,",
            "inventory.duplicate-id",
            "processes.csv:3",
        ),
        (
            "inventory.toml",
            b"mass_kg = 100",
            b"mass_kg = -1",
            "inventory.negative-amount",
            "mass",
        ),
        (
            "suppliers.csv",
            b"Example Housing",
            "外壳".encode("gbk"),
            "file.not-utf8",
            "suppliers.csv:2",
        ),
    ],
)
def test_a_faulty_folder_exits_with_its_finding(
    file: str,
    old: bytes,
    new: bytes,
    code: str,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = folder(tmp_path / "bad", file, old, new)
    assert code in codes(refused(path))
    assert run(["inventory", "check", str(path)]) == 2
    assert says in capsys.readouterr().err
    target = tmp_path / "never.xlsx"
    assert run(["inventory", "convert", str(path), str(target)]) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad"]


def test_formula_cells_are_named_by_sheet_cell_and_heading(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("inventory").write_row(0, 0, ["section", "key", "value"])
    sheet = book.add_worksheet("exchanges")
    sheet.write_row(0, 0, ["process", "direction", "flow", "amount", "unit"])
    sheet.write_row(1, 0, ["p", "input", "f"])
    sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
    sheet.write(1, 4, "kg")
    notes = book.add_worksheet("notes")
    notes.write_formula(0, 0, "=1+1")  # not ours, and not read
    book.close()
    found = refused(path)
    (formula,) = [f for f in found if f.code == "workbook.formula-cell"]
    assert str(formula.place) == "book.xlsx#exchanges:2 [amount]"
    assert formula.arguments["cell"] == "D2"
    at_cell = {f.code for f in found if f.place == formula.place}
    assert at_cell == {"workbook.formula-cell", "workbook.error-cell"}


_HEAD_ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>process</t></is></c></row>'


@pytest.mark.parametrize(
    ("part", "body", "code"),
    [
        (EXCHANGES_PART, sheet(_HEAD_ROW, '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'),
         "workbook.merged-header"),
        (EXCHANGES_PART, sheet(_HEAD_ROW, '<mergeCells><mergeCell ref="A3:A4"/></mergeCells>'),
         "workbook.merged-cells"),
        (EXCHANGES_PART, sheet('<row r="1"><c r="A1" t="e"><v>#REF!</v></c></row>'),
         "workbook.error-cell"),
        (EXCHANGES_PART, b'<!DOCTYPE x [<!ENTITY a "b">]>' + sheet(""),
         "workbook.document-type"),
        ("docProps/core.xml", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
         "workbook.document-type"),
        (EXCHANGES_PART, b"<worksheet>", "workbook.damaged"),
        (EXCHANGES_PART, sheet(
            '<row r="1"><c r="A1"><v>1</v></c></row>'
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
         "workbook.too-many-cells"),
        ("xl/embeddings/more.bin", b"PK\x03\x04 and so on", "workbook.nested-archive"),
        ("xl/vbaProject.bin", bytes.fromhex("d0cf11e0a1b11ae1"), "workbook.nested-archive"),
        ("xl/workbook.xml", b"<workbook/>", "workbook.missing-sheet"),
    ],
)  # fmt: skip
def test_a_workbook_that_is_not_what_it_should_be(
    part: str, body: bytes, code: str, workbook: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(with_part(workbook, part, body))
    assert code in codes(refused(path))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "workbook.not-a-workbook"),
        (b"process,direction\n", "workbook.not-a-workbook"),
        (b"PK\x05\x06" + bytes(18), "workbook.not-a-workbook"),
        (b"PK\x03\x04 cut off", "workbook.damaged"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512), "workbook.old-format"),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "workbook.encrypted",
        ),
        (b"PK" + b"PK\x01\x02" * 3000, "workbook.too-many-parts"),
    ],
)
def test_a_file_that_is_no_workbook(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    assert codes(refused(path)) == {code}


def test_a_part_that_lies_about_its_size_is_counted_by_its_bytes(
    workbook: bytes, tmp_path: Path
) -> None:
    bomb = bytearray(with_part(workbook, "xl/worksheets/sheet9.xml", bytes(60 * 1024 * 1024)))
    at = bomb.rindex(b"PK\x01\x02")
    bomb[at + 24 : at + 28] = (1000).to_bytes(4, "little")  # unpacked size in the directory
    path = tmp_path / "book.xlsx"
    path.write_bytes(bomb)
    assert codes(refused(path)) == {"workbook.unpacks-too-large"}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_size_is_refused_in_little_memory(
    hostile: str, workbook: bytes, tmp_path: Path
) -> None:
    """How long it takes is measured by ``bench/hostile_files.py``."""
    make, code = HOSTILE[hostile]
    path = tmp_path / "book.xlsx"
    make(workbook, path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    _, peak, *found = done.stdout.split()
    assert found == [code]
    assert float(peak) < MOST_MIB

"""Inventories on disk: limits, digests, and nothing overwritten by accident."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters import inventory_files
from saltbridge.adapters.inventory_files import (
    load,
    load_evidence,
    save,
    save_folder,
    save_workbook,
    write_folder,
)
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Severity
from saltbridge.footprint.model import Evidence, Inventory
from saltbridge.formats.inventory_reference import template_files, template_inventory
from saltbridge.formats.inventory_sources import parse_sources
from saltbridge.testing.inventory_forms import SMALL, without_places
from saltbridge.testing.verification import battery


def code_of(caught: pytest.ExceptionInfo[FaultyInput]) -> str:
    (found,) = caught.value.findings
    return found.code


@pytest.mark.parametrize("name", ["folder", "book.xlsx"])
def test_what_is_saved_is_loaded_equal(name: str, tmp_path: Path) -> None:
    save(SMALL, tmp_path / name)
    loaded = load(tmp_path / name)
    assert without_places(loaded.inventory) == SMALL
    assert [entry.name for entry in tmp_path.iterdir()] == [name]  # no scratch files left


def test_rows_of_a_workbook_name_the_file_and_the_sheet(tmp_path: Path) -> None:
    save_workbook(SMALL, tmp_path / "our book.xlsx")
    row = load(tmp_path / "our book.xlsx").inventory.exchanges[0]
    assert (row.place.file, row.place.row) == ("our book.xlsx#exchanges", 2)


@pytest.mark.parametrize("suffix", ["", ".xlsx"])
def test_the_digest_follows_the_content_not_the_path(suffix: str, tmp_path: Path) -> None:
    here, there, other = (tmp_path / f"{n}{suffix}" for n in ("here", "there", "other"))
    save(SMALL, here)
    save(SMALL, there)
    save(template_inventory(), other)
    assert load(here).digest == load(there).digest != load(other).digest


def test_files_that_are_not_read_do_not_change_the_digest(tmp_path: Path) -> None:
    save_folder(SMALL, tmp_path / "a")
    before = load(tmp_path / "a").digest
    (tmp_path / "a" / "SOURCES.md").write_text("words")
    (tmp_path / "a" / "measured.csv").write_text("x\n1\n")
    assert load(tmp_path / "a").digest == before
    (tmp_path / "a" / "suppliers.csv").write_text("id,name\ns,S\n")
    assert load(tmp_path / "a").digest != before


@pytest.mark.parametrize("name", ["folder", "book.xlsx"])
def test_nothing_is_overwritten_without_being_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    save(SMALL, path)
    before = load(path).digest
    with pytest.raises(FaultyInput) as caught:
        save(template_inventory(), path)
    assert code_of(caught) == "file.exists"
    assert load(path).digest == before
    save(template_inventory(), path, replace=True)
    assert without_places(load(path).inventory) == without_places(template_inventory())


def test_replacing_removes_old_tables_and_leaves_other_files(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_folder(template_files(), path)
    (path / "SOURCES.md").write_text("ours")
    save_folder(SMALL, path, replace=True)
    assert not (path / "evidence.csv").exists()
    assert (path / "SOURCES.md").read_text() == "ours"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    save_folder(SMALL, tmp_path / "a")
    assert without_places(load(tmp_path / "a").inventory) == SMALL


def test_a_failed_write_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(inventory_files.os, "replace", full_disk)
    for name in ("folder", "book.xlsx"):
        with pytest.raises(FaultyInput) as caught:
            save(SMALL, tmp_path / name)
        assert code_of(caught) == "file.unwritable"
    assert list(tmp_path.iterdir()) == []


def test_paths_that_hold_no_inventory(tmp_path: Path) -> None:
    (tmp_path / "note.pdf").write_bytes(b"%PDF")
    for path, code in (
        (tmp_path / "absent", "file.not-found"),
        (tmp_path, "file.no-inventory"),
        (tmp_path / "note.pdf", "file.not-an-inventory"),
    ):
        with pytest.raises(FaultyInput) as caught:
            load(path)
        assert code_of(caught) == code


def test_a_folder_larger_than_allowed_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_folder(SMALL, tmp_path / "a")
    monkeypatch.setattr(inventory_files, "MAX_FILE_BYTES", 300)
    with pytest.raises(FaultyInput) as caught:
        load(tmp_path / "a")
    assert code_of(caught) == "file.too-large"


def test_the_files_read_are_kept_with_the_inventory(tmp_path: Path) -> None:
    save_folder(battery(), tmp_path / "a")
    (tmp_path / "a" / "notes.csv").write_bytes(b"x\n")  # not ours: not in the digest
    loaded = load(tmp_path / "a")
    assert loaded.sources.name == "a"
    assert set(loaded.sources.own) == set(loaded.sources.files) - {"notes.csv"}
    assert parse_sources(loaded.sources)[0] == loaded.inventory


def with_evidence(*documents: str, **more: Any) -> Inventory:
    listed = tuple(
        Evidence(id=f"e{n}", kind="invoice", title="t", document=name, **more)
        for n, name in enumerate(documents)
    )
    return replace(battery(), evidence=listed)


def test_evidence_is_read_from_the_folder_and_from_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    (folder / "bills").mkdir(parents=True)
    (folder / "bills" / "one.pdf").write_bytes(b"%PDF one")
    (folder / "page.html").write_bytes(b"<script>")
    (folder / "blob").write_bytes(b"\0")
    (tmp_path / "secret.txt").write_bytes(b"key")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    what = with_evidence(
        "bills/one.pdf", "bills/one.pdf", "page.html", "blob", "", "gone.pdf", "bills",
        "../secret.txt", str(tmp_path / "secret.txt"), "link.txt", "https://x.example/a.pdf",
        "a\0b",
    )  # fmt: skip
    for path in (folder, folder / "pack.xlsx"):
        files, findings = load_evidence(path, what)
        assert findings == ()
        assert [(f.name, f.media_type, f.content) for f in files] == [
            ("bills/one.pdf", "application/pdf", b"%PDF one"),
            ("page.html", "text/html", b"<script>"),
            ("blob", "application/octet-stream", b"\0"),
        ]


def test_evidence_with_another_digest_or_too_much_of_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.pdf").write_bytes(b"12345678")
    files, (told,) = load_evidence(tmp_path, with_evidence("one.pdf", digest="sha256:0"))
    assert (len(files), told.code) == (1, "inventory.evidence-differs")
    monkeypatch.setattr(inventory_files, "MAX_EVIDENCE_BYTES", 7)
    files, (told,) = load_evidence(tmp_path, with_evidence("one.pdf"))
    assert (files, told.code) == ((), "inventory.evidence-too-large")
    monkeypatch.setattr(inventory_files, "MAX_EVIDENCE_BYTES", 100)
    monkeypatch.setattr(inventory_files, "MAX_EVIDENCE_IN_ALL", 12)
    (tmp_path / "two.pdf").write_bytes(b"12345678")
    files, (told,) = load_evidence(tmp_path, with_evidence("one.pdf", "two.pdf"))
    assert ([f.name for f in files], told.severity) == (["one.pdf"], Severity.WARNING)

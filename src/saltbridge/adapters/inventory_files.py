"""Inventories on disk: a folder of text files or an Excel workbook, read with limits.

Reading gives the inventory together with the digest of the bytes it was read from; writing
is atomic and replaces nothing unless told to.
"""

import mimetypes
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument, Finding, Place, Severity
from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_folder import HEAD_FILE, render_folder
from saltbridge.formats.inventory_sources import (
    WORKBOOK_NAME,
    EvidenceFile,
    InventorySources,
    parse_sources,
)
from saltbridge.formats.inventory_workbook_writer import render_workbook

MAX_FILE_BYTES = 50_000_000
MAX_EVIDENCE_BYTES = 20_000_000  # of one document
MAX_EVIDENCE_IN_ALL = 100_000_000  # of one inventory
_WORKBOOK_SUFFIX = ".xlsx"
# Read by content: the gate names what an old or encrypted file is and how to save it anew.
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xltx", ".xls", ".xlsb", ".ods"})


@dataclass(frozen=True, slots=True)
class LoadedInventory:
    """An inventory, the files it was read from, and what a person should know about it."""

    inventory: Inventory
    sources: InventorySources
    findings: tuple[Finding, ...]  # warnings and notes; errors were raised

    @property
    def digest(self) -> str:
        """The digest of the source files."""
        return self.sources.digest


def load(path: Path) -> LoadedInventory:
    """The inventory in a folder or workbook.

    The digest is that of the canonical list of file names and digests, so that the same
    files give the same digest wherever they lie.

    Raises:
        FaultyInput: with all findings, where any of them is an error.
    """
    sources = InventorySources(path.name, _sources(path))
    inventory, findings = parse_sources(sources)
    if inventory is None:
        raise FaultyInput(findings)
    return LoadedInventory(inventory, sources, findings)


def load_evidence(
    path: Path, inventory: Inventory
) -> tuple[tuple[EvidenceFile, ...], tuple[Finding, ...]]:
    """The documents of the evidence table that lie in the inventory's own folder.

    Of a workbook this is the folder it lies in. Addresses, and names that lead out of the
    folder, are not followed; a document that is not there is none. A document whose digest
    is not the one in the table, or that is too large to keep, gives a warning.
    """
    folder = (path if path.is_dir() else path.parent).resolve()
    found: dict[str, EvidenceFile] = {}
    warnings: list[Finding] = []
    room = MAX_EVIDENCE_IN_ALL

    def warn(code: str, place: Place, **arguments: Argument) -> None:
        warnings.append(Finding(code, arguments, place, severity=Severity.WARNING))

    for row in inventory.evidence:
        document = _beside(folder, row.document)
        if document is None:
            continue
        if row.document not in found:
            with suppress(OSError):
                limit = min(MAX_EVIDENCE_BYTES, room)
                with document.open("rb") as source:
                    content = source.read(limit + 1)
                if len(content) > limit:
                    size = f"{MAX_EVIDENCE_BYTES // 1_000_000} MB"
                    whole = f"{MAX_EVIDENCE_IN_ALL // 1_000_000} MB"
                    warn(
                        "inventory.evidence-too-large",
                        row.place,
                        document=row.document,
                        limit=size,
                        whole=whole,
                    )
                    continue
                room -= len(content)
                found[row.document] = EvidenceFile(row.document, _media_type(document), content)
        kept = found.get(row.document)
        if kept is not None and row.digest not in ("", kept.digest):
            warn(
                "inventory.evidence-differs",
                row.place,
                document=row.document,
                stated=row.digest[:80],
                found=kept.digest,
            )
    return tuple(found.values()), tuple(warnings)


def _beside(folder: Path, name: str) -> Path | None:
    """The file of this name in the folder or below; None where there is none."""
    if not name or "://" in name or "\0" in name:
        return None
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError):
        return None
    return path if inside else None


def _media_type(path: Path) -> str:
    guessed, encoding = mimetypes.guess_type(path.name, strict=True)
    return guessed if guessed and not encoding else "application/octet-stream"


def save_folder(inventory: Inventory, path: Path, *, replace: bool = False) -> None:
    """Write the inventory as a folder.

    With ``replace`` the inventory's own files in an existing folder are replaced, one by
    one, and other files are left alone.

    Raises:
        FaultyInput: the path exists and ``replace`` was not given.
    """
    write_folder(render_folder(inventory), path, replace=replace)


def save_workbook(inventory: Inventory, path: Path, *, replace: bool = False) -> None:
    """Write the inventory as an Excel workbook.

    Raises:
        FaultyInput: the path exists and ``replace`` was not given, or the inventory holds
            more than a spreadsheet can.
    """
    if path.exists() and (not replace or path.is_dir()):
        raise _fault("file.exists", path)
    content = render_workbook(inventory)
    with _scratch(path) as scratch:
        (scratch / path.name).write_bytes(content)
        _move(scratch / path.name, path)


def save(inventory: Inventory, path: Path, *, replace: bool = False) -> None:
    """Write the inventory as a workbook where the path ends in .xlsx, else as a folder."""
    if is_workbook(path):
        save_workbook(inventory, path, replace=replace)
    else:
        save_folder(inventory, path, replace=replace)


def write_folder(files: Mapping[str, bytes], path: Path, *, replace: bool = False) -> None:
    """Write rendered inventory files; on a fresh path either all of them or none."""
    fresh = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if not fresh and not (replace and path.is_dir()):
        raise _fault("file.exists", path)
    with _scratch(path) as scratch:
        built = scratch / "inventory"
        built.mkdir()
        for name, content in files.items():
            (built / name).write_bytes(content)
        if fresh:
            _move(built, path)
            return
        for name in files:
            _move(built / name, path / name)
    for table in TABLES:
        if f"{table}.csv" not in files:
            (path / f"{table}.csv").unlink(missing_ok=True)


def is_workbook(path: Path) -> bool:
    """Whether the path names a workbook rather than a folder."""
    return path.suffix.lower() == _WORKBOOK_SUFFIX


def _sources(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        names = sorted(
            entry.name
            for entry in path.iterdir()
            if entry.is_file()
            and (entry.name == HEAD_FILE or entry.suffix.lower() == ".csv")
            and not entry.name.startswith(".")
        )
        if HEAD_FILE not in names:
            raise _fault("file.no-inventory", path, expected=HEAD_FILE)
        files: dict[str, bytes] = {}
        room = MAX_FILE_BYTES
        for name in names:
            files[name] = _read(path / name, room)
            room -= len(files[name])
        return files
    if not path.exists():
        raise _fault("file.not-found", path)
    if path.suffix.lower() in _WORKBOOK_SUFFIXES:
        return {WORKBOOK_NAME: _read(path, MAX_FILE_BYTES)}
    raise _fault("file.not-an-inventory", path)


def _read(path: Path, limit: int) -> bytes:
    """The bytes of a file; at most ``limit`` are ever held, whatever the file says it is."""
    try:
        with path.open("rb") as source:
            content = source.read(limit + 1)
    except OSError as fault:
        raise _fault("file.unreadable", path, reason=_reason(fault)) from fault
    if len(content) > limit:
        raise _fault("file.too-large", path, limit=f"{MAX_FILE_BYTES // 1_000_000} MB")
    return content


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """A folder beside the path: what is built there moves into place in one step."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=".saltbridge-")
    except OSError as fault:
        raise _fault("file.unwritable", path, reason=_reason(fault)) from fault
    with folder as name:
        yield Path(name)


def _move(built: Path, path: Path) -> None:
    try:
        os.replace(built, path)
    except OSError as fault:
        raise _fault("file.unwritable", path, reason=_reason(fault)) from fault


def _reason(fault: OSError) -> str:
    return fault.strerror or str(fault)


def _fault(code: str, path: Path, **arguments: Argument) -> FaultyInput:
    place = Place(file=str(path))
    return FaultyInput([Finding(code, {"path": str(path), **arguments}, place)])

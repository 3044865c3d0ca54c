"""Inventories on disk: a folder of text files or an Excel workbook, read with limits.

Reading gives the inventory together with the digest of the bytes it was read from; writing
is atomic and replaces nothing unless told to.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument, Finding, Place
from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_folder import HEAD_FILE, parse_folder, render_folder
from saltbridge.formats.inventory_workbook import parse_workbook
from saltbridge.formats.inventory_workbook_writer import render_workbook

MAX_FILE_BYTES = 50_000_000
_WORKBOOK_SUFFIX = ".xlsx"
# Read by content: the gate names what an old or encrypted file is and how to save it anew.
_WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xltx", ".xls", ".xlsb", ".ods"})
_WORKBOOK_NAME = "inventory.xlsx"  # in the digest, whatever the file is called


@dataclass(frozen=True, slots=True)
class LoadedInventory:
    """An inventory, the digest of its source files, and what a person should know about it."""

    inventory: Inventory
    digest: str
    findings: tuple[Finding, ...]  # warnings and notes; errors were raised


def load(path: Path) -> LoadedInventory:
    """The inventory in a folder or workbook.

    The digest is that of the canonical list of file names and digests, so that the same
    files give the same digest wherever they lie.

    Raises:
        FaultyInput: with all findings, where any of them is an error.
    """
    files = _sources(path)
    inventory, findings = _parse(path, files)
    if inventory is None:
        raise FaultyInput(findings)
    return LoadedInventory(inventory, _digest_of(files), findings)


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
        return {_WORKBOOK_NAME: _read(path, MAX_FILE_BYTES)}
    raise _fault("file.not-an-inventory", path)


def _parse(
    path: Path, files: Mapping[str, bytes]
) -> tuple[Inventory | None, tuple[Finding, ...]]:
    if path.is_dir():
        return parse_folder(files)
    return parse_workbook(files[_WORKBOOK_NAME], path.name)


def _digest_of(files: Mapping[str, bytes]) -> str:
    ours = {HEAD_FILE, _WORKBOOK_NAME, *(f"{table}.csv" for table in TABLES)}
    listing = [
        {"name": name, "digest": digest(files[name])} for name in sorted(files) if name in ours
    ]
    return digest(canonical_bytes(listing))


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

"""Inventories on disk: a folder of text files or an Excel workbook, read with limits.

Reading gives the inventory together with the digest of the bytes it was read from; writing
is atomic and replaces nothing unless told to.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument, Finding, Place
from saltbridge.footprint.model import TABLES, Inventory
from saltbridge.formats.inventory_folder import HEAD_FILE, parse_folder, render_folder

MAX_FILE_BYTES = 50_000_000
_WORKBOOK_SUFFIX = ".xlsx"
_TEXT_SUFFIXES = frozenset({".csv", ".toml"})


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
    return LoadedInventory(inventory, _digest_of(path, files), findings)


def save_folder(inventory: Inventory, path: Path, *, replace: bool = False) -> None:
    """Write the inventory as a folder.

    With ``replace`` the inventory's own files in an existing folder are replaced, one by
    one, and other files are left alone.

    Raises:
        FaultyInput: the path exists and ``replace`` was not given.
    """
    write_folder(render_folder(inventory), path, replace=replace)


def write_folder(files: Mapping[str, bytes], path: Path, *, replace: bool = False) -> None:
    """Write rendered inventory files; either all of them or, on a fresh path, none."""
    occupied = path.exists() and (not path.is_dir() or any(path.iterdir()))
    if occupied and (not replace or not path.is_dir()):
        raise _fault("file.exists", path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if occupied:
        for name, content in files.items():
            _write(path / name, content)
        for table in TABLES:
            if f"{table}.csv" not in files:
                (path / f"{table}.csv").unlink(missing_ok=True)
        return
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".saltbridge-") as scratch:
        built = Path(scratch) / "inventory"
        built.mkdir()
        for name, content in files.items():
            (built / name).write_bytes(content)
        built.rename(path)


def _sources(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        names = sorted(
            entry.name
            for entry in path.iterdir()
            if entry.is_file()
            and entry.suffix.lower() in _TEXT_SUFFIXES
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
    raise _fault("file.not-an-inventory", path, suffix=path.suffix)


def _parse(
    path: Path, files: Mapping[str, bytes]
) -> tuple[Inventory | None, tuple[Finding, ...]]:
    return parse_folder(files)


def _digest_of(path: Path, files: Mapping[str, bytes]) -> str:
    listing = [{"name": name, "digest": digest(files[name])} for name in sorted(files)]
    return digest(canonical_bytes(listing))


def _read(path: Path, limit: int) -> bytes:
    """The bytes of a file; at most ``limit`` are ever held, whatever the file says it is."""
    try:
        with path.open("rb") as source:
            content = source.read(limit + 1)
    except OSError as fault:
        raise _fault("file.unreadable", path, reason=fault.strerror or str(fault)) from fault
    if len(content) > limit:
        raise _fault("file.too-large", path, limit=f"{MAX_FILE_BYTES // 1_000_000} MB")
    return content


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".saltbridge-")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(content)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _fault(code: str, path: Path, **arguments: Argument) -> FaultyInput:
    place = Place(file=str(path))
    return FaultyInput([Finding(code, {"path": str(path), **arguments}, place)])

"""Backup, restore and the copy before an upgrade, of a whole node folder.

Everything is made in a workshop beside its target and moved into place by one rename, so
that a process killed at any moment leaves the old state or the new one. What a killed one
left in its workshop is swept by the next that works there.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from saltbridge import __version__
from saltbridge.adapters import backup_file, node_folder
from saltbridge.adapters.backup_file import Manifest
from saltbridge.adapters.stores import copying, open_store
from saltbridge.adapters.stores.schema import HEAD
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Place, finding
from saltbridge.ports import Clock, Store
from saltbridge.trust.did import iso

_STORE: Final = "store.sqlite"
_PARTIAL: Final = ".saltbridge-partial-"
_YOUNG_SECONDS: Final = 60.0
_NEVER: Final = frozenset({"serving.lock", "node.sqlite-wal", "node.sqlite-shm"})
Judge = Callable[[Store], None]


def backup(folder: Path, out: Path, now: datetime) -> Manifest:
    """Write the node in the folder into one new file, also while it is being served.

    Raises:
        FaultyInput: no node is there.
        Refused: something lies at ``out`` already.
        Unavailable: the store cannot be read, or the file cannot be written; none is left.
    """
    node = node_folder.read(folder)
    place = Place(file=str(out))
    if out.exists() or out.is_symlink():
        raise Refused([finding("backup.exists", place)])
    with _worded(out), _workshop(out) as workshop:
        copy = workshop / _STORE
        copying.snapshot(node.store_url, copy)
        schema = copying.version_of(f"sqlite:///{copy}")
        size, root = _log_of(copy)
        # After the store: a key that the store tells of is among the files.
        sources = {f"node/{name}": path for name, path in _files(folder, node).items()}
        sources[_STORE] = copy
        held = _held(sources, workshop)
        manifest = Manifest(
            created=iso(now),
            software=__version__,
            node={"did": node.profile.did, "bpn": node.profile.bpn, "name": node.profile.name},
            schema=str(schema),
            store_kind=node.store_url.partition(":")[0],
            log_size=size,
            log_root=root,
            members={name: backup_file.digest_of(path) for name, path in held.items()},
        )
        draft = workshop / "backup"
        backup_file.write(draft, manifest, held)
        _move(draft, out)
    return manifest


def restore(
    file: Path, folder: Path, clock: Clock, judge: Judge, *, store_url: str = ""
) -> Manifest:
    """Set up the node of a backup in a new or empty folder, if its log passes the judge.

    ``store_url`` names an empty PostgreSQL database to take the store; without it the store
    is the SQLite file in the folder.

    Raises:
        FaultyInput: it is no backup, or it was damaged or altered.
        Refused: the folder or the database is not empty, the store is newer than this code,
            or the judge does not let it pass; nothing is left behind.
        Unavailable: something cannot be read or written; nothing is left behind.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Refused.of("backup.folder-not-empty", folder=str(folder))
    if folder.is_dir() and any(folder.iterdir()):
        raise Refused.of("backup.folder-not-empty", folder=str(folder))
    with _worded(folder), _workshop(folder) as workshop:
        manifest = backup_file.unpack(file, workshop / "unpacked")
        made = workshop / "unpacked" / "node"
        for parent, _, _ in os.walk(workshop):
            os.chmod(parent, 0o700)  # folders made on the way have the user's mask
        store = made / node_folder.STORE_FILE
        if not (made / node_folder.NODE_FILE).is_file() or store.exists():
            raise FaultyInput([finding("backup.damaged", Place(file=str(file)), reason="node")])
        os.rename(workshop / "unpacked" / _STORE, store)
        if _log_of(store) != (manifest.log_size, manifest.log_root):
            raise Refused([finding("backup.log-differs", Place(file=str(file)))])
        opened = open_store(f"sqlite:///{store}", clock)
        try:
            judge(opened)
        finally:
            opened.close()
        node_folder.choose_store(made, store_url)
        if store_url:
            copying.fill(store, store_url)
            store.unlink()
        for lying in made.glob(f"{node_folder.STORE_FILE}-*"):
            lying.unlink()
        _sync(made)
        _move(made, folder)
    return manifest


def check(file: Path) -> Manifest:
    """The manifest of a backup, every byte of which was compared.

    Raises:
        FaultyInput: it is no backup, or it was damaged or altered.
        Unavailable: it cannot be read.
    """
    return backup_file.check(file)


def needs_upgrade(folder: Path) -> tuple[str, str] | None:
    """The schema version of the node's store and the one of this code, if they differ.

    Raises:
        FaultyInput: no node or no store is there.
        Refused: the store is newer than this code.
        Unavailable: the store cannot be read.
    """
    found = copying.version_of(node_folder.read(folder).store_url)
    return None if found == HEAD else (str(found), HEAD)


def _files(folder: Path, node: node_folder.NodeFolder) -> dict[str, Path]:
    """The node's files that go into a backup: not its store, not its passphrase."""
    named = node.settings.get("passphrase_file")
    left_out = {(folder / str(named)).resolve()} if named else set()
    if node.store_url.startswith("sqlite:"):
        database = Path(node.store_url.removeprefix("sqlite:///")).resolve()
        left_out |= {database.with_name(database.name + end) for end in ("", "-wal", "-shm")}
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            hidden = name.startswith(f".{node_folder.NODE_FILE}.")
            plain = path.is_file() and not path.is_symlink()
            skipped = hidden or name in _NEVER or name.endswith(".passphrase")
            if plain and not skipped and path.resolve() not in left_out:
                found[path.relative_to(folder).as_posix()] = path
    return found


def _held(sources: Mapping[str, Path], workshop: Path) -> dict[str, Path]:
    """Copies of the small files, so that what is digested is what is written."""
    held = {}
    for number, (name, path) in enumerate(sources.items()):
        if name != _STORE:
            copy = workshop / f"file-{number}"
            shutil.copyfile(path, copy)
            path = copy
        held[name] = path
    return held


def _log_of(database: Path) -> tuple[int, str]:
    """Size and root (hexadecimal) of the log in a SQLite file, from its leaf hashes."""
    import sqlite3
    from contextlib import closing

    from saltbridge.trust.log import tree_root

    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA query_only=ON")
            rows = connection.execute(
                "SELECT leaf_hash FROM log_leaves ORDER BY leaf_index"
            ).fetchall()
    except sqlite3.Error as fault:
        place = Place(file=str(database))
        raise FaultyInput([finding("store.not-a-store", place)]) from fault
    return len(rows), tree_root([bytes(row[0]) for row in rows]).hex()


@contextmanager
def _workshop(target: Path) -> Iterator[Path]:
    """A folder of our own beside the target; gone afterwards, whatever happened."""
    parent = Path(os.path.abspath(target)).parent
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{_PARTIAL}*"):
        _sweep(left)
    workshop = parent / f"{_PARTIAL}{os.getpid()}-{target.name}"
    workshop.mkdir(mode=0o700)
    lock = os.open(workshop / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield workshop
    finally:
        try:
            _remove(workshop)
        finally:
            os.close(lock)


def _remove(workshop: Path) -> None:
    """The lock goes last: what a killed process left without one nobody would dare to sweep."""
    with suppress(OSError):
        for entry in workshop.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()
        shutil.rmtree(workshop)


def _sweep(left: Path) -> None:
    """Remove what a killed process left; one that lives holds its lock."""
    if left.is_symlink():
        return
    try:
        lock = os.open(left / "lock", os.O_RDWR)
    except OSError:
        with suppress(OSError):  # killed, or just beginning; only an old empty one is removed
            if time.time() - left.stat().st_mtime > _YOUNG_SECONDS:
                left.rmdir()
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(left)
    except OSError:
        return
    finally:
        os.close(lock)


@contextmanager
def _worded(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        reason = fault.strerror or str(fault)
        place = Place(file=str(target))
        raise Unavailable([finding("backup.cannot-write", place, reason=reason)]) from fault


def _sync(folder: Path) -> None:
    """Make the files and the names in a folder durable."""
    for parent, _, names in os.walk(folder):
        for path in (Path(parent), *(Path(parent) / name for name in names)):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _move(made: Path, target: Path) -> None:
    """Put what was made in its place; the one step that counts."""
    if made.is_file():
        os.link(made, target)  # unlike a rename, it takes nothing away that is there now
    else:
        os.rename(made, target)  # an empty folder gives way, any other does not
    descriptor = os.open(Path(os.path.abspath(target)).parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

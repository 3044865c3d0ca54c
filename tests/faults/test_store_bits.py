"""Single flipped bits in a store: in every stored value, and anywhere in the file.

An audit finds every one that changed a stored value. No failure is filtered: a flip that was
not found must leave every stored value as it was, read by SQLite itself.
"""

# Names of tables and columns are put into statements here; they come from the schema.
# ruff: noqa: S608

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.effort import examples

from saltbridge.adapters.stores import open_store
from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import Store
from saltbridge.services.log_audit import audit_store
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.full_store import fill

SEED = 20261127


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A closed store with something in every table."""
    path = tmp_path / "node.sqlite"
    store = open_store(f"sqlite:///{path}", FixedClock())
    fill(store)
    assert audit_store(store).findings == ()
    store.close()
    return path


def tables(raw: sqlite3.Connection) -> list[str]:
    found = raw.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return sorted(name for (name,) in found)


def flipped(value: Any, chance: random.Random) -> tuple[str, Any]:
    """The SQL expression and the value with one bit changed; the type stays."""
    if isinstance(value, int):
        changed = (value & (2**64 - 1)) ^ (1 << chance.randrange(64))
        return "?", changed - 2**64 if changed >= 2**63 else changed
    content = bytearray(value.encode() if isinstance(value, str) else value)
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return ("CAST(? AS TEXT)" if isinstance(value, str) else "?"), bytes(content)


class Attacker:
    """Somebody with the file in hand: drops the guards, writes, and puts the guards back."""

    def __init__(self, path: Path) -> None:
        self.raw = sqlite3.connect(path, isolation_level=None)
        self.raw.execute("PRAGMA synchronous=OFF")
        self.guards = self.raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()

    def cells(self) -> list[tuple[str, str, int]]:
        """Every stored value that has bits: table, column, rowid."""
        found = []
        for table in tables(self.raw):
            for _, column, *_ in self.raw.execute(f"PRAGMA table_info({table})").fetchall():
                rows = self.raw.execute(
                    f"SELECT rowid FROM {table} WHERE {column} IS NOT NULL AND {column} <> ''"
                    f" AND {column} <> x''"
                )
                found += [(table, column, rowid) for (rowid,) in rows]
        return found

    def write(self, table: str, column: str, rowid: int, sql: str, value: Any) -> int:
        """Write one value; returns the rowid the row has afterwards."""
        self.raw.execute("BEGIN IMMEDIATE")
        try:
            for name, _ in self.guards:
                self.raw.execute(f"DROP TRIGGER {name}")
            self.raw.execute(
                f"UPDATE {table} SET {column} = {sql} WHERE rowid = ?", (value, rowid)
            )
            for _, guard in self.guards:
                self.raw.execute(guard)
        except sqlite3.IntegrityError:
            self.raw.execute("ROLLBACK")
            raise
        self.raw.execute("COMMIT")
        is_key = column in ("leaf_index", "position")  # these are the rowid itself
        return value if is_key else rowid


def is_found(store: Store) -> bool:
    try:
        return not audit_store(store).clean
    except SaltbridgeError:
        return True


FLIPS = examples(1000)


def test_flipped_bits_are_found_every_one(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, attacker = random.Random(SEED), Attacker(filled)
    store = open_store(f"sqlite:///{filled}", FixedClock())
    cells = attacker.cells()
    columns = {(table, column) for table, column, _ in cells}
    every = {
        (table, column)
        for table in tables(attacker.raw)
        for _, column, *_ in attacker.raw.execute(f"PRAGMA table_info({table})").fetchall()
    }
    assert columns == every, "every column of every table holds something to flip"
    by_column = {c: [cell for cell in cells if cell[:2] == c] for c in sorted(columns)}
    flips = found = collisions = 0
    missed: list[Any] = []
    while flips < FLIPS:
        table, column, rowid = chance.choice(by_column[chance.choice(sorted(columns))])
        (kept,) = attacker.raw.execute(
            f"SELECT {column} FROM {table} WHERE rowid = ?", (rowid,)
        ).fetchone()
        sql, changed = flipped(kept, chance)
        try:
            now = attacker.write(table, column, rowid, sql, changed)
        except sqlite3.IntegrityError:
            collisions += 1  # the key of another row: SQLite itself refuses to hold it
            continue
        flips += 1
        if is_found(store):
            found += 1
        else:
            missed.append((table, column, rowid, kept, changed))
        attacker.write(table, column, now, "?", kept)
    with capsys.disabled():
        print(
            f"\n{flips} bits flipped in {len(columns)} columns of {len(tables(attacker.raw))}"
            f" tables: {found} found; {collisions} more would have taken another row's key"
        )
    assert missed == []
    assert found == FLIPS
    # Guards dropped and put back, values as before: the finding is for the value alone.
    assert audit_store(store).findings == ()
    store.close()


def test_a_dropped_guard_is_found(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as raw:
        raw.execute("DROP TRIGGER log_leaves_no_update")
        raw.commit()
    store = open_store(f"sqlite:///{filled}", FixedClock())
    assert [f.code for f in audit_store(store).findings] == ["audit.schema"]
    store.close()


def dump(path: Path) -> list[Any]:
    """Every stored value with its type, as SQLite reads the file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
        raw.text_factory = bytes
        found: list[Any] = []
        for table in sorted(
            name.decode()
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ):
            rows = raw.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in rows.description]
            typed = ", ".join(f"typeof({n}), {n}" for n in names)
            found.append((table, names))
            found += raw.execute(f"SELECT {typed} FROM {table} ORDER BY rowid").fetchall()
        return found


def flip_in_file(path: Path, work: Path, count: int, seed: int) -> dict[str, int]:
    """Flip bits anywhere in the file, one at a time; how many were found or harmless."""
    chance, whole, due = random.Random(seed), path.read_bytes(), dump(path)
    counts = {"flips": 0, "refused at opening": 0, "found by audit": 0, "no value changed": 0}
    missed: list[int] = []
    for _ in range(count):
        bit = chance.randrange(len(whole) * 8)
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        for leftover in work.parent.glob(f"{work.name}*"):
            leftover.unlink()
        work.write_bytes(altered)
        counts["flips"] += 1
        try:
            store = open_store(f"sqlite:///{work}", FixedClock())
        except SaltbridgeError:
            counts["refused at opening"] += 1
            continue
        found = is_found(store)
        store.close()
        if found:
            counts["found by audit"] += 1
            continue
        try:
            same = dump(work) == due
        except sqlite3.DatabaseError:
            same = False
        if same:
            counts["no value changed"] += 1
        else:
            missed.append(bit)
    assert missed == [], f"bits that changed a value and were not found: {missed}"
    assert sum(counts.values()) == 2 * counts["flips"]
    return counts


@pytest.mark.parametrize(
    ("count", "seed"),
    [
        (150, SEED),
        pytest.param(3000, SEED + 1, marks=pytest.mark.full("some minutes")),
    ],
)
def test_a_bit_flipped_in_the_file_is_found_or_changed_nothing(
    filled: Path, tmp_path: Path, count: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(filled)) as raw:
        raw.execute("VACUUM")  # so that most of the file is stored values
    work = tmp_path / "altered" / "node.sqlite"
    work.parent.mkdir()
    shutil.copy(filled, work)
    counts = flip_in_file(filled, work, count, seed)
    with capsys.disabled():
        print(f"\n{counts}")
    assert counts["found by audit"] > count / 10

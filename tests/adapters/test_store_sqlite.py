"""The SQLite store keeps the promises of every store, and some of its own."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from saltbridge.adapters.stores import open_store
from saltbridge.adapters.stores.schema import HEAD, HISTORY, metadata
from saltbridge.adapters.stores.sqlite import SqliteStore
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.ports import Store
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.store_contract import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "node.sqlite"

    def open_store(self) -> Store:
        return open_store(f"sqlite:///{self.path}", FixedClock())

    def alter_release(self, store: Store, content: bytes) -> None:
        with sqlite3.connect(self.path) as raw:
            raw.execute("DROP TRIGGER releases_no_update")
            raw.execute("UPDATE releases SET content = ?", (content,))

    def test_an_altered_document_is_not_handed_out(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.put("passport", "p1", b"1")
        with sqlite3.connect(self.path) as raw:
            raw.execute("DROP TRIGGER records_no_update")
            raw.execute("UPDATE records SET body = ?", (b"2",))
        with store.reading() as view, pytest.raises(Refused) as refused:
            view.get("passport", "p1")
        assert refused.value.findings[0].code == "store.altered"

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE log_leaves SET event = 'x'",
            "DELETE FROM log_leaves",
            "INSERT INTO log_leaves VALUES (7, 'e', 's', 'd', 'x', x'00', x'', 't', x'00')",
            "UPDATE records SET body = x'00'",
            "UPDATE releases SET audience = 'public'",
        ],
    )
    def test_history_cannot_be_rewritten_by_statement(
        self, store: Store, statement: str
    ) -> None:
        from saltbridge.testing.store_contract import a_release

        with store.unit_of_work() as work:
            work.append_leaf("e", "s", b"")
            work.put("passport", "p1", b"1")
            work.put_release(a_release())
        raw = sqlite3.connect(self.path)
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute(statement)
        raw.close()

    def test_the_file_is_for_its_owner_only(self, store: Store) -> None:
        for file in self.path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name

    def test_the_file_is_opened_for_durability(self, store: Store) -> None:
        assert isinstance(store, SqliteStore)
        with store._writer.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        with store._reader.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA query_only").scalar() == 1

    def test_a_newer_store_is_refused_and_left_alone(self) -> None:
        self.open_store().close()
        with sqlite3.connect(self.path) as raw:
            raw.execute("UPDATE alembic_version SET version_num = '9999'")
        before = self.path.read_bytes()
        with pytest.raises(Refused) as refused:
            self.open_store()
        assert refused.value.findings[0].code == "store.newer"
        assert refused.value.findings[0].arguments["found"] == "9999"
        assert self.path.read_bytes() == before

    def test_a_file_that_is_no_store_is_faulty_input(self) -> None:
        self.path.write_bytes(b"shopping list, not a database" * 40)
        with pytest.raises(FaultyInput) as fault:
            self.open_store()
        assert fault.value.findings[0].code == "store.not-a-store"

    def test_a_folder_that_is_not_there_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable) as fault:
            open_store(f"sqlite:///{tmp_path}/absent/node.sqlite", FixedClock())
        assert fault.value.findings[0].code == "store.cannot-open"

    def test_a_writer_in_another_process_makes_us_wait_then_say_so(self) -> None:
        self.open_store().close()
        hasty = SqliteStore(f"sqlite:///{self.path}", FixedClock(), busy_seconds=0.2)
        raw = sqlite3.connect(self.path, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as fault, hasty.unit_of_work():
            pass
        assert fault.value.findings[0].code == "store.busy"
        with hasty.reading() as view:  # readers never wait
            assert view.find("passport") == ()
        raw.execute("ROLLBACK")
        with hasty.unit_of_work() as work:
            work.put("passport", "p1", b"1")
        raw.close()
        hasty.close()

    def test_processes_count_together_from_an_empty_folder(self) -> None:
        script = (
            "import sys\n"
            "from saltbridge.adapters.stores import open_store\n"
            "from saltbridge.testing.builders import FixedClock\n"
            "store = open_store(sys.argv[1], FixedClock())\n"
            "for _ in range(10):\n"
            "    with store.unit_of_work() as work:\n"
            "        old = work.get('counter', 'c')\n"
            "        number = int(old.body) if old else 0\n"
            "        work.put('counter', 'c', str(number + 1).encode())\n"
            "        work.append_leaf('counted', 'c', b'')\n"
        )
        command = [sys.executable, "-c", script, f"sqlite:///{self.path}"]
        running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
        for process in running:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors.decode()
        store = self.open_store()
        with store.reading() as view:
            counter = view.get("counter", "c")
            assert counter is not None
            assert counter.body == b"30"
            assert len(view.leaf_hashes()) == 30
        store.close()


def test_the_migrations_known_to_the_code_are_all_there() -> None:
    config = Config()
    config.set_main_option("script_location", "saltbridge.adapters.stores:migrations")
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == HEAD
    assert [s.revision for s in scripts.walk_revisions()] == list(reversed(HISTORY))


def test_the_migrated_tables_are_the_tables_the_store_uses(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/s.sqlite", FixedClock()).close()
    made = inspect(create_engine(f"sqlite:///{tmp_path}/s.sqlite"))
    for table in metadata.tables.values():
        columns = {
            c["name"]: (str(c["type"]), c["nullable"]) for c in made.get_columns(table.name)
        }
        due = {
            c.name: (str(c.type.compile(made.dialect)), bool(c.nullable)) for c in table.columns
        }
        assert columns == due, table.name
        assert made.get_pk_constraint(table.name)["constrained_columns"] == [
            c.name for c in table.primary_key.columns
        ]


def test_the_state_differs_once_anybody_wrote_and_stays_while_nobody_does(
    tmp_path: Path,
) -> None:
    one = open_store(f"sqlite:///{tmp_path}/s.sqlite", FixedClock())
    other = open_store(f"sqlite:///{tmp_path}/s.sqlite", FixedClock())
    try:
        states = [one.state()]
        for store in (one, other, one):
            with store.reading() as view:
                view.get("passport", "p1")
            assert one.state() == states[-1] is not None
            with store.unit_of_work() as work:
                work.put("passport", "p1", b"1")
            assert one.state() not in states[-1:]
            states.append(one.state())
    finally:
        one.close()
        other.close()


def test_an_unknown_scheme_is_faulty_input() -> None:
    with pytest.raises(FaultyInput) as fault:
        open_store("carrier-pigeon://coop", FixedClock())
    assert fault.value.findings[0].code == "store.unknown-scheme"

"""The PostgreSQL store keeps the promises of every store.

Uses the server named by SALTBRIDGE_TEST_POSTGRES (a URL whose user may create databases), or
starts one of its own from the system's PostgreSQL, in a temporary folder, on a Unix socket.
"""

# Names of tables and columns are put into statements here; they come from the schema.
# ruff: noqa: S608

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import create_engine

from saltbridge.adapters.stores import open_store
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.ports import Store
from saltbridge.services.log_audit import audit_store
from saltbridge.testing.builders import NOON, FixedClock
from saltbridge.testing.full_store import fill
from saltbridge.testing.old_stores import write_0001
from saltbridge.testing.postgres import (
    NAMED,
    NoPostgres,
    database_url,
    new_database,
    postgres_server,
)
from saltbridge.testing.store_contract import StoreContract, a_release, an_entry
from saltbridge.trust.log import tree_root

pytestmark = pytest.mark.full("PostgreSQL")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Connection URL of a server, with the database name left out."""
    try:
        with postgres_server() as url:
            yield url
    except NoPostgres as absent:
        pytest.skip(str(absent))


class TestPostgresStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _database(self, server: str) -> Iterator[None]:
        with new_database(server) as self.url:
            yield

    def open_store(self) -> Store:
        return open_store(self.url, FixedClock())

    def alter_release(self, store: Store, content: bytes) -> None:
        with psycopg.connect(self.url) as raw:
            raw.execute("DROP TRIGGER releases_no_update ON releases")
            raw.execute("UPDATE releases SET content = %s", (content,))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE log_leaves SET event = 'x'",
            "DELETE FROM log_leaves",
            "TRUNCATE log_leaves",
            "INSERT INTO log_leaves VALUES (7, 'e', 's', 'd', 'x', 'h', '', 't', 'r')",
            "UPDATE records SET body = 'x'",
            "UPDATE releases SET audience = 'public'",
        ],
    )
    def test_history_cannot_be_rewritten_by_statement(
        self, store: Store, statement: str
    ) -> None:
        with store.unit_of_work() as work:
            work.append_leaf("e", "s", b"")
            work.put("passport", "p1", b"1")
            work.put_release(a_release())
        with psycopg.connect(self.url) as raw, pytest.raises(psycopg.errors.RaiseException):
            raw.execute(statement)

    def test_a_store_of_the_first_version_is_carried_over(self) -> None:
        engine = create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            write_0001(connection, 19)
        engine.dispose()
        store = self.open_store()
        with store.unit_of_work() as work:
            assert work.log_root() == tree_root(work.leaf_hashes())
            assert work.append_leaf("e", "s", b"") == 19
            assert [e.id for e in work.due(NOON)] == ["e2"]
            work.enqueue(an_entry("e4", "k"))
            record = work.get("passport", "p1")
            assert record is not None
            assert (record.version, record.body) == (2, b'{"a":"\xc3\xa9"}')
        store.close()
        self.open_store().close()  # carried over once

    def test_whatever_value_is_changed_the_audit_finds_it(self, store: Store) -> None:
        fill(store, rounds=2)
        changes = {
            "text": "{} || 'x'",
            "bytea": r"{} || '\x00'",
            "integer": "{} + 1000",
            "bigint": "COALESCE({}, 0) + 1000",
        }
        missed = []
        with psycopg.connect(self.url, autocommit=True) as raw:
            columns = raw.execute(
                "SELECT c.table_name, c.column_name, c.data_type"
                " FROM information_schema.columns c"
                " JOIN information_schema.tables t USING (table_schema, table_name)"
                " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
            ).fetchall()
            assert len(columns) == 46
            for table, column, kind in columns:
                changed = changes[kind.replace("character varying", "text")].format(column)
                with raw.transaction():
                    raw.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                    raw.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {table}")
                    raw.execute(
                        f"UPDATE {table} SET {column} = {changed}"
                        f" WHERE ctid = (SELECT max(ctid) FROM {table})"
                    )
                    raw.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
                if audit_store(store).clean:
                    missed.append((table, column))
                with raw.transaction():
                    raw.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                    raw.execute(f"DELETE FROM {table}")
                    raw.execute(f"INSERT INTO {table} SELECT * FROM kept")
                    raw.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
                    raw.execute("DROP TABLE kept")
        assert missed == []
        assert audit_store(store).findings == ()

    def test_stored_subtrees_can_be_worked_out_anew(self, store: Store) -> None:
        fill(store, rounds=2)
        with psycopg.connect(self.url) as raw:
            raw.execute("ALTER TABLE log_leaves DISABLE TRIGGER USER")
            raw.execute("UPDATE log_leaves SET nodes = '' WHERE leaf_index = 3")
            raw.execute("ALTER TABLE log_leaves ENABLE TRIGGER USER")
        assert not audit_store(store).clean
        assert store.rebuild_nodes() == 1
        assert audit_store(store).findings == ()

    def test_the_server_refuses_to_write_in_a_reading_view(self, store: Store) -> None:
        from sqlalchemy import text

        with store.reading() as view, pytest.raises(Exception, match="read-only"):
            view._connection.execute(text("DELETE FROM outbox"))  # type: ignore[attr-defined]

    def test_a_newer_store_is_refused(self) -> None:
        self.open_store().close()
        with psycopg.connect(self.url) as raw:
            raw.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(Refused) as refused:
            self.open_store()
        assert refused.value.findings[0].code == "store.newer"


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(Unavailable) as refused:
        open_store("postgresql://nobody@127.0.0.1:1/none?connect_timeout=2", FixedClock())
    assert refused.value.findings[0].code == "store.cannot-open"


@pytest.mark.skipif(NAMED in os.environ, reason="a server that others use is not stopped")
def test_a_server_that_stops_is_said_by_whoever_asks_for_its_state() -> None:
    try:
        with postgres_server() as url:
            store = open_store(database_url(url, "postgres"), FixedClock())
            assert store.state() == store.state()
    except NoPostgres as absent:
        pytest.skip(str(absent))
    for _ in range(2):
        with pytest.raises(Unavailable) as refused:
            store.state()
        assert refused.value.findings[0].code == "store.cannot-open"
    with pytest.raises(Unavailable):
        store.asker()
    store.close()


@pytest.fixture
def empty_database(server: str) -> Iterator[str]:
    name = f"sb_{uuid4().hex}"
    with psycopg.connect(database_url(server, "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield database_url(server, name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_backup_moves_a_node_from_sqlite_to_postgresql_and_back(
    empty_database: str, tmp_path: Path
) -> None:
    from saltbridge.adapters import backup, node_folder
    from saltbridge.cli.backup import judge
    from saltbridge.ports import OutboxEntry
    from saltbridge.testing.builders import NOON, node_profile

    clock = FixedClock()
    node_folder.create(tmp_path / "cell", node_profile(), {"port": 8102}, NOON)
    store = open_store(f"sqlite:///{tmp_path}/cell/node.sqlite", clock)
    for number in range(30):
        with store.unit_of_work() as work:
            work.put("draft", f"p{number}", b"%d" % number)
            work.append_leaf("issued", f"p{number}", b"")
            work.enqueue(OutboxEntry(f"e{number}", "send", b"{}"))
    with store.unit_of_work() as work:
        work.put("draft", "p1", b"changed")
        work.put_release(a_release())
    with store.reading() as view:
        log, drafts, due = (
            (view.log_size(), view.log_root()),
            view.find("draft"),
            view.due(NOON),
        )
    store.close()

    backup.backup(tmp_path / "cell", tmp_path / "b1", NOON)
    backup.restore(tmp_path / "b1", tmp_path / "moved", clock, judge, store_url=empty_database)
    assert node_folder.read(tmp_path / "moved").store_url == empty_database
    assert not (tmp_path / "moved" / "node.sqlite").exists()
    with pytest.raises(Refused) as refused:
        backup.restore(
            tmp_path / "b1", tmp_path / "twice", clock, judge, store_url=empty_database
        )
    assert refused.value.findings[0].code == "backup.database-not-empty"
    assert not (tmp_path / "twice").exists()
    moved = open_store(empty_database, clock)
    judge(moved)
    with moved.reading() as view:
        assert (view.log_size(), view.log_root()) == log
        assert view.find("draft") == drafts and view.due(NOON) == due
    with moved.unit_of_work() as work:  # and it works on
        assert work.append_leaf("issued", "next", b"") == 30
        work.enqueue(OutboxEntry("next", "send", b"{}"))
        work.put("draft", "p1", b"again", expected_version=2)
    moved.close()

    manifest = backup.backup(tmp_path / "moved", tmp_path / "b2", NOON)
    assert (manifest.store_kind, manifest.log_size) == ("postgresql", 31)
    assert backup.needs_upgrade(tmp_path / "moved") is None
    backup.restore(tmp_path / "b2", tmp_path / "back", clock, judge)
    home = open_store(f"sqlite:///{tmp_path}/back/node.sqlite", clock)
    with home.reading() as view:
        assert view.log_size() == 31 and len(view.due(NOON)) == 31
        draft = view.get("draft", "p1")
        assert draft is not None and (draft.version, draft.body) == (3, b"again")
    home.close()

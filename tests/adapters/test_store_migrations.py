"""A store of an earlier version opens, keeps everything, and gets its tree and digests."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from saltbridge.adapters.stores import open_store
from saltbridge.adapters.stores.schema import HEAD
from saltbridge.core.errors import Refused
from saltbridge.ports import OutboxEntry
from saltbridge.testing.builders import NOON, FixedClock
from saltbridge.testing.old_stores import WRITTEN_AT, write_0001
from saltbridge.trust.log import tree_root


@pytest.mark.parametrize("leaves", [0, 1, 7, 1003])
def test_an_old_store_is_carried_over_whole(tmp_path: Path, leaves: int) -> None:
    url = f"sqlite:///{tmp_path}/node.sqlite"
    engine = create_engine(url)
    with engine.begin() as connection:
        write_0001(connection, leaves)
    engine.dispose()
    store = open_store(url, FixedClock())
    with store.reading() as view:
        record = view.get("passport", "p1")
        assert record is not None
        assert (record.version, record.body) == (2, b'{"a":"\xc3\xa9"}')
        assert record.written_at.isoformat() == WRITTEN_AT.replace("Z", "+00:00")
        assert view.log_size() == leaves
        assert view.log_root() == tree_root(view.leaf_hashes())
        assert [e.id for e in view.due(NOON)] == ["e2"]
    with store.unit_of_work() as work:
        assert work.append_leaf("e", "s", b"") == leaves
        assert work.log_root() == tree_root(work.leaf_hashes())
        work.enqueue(OutboxEntry("e4", "send", b"{}", "k"))
        for due in ("e2", "e3", "e4"):
            assert [e.id for e in work.due(NOON)] == [due]
            work.done(due)
    store.close()
    with sqlite3.connect(tmp_path / "node.sqlite") as raw:
        guards = {
            n for (n,) in raw.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
        }
        assert guards == {
            "log_leaves_no_update",
            "log_leaves_no_delete",
            "log_leaves_gapless",
            "releases_no_update",
            "records_no_update",
            "bases_no_update",
        }
        assert (
            raw.execute("SELECT name FROM sqlite_master WHERE name LIKE '%0001%'").fetchall()
            == []
        )


def test_a_flipped_version_is_not_migrated_again(tmp_path: Path) -> None:
    """Every version but the first is known to the store a second time."""
    open_store(f"sqlite:///{tmp_path}/s.sqlite", FixedClock()).close()
    engine = create_engine(f"sqlite:///{tmp_path}/s.sqlite")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(Refused) as refused:
        open_store(f"sqlite:///{tmp_path}/s.sqlite", FixedClock())
    assert refused.value.findings[0].code == "store.altered"
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": HEAD})
    open_store(f"sqlite:///{tmp_path}/s.sqlite", FixedClock()).close()

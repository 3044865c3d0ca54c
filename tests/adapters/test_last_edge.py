"""The edge of the log is kept in memory: only while the stored log ends where it was grown."""

import sqlite3

import pytest

from saltbridge.adapters.stores.sqlite import SqliteStore
from saltbridge.core.errors import Refused
from saltbridge.testing.builders import FixedClock
from saltbridge.trust.log import tree_root


@pytest.fixture
def stores(tmp_path):
    """The same file opened twice, as a serving process and a command do."""
    url, clock = f"sqlite:///{tmp_path / 'node.sqlite'}", FixedClock()
    both = SqliteStore(url, clock), SqliteStore(url, clock)
    yield both
    for store in both:
        store.close()


def append(store, *subjects):
    with store.unit_of_work() as work:
        for subject in subjects:
            work.append_leaf("e", subject, b"")


def is_a_tree(store):
    with store.reading() as view:
        return view.log_root() == tree_root(view.leaf_hashes())


def reads_of_append(store, subject):
    """Which leaves are asked for while one is appended."""
    asked = []
    with store.unit_of_work() as work:
        work._connection.connection.driver_connection.set_trace_callback(asked.append)
        work.append_leaf("e", subject, b"")
        work._connection.connection.driver_connection.set_trace_callback(None)
    return sum("FROM log_leaves" in text for text in asked)


def test_the_edge_is_not_read_again_by_who_appended_last(stores):
    one, _ = stores
    append(one, *"abcdefghijklm")
    assert reads_of_append(one, "n") == 2  # the last leaf, and what was just written
    assert is_a_tree(one)


def test_who_else_appended_is_noticed(stores):
    one, other = stores
    for n in range(9):
        append((one, other)[n % 2], f"{n}")
        assert is_a_tree(one)
    append(one, "a", "b", "c")
    append(other, "d")
    append(one, "e")
    assert is_a_tree(other)


def test_what_was_taken_back_leaves_no_trace(stores):
    one, _ = stores
    append(one, "a", "b", "c")
    with pytest.raises(ZeroDivisionError), one.unit_of_work() as work:
        work.append_leaf("e", "never", b"")
        raise ZeroDivisionError
    append(one, "d", "e")
    assert is_a_tree(one)
    with one.reading() as view:
        assert view.log_size() == 5


def test_a_last_leaf_that_was_altered_is_not_built_on(stores, tmp_path):
    one, _ = stores
    append(one, "a", "b", "c")
    with sqlite3.connect(tmp_path / "node.sqlite") as file:
        file.execute("DROP TRIGGER log_leaves_no_update")
        file.execute("UPDATE log_leaves SET subject = 'z' WHERE leaf_index = 2")
    file.close()
    with pytest.raises(Refused):
        append(one, "d")

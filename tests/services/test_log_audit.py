"""What an audit says, fault by fault; and that it says nothing about a store that is whole."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from saltbridge.adapters.stores import open_store
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Severity
from saltbridge.ports import LogEvent, Store
from saltbridge.services.log_audit import NAMED_PER_CODE, audit, audit_store
from saltbridge.steps.log import current_checkpoint
from saltbridge.testing.builders import FixedClock, memory_world
from saltbridge.testing.full_store import ALIKE, checkpoint_body, fill


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{path}", FixedClock())
    fill(store)
    yield store
    store.close()


Change = Callable[[str], None]


@pytest.fixture
def change(path: Path, store: Store) -> Change:
    """A statement behind the store's back, with the guards away and put back."""

    def carry_out(statement: str) -> None:
        with closing(sqlite3.connect(path)) as raw:
            guards = raw.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall()
            for name, _ in guards:
                raw.execute(f"DROP TRIGGER {name}")
            assert raw.execute(statement).rowcount
            for _, sql in guards:
                raw.execute(sql)
            raw.commit()

    return carry_out


def codes(store: Store) -> list[str]:
    return sorted(audit_store(store).found)


def test_a_whole_store_gives_no_finding(store: Store) -> None:
    found = audit_store(store)
    assert found.findings == ()
    assert found.clean
    with store.reading() as view:
        assert found.root == view.log_root()
    assert found.counts == {
        "leaves": 24,
        "nodes": 22,  # 12 + 6 + 3 + 1
        "records": 30 + 6 * ALIKE,
        "releases": 6 + 6 * ALIKE,
        "outbox": 12,
        "checkpoints": 6,
    }


def test_an_empty_store_gives_no_finding(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/empty.sqlite", "memory://"):
        store = open_store(url, FixedClock())
        assert audit_store(store).findings == ()
        store.close()


def test_the_forgetful_store_can_be_audited_too() -> None:
    store = open_store("memory://", FixedClock())
    fill(store)
    assert audit_store(store).findings == ()
    with store.unit_of_work() as work:
        work.put("passport", "p1", b"never logged")
    assert codes(store) == ["audit.document-unlogged"]


def test_a_removed_leaf_is_a_gap(store: Store, change: Change) -> None:
    change("DELETE FROM log_leaves WHERE leaf_index = 5")
    found = audit_store(store)
    (gap,) = [f for f in found.findings if f.code == "audit.gap"]
    assert dict(gap.arguments) == {"due": 5, "found": 6}
    assert "audit.checkpoint-root" in found.found
    assert "audit.nodes" in found.found


def test_removed_last_leaves_are_missed_by_the_checkpoints(
    store: Store, change: Change
) -> None:
    change("DELETE FROM log_leaves WHERE leaf_index > 19")
    found = audit_store(store)
    (beyond,) = [f for f in found.findings if f.code == "audit.checkpoint-beyond"]
    assert dict(beyond.arguments) == {"size": 24, "leaves": 20}


def test_a_history_rewritten_with_all_its_digests_does_not_fit_what_was_signed(
    path: Path, tmp_path: Path
) -> None:
    """Somebody builds a new store around other leaves, and keeps the signed checkpoint."""
    store = open_store(f"sqlite:///{tmp_path}/forged.sqlite", FixedClock())
    with store.unit_of_work() as work:
        work.put("decision", "d1", b"forged", expected_version=0)
        work.append_leaf("border.decided", "d1", b"forged")
        signed = checkpoint_body("cells.example/log", 1, bytes(32))
        work.put("log-checkpoint", f"{1:020}", signed, expected_version=0)
    found = audit_store(store)
    assert [f.code for f in found.findings] == ["audit.checkpoint-root"]
    assert not found.clean
    store.close()


def test_a_checkpoint_that_says_nothing_is_found(store: Store) -> None:
    with store.unit_of_work() as work:
        for id, body in (("a", b"no note"), ("b", b"o\n1\n?\n\n"), ("c", b"o\nx\nAAAA\n\n")):
            work.put("log-checkpoint", id, body)
    assert audit_store(store).found == {"audit.checkpoint-unreadable": 3}


def test_a_checkpoint_nobody_of_ours_signed_is_found() -> None:
    """Whoever rewrites a store with all its digests still has no key to sign its root."""
    world = memory_world()
    with world.store.unit_of_work() as work:
        work.append_leaf("e", "s", b"1")
        current_checkpoint(world, work)
        work.append_leaf("e", "s", b"2")
        forged = checkpoint_body(world.node.did, 2, work.log_root())
        work.put("log-checkpoint", f"{2:020}", forged, expected_version=0)
    found = audit(world)
    assert found.counts["checkpoints"] == 2
    (foreign,) = [f for f in found.findings if f.severity is Severity.ERROR]
    assert foreign.code == "audit.checkpoint-not-ours"
    assert foreign.arguments["id"] == f"{2:020}"
    assert audit_store(world.store).clean  # which does not ask who signed


def test_the_checkpoint_of_an_empty_log_is_compared(store: Store) -> None:
    with store.unit_of_work() as work:
        work.put("log-checkpoint", f"{0:020}", checkpoint_body("o", 0, bytes.fromhex(
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )))  # fmt: skip
    assert audit_store(store).findings == ()
    with store.unit_of_work() as work:
        work.put("log-checkpoint", f"{0:020}", checkpoint_body("o", 0, bytes(32)))
    assert codes(store) == ["audit.checkpoint-root"]


def test_a_leaf_outlives_its_document_and_this_is_said_apart(store: Store) -> None:
    with store.unit_of_work() as work:
        work.append_leaf("passport.issued", "p1", b"a document nobody stored")
    found = audit_store(store)
    (gone,) = found.findings
    assert (gone.code, gone.severity) == ("audit.document-gone", Severity.WARNING)
    assert gone.arguments["index"] == 24
    assert found.clean


def test_a_document_that_came_in_without_a_leaf_is_found(store: Store) -> None:
    with store.unit_of_work() as work:
        work.put("decision", "slipped in", b"{}", expected_version=0)
        work.put("border-key", "current", b"{}", expected_version=0)  # is never logged
    found = audit_store(store)
    (unlogged,) = found.findings
    assert unlogged.code == "audit.document-unlogged"
    assert dict(unlogged.arguments) == {"kind": "decision", "id": "slipped in", "version": 1}
    assert not found.clean


def test_wrong_subtrees_are_found_and_worked_out_anew(store: Store, change: Change) -> None:
    change("UPDATE log_leaves SET nodes = zeroblob(32) WHERE leaf_index IN (5, 9)")
    assert codes(store) == ["audit.nodes", "audit.row-altered"]
    with store.reading() as view, pytest.raises(Refused) as refused:
        view.inclusion_proof(0, 6)
    assert refused.value.findings[0].code == "store.altered"
    assert store.rebuild_nodes() == 2
    assert audit_store(store).findings == ()
    with store.reading() as view:
        assert view.inclusion_proof(0, 6)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_leaves SET event = 'x' WHERE leaf_index = 4",
        "UPDATE log_leaves SET written_at = 'x' WHERE leaf_index = 4",
        "UPDATE log_leaves SET row_digest = zeroblob(32) WHERE leaf_index = 4",
        "DELETE FROM log_leaves WHERE leaf_index = 4",
    ],
)
def test_nothing_is_worked_out_over_a_damaged_leaf(
    store: Store, change: Change, statement: str
) -> None:
    change("UPDATE log_leaves SET nodes = zeroblob(32) WHERE leaf_index = 5")
    change(statement)
    with pytest.raises(Refused) as refused:
        store.rebuild_nodes()
    (why,) = refused.value.findings
    assert (why.code, why.arguments["index"]) == ("store.log-damaged", 4)
    assert "audit.nodes" in codes(store)


def test_many_findings_are_counted_and_the_first_are_named(store: Store) -> None:
    with store.unit_of_work() as work:
        work.append_leaves(LogEvent("e", "s", b"%d" % n) for n in range(NAMED_PER_CODE + 20))
    found = audit_store(store)
    assert found.found == {"audit.document-gone": NAMED_PER_CODE + 20}
    assert len(found.findings) == NAMED_PER_CODE


def test_text_that_is_no_text_any_more_is_a_finding_like_another(
    store: Store, change: Change
) -> None:
    change("UPDATE log_leaves SET subject = CAST(x'ff41' AS TEXT) WHERE leaf_index = 2")
    change("UPDATE outbox SET last_error = CAST(x'c3' AS TEXT) WHERE id = 'late-1'")
    found = audit_store(store)
    assert found.found == {"audit.row-altered": 2}
    for one in found.findings:
        str(one.arguments["row"]).encode()


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        ("UPDATE records SET written_at = '2026' WHERE kind = 'decision'", "get"),
        ("UPDATE records SET version = 9 WHERE kind = 'decision'", "get"),
        ("UPDATE releases SET audience = 'public'", "release"),
        ("UPDATE releases SET purpose = 'all'", "release"),
        ("UPDATE outbox SET body = x'00' WHERE id = 'waits-0'", "due"),
        ("UPDATE outbox SET attempts = 2 WHERE id = 'waits-0'", "due"),
        ("UPDATE log_leaves SET written_at = '2026' WHERE leaf_index = 0", "leaf"),
        ("UPDATE log_leaves SET salt = 'x' WHERE leaf_index = 0", "leaf"),
        ("UPDATE log_leaves SET leaf_hash = zeroblob(32) WHERE leaf_index = 0", "proof"),
    ],
)
def test_an_altered_row_is_not_handed_out(
    store: Store, change: Change, statement: str, read: str
) -> None:
    name = "urn:uuid:00000000-0000-4000-8000-000000000000"
    with store.reading() as view:
        record = view.get("decision", name)
        (let_go,) = (
            row.digest
            for page in _documents(store)
            for row in page
            if (row.table, row.id) == ("releases", name)
        )
    assert record is not None
    change(statement)
    with store.reading() as view, pytest.raises(Refused):
        {
            "get": lambda: view.get("decision", name),
            "release": lambda: view.get_release(let_go, name),
            "due": lambda: view.due(FixedClock().now()),
            "leaf": lambda: view.log_leaf(0),
            "proof": lambda: view.inclusion_proof(1, 24),
        }[read]()


def _documents(store: Store) -> list[object]:
    with store.auditing() as view:
        return list(view.documents())

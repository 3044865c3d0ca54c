"""What every store promises. Subclass ``StoreContract`` and give it ``open_store``."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from saltbridge.border.release import Release, reopen
from saltbridge.core.canonical import digest
from saltbridge.core.errors import Refused
from saltbridge.ports import (
    MAX_ATTEMPTS,
    LogEvent,
    OutboxEntry,
    StaleWrite,
    Store,
    UnitOfWork,
)
from saltbridge.testing.builders import NOON, FixedClock
from saltbridge.testing.log_contract import LogContract, Mishap

# The contract is shipped for other store makers; assertions are its whole point.
# ruff: noqa: S101


def a_release(content: bytes = b'{"a":1}', audience: str = "BPNL000000000OEM") -> Release:
    """A release as a store hands it back, for stores to keep."""
    return reopen(
        content,
        expected_digest=digest(content),
        media_type="application/json",
        decision_id="urn:uuid:00000000-0000-4000-8000-0000000000d1",
        audience=audience,
        purpose="passport",
    )


def an_entry(id: str, key: str = "", **more: Any) -> OutboxEntry:
    """An outbox entry."""
    return OutboxEntry(id=id, kind="send", body=b"{}", ordering_key=key, **more)


class StoreContract(LogContract):
    """The promises. ``open_store`` opens the same store again within one test."""

    survives_reopening = True

    def open_store(self) -> Store:
        """The store under test."""
        raise NotImplementedError

    def alter_release(self, store: Store, content: bytes) -> None:
        """Change the stored bytes of every release, behind the store's back."""
        raise NotImplementedError

    @pytest.fixture
    def store(self) -> Any:
        store = self.open_store()
        yield store
        store.close()

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    # documents

    def test_what_is_saved_comes_back_equal(self, store: Store) -> None:
        body = bytes(range(256)) * 64
        with store.unit_of_work() as work:
            written = work.put("passport", "p1", body)
        with store.reading() as view:
            assert view.get("passport", "p1") == written
        assert written.version == 1
        assert written.body == body
        assert written.written_at == NOON

    def test_a_missing_record_is_none_not_an_error(self, store: Store) -> None:
        with store.reading() as view:
            assert view.get("passport", "absent") is None
            assert view.find("passport") == ()

    def test_a_unit_of_work_sees_its_own_writes(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.put("passport", "p1", b"1")
            work.put("passport", "p1", b"2")
            newest = work.get("passport", "p1")
        assert newest is not None
        assert (newest.version, newest.body) == (2, b"2")

    def test_a_record_has_a_kind_and_an_id(self, store: Store) -> None:
        with pytest.raises(ValueError, match="kind and an id"), store.unit_of_work() as work:
            work.put("passport", "", b"1")

    # many at once

    def test_one_known_among_many_new_ones_keeps_them_all_out(self, store: Store) -> None:
        release, entry = a_release(), an_entry("e5")
        with store.unit_of_work() as work:
            work.put_new("passport", {"p5": bytes(range(256)) * 40})
            work.put_releases([release])
            work.enqueue_all([entry])
        attempts: list[Callable[[UnitOfWork], None]] = [
            lambda work: work.put_new("passport", {"p4": b"2", "p5": b"2"}),
            lambda work: work.put_releases([a_release(b"{}"), release]),
            lambda work: work.enqueue_all([an_entry("e4"), entry]),
        ]
        for attempt in attempts:
            with pytest.raises(StaleWrite), store.unit_of_work() as work:
                work.put("passport", "beside", b"")
                attempt(work)
        with store.unit_of_work() as work:  # the store goes on
            assert [r.id for r in work.find("passport")] == ["p5"]
            assert work.get_release(a_release(b"{}").digest, release.decision_id) is None
            assert [e.id for e in work.due(NOON)] == ["e5"]

    def test_many_releases_and_entries_come_back_in_order(self, store: Store) -> None:
        releases = [a_release(b'{"n":%d}' % n) for n in range(300)]
        with store.unit_of_work() as work:
            work.enqueue(an_entry("first", "key"))
            work.enqueue_all([an_entry(f"e{n:03}", "key" if n == 0 else "") for n in range(90)])
            work.put_releases(releases)
            work.put_releases([])
        with store.reading() as view:
            assert [e.id for e in view.due(NOON)] == [
                "first", *(f"e{n:03}" for n in range(1, 90))
            ]  # fmt: skip
            for release in releases[::50]:
                assert view.get_release(release.digest, release.decision_id) == release

    def test_a_view_writes_not_many_either(self, store: Store) -> None:
        with store.reading() as view, pytest.raises(TypeError):
            view.put_new("passport", {"p1": b"1"})

    def test_find_gives_the_newest_versions_by_ascending_id(self, store: Store) -> None:
        with store.unit_of_work() as work:
            for id in ("b", "a", "Z", "é", "a-1"):
                work.put("dataset", id, b"old")
                work.put("dataset", id, b"new")
            work.put("datasets", "c", b"other kind")
        with store.reading() as view:
            found = view.find("dataset")
            assert [r.id for r in found] == ["Z", "a", "a-1", "b", "é"]
            assert {(r.version, r.body) for r in found} == {(2, b"new")}
            assert [r.id for r in view.find("dataset", after="a", limit=2)] == ["a-1", "b"]

    def test_the_expected_version_guards_against_lost_updates(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.put("agreement", "a", b"1", expected_version=0)
        for expected in (0, 2):
            with pytest.raises(StaleWrite), store.unit_of_work() as work:
                work.put("agreement", "a", b"x", expected_version=expected)
        with store.unit_of_work() as work:
            assert work.put("agreement", "a", b"2", expected_version=1).version == 2

    def test_many_new_records_are_written_and_read_at_once(self, store: Store) -> None:
        bodies = {f"id-{n:04}": b"%d" % n for n in range(1203)}
        with store.unit_of_work() as work:
            work.put("other", "id-0001", b"x")
            work.put_new("note", bodies)
            work.put_new("note", {})
            work.put("note", "id-0007", b"again", expected_version=1)
        with store.reading() as work:
            found = work.get_many("note", [*bodies, "id-9999"])
            assert work.get_many("note", []) == {}
            assert found["id-0001"] == work.get("note", "id-0001")
        assert found.keys() == bodies.keys()
        assert (found["id-0007"].body, found["id-0007"].version) == (b"again", 2)
        assert all(r.body == bodies[id] for id, r in found.items() if id != "id-0007")

    def test_new_records_are_new_or_none_is_written(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.put("note", "b", b"1")
        with pytest.raises(StaleWrite), store.unit_of_work() as work:
            work.put_new("note", {"a": b"2", "b": b"2"})
        with pytest.raises(ValueError), store.unit_of_work() as work:
            work.put_new("note", {"": b"2"})
        with store.reading() as work:
            assert work.get("note", "a") is None
            assert [r.body for r in work.find("note")] == [b"1"]

    def test_only_what_may_be_forgotten_and_is_old_is_forgotten(self, store: Store) -> None:
        with store.unit_of_work() as work:
            for id in ("a", "b"):
                work.put("sign-in", id, b"1")
            work.put("sign-in", "a", b"2")
            work.put("passport", "p1", b"1")
        with store.unit_of_work() as work:
            assert work.forget("sign-in", NOON) == 0  # written at noon, not before
            assert len(work.find("sign-in")) == 2
            assert work.forget("sign-in", NOON + timedelta(microseconds=1)) == 2
        with store.unit_of_work() as work:
            assert work.find("sign-in") == ()
            assert work.put("sign-in", "a", b"3", expected_version=0).version == 1
            assert work.get("passport", "p1") is not None
        for kept in ("passport", "decision", "delivery", ""):
            with pytest.raises(ValueError, match="kept"), store.unit_of_work() as work:
                work.forget(kept, NOON + timedelta(days=1))
        with store.reading() as view:
            assert view.get("passport", "p1") is not None

    def test_many_documents_alike_come_back_as_they_were(self, store: Store) -> None:
        shared = b"the same for the whole model, " * 100
        bodies = {f"p{n}": shared + b"%d" % n + shared for n in range(20)}
        bodies |= {"short": b"x", "other": bytes(range(256)) * 8}
        with store.unit_of_work() as work:
            work.put_new("passport-version", bodies)
            work.put_releases(a_release(body) for body in bodies.values())
        with store.reading() as view:
            found = view.get_many("passport-version", bodies)
            assert {id: record.body for id, record in found.items()} == bodies
            for id, body in bodies.items():
                one = view.get("passport-version", id)
                kept = view.get_release(digest(body), a_release().decision_id)
                assert one is not None and one.body == body
                assert kept == a_release(body)

    def test_only_what_a_tombstone_names_is_erased(self, store: Store) -> None:
        gone = a_release()
        kept = reopen(
            b"others",
            expected_digest=digest(b"others"),
            media_type="application/json",
            decision_id="urn:uuid:other",
            audience=gone.audience,
            purpose=gone.purpose,
        )
        with store.unit_of_work() as work:
            for release in (gone, kept):
                work.put_release(release)
                for kind in ("decision", "manifest"):
                    work.put(kind, release.decision_id, b"{}")
            index = work.append_leaf("border.decided", gone.decision_id, b"{}")
            root = work.log_root()
        with pytest.raises(ValueError, match="erased"), store.unit_of_work() as work:
            work.erase(gone.decision_id)
        with store.unit_of_work() as work:
            work.put("erased", gone.decision_id, b"{}")
            assert work.erase(gone.decision_id) == 2
        with store.reading() as view:
            assert view.get_release(gone.digest, gone.decision_id) is None
            assert view.get("manifest", gone.decision_id) is None
            assert view.get("decision", gone.decision_id) is not None
            assert view.get_release(kept.digest, kept.decision_id) == kept
            assert view.get("manifest", kept.decision_id) is not None
            leaf = view.log_leaf(index)
            assert leaf is not None and view.log_root() == root

    # one unit of work

    def test_state_leaf_release_and_outbox_are_lost_together(self, store: Store) -> None:
        release = a_release()
        with pytest.raises(Mishap), store.unit_of_work() as work:
            work.put("passport", "p1", b"1")
            work.append_leaf("passport.issued", "p1", b"1")
            work.put_release(release)
            work.enqueue(an_entry("e1"))
            raise Mishap
        with store.reading() as view:
            assert view.get("passport", "p1") is None
            assert view.leaf_hashes() == ()
            assert view.get_release(release.digest, release.decision_id) is None
            assert view.due(NOON) == ()

    def test_nobody_sees_an_open_unit_of_work(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.put("passport", "p1", b"1")
            with store.reading() as view:
                assert view.get("passport", "p1") is None
        with store.reading() as view:
            assert view.get("passport", "p1") is not None

    def test_a_reading_view_is_of_one_moment(self, store: Store) -> None:
        with store.reading() as view:
            assert view.get("passport", "p1") is None
            with store.unit_of_work() as work:
                work.put("passport", "p1", b"1")
            assert view.get("passport", "p1") is None

    def test_a_unit_of_work_inside_another_is_a_mistake(self, store: Store) -> None:
        with store.unit_of_work(), pytest.raises(RuntimeError), store.unit_of_work():
            pass
        with store.unit_of_work() as work:  # and leaves the store usable
            work.put("passport", "p1", b"1")

    def test_reading_cannot_write(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.enqueue(an_entry("e1"))
        attempts: tuple[Callable[[UnitOfWork], object], ...] = (
            lambda view: view.put("passport", "p1", b"1"),
            lambda view: view.put_new("passport", {"p1": b"1"}),
            lambda view: view.append_leaf("passport.issued", "p1", b"1"),
            lambda view: view.append_leaves([LogEvent("e", "s", b"")]),
            lambda view: view.put_release(a_release()),
            lambda view: view.enqueue(an_entry("e2")),
            lambda view: view.done("e1"),
            lambda view: view.postpone("e1", NOON, "later"),
            lambda view: view.retry("e1"),
            lambda view: view.forget("sign-in", NOON),
            lambda view: view.erase("d1"),
        )
        for attempt in attempts:
            with store.reading() as view, pytest.raises(TypeError):
                attempt(view)
        with store.reading() as view:
            assert [e.id for e in view.due(NOON)] == ["e1"]

    def test_concurrent_writers_lose_no_update(self, store: Store) -> None:
        rounds, writers = 12, 4
        faults: list[BaseException] = []

        def count_up() -> None:
            try:
                for _ in range(rounds):
                    with store.unit_of_work() as work:
                        old = work.get("counter", "c")
                        number = int(old.body) if old else 0
                        work.put(
                            "counter",
                            "c",
                            str(number + 1).encode(),
                            expected_version=old.version if old else 0,
                        )
                        assert work.append_leaf("counted", "c", b"") == number
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=count_up) for _ in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert faults == []
        with store.reading() as view:
            counter = view.get("counter", "c")
            assert counter is not None
            assert int(counter.body) == counter.version == rounds * writers
            assert len(view.leaf_hashes()) == rounds * writers

    # outbox

    def test_the_outbox_gives_the_oldest_entry_of_each_key(self, store: Store) -> None:
        with store.unit_of_work() as work:
            for id, key in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("x", ""), ("y", "")):
                work.enqueue(an_entry(id, key))
            assert [e.id for e in work.due(NOON)] == ["a1", "b1", "x", "y"]
            assert [e.id for e in work.due(NOON, limit=2)] == ["a1", "b1"]
            work.done("a1")
            assert [e.id for e in work.due(NOON)] == ["a2", "b1", "x", "y"]
            work.done("a1")  # a second worker was told the same: nothing happens

    def test_a_postponed_entry_holds_back_its_key_only(self, store: Store) -> None:
        with store.unit_of_work() as work:
            for id, key in (("a1", "a"), ("a2", "a"), ("b1", "b")):
                work.enqueue(an_entry(id, key))
            work.postpone("a1", NOON + timedelta(seconds=30), "peer is away")
            assert [e.id for e in work.due(NOON)] == ["b1"]
            work.done("b1")
            (again,) = work.due(NOON + timedelta(seconds=30))
        assert (again.id, again.attempts, again.last_error) == ("a1", 1, "peer is away")
        assert again.due_at == NOON + timedelta(seconds=30)

    def test_an_entry_may_be_due_later(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.enqueue(an_entry("later", due_at=NOON + timedelta(microseconds=1)))
            assert work.due(NOON) == ()
            assert len(work.due(NOON + timedelta(microseconds=1))) == 1

    def test_an_entry_waits_once(self, store: Store) -> None:
        with store.unit_of_work() as work:
            work.enqueue(an_entry("e1"))
        with pytest.raises(StaleWrite), store.unit_of_work() as work:
            work.enqueue(an_entry("e1"))

    def test_an_entry_fails_after_its_last_attempt_until_it_is_tried_anew(
        self, store: Store
    ) -> None:
        long_after = NOON + timedelta(days=365)
        with store.unit_of_work() as work:
            work.enqueue(an_entry("a1", "a", attempts=MAX_ATTEMPTS - 2))
            work.enqueue(an_entry("a2", "a"))
            work.enqueue(an_entry("b1", "b"))
            work.postpone("a1", NOON, "peer is away")
            assert [e.id for e in work.due(long_after)] == ["a1", "b1"]
            assert work.failed() == ()
            work.postpone("a1", NOON, "peer is still away")
            # What comes after it in its process waits; other processes do not.
            assert [e.id for e in work.due(long_after)] == ["b1"]
        with store.unit_of_work() as work:
            (failed,) = work.failed()
            assert (failed.id, failed.last_error) == ("a1", "peer is still away")
            assert failed.failed
            work.retry("a1")
            assert work.failed() == ()
            (again, _) = work.due(NOON)
            assert (again.id, again.attempts) == ("a1", 0)
            work.done("a1")
            work.retry("a1")  # gone: nothing happens
            assert [e.id for e in work.due(NOON)] == ["a2", "b1"]

    def test_whether_something_waits_behind_a_key(self, store: Store) -> None:
        with store.unit_of_work() as work:
            assert not work.waits("a")
            work.enqueue(an_entry("a1", "a"))
            assert work.waits("a") and not work.waits("b")
            work.postpone("a1", NOON, "later")
            assert work.waits("a")
            work.done("a1")
            assert not work.waits("a")

    # releases

    def test_a_release_comes_back_equal(self, store: Store) -> None:
        release = a_release()
        with store.unit_of_work() as work:
            assert work.put_release(release) == release.digest
            assert work.put_release(release) == release.digest
        with store.reading() as view:
            assert view.get_release(release.digest, release.decision_id) == release
            assert view.get_release(release.digest, "another decision") is None

    def test_a_release_is_for_one_audience(self, store: Store) -> None:
        with pytest.raises(StaleWrite), store.unit_of_work() as work:
            work.put_release(a_release())
            work.put_release(a_release(audience="BPNL000000000XYZ"))

    def test_altered_bytes_are_not_handed_out(self, store: Store) -> None:
        release = a_release()
        with store.unit_of_work() as work:
            work.put_release(release)
        self.alter_release(store, b'{"a":2}')
        with store.reading() as view, pytest.raises(Refused):
            view.get_release(release.digest, release.decision_id)

    # durability

    def test_everything_is_there_after_reopening(self) -> None:
        if not self.survives_reopening:
            return  # a store that forgets says so
        store = self.open_store()
        with store.unit_of_work() as work:
            work.put("passport", "p1", b"1")
            work.append_leaf("passport.issued", "p1", b"1")
            work.enqueue(an_entry("e1", "k"))
            hashes = work.leaf_hashes()
        store.close()
        again = self.open_store()
        with again.reading() as view:
            assert view.get("passport", "p1") is not None
            assert view.leaf_hashes() == hashes
            assert [e.id for e in view.due(NOON)] == ["e1"]
        with again.unit_of_work() as work:
            assert work.append_leaf("passport.issued", "p2", b"2") == 1
        again.close()

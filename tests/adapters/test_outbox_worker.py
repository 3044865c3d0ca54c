"""The outbox: in order per process, again until it works, and nobody waits for others."""

import threading
import time
from dataclasses import replace

import psycopg
import pytest

from saltbridge.adapters import outbox_worker
from saltbridge.adapters.clock import SystemClock
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.adapters.stores.sqlite import SqliteStore
from saltbridge.core.errors import Unavailable
from saltbridge.ports import OutboxEntry
from saltbridge.testing.builders import memory_world


def waiting(world):
    with world.store.reading() as view:
        far = world.clock.now().replace(year=2999)
        return [entry.id for entry in view.due(far)]


def put(world, *entries):
    with world.store.unit_of_work() as work:
        for id, key in entries:
            work.enqueue(OutboxEntry(id, "x", id.encode(), ordering_key=key))


def test_what_worked_leaves_and_what_did_not_stays_and_waits_longer_each_time():
    world = memory_world()
    put(world, ("a", ""))
    tries = []

    def handler(_, entry):
        tries.append(entry.attempts)
        if len(tries) < 4:
            raise Unavailable.of("http.unreachable", url="u", reason="down")

    worker = OutboxWorker(world, {"x": handler})
    waits = []
    while waiting(world):
        began = world.clock.now()
        while not worker.run_once():
            world.clock.advance(seconds=0.1)
        waits.append(round((world.clock.now() - began).total_seconds(), 1))
    assert tries == [0, 1, 2, 3]
    assert waits == [0.0, 0.2, 0.4, 0.8]


def test_entries_of_one_process_keep_their_order_even_when_the_first_fails():
    world = memory_world()
    put(world, ("a1", "a"), ("a2", "a"), ("b1", "b"))
    done = []

    def handler(_, entry):
        if entry.id == "a1" and not entry.attempts:
            raise Unavailable.of("http.unreachable", url="u", reason="down")
        done.append(entry.id)

    worker = OutboxWorker(world, {"x": handler})
    for _ in range(4):
        worker.run_once()
        world.clock.advance(seconds=1)
    assert done == ["b1", "a1", "a2"]


def test_a_faulty_handler_or_kind_does_not_end_the_work_on_others(caplog):
    world = memory_world()
    put(world, ("a", ""), ("b", ""))
    with world.store.unit_of_work() as work:
        work.enqueue(OutboxEntry("c", "unknown-kind", b"{}"))

    def handler(_, entry):
        if entry.id == "a":
            raise ZeroDivisionError

    OutboxWorker(world, {"x": handler}).run_once()
    assert set(waiting(world)) == {"a", "c"}
    with world.store.reading() as view:
        errors = {e.id: e.last_error for e in view.due(world.clock.now().replace(year=2999))}
    assert errors["a"].startswith("ZeroDivisionError")
    assert "unknown-kind" in errors["c"]


def test_in_the_background_one_slow_peer_does_not_hold_up_another():
    world = memory_world()
    put(world, ("slow", "s"), ("fast", "f"))
    let_go, did = threading.Event(), threading.Event()

    def handler(_, entry):
        if entry.id == "slow":
            assert let_go.wait(60)
        else:
            did.set()

    worker = OutboxWorker(world, {"x": handler}, poll_seconds=0.01)
    worker.start()
    try:
        assert did.wait(60)
        let_go.set()
        _until(lambda: not waiting(world))
    finally:
        let_go.set()
        worker.stop()


def test_an_entry_is_not_begun_twice_while_it_is_being_done():
    world = memory_world()
    put(world, ("a", "a"))
    begun = []

    def handler(_, entry):
        begun.append(entry.id)
        time.sleep(0.1)

    worker = OutboxWorker(world, {"x": handler}, poll_seconds=0.01)
    worker.start()
    _until(lambda: not waiting(world))
    worker.stop()
    assert begun == ["a"]


def test_waking_spares_the_wait():
    world = memory_world()
    done = threading.Event()
    worker = OutboxWorker(world, {"x": lambda *_: done.set()}, poll_seconds=30)
    worker.start()
    try:
        time.sleep(0.05)
        put(world, ("a", ""))
        assert not done.is_set()
        worker.wake()
        assert done.wait(60)
    finally:
        worker.stop()


def test_stopping_finishes_what_is_being_done():
    world = memory_world()
    put(world, ("a", ""))
    began, finished = threading.Event(), []

    def handler(*_):
        began.set()
        time.sleep(0.1)
        finished.append(True)

    worker = OutboxWorker(world, {"x": handler}, poll_seconds=0.01)
    worker.start()
    assert began.wait(60)
    worker.stop()
    assert finished == [True]
    assert waiting(world) == []


@pytest.mark.parametrize(
    "fault", [Unavailable.of("store.busy"), psycopg.OperationalError("server closed")]
)
def test_a_store_that_is_busy_or_gone_for_a_moment_ends_nothing(fault):
    world = memory_world()
    put(world, ("a", ""))
    store = world.store
    failures = iter([True, True])

    class Busy:
        def reading(self):
            if next(failures, False):
                raise fault
            return store.reading()

        def unit_of_work(self):
            return store.unit_of_work()

        def state(self):
            return store.state()

    done = threading.Event()
    busy = replace(world, store=Busy())
    worker = OutboxWorker(busy, {"x": lambda *_: done.set()}, poll_seconds=0.01)
    worker.start()
    try:
        assert done.wait(60)
    finally:
        worker.stop()


@pytest.fixture
def on_disk(tmp_path, monkeypatch):
    """A world over a file; a look without cause comes so late that a test sees it fail."""
    monkeypatch.setattr(outbox_worker, "LOOK_SECONDS", 60.0)
    world = memory_world()
    store = SqliteStore(f"sqlite:///{tmp_path / 'node.sqlite'}", SystemClock())
    yield replace(world, store=store, clock=SystemClock())
    store.close()


def test_what_another_process_puts_in_is_done_without_waking(on_disk, tmp_path):
    done = threading.Event()
    worker = OutboxWorker(on_disk, {"x": lambda *_: done.set()})
    other = SqliteStore(f"sqlite:///{tmp_path / 'node.sqlite'}", SystemClock())
    worker.start()
    try:
        assert not done.wait(0.2)
        put(replace(on_disk, store=other), ("a", "a"))
        assert done.wait(60)
        _until(lambda: not waiting(on_disk))
    finally:
        worker.stop()
        other.close()


def test_an_attempt_put_off_is_made_when_it_is_due(on_disk):
    attempts = []

    def handler(_, entry):
        attempts.append(entry.attempts)
        if len(attempts) < 3:
            raise Unavailable.of("http.unreachable", url="x", reason="y")

    worker = OutboxWorker(on_disk, {"x": handler})
    worker.start()
    try:
        put(on_disk, ("a", "a"))
        _until(lambda: not waiting(on_disk))
        assert attempts == [0, 1, 2]
    finally:
        worker.stop()


def test_an_idle_outbox_is_not_read(on_disk):
    looks = []
    store = on_disk.store

    class Counted:
        def __getattr__(self, name):
            return getattr(store, name)

        def reading(self):
            looks.append(1)
            return store.reading()

    worker = OutboxWorker(replace(on_disk, store=Counted()), {}, poll_seconds=0.01)
    worker.start()
    try:
        _until(lambda: looks)
        time.sleep(0.3)
        assert len(looks) == 1
    finally:
        worker.stop()


def _until(ready):
    deadline = time.monotonic() + 60
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail("it did not happen in time")
        time.sleep(0.01)


def test_who_took_the_entry_out_itself_costs_no_second_commit(tmp_path):
    world = memory_world()
    world = replace(
        world, store=SqliteStore(f"sqlite:///{tmp_path / 'node.sqlite'}", world.clock)
    )
    put(world, ("a", "a"), ("b", "b"))
    commits = []

    def handler(_, entry):
        if entry.id == "b":
            return None
        with world.store.unit_of_work() as work:
            work.done(entry.id)
        return True

    real = world.store.unit_of_work

    def counted():
        commits.append(1)
        return real()

    world.store.unit_of_work = counted
    assert OutboxWorker(world, {"x": handler}).run_once() == 2
    assert len(commits) == 2  # one of each entry
    assert waiting(world) == []
    world.store.close()


def test_many_more_entries_than_threads_are_all_done():
    world = memory_world()
    put(world, *((f"{n:02}", f"{n % 20}") for n in range(40)))
    done = []

    def handler(_, entry):
        time.sleep(0.002)
        done.append(entry.id)

    worker = OutboxWorker(world, {"x": handler}, poll_seconds=0.01, threads=2)
    worker.start()
    _until(lambda: not waiting(world))
    worker.stop()
    assert sorted(done) == [f"{n:02}" for n in range(40)]

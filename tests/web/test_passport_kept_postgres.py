"""PostgreSQL: what a node keeps in memory ends with what another process has committed."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from starlette.testclient import TestClient

from saltbridge.adapters.node_folder import choose_store
from saltbridge.adapters.stores import open_store
from saltbridge.bootstrap import opened_world
from saltbridge.cli.main import run
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.steps.passport_event_effects import CEASED
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import (
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.postgres import NoPostgres, new_database, postgres_server
from saltbridge.web.app import create_app
from saltbridge.web.marks import Marks

pytestmark = pytest.mark.full("PostgreSQL")

GTIN = "09521234567899"
SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B", "MJC24-R9D5WE")
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    try:
        with postgres_server() as url:
            yield url
    except NoPostgres as absent:
        pytest.skip(str(absent))


@pytest.fixture
def url(server: str) -> Iterator[str]:
    with new_database(server) as url:
        yield url


@pytest.fixture
def node(url: str, tmp_path: Path, examples: Path) -> Path:
    """A carmaker's node on disk whose store is the server's, with three passports."""
    folder = tmp_path / "node"
    told = ["--name", "cars", "--legal-name", "Cars", "--bpn", "BPNL00000000OEM1"]
    where = ["--jurisdiction", "EU", "--country", "DE", "--address", "M", "--port", "8103"]
    assert run(["node", "init", str(folder), *told, *where, "--allow-loopback-http"]) == 0
    choose_store(folder, url)
    with opened_world(folder) as world:
        put_delivery(world, maker_profile(), example_record(examples))
        issue(world, IssueRequest(**example_request(examples, SERIALS)))
    return folder


def other_process(node: Path, *command: str) -> None:
    """Another process of the same node changes something, and says that it did."""
    done = subprocess.run(
        [sys.executable, "-m", "saltbridge", "passport", *command, "--node", str(node)],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()


def end(node: Path, serial: str) -> None:
    """What recycling leaves of a passport, written by way of connections of their own."""
    with opened_world(node) as world, world.store.unit_of_work() as work:
        id = read_json(work.get("passport-address", f"{GTIN}/{serial}").body)["passport_id"]
        passport = read_json(work.get("passport", id).body)
        work.put("passport", id, canonical_bytes({**passport, "status": CEASED}))


def test_what_another_process_ended_is_gone_at_the_next_read(node: Path) -> None:
    """Page and JSON of three passports are in memory, drawn and asked for again; then one is
    suspended, one ends, and the third one's answers follow nobody else's change."""
    paths = [f"/01/{GTIN}/21/{serial}" for serial in SERIALS]
    with opened_world(node) as world, TestClient(create_app(world)) as client:

        def read(path: str) -> list[bytes | int]:
            answers = [client.get(path, headers=h) for h in (JSON, {"Accept": "text/html"})]
            return [part for a in answers for part in (a.status_code, a.content)]

        before = {path: read(path) for path in paths}
        assert all(answer[0] == 200 for answer in before.values())
        assert {path: read(path) for path in paths} == before
        other_process(node, "revoke", SERIALS[0], "--reason", "a doubt", "--suspend")
        assert b"suspended" in read(paths[0])[3]
        assert [read(path) for path in paths[1:]] == [before[path] for path in paths[1:]]
        end(node, SERIALS[1])
        assert read(paths[1])[::2] == [410, 410]
        assert read(paths[2]) == before[paths[2]]


def test_every_acknowledged_commit_changes_the_next_mark(url: str) -> None:
    """A writer commits and publishes how often; readers ask for marks all the while. Whoever
    asked after a commit was acknowledged never has a mark from before it."""
    one, other = open_store(url, FixedClock()), open_store(url, FixedClock())
    acknowledged, ended = [0], threading.Event()
    seen: dict[object, int] = {}  # mark → commits acknowledged before it was asked for

    def write() -> None:
        for n in range(400):
            with other.unit_of_work() as work:
                work.put("note", "1", b"%d" % n)
            acknowledged[0] = n + 1
        ended.set()

    async def read(marks: Marks, faults: list[object]) -> None:
        while not ended.is_set():
            before = acknowledged[0]
            mark = await marks.fresh()
            if mark is None:  # the connection is being opened
                await asyncio.sleep(0.001)
                continue
            first = seen.setdefault(mark, acknowledged[0])
            # Somebody had this mark when ``first`` commits were known, so that it shows one
            # more at the most; ``before`` of them were acknowledged before we asked.
            if before > first + 1:
                faults.append((mark, first, before))

    async def main() -> list[object]:
        marks, faults = Marks(one), []
        await asyncio.gather(*(read(marks, faults) for _ in range(8)))
        return faults

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert asyncio.run(main()) == []
    finally:
        writer.join()
        one.close()
        other.close()
    assert len(seen) > 50


@pytest.fixture
def marked(url: str) -> Iterator[Callable[[], object]]:
    store = open_store(url, FixedClock())
    yield store.state
    store.close()


def test_reading_changes_no_mark_and_writing_does(marked: Callable[[], object], url) -> None:
    store = open_store(url, FixedClock())
    mark = marked()
    for _ in range(3):
        with store.reading() as view:
            view.get("note", "1")
        assert marked() == mark is not None
    with store.unit_of_work() as work:
        work.put("note", "1", b"1")
    assert marked() != mark
    store.close()
    mark = marked()
    with psycopg.connect(url) as raw:  # a person with a program of their own
        raw.execute("DELETE FROM outbox")
        raw.execute("CREATE TABLE mine (n integer)")
    assert marked() != mark


def test_a_lost_connection_ends_what_was_kept(marked: Callable[[], object], url: str) -> None:
    mark = marked()
    assert marked() == mark
    with psycopg.connect(url, autocommit=True) as raw:
        raw.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert marked() not in (mark, None)


def test_a_server_that_hangs_up_gives_no_mark(node: Path, url: str) -> None:
    async def main(world: World) -> None:
        marks = Marks(world.store)
        before = await marks.fresh()
        assert before == await marks.fresh() is not None
        with psycopg.connect(url, autocommit=True) as raw:
            raw.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert await marks.fresh() != before
        assert await marks.fresh() not in (before, None)

    with opened_world(node) as world:
        asyncio.run(main(world))

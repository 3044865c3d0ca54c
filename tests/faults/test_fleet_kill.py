"""kill -9 while a fleet is issued: going over the list again loses and doubles nothing."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.processes import end_group

from saltbridge.adapters.processes import ends_with_parent
from saltbridge.adapters.stores import open_store
from saltbridge.core.canonical import read_json
from saltbridge.services.log_audit import audit_store
from saltbridge.testing.builders import FixedClock

# Imports once; for every line it forks a process that goes over the whole list.
LAUNCHER = """
import os, sys
from dataclasses import replace
from itertools import islice
from pathlib import Path
from saltbridge.adapters.fleet_files import open_fleet_file
from saltbridge.adapters.identifiers import RandomIdentifiers
from saltbridge.adapters.processes import ends_with_parent
from saltbridge.adapters.stores import open_store
from saltbridge.services.issue_bulk import FleetIssuer
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.builders import FixedClock
from saltbridge.testing.deliveries import carmaker_world, example_request
from saltbridge.testing.fleets import put_model_delivery

url, examples, path, size = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
world = replace(carmaker_world(), identifiers=RandomIdentifiers())
store = open_store(url, FixedClock())
put_model_delivery(replace(world, store=store), examples)
store.close()
request = IssueRequest(**example_request(examples, []))
print("ready", flush=True)
for line in sys.stdin:
    launcher = os.getpid()
    pid = os.fork()
    if pid:
        print(pid, flush=True)
        status = os.waitpid(pid, 0)[1]
        print(status, flush=True)
        continue
    ends_with_parent(parent=launcher)()
    try:
        here = replace(world, store=open_store(url, FixedClock()))
        issuer, rows = FleetIssuer(here, request), open_fleet_file(path).read()
        while batch := list(islice(rows, size)):
            assert not issuer.issue(batch).faulty
        os._exit(0)
    finally:
        os._exit(1)
"""


@pytest.mark.parametrize(
    ("kills", "count"),
    [(3, 60), pytest.param(50, 1200, marks=pytest.mark.full("50 times kill -9"))],
)
def test_a_killed_run_goes_on_where_it_stopped(
    kills: int, count: int, tmp_path: Path, examples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from saltbridge.testing.fleets import write_fleet_csv

    url, fleet = f"sqlite:///{tmp_path}/node.sqlite", tmp_path / "fleet.csv"
    write_fleet_csv(fleet, examples, count)
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, url, str(examples), str(fleet), "10"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=ends_with_parent(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    moments, cut_short, seen = random.Random(7), 0, []
    store = None
    try:
        assert process.stdout.readline() == "ready\n"
        store = open_store(url, FixedClock())
        for _ in range(kills):
            process.stdin.write("go\n")
            process.stdin.flush()
            pid = int(process.stdout.readline())
            wait_for_more(store, seen[-1] if seen else 0, count)
            time.sleep(moments.random() * 0.05)
            os.kill(pid, signal.SIGKILL)
            cut_short += os.WIFSIGNALED(int(process.stdout.readline()))
            seen.append(issued(store))
        process.stdin.write("go\n")
        process.stdin.flush()
        process.stdout.readline()
        assert int(process.stdout.readline()) == 0
        process.stdin.close()
        assert process.wait(timeout=30) == 0
        check_whole(store, count)
    finally:
        end_group(process)
        if store is not None:
            store.close()
    assert cut_short >= kills * 0.8, "too few were killed amid their work"
    assert seen == sorted(seen)
    with capsys.disabled():
        print(f" [{kills} kills, {cut_short} amid the work: {seen[:12]}]", end="")


def issued(store: object) -> int:
    with store.reading() as view:  # type: ignore[attr-defined]
        return len(view.find("passport", limit=10_000))


def wait_for_more(store: object, before: int, count: int) -> None:
    """Until the run has committed something new, or nothing is left to do."""
    deadline = time.monotonic() + 60
    while issued(store) <= before < count:
        assert time.monotonic() < deadline, "nothing was issued"
        time.sleep(0.002)


def check_whole(store: object, count: int) -> None:
    """Every battery has one passport, address, version and registration, and two leaves."""
    audited = audit_store(store)  # type: ignore[arg-type]
    assert audited.found.keys() <= {"audit.document-unlogged"}  # the delivery of the test
    with store.reading() as view:  # type: ignore[attr-defined]
        passports = [read_json(r.body) for r in view.find("passport", limit=10_000)]
        addresses = view.find("passport-address", limit=10_000)
        versions = view.find("passport-version", limit=10_000)
        leaves = [view.log_leaf(n) for n in range(view.log_size())]
        entries = list(view.due(FixedClock().now().replace(year=2090), 10_000))
    assert sorted(p["serial"] for p in passports) == [f"FL{n:09}" for n in range(count)]
    ids = {p["id"] for p in passports}
    assert {read_json(a.body)["passport_id"] for a in addresses} == ids
    assert len(addresses) == len(versions) == len(ids) == count
    assert sum(leaf.event == "passport.issued" for leaf in leaves) == count
    signed = {leaf.subject for leaf in leaves if leaf.event == "claim.signed"}
    assert {read_json(v.body)["claim_id"] for v in versions} <= signed
    assert sum(e.kind == "registry" for e in entries) == count

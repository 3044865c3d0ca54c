"""Approvals from several processes at once, and kill -9 amid them: nothing half-approved."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from saltbridge.accounts.model import Role
from saltbridge.adapters.processes import ends_with_parent
from saltbridge.adapters.stores import open_store
from saltbridge.core.canonical import read_json
from saltbridge.ports import World
from saltbridge.services.approval import approve, pending
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.approvals import account_of
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))
ROUNDS = 4

# Approves everything that waits as one person, and says so once the commit has returned.
APPROVER = """
import sys
from saltbridge.core.errors import Refused
from saltbridge.services.approval import approve, pending
from saltbridge.accounts.model import Person, Role
from tests_world import world

here = world(sys.argv[1], int(sys.argv[3]))
person = Person(sys.argv[2], sys.argv[2], frozenset({Role.APPROVER}))
print("ready", flush=True)
sys.stdin.readline()
for waiting in pending(here):
    try:
        outcome = approve(here, person, waiting["id"], waiting["digest"])
    except Refused as refused:
        print("refused", refused.findings[0].code, waiting["id"], flush=True)
    else:
        print("released" if outcome.released else "approved", waiting["id"], flush=True)
"""
WORLD = """
from dataclasses import replace
from saltbridge.adapters.stores import open_store
from saltbridge.testing.builders import (
    CountingIdentifiers, FixedClock, memory_world, node_profile, partner_of)

def world(url, seed):
    cars = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))
    clock = FixedClock()
    made = memory_world(
        node_profile("cellmaker", partners=(cars,)), clock=clock, store=open_store(url, clock))
    return replace(made, identifiers=CountingIdentifiers(seed=seed))
"""


def a_world(url: str) -> World:
    clock = FixedClock()
    node = node_profile("cellmaker", partners=(CARS,))
    return memory_world(node, clock=clock, store=open_store(url, clock))


def start(folder: Path, url: str, person: str, seed: int) -> "subprocess.Popen[str]":
    (folder / "tests_world.py").write_text(WORLD, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", APPROVER, url, person, str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
        preexec_fn=ends_with_parent(),
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def publish_some(world: World, count: int) -> None:
    for number in range(count):
        publish(
            world,
            PublishRequest(
                document=battery_record(),
                kind="battery-supplier-record",
                recipients=(CARS.bpn,),
                title=str(number),
                person="Li",
            ),
        )


def all_of(world: World, kind: str) -> list[Any]:
    with world.store.reading() as view:
        return [read_json(record.body) for record in view.find(kind)]


def check_whole(world: World) -> int:
    """Every proposal is all of what its state says; returns how many were released."""
    datasets = {d["id"]: d for d in all_of(world, "dataset")}
    decided = {d["id"]: d for d in all_of(world, "decision")}
    released = 0
    for proposal in all_of(world, "pending-release"):
        dataset, id = datasets[proposal["dataset_id"]], proposal["id"]
        given = [a["person_id"] for a in proposal["approvals"]]
        assert len(given) == len(set(given))
        if proposal["state"] == "released":
            released += 1
            assert len(given) == 2 and dataset["awaiting"] == {}
            kept = dataset["releases"][CARS.bpn]
            assert (kept["digest"], kept["decision_id"]) == (proposal["digest"], id)
            with world.store.reading() as view:
                assert view.get_release(kept["digest"], id) is not None
                assert view.get("export-statement", id) is not None
            assert len(decided[id]["approvals"]) == 2
        else:
            assert len(given) < 2 and id not in decided
            assert dataset["awaiting"] == {CARS.bpn: id} and dataset["releases"] == {}
    return released


@pytest.mark.full("half a minute of processes at once")
def test_three_people_in_three_processes_at_once_are_two_approvals(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/node.sqlite"
    world = a_world(url)
    people = [account_of(world, name, Role.APPROVER) for name in ("a", "b", "c")]
    publish_some(world, 4)
    processes = [start(tmp_path, url, p.id, 70 + n) for n, p in enumerate(people)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=90)[0].split("\n") for process in processes]
    flat = [line.split() for lines in said for line in lines if line]
    for proposal in all_of(world, "pending-release"):
        mine = sorted(line[0] for line in flat if line[-1] == proposal["id"])
        assert mine in (["approved", "refused", "released"], ["approved", "released"])
    assert check_whole(world) == 4
    world.store.close()


def test_the_same_person_in_two_processes_counts_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/node.sqlite"
    world = a_world(url)
    person = account_of(world, "a", Role.APPROVER)
    publish_some(world, 2)
    processes = [start(tmp_path, url, person.id, 80 + n) for n in range(2)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=90)
    assert [len(p["approvals"]) for p in all_of(world, "pending-release")] == [1, 1]
    assert check_whole(world) == 0
    world.store.close()


@pytest.mark.full("half a minute of kills")
def test_nothing_is_half_approved_when_the_approver_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/node.sqlite"
    world = a_world(url)
    people = [account_of(world, name, Role.APPROVER) for name in ("a", "b")]
    publish_some(world, 8)
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        process = start(tmp_path, url, people[number % 2].id, 90 + number)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        time.sleep(0.02 + 0.031 * number)  # killed at another moment each round
        os.kill(process.pid, signal.SIGKILL)
        said = process.stdout.read().split("\n")
        process.wait(timeout=10)
        acknowledged |= {line.split()[1] for line in said if line.startswith("released ")}
        check_whole(world)
    state = {p["id"]: p["state"] for p in all_of(world, "pending-release")}
    assert all(state[id] == "released" for id in acknowledged)
    for waiting in pending(world):  # and it goes on from there
        for person in people:
            if person.id not in {a["person_id"] for a in waiting["approvals"]}:
                approve(world, person, waiting["id"], waiting["digest"])
    assert check_whole(world) == 8
    world.store.close()

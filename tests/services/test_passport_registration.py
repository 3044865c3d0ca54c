"""Registering passports: a hundred at a time, each hundred whole, each passport once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from saltbridge import bootstrap
from saltbridge.adapters.registry_simulator import SimulatedRegistry
from saltbridge.cli.main import run
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import MOST_IN_A_FILE, RegistryEntry, World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.log_audit import audit_store
from saltbridge.services.passport_registration import RECORD, register
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
NOW = datetime(2027, 2, 18, tzinfo=UTC)


@pytest.fixture
def world(examples: Path) -> World:
    made = carmaker_world()
    put_delivery(made, maker_profile(), example_record(examples))
    issue(made, IssueRequest(**example_request(examples, SERIALS)))
    return made


def entry(number: int) -> RegistryEntry:
    return RegistryEntry(
        product_id=f"https://id.example/01/09521234567899/21/SB-{number}",
        passport_id=f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        operator_id="BPNL00000000OEM1",
        endpoint="https://id.example/v1",
        version_digest=f"sha256:{number:064x}",
    )


def kept(world: World) -> dict[str, Any]:
    with world.store.reading() as view:
        return {r.id: read_json(r.body) for r in view.find(RECORD)}


def unlogged(world: World) -> list[str]:
    """Registrations that the log does not know; the example's delivery was only put there."""
    found = [
        f for f in audit_store(world.store).findings if f.code == "audit.document-unlogged"
    ]
    return [str(f.arguments["id"]) for f in found if f.arguments["kind"] == RECORD]


def test_each_passport_is_registered_once_with_a_proof(world: World) -> None:
    made = register(world, SimulatedRegistry(), person="Registrar")
    assert sorted(one.serial for one in made) == sorted(SERIALS)
    records = kept(world)
    assert len(records) == len(SERIALS)
    for one in made:
        record = records[one.passport_id]
        proof = json.loads(record["proof"])
        assert proof["registration_id"] == record["registration_id"] == one.registration_id
        assert proof["version_digest"] == record["version_digest"]
        assert proof["valid_until"] == "2027-02-21T12:00:00Z"  # hand: 90 days from 23 November
        assert record["simulated"] is True
        for text in (proof["notice"], proof["seal"], one.registration_id):
            assert text.startswith("SIMULATED")
    assert register(world, SimulatedRegistry()) == []
    assert register(world, SimulatedRegistry(), [SERIALS[0]]) == []
    assert kept(world) == records
    assert unlogged(world) == []
    with world.store.unit_of_work() as work:  # a registration that the log does not know
        work.put(RECORD, made[0].passport_id, b'{"registration_id":"EU-1"}')
    assert unlogged(world) == [made[0].passport_id]


def test_only_active_passports_are_registered(world: World) -> None:
    with world.store.unit_of_work() as work:
        (first, *_) = list(work.find("passport"))
        record = read_json(first.body)
        work.put("passport", first.id, json.dumps({**record, "status": "ceased"}).encode())
    with pytest.raises(FaultyInput) as refused:
        register(world, SimulatedRegistry(), [record["serial"]])
    assert refused.value.findings[0].code == "registry.not-active"
    assert first.id not in {one.passport_id for one in register(world, SimulatedRegistry())}


def test_one_faulty_entry_refuses_the_whole_file() -> None:
    registry, good = SimulatedRegistry(), [entry(n) for n in range(MOST_IN_A_FILE)]
    assert len(registry.register(good, NOW)) == MOST_IN_A_FILE
    assert registry.register(good, NOW) == registry.register(good, NOW)
    ids = {r.registration_id for r in registry.register(good, NOW)}
    assert len(ids) == MOST_IN_A_FILE
    for code, bad in {
        "registry.bad-product": replace(entry(1000), product_id="https://id.example/1"),
        "registry.bad-passport": replace(entry(1000), passport_id="1000"),
        "registry.bad-operator": replace(entry(1000), operator_id=""),
        "registry.bad-twice": entry(1),
    }.items():
        with pytest.raises(Refused) as refused:
            registry.register([*good[:5], bad], NOW)
        assert [f.code for f in refused.value.findings] == [code]
        assert refused.value.findings[0].place.row == 6
    with pytest.raises(Refused) as refused:
        registry.register([*good, entry(1000)], NOW)
    assert [f.code for f in refused.value.findings] == ["registry.too-many"]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "SIMULATED"), ("de", "SIMULIERT"), ("zh", "模拟")]
)
def test_the_terminal_says_that_it_was_no_registry(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    words: str,
) -> None:
    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[World]:
        yield world

    monkeypatch.setattr(bootstrap, "opened_world", opened)
    command = ["--language", language, "passport", "register", "--node", "cars"]
    assert run([*command, "--files", str(tmp_path / "files")]) == 0
    assert kept(world) == {}
    (file,) = (tmp_path / "files").iterdir()
    told = read_json(file.read_bytes())
    assert {e["dppApiEndpoint"] for e in told} == {f"{world.node.base_url}/v1"}
    assert len({e["uniqueProductIdentifier"] for e in told}) == len(SERIALS)
    capsys.readouterr()
    assert run(command) == 0
    said = capsys.readouterr().out
    assert words in said and all(serial in said for serial in SERIALS)

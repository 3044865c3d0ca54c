"""``saltbridge passport requests`` and ``answer`` at a node on disk, and what is refused."""

import json
from pathlib import Path

import pytest

from saltbridge.bootstrap import opened_world
from saltbridge.cli.main import run
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_requests import AccessRequest, ask
from saltbridge.testing.deliveries import (
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIAL = "MJC24-7K2MQ9"
ASKED = AccessRequest(
    name="Ada Nord",
    organisation="Garage Nord",
    email="ada@nord.example",
    interest="repairer",
    reason="Module 3 has to be exchanged.",
)


@pytest.fixture
def node(tmp_path: Path, examples: Path, capsys: pytest.CaptureFixture[str]) -> str:
    folder = str(tmp_path / "cars")
    made = ["node", "init", folder, "--name", "cars", "--legal-name", "Isarwerk", "--bpn"]
    assert run([*made, "BPNL00000000OEM1", "--jurisdiction", "EU", "--port", "8103",
                "--allow-loopback-http"]) == 0  # fmt: skip
    with opened_world(Path(folder)) as world:
        put_delivery(world, maker_profile(), example_record(examples))
        issue(world, IssueRequest(**example_request(examples, [SERIAL])))
    capsys.readouterr()
    return folder


def test_a_request_is_answered_and_the_access_is_listed(
    node: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened_world(Path(node)) as world:
        wanted, unwanted = ask(world, ASKED), ask(world, ASKED)
    assert run(["--language", "de", "passport", "requests", "--node", node]) == 0
    told = capsys.readouterr().out
    assert run(["--language", "en", "passport", "requests", "--node", node]) == 0
    capsys.readouterr()
    assert "Garage Nord <ada@nord.example>  [wartet]" in told and "Anfragen: 2" in told
    here = ["--node", node]
    assert run(["passport", "answer", wanted, *here]) == 2
    assert run(["passport", "answer", "urn:uuid:none", *here, "--passport", SERIAL]) == 2
    assert run(["passport", "answer", wanted, *here, "--passport", SERIAL]) == 2
    assert "business-registration" in capsys.readouterr().err
    seen = ["--evidence", "business-registration: HRB 1"]
    assert run(["passport", "answer", wanted, *here, "--passport", SERIAL, *seen]) == 0
    assert "Access code, shown this once: " in capsys.readouterr().out
    assert run(["passport", "answer", unwanted, *here, "--refuse", "no garage"]) == 0
    assert run(["passport", "answer", unwanted, *here, "--refuse", "again"]) != 0
    capsys.readouterr()
    assert run(["passport", "requests", *here, "--json"]) == 0
    states = {r["id"]: r["state"] for r in json.loads(capsys.readouterr().out)}
    assert states == {wanted: "granted", unwanted: "refused"}

    restricted = ["passport", "export", SERIAL, *here, "--audience", "authority"]
    assert run([*restricted, "--out", str(Path(node) / "x.json")]) == 0
    capsys.readouterr()
    assert run(["passport", "accesses", SERIAL, *here]) == 0
    told = capsys.readouterr().out
    assert f"{SERIAL}#1  [2, 3]  by the operator itself" in told and "Accesses: 1" in told
    assert run(["passport", "grants", *here, "--json"]) == 0
    (grant,) = json.loads(capsys.readouterr().out)
    assert grant["holds"] and grant["passport"] and grant["request"] == wanted
    assert run(["--language", "zh", "passport", "end-grant", grant["id"], *here,
                "--because", "done"]) == 0  # fmt: skip
    assert "不再凭此授权" in capsys.readouterr().out
    assert run(["passport", "end-grant", *here, "--because", "x"]) == 2
    assert run(["passport", "grant", *here, "--as", "repairer", "--code-for", "x"]) == 2

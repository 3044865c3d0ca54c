"""``saltbridge border`` and ``saltbridge publish`` on a node folder."""

import json

import pytest

from saltbridge.bootstrap import opened_world
from saltbridge.cli.main import run
from saltbridge.services import approval
from saltbridge.testing.approvals import approve_all
from saltbridge.testing.canaries import battery_record


@pytest.fixture
def node(tmp_path, monkeypatch):
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", "en")
    folder = tmp_path / "cells"
    named = ["--name", "cells", "--legal-name", "Cells", "--bpn", "BPNL00000000CELL"]
    place = ["--jurisdiction", "CN", "--port", "8999", "--allow-loopback-http"]
    assert run(["node", "init", str(folder), *named, *place]) == 0
    partner = ["--name", "cars", "--bpn", "BPNL00000000CARS", "--jurisdiction", "EU"]
    did = ["--did", "did:web:127.0.0.1%3A8998"]
    assert run(["node", "partner", str(folder), *partner, *did]) == 0
    return folder


@pytest.fixture
def record(tmp_path):
    file = tmp_path / "record.json"
    file.write_text(json.dumps(battery_record()), encoding="utf-8")
    return file


def test_preview_publish_and_read_the_manifest(node, record, capsys):
    assert run(["border", "preview", str(record), "--node", str(node), "--to", "cars"]) == 0
    assert "nothing has left" in capsys.readouterr().out
    publish = ["publish", str(record), "--to", "cars", "--node", str(node), "--person", "Li"]
    assert run(publish) == 0
    assert "waits for two persons" in capsys.readouterr().out
    with opened_world(node) as world:
        approve_all(world, approval)
    assert run(["border", "decisions", "--node", str(node), "--json"]) == 0
    (decision,) = json.loads(capsys.readouterr().out)
    assert decision["verdict"] == "released" and decision["person"] == "Li"
    assert run(["border", "manifest", decision["id"], "--node", str(node)]) == 0
    shown = capsys.readouterr().out
    assert "inventory lines" in shown and "CANARY" not in shown
    assert run(["border", "decisions", "--node", str(node)]) == 0
    assert decision["id"] in capsys.readouterr().out


def test_exit_codes(node, record, tmp_path, capsys):
    to = ["--to", "cars", "--node", str(node)]
    assert run(["publish", str(record), *to, "--purpose", "other"]) == 1
    assert run(["publish", str(record), "--to", "nobody", "--node", str(node)]) == 2
    assert run(["publish", str(tmp_path / "absent.json"), *to]) == 2
    assert run(["border", "manifest", "urn:uuid:none", "--node", str(node)]) == 2
    for content in ("[1]", "{}", '{"kind": 1}', '{"a": NaN}', '{"kind": "a", "kind": "b"}'):
        record.write_text(content, encoding="utf-8")
        assert run(["publish", str(record), *to]) == 2
    assert "Traceback" not in capsys.readouterr().err

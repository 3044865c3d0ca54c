"""``saltbridge identity`` and ``test-issuer``: chosen on purpose, in words, safe to repeat."""

import json
from pathlib import Path

import pytest

from saltbridge.bootstrap import open_world
from saltbridge.cli.main import run
from saltbridge.core.canonical import canonical_bytes
from saltbridge.testing.issuer_state import read_state

ISSUER, MEMBER = "did:web:127.0.0.1%3A8399", "did:web:127.0.0.1%3A8102"
INIT = [
    "--name", "cellmaker", "--legal-name", "Cell Ltd", "--bpn", "BPNL00000000CELL",
    "--jurisdiction", "CN", "--country", "CN", "--address", "Ningde", "--port", "8102",
    "--allow-loopback-http",
]  # fmt: skip


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("identity") / "cell"
    assert run(["node", "init", str(folder), *INIT]) == 0
    return str(folder)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    capsys.readouterr()
    assert run(["identity", *arguments, "--json"]) in (0, 1)
    return json.loads(capsys.readouterr().out)


def test_mode_and_issuers_are_chosen_on_purpose(
    node: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "show", "--node", node)["mode"] == "did"
    assert run(["identity", "trust", ISSUER, "--node", node, "--mode", "dcp"]) == 0
    assert run(["identity", "trust", ISSUER, "--node", node]) == 0  # safe to repeat
    shown = told(capsys, "show", "--node", node)
    assert (shown["mode"], shown["trusted_issuers"]) == ("dcp", {ISSUER: ["*"]})
    services = {s["type"]: s["serviceEndpoint"] for s in shown["did_document"]["service"]}
    assert services["CredentialService"] == "http://127.0.0.1:8102/dcp"
    assert services["DataService"] == "http://127.0.0.1:8102/.well-known/dspace-version"
    narrow = ["--type", "BpnCredential", "--type", "MembershipCredential"]
    assert run(["identity", "trust", "did:web:other.example", "--node", node, *narrow]) == 0
    issuers = told(capsys, "show", "--node", node)["trusted_issuers"]
    assert issuers["did:web:other.example"] == ["BpnCredential", "MembershipCredential"]
    away = ["identity", "trust", "did:web:other.example", "--no-longer", "--node", node]
    assert run(away) == 0
    assert told(capsys, "show", "--node", node)["trusted_issuers"] == {ISSUER: ["*"]}
    assert run(["identity", "mode", "did", "--node", node]) == 0
    assert told(capsys, "show", "--node", node)["mode"] == "did"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mode", "dpc"], "dpc"),
        (["trust", "https://issuer.example"], "https://issuer.example"),
        (["request", "did:web:unknown.example"], "not believed"),
        (["import", "/nowhere/m.jwt"], "m.jwt"),
    ],
)
def test_faulty_choices_are_said_and_change_nothing(
    node: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    before = (Path(node) / "node.toml").read_bytes()
    assert run(["identity", *arguments, "--node", node]) == 2
    assert words in capsys.readouterr().err
    assert (Path(node) / "node.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Missing:"), ("de", "Es fehlen:"), ("zh", "缺少：")]
)
def test_the_state_is_said_in_the_readers_language(
    node: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    words: str,
) -> None:
    assert run(["identity", "mode", "dcp", "--node", node]) == 0
    world = open_world(Path(node))
    finding = {"code": "identity.no-access-token", "arguments": {"partner": "cars"}}
    body = {"partner": "BPNL0", "at": "2026-11-28T10:00:00Z", "findings": [finding]}
    with world.store.unit_of_work() as work:
        work.put("sign-in-refused", "did:web:cars", canonical_bytes(body))
    world.store.close()
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", language)
    capsys.readouterr()
    assert run(["identity", "status", "--node", node]) == 1
    said = capsys.readouterr().out
    assert words in said and "BPNL0" in said and "→" in said
    assert run(["identity", "credentials", "--node", node]) == 0
    assert "saltbridge identity request" in capsys.readouterr().out
    assert run(["identity", "mode", "did", "--node", node]) == 0
    assert run(["identity", "status", "--node", node]) == 0  # nothing is missing then


def test_a_test_issuer_is_set_up_once_and_says_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office = str(tmp_path / "office")
    made = ["test-issuer", "init", office, "--port", "8399"]
    assert run([*made, "--member", "BPNL"]) == 2
    assert run([*made, "--member", f"{MEMBER}=BPNL00000000CELL"]) == 0
    assert "for trials" in capsys.readouterr().out
    assert run(made) == 1  # what is there stays
    assert run(["test-issuer", "admit", office, "--did", "did:web:x", "--bpn", "BPNLX"]) == 0
    assert read_state(Path(office)).members == {
        MEMBER: "BPNL00000000CELL",
        "did:web:x": "BPNLX",
    }
    assert run(["test-issuer", "revoke", office, "--did", "did:web:x"]) == 0
    assert run(["test-issuer", "serve", str(tmp_path / "nowhere")]) == 2
    assert (Path(office) / "test-issuer.json").stat().st_mode & 0o077 == 0

"""``saltbridge people``: passwords from files and standard input, never from the command."""

import io
import json
from pathlib import Path

import pytest

from saltbridge.adapters import passwords
from saltbridge.bootstrap import opened_world
from saltbridge.cli.acting import acting_person, os_name, os_person
from saltbridge.cli.main import run
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.testing.builders import CheapPasswords

INIT = [
    "--name", "cellmaker", "--legal-name", "Cell Ltd", "--bpn", "BPNL00000000CELL",
    "--jurisdiction", "CN", "--port", "8102", "--allow-loopback-http",
]  # fmt: skip
PASSWORD = "Nine blue herons over Ningde"
OTHER = "Seven quiet lamps by the quay"


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(passwords, "Argon2Passwords", CheapPasswords)
    assert run(["node", "init", str(tmp_path / "cell"), *INIT]) == 0
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    return str(tmp_path / "cell")


@pytest.fixture
def file(node: str) -> str:
    return str(Path(node).parent / "password")


def listed(node: str, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    capsys.readouterr()
    assert run(["people", "list", node, "--json"]) == 0
    told = capsys.readouterr().out
    assert "argon2" not in told and PASSWORD not in told
    return {entry["name"]: entry for entry in json.loads(told)}


def add(node: str, name: str, roles: str, file: str, *more: str) -> int:
    return run(["people", "add", node, name, "--roles", roles, "--password-file", file, *more])


def test_the_life_of_an_account(
    node: str, file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add(node, "ola", "operator", file) == 0
    assert add(node, "li.wei", "approver, viewer", file, "--display-name", "Li Wei") == 0
    assert "Li Wei (li.wei)" in capsys.readouterr().out
    found = listed(node, capsys)
    assert found["li.wei"]["roles"] == ["approver", "viewer"]
    assert found["li.wei"]["created_by"] == os_name() and os_name().startswith("os:")
    assert run(["people", "roles", node, "li.wei", "--roles", "auditor"]) == 0
    assert run(["people", "lock", node, "li.wei"]) == 0
    assert listed(node, capsys)["li.wei"]["state"] == "locked"
    assert run(["people", "lock", node, "li.wei", "--undo"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{OTHER}\n"))
    assert run(["people", "password", node, "li.wei", "--password-file", "-"]) == 0
    with opened_world(Path(node)) as world:
        new = Path(file).with_name("other")
        new.write_text(OTHER, encoding="utf-8")
        assert acting_person(world, "li.wei", new).name == "Li Wei (li.wei)"
        with pytest.raises(Refused):
            acting_person(world, "li.wei", Path(file))
        with pytest.raises(FaultyInput):
            acting_person(world, " ", Path(file))
    assert run(["people", "remove", node, "li.wei"]) == 0
    gone = listed(node, capsys)["li.wei"]
    assert (gone["state"], gone["password"]) == ("removed", False)
    assert run(["people", "remove", node, "ola"]) == 1
    assert "last operator" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("needs at least 15", "Known roles")),
        ("de", ("mindestens 15", "Bekannte Rollen")),
        ("zh", ("至少需要 15", "可用角色")),
    ],
)
def test_faults_come_all_at_once_in_the_readers_language(
    node: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    words: tuple[str, ...],
) -> None:
    monkeypatch.setenv("SALTBRIDGE_LANGUAGE", language)
    monkeypatch.setattr("sys.stdin", io.StringIO("short secret\n"))
    assert run(["people", "add", node, "ola", "--roles", "boss"]) == 2
    told = capsys.readouterr().err
    assert all(word in told for word in words) and "short secret" not in told


def test_a_password_is_no_argument(node: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["people", "password", node, "ola", PASSWORD]) == 2
    assert run(["people", "password", node, "ola", "--password", PASSWORD]) == 2


def test_a_password_file_that_is_not_there_is_named(
    node: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(node, "ola", "operator", "no-such-file") == 2
    assert "no-such-file" in capsys.readouterr().err


def test_whoever_has_the_folder_may_manage_people_and_approve_nothing() -> None:
    from saltbridge.accounts.model import Act

    assert os_person().may(Act.MANAGE_PEOPLE) and not os_person().may(Act.APPROVE)


def test_the_prompt_asks_twice(
    node: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = iter([PASSWORD, OTHER, PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(entered))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert run(["people", "add", node, "ola", "--roles", "operator"]) == 2
    assert "differ" in capsys.readouterr().err
    assert run(["people", "add", node, "ola", "--roles", "operator"]) == 0
